//! `connect_accepted_socket`.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, held, machine, over};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_keywords, call1, item_at, names,
};
use crate::sockets::as_plain_socket;

use super::handover::{Handover, Side};
use super::options::Tls;

/// `connect_accepted_socket(protocol_factory, sock, *, ssl=None, ssl_handshake_timeout=None,
/// ssl_shutdown_timeout=None)`.
pub(super) fn connect_accepted_socket(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<5> = Signature {
        function: "BaseEventLoop.connect_accepted_socket",
        parameters: [c"protocol_factory", c"sock", c"ssl", c"ssl_handshake_timeout", c"ssl_shutdown_timeout"],
        positional: 2,
        required: 2,
    };
    let [Some(factory), Some(socket), ssl, handshake, shutdown] = SIGNATURE.bind_method(args)? else {
        return Err(over());
    };
    let coroutine = CoroutineObject::<ConnectAccepted>::new(|machine| {
        machine.event_loop.fill(event_loop.own());
        machine.factory.fill(factory.own());
        machine.socket.fill(socket.own());
        machine.tls.fill(ssl, None, handshake, shutdown);
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that it returns.
pub(super) struct ConnectAccepted {
    event_loop: Slot<LoopObject>,
    factory: Slot,
    socket: Slot,
    tls: Tls,
    handover: Handover,
    begun: Cell<bool>,
}

machine!(
    ConnectAccepted, "BaseEventLoop"."connect_accepted_socket",
    awaits: |machine| machine.handover.target(),
    callees: |machine| machine.handover.callees(),
    holds: [event_loop, factory, socket, tls, handover]
);

impl ConnectAccepted {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let step = if self.begun.replace(true) { self.handover.resume(thrown) } else { self.begin() }?;
        if let (Step::Return(made), true) = (&step, held(&self.event_loop)?.debug()) {
            let (transport, protocol) = (item_at(made, 0)?, item_at(made, 1)?);
            call_keywords(&names().log_accepted, &[&*transport, &*protocol], 2, None)?;
        }
        Ok(step)
    }

    fn begin(&self) -> Result<Step> {
        let socket = held(&self.socket)?;
        check_stream_socket(&socket)?;
        if !self.tls.is_wanted()? {
            self.tls.check_timeouts()?;
        }
        check_not_wrapped(&socket)?;
        let (event_loop, factory) = (held(&self.event_loop)?, held(&self.factory)?);
        self.handover.begin(&event_loop, &socket, &factory, &self.tls, Side::Server)
    }
}

/// Refuses what is no stream socket.
pub(crate) fn check_stream_socket(socket: &Object) -> Result<()> {
    if socket.attribute(&names().type_)?.equals(&names().sock_stream)? {
        return Ok(());
    }
    Err(Raised::formatted(&names().value_error, c"A Stream Socket was expected, got %R", socket, socket))
}

/// Refuses a socket that the `ssl` module has wrapped.
pub(crate) fn check_not_wrapped(socket: &Object) -> Result<()> {
    if as_plain_socket(socket).is_some() {
        return Ok(());
    }
    call1(&names().check_ssl_socket, socket).map(drop)
}
