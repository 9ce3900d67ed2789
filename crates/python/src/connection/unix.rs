//! `create_unix_connection`.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, held, keep, machine, over};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_keywords, call1,
    failed_assertion, names,
};
use crate::sockets::unblock;

use super::attempt::Attempt;
use super::handover::{Handover, Side};
use super::options::Tls;

/// `create_unix_connection(protocol_factory, path=None, *, ssl=None, sock=None, server_hostname=None,
/// ssl_handshake_timeout=None, ssl_shutdown_timeout=None)`.
pub(super) fn create_unix_connection(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<7> = Signature {
        function: "_UnixSelectorEventLoop.create_unix_connection",
        parameters: [
            c"protocol_factory",
            c"path",
            c"ssl",
            c"sock",
            c"server_hostname",
            c"ssl_handshake_timeout",
            c"ssl_shutdown_timeout",
        ],
        positional: 2,
        required: 1,
    };
    let [Some(factory), path, ssl, socket, hostname, handshake, shutdown] = SIGNATURE.bind_method(args)?
    else {
        return Err(over());
    };
    let coroutine = CoroutineObject::<CreateUnixConnection>::new(|machine| {
        machine.event_loop.fill(event_loop.own());
        machine.factory.fill(factory.own());
        keep(&machine.path, path);
        keep(&machine.socket, socket);
        machine.tls.fill(ssl, hostname, handshake, shutdown);
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that it returns.
pub(super) struct CreateUnixConnection {
    event_loop: Slot<LoopObject>,
    factory: Slot,
    path: Slot,
    socket: Slot,
    tls: Tls,
    attempt: Attempt,
    handover: Handover,
    stage: Cell<Stage>,
}

#[derive(Clone, Copy, Default)]
#[repr(u8)]
enum Stage {
    /// Nothing was done. Zero, so that a new machine's memory says so.
    #[default]
    Fresh = 0,
    Connecting = 1,
    HandingOver = 2,
}

machine!(
    CreateUnixConnection, "_UnixSelectorEventLoop"."create_unix_connection",
    awaits: |machine| machine.attempt.target().or_else(|| machine.handover.target()),
    callees: |machine| match machine.stage.get() {
        Stage::HandingOver => machine.handover.callees(),
        _ => machine.attempt.callees(),
    },
    holds: [event_loop, factory, path, socket, tls, attempt, handover]
);

impl CreateUnixConnection {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.stage.get() {
            Stage::Fresh => self.begin(),
            Stage::Connecting => self.connected(self.attempt.resume(thrown)?),
            Stage::HandingOver => self.handover.resume(thrown),
        }
    }

    fn begin(&self) -> Result<Step> {
        self.check_tls()?;
        match (self.path.get(), self.socket.get()) {
            (Some(_), Some(_)) => {
                Err(Raised::value_error(format_args!("path and sock can not be specified at the same time")))
            }
            (Some(path), None) => self.connect(&path),
            (None, Some(socket)) => self.take(&socket),
            (None, None) => Err(Raised::value_error(format_args!("no path and sock were specified"))),
        }
    }

    fn check_tls(&self) -> Result<()> {
        let hostname = self.tls.hostname();
        if hostname.as_deref().is_some_and(|hostname| !hostname.is_text()) {
            failed_assertion("")?;
        }
        if !self.tls.is_wanted()? {
            self.tls.check_hostname()?;
            return self.tls.check_timeouts();
        }
        if hostname.is_none() {
            return Err(Raised::value_error(format_args!("you have to pass server_hostname when using ssl")));
        }
        Ok(())
    }

    fn connect(&self, path: &Object) -> Result<Step> {
        let path = call1(&names().fspath, path)?;
        let class = names().unix_events.attribute(&names().socket)?.attribute(&names().socket)?;
        let values = [&*names().unix_family, &*names().sock_stream, &*names().zero];
        let socket = call_keywords(&class, &values, values.len(), None)?;
        self.stage.set(Stage::Connecting);
        self.connected(self.attempt.begin(&*held(&self.event_loop)?, socket, unblock, Some(&path))?)
    }

    fn connected(&self, step: Step) -> Result<Step> {
        let Step::Return(socket) = step else { return Ok(step) };
        self.hand_over(&socket)
    }

    /// Takes a socket that the program has connected.
    fn take(&self, socket: &Object) -> Result<Step> {
        check_unix_socket(socket)?;
        unblock(socket)?;
        self.hand_over(socket)
    }

    fn hand_over(&self, socket: &Object) -> Result<Step> {
        self.stage.set(Stage::HandingOver);
        let (event_loop, factory) = (held(&self.event_loop)?, held(&self.factory)?);
        self.handover.begin(&event_loop, socket, &factory, &self.tls, Side::Client)
    }
}

/// Refuses what is no Unix stream socket.
pub(crate) fn check_unix_socket(socket: &Object) -> Result<()> {
    if socket.attribute(&names().family)?.equals(&names().unix_family)?
        && socket.attribute(&names().type_)?.equals(&names().sock_stream)?
    {
        return Ok(());
    }
    let text = c"A UNIX Domain Stream Socket was expected, got %R";
    Err(Raised::formatted(&names().value_error, text, socket, socket))
}
