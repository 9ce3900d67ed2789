//! `create_server`.
//!
//! ```text
//! Fresh -> LookingUp -> (bind) -> Opening -> return
//!      \-> (sock=) -------------/
//! ```

use std::cell::Cell;
use std::ffi::CStr;

use crate::awaitable::{CoroutineObject, held, keep, machine, over};
use crate::connection::{check_not_wrapped, check_stream_socket};
use crate::event_loop::LoopObject;
use crate::ffi::{Args, Layout, Owned, Raised, Result, Signature, Slot, Step, call1, list_of, names};

use super::bind::{Options, bind_all};
use super::hosts::{Hosts, distinct};
use super::opening::{Opening, Settings};

#[cfg(Py_3_13)]
pub(super) const TEXT: &CStr = c"create_server($self, /, protocol_factory, host=None, port=None, *, family=0, flags=1, sock=None, backlog=100, ssl=None, reuse_address=None, reuse_port=None, keep_alive=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, start_serving=True)\n--\n\nListen at a port, of one host or of several. Return a Server.";
#[cfg(not(Py_3_13))]
pub(super) const TEXT: &CStr = c"create_server($self, /, protocol_factory, host=None, port=None, *, family=0, flags=1, sock=None, backlog=100, ssl=None, reuse_address=None, reuse_port=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, start_serving=True)\n--\n\nListen at a port, of one host or of several. Return a Server.";

/// `create_server(protocol_factory, host=None, port=None, *, ...)`, with `keep_alive` from 3.13 on.
pub(super) fn create_server(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const PARAMETERS: usize = if cfg!(Py_3_13) { 14 } else { 13 };
    const SIGNATURE: Signature<PARAMETERS> = Signature {
        function: "BaseEventLoop.create_server",
        parameters: [
            c"protocol_factory",
            c"host",
            c"port",
            c"family",
            c"flags",
            c"sock",
            c"backlog",
            c"ssl",
            c"reuse_address",
            c"reuse_port",
            c"ssl_handshake_timeout",
            c"ssl_shutdown_timeout",
            c"start_serving",
            #[cfg(Py_3_13)]
            c"keep_alive",
        ],
        positional: 3,
        required: 1,
    };
    let bound = SIGNATURE.bind_method(args)?;
    let [Some(factory), host, port, family, flags, socket, backlog, ssl, rest @ ..] = bound.as_slice() else {
        return Err(over());
    };
    let [reuse_address, reuse_port, handshake, shutdown, start_serving, keep_alive @ ..] = rest else {
        return Err(over());
    };
    let coroutine = CoroutineObject::<CreateServer>::new(|machine| {
        machine.event_loop.fill(event_loop.own());
        machine.factory.fill(factory.own());
        machine.hosts.fill([*host, *port, *family, *flags]);
        keep(&machine.socket, *socket);
        machine.options.fill([*reuse_address, *reuse_port, keep_alive.first().copied().flatten()]);
        machine.settings.fill([*ssl, *backlog, *handshake, *shutdown, *start_serving]);
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that it returns.
pub(super) struct CreateServer {
    event_loop: Slot<LoopObject>,
    factory: Slot,
    hosts: Hosts,
    socket: Slot,
    options: Options,
    settings: Settings,
    opening: Opening,
    stage: Cell<Stage>,
}

#[derive(Clone, Copy, Default)]
#[repr(u8)]
enum Stage {
    /// Nothing was done. Zero, so that a new machine's memory says so.
    #[default]
    Fresh = 0,
    LookingUp = 1,
    Opening = 2,
}

machine!(
    CreateServer, "BaseEventLoop"."create_server",
    awaits: |machine| machine.hosts.target(),
    holds: [event_loop, factory, hosts, socket, options, settings, opening]
);

impl CreateServer {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.stage.get() {
            Stage::Fresh => self.begin(),
            Stage::LookingUp => self.found(self.hosts.resume(thrown)?),
            Stage::Opening => {
                self.opened(self.opening.resume(thrown).map_err(|raised| self.abandon(raised))?)
            }
        }
    }

    fn begin(&self) -> Result<Step> {
        self.settings.check(|tls| Ok(tls.context().is_some()))?;
        let socket = self.socket.get();
        if let Some(socket) = &socket {
            check_not_wrapped(socket)?;
        }
        match socket {
            None if self.hosts.is_named() => {
                self.stage.set(Stage::LookingUp);
                self.found(self.hosts.begin(&*held(&self.event_loop)?)?)
            }
            Some(_) if self.hosts.is_named() => Err(Raised::value_error(format_args!(
                "host/port and sock can not be specified at the same time"
            ))),
            None => Err(Raised::value_error(format_args!("Neither host/port nor sock were specified"))),
            Some(socket) => {
                check_stream_socket(&socket)?;
                self.open(vec![socket])
            }
        }
    }

    fn found(&self, step: Step) -> Result<Step> {
        let Step::Return(found) = step else { return Ok(step) };
        let addresses = distinct(&found)?;
        self.open(bind_all(&*held(&self.event_loop)?, &addresses, &self.options)?)
    }

    fn open(&self, sockets: Vec<Owned>) -> Result<Step> {
        self.stage.set(Stage::Opening);
        let (event_loop, factory) = (held(&self.event_loop)?, held(&self.factory)?);
        let sockets = list_of(sockets.into_iter())?;
        self.opened(self.opening.begin(&event_loop, sockets, &factory, &self.settings)?)
    }

    /// Nobody gets the server: then it is closed, if its sockets were made for it. asyncio would still be looking hosts up
    /// at this moment.
    #[cold]
    fn abandon(&self, raised: Raised) -> Raised {
        if self.socket.is_empty() { self.opening.abandon(raised) } else { raised }
    }

    fn opened(&self, step: Step) -> Result<Step> {
        if let (Step::Return(server), true) = (&step, held(&self.event_loop)?.debug()) {
            call1(&names().log_serving, server)?;
        }
        Ok(step)
    }
}
