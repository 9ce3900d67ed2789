//! Accepting connections of a listening socket, in rounds no longer than its backlog.
//!
//! `listening.rs` makes the listener, `accepted.rs` gives each connection its protocol. In debug mode (where all of it
//! is logged) and for a socket of another class asyncio's own code accepts.

use std::cell::Cell;
use std::io;

use aioxide_core::transport::{Accepted, Round};

use crate::event_loop::{Direction, LoopObject, SourceBase};
use crate::ffi::{
    Dict, IntoOwned, Layout, Object, Raised, Result, Slot, TypeBuilder, call_method0, call_method1,
    call_method2, call_positional, call1, names, native_type,
};
use crate::sockets::{as_plain_socket, is_spoken};

/// A listening socket that a loop accepts from.
#[repr(C)]
pub(crate) struct ListenerObject {
    pub(super) base: SourceBase,
    pub(super) event_loop: Slot<LoopObject>,
    pub(super) factory: Slot,
    pub(super) socket: Slot,
    pub(super) server: Slot,
    /// The context of which each connection gets a copy, if not the one in which the listener was made (3.15+).
    pub(super) connection_context: Slot,
    /// What asyncio's `_accept_connection` is called with.
    pub(super) arguments: Slot,
    /// What the task of a connection goes on with if somebody has got hold of it, and the list that tells it with what.
    pub(super) coroutine: Slot,
    pub(super) begun: Slot,
    pub(super) fd: Cell<i32>,
    pub(super) backlog: Cell<usize>,
    pub(super) has_tls: Cell<bool>,
    /// Whether nobody has replaced the loop's way to make transports.
    pub(super) makes_plainly: Cell<bool>,
}

native_type!(
    ListenerObject,
    holds: [base, event_loop, factory, socket, server, connection_context, arguments, coroutine, begun]
);

/// Makes the type.
pub(crate) fn register(module: &Object) -> Result<()> {
    TypeBuilder::<ListenerObject>::new(c"aioxide._native.listener", c"Accepts connections for a server.")
        .base::<SourceBase>()
        .internal()
        .dies()
        .method(c"_read_ready", ListenerObject::accept, c"Accept what waits.")
        .method(c"_resume", ListenerObject::resume, c"Listen again after a pause.")
        .add_to(module)
}

impl ListenerObject {
    pub(super) fn ready(base: &SourceBase, _direction: Direction) -> Result<()> {
        base.object().exactly::<Self>().map_or(Ok(()), Self::accept)
    }

    /// Watches the socket.
    pub(super) fn watch(&self, event_loop: &LoopObject) -> Result<()> {
        let Some(socket) = self.socket.get() else { return Ok(()) };
        let fd = call_method0(&socket, &names().fileno)?.to_i32()?;
        if fd < 0 {
            return Err(Raised::value_error(format_args!("Invalid file descriptor: {fd}")));
        }
        self.fd.set(fd);
        event_loop.watch_source(fd, Direction::Reading, &self.base)
    }

    /// Accepts every connection that waits, within the bounds of the backlog.
    fn accept(&self) -> Result<()> {
        let (Some(event_loop), Some(socket)) = (self.event_loop.get(), self.socket.get()) else {
            return Ok(());
        };
        let plain = as_plain_socket(&socket).filter(|plain| is_spoken(plain.family()));
        let Some(plain) = plain.filter(|_| !event_loop.debug()) else {
            let Some(arguments) = self.arguments.get() else { return Ok(()) };
            let accept = event_loop.object().attribute(&names().accept_connection)?;
            return call_positional(&accept, &arguments).map(drop);
        };
        let mut round = Round::of(self.backlog.get());
        // A factory may close the server, and with it this socket.
        while plain.fd() == self.fd.get()
            && event_loop.is_watched_by(self.fd.get(), Direction::Reading, &self.base)
        {
            match round.next(plain.fd()) {
                Accepted::Connection(connection, peer) => {
                    let connection = plain.of_accepted(connection)?;
                    self.serve(&event_loop, &connection, &peer)?;
                }
                Accepted::Empty => return Ok(()),
                Accepted::OutOfResources(error) => return self.pause(&event_loop, &socket, &error),
                Accepted::Failed(error) => return Err(Raised::os_error(&error)),
            }
        }
        Ok(())
    }

    /// Nothing can be accepted for now: says so, once, and looks again after a while. The socket stays readable
    /// meanwhile, so it is not watched.
    #[cold]
    fn pause(&self, event_loop: &LoopObject, socket: &Object, error: &io::Error) -> Result<()> {
        event_loop.unwatch_own_source(self.fd.get(), Direction::Reading, &self.base)?;
        let exception = Raised::os_error(error).take();
        let report = Dict::new()?;
        report.set(&names().message, &*"socket.accept() out of system resource".into_owned()?)?;
        report.set(&names().exception, &exception)?;
        report.set(&names().socket, &*call1(&names().transport_socket, socket)?)?;
        call_method1(event_loop.object(), &names().call_exception_handler, report.object())?;
        let delay = names().constants.attribute(&names().accept_retry_delay)?;
        let resume = self.object().attribute(&names().resume)?;
        call_method2(event_loop.object(), &names().call_later, &delay, &resume).map(drop)
    }

    /// Goes on after a pause, unless the socket was closed meanwhile.
    fn resume(&self) -> Result<()> {
        let (Some(event_loop), Some(socket)) = (self.event_loop.get(), self.socket.get()) else {
            return Ok(());
        };
        let is_open = as_plain_socket(&socket).is_some_and(|plain| plain.fd() == self.fd.get());
        if is_open { self.watch(&event_loop) } else { Ok(()) }
    }
}
