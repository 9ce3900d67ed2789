//! The stream transport: what it consists of.

use std::cell::Cell;

use aioxide_core::transport::{Chunk, ReadSizes, Socket, Stream};

use crate::event_loop::{Direction, LoopObject, SourceBase, call_soon};
use crate::ffi::{
    Confined, Layout, Lazily, Object, Owned, Raised, Result, Slot, call_method0, call_method1, copy_context,
    has_instance, names, native_type, none,
};
use crate::server::ServerObject;
use crate::sockets::SocketObject;

use super::socket_gather::Gathering;
use super::socket_info::SocketInfo;

/// `asyncio.selector_events._SelectorSocketTransport`, written in Rust.
#[repr(C)]
pub(crate) struct SocketTransport {
    pub(super) base: SourceBase,
    /// Gone when the connection is lost.
    pub(super) event_loop: Slot<LoopObject>,
    /// The socket object, which owns the descriptor. Gone when the connection is lost.
    pub(super) socket: Slot,
    /// Gone when the connection is lost.
    pub(super) protocol: Slot,
    /// The server that accepted the connection. Gone when the connection is lost.
    pub(super) server: Slot,
    pub(super) info: SocketInfo,
    /// The context for every call, if the transport was made with one.
    pub(super) context: Slot,
    /// While `sendfile` works: a future that is done when everything queued has left.
    pub(super) empty_waiter: Slot,
    pub(super) stream: Lazily<Confined<Stream<Piece>>>,
    pub(super) weak: Slot,
    pub(super) dict: Slot,
    /// The number that the selector watches.
    pub(super) fd: Cell<i32>,
    pub(super) delivery: Cell<Delivery>,
    pub(super) sizes: Cell<ReadSizes>,
    pub(super) gathering: Gathering,
    /// Where it stands among the connections of its server, if that is ours.
    #[cfg(Py_3_13)]
    place: Cell<usize>,
}

native_type!(
    SocketTransport,
    holds: [base, event_loop, socket, protocol, server, info, context, empty_waiter, dict],
    speaks: holds_socket
);

fn holds_socket(transport: &SocketTransport) -> bool {
    !transport.socket.is_empty()
}

/// How the protocol wants what is received.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Delivery {
    /// `data_received(bytes)`.
    Objects = 0,
    /// Into the buffer that `get_buffer()` gives.
    Buffers = 1,
}

/// Bytes that wait to be sent.
pub(super) enum Piece {
    /// An exact `bytes` object: it never changes, and runs no code when it dies.
    Object(Owned),
    /// A copy of what may change.
    Copy(Box<[u8]>),
}

impl Chunk for Piece {
    #[inline]
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Object(object) => object.exact_bytes().unwrap_or_default(),
            Self::Copy(bytes) => bytes,
        }
    }
}

impl SocketTransport {
    /// `event_loop.call_soon(callback, argument)`, in the transport's context if it has one.
    pub(super) fn call_soon(&self, callback: &Object, argument: Option<&Object>) -> Result<()> {
        let context = self.context.get();
        call_soon(self.event_loop()?.object(), callback, argument, context.as_deref())
    }

    /// Begins to read, unless the transport was paused or closed meanwhile.
    pub(super) fn start_reading(&self) -> Result<()> {
        if !self.with_stream(|stream| stream.is_reading()) {
            return Ok(());
        }
        // In the context in which the transport was made: the call of this very function runs in a copy of it.
        self.event_loop()?.watch_source(self.fd.get(), Direction::Reading, &self.base)
    }

    /// `set_protocol(protocol)`: the calls from now on are another protocol's.
    pub(super) fn set_protocol(&self, protocol: &Object) -> Result<()> {
        // Of a protocol of neither class (uvloop's users have them) its methods say what it wants.
        let buffers = has_instance(&names().buffered_protocol, protocol)?
            || (protocol.optional_attribute(&names().data_received)?.is_none()
                && protocol.optional_attribute(&names().get_buffer)?.is_some());
        self.delivery.set(if buffers { Delivery::Buffers } else { Delivery::Objects });
        self.protocol.set(protocol.own());
        Ok(())
    }

    /// The protocol; `None` when the connection is lost.
    pub(super) fn protocol(&self) -> Owned {
        self.protocol.get().unwrap_or_else(none)
    }

    /// The loop. Raises what asyncio does when the connection is lost.
    pub(super) fn event_loop(&self) -> Result<Owned<LoopObject>> {
        self.event_loop.get().ok_or_else(|| {
            Raised::attribute_error(format_args!("'NoneType' object has no attribute 'call_soon'"))
        })
    }

    /// Whether the loop is in debug mode.
    pub(super) fn debug(&self) -> bool {
        self.event_loop.peek().is_some_and(LoopObject::debug)
    }

    /// Whether no method can have been replaced by an attribute of the transport's own.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        self.dict.is_empty()
    }

    /// `is_closing()`.
    #[inline(always)]
    pub(crate) fn is_closing(&self) -> bool {
        self.with_stream(|stream| stream.is_closing())
    }

    /// The state of the connection, lent for a moment that runs no Python.
    #[inline(always)]
    pub(super) fn with_stream<R: Default>(&self, work: impl FnOnce(&mut Stream<Piece>) -> R) -> R {
        // `make` fills the cell before anybody sees the transport.
        self.stream.get().map_or_else(R::default, |stream| stream.with(work))
    }

    /// The socket as the kernel knows it: -1 if the program has closed the object.
    #[inline]
    pub(super) fn channel(&self) -> Socket {
        match self.socket.peek() {
            Some(socket) => Socket(socket.exactly().map_or_else(|| self.fd.get(), SocketObject::fd)),
            None => Socket(-1),
        }
    }

    /// Has the transport called when the socket is ready. As asyncio's handles, the call runs in the transport's
    /// context, or in a copy of the one in which watching began.
    pub(super) fn watch(&self, direction: Direction) -> Result<()> {
        self.base.set_context(direction, self.context.get().map_or_else(copy_context, Ok)?);
        let (event_loop, fd) = (self.event_loop()?, self.fd.get());
        if direction == Direction::Reading && event_loop.end_rest(fd, &self.base) {
            return Ok(());
        }
        event_loop.watch_source(fd, direction, &self.base)
    }

    /// Does nothing when somebody else watches, or the connection is lost.
    pub(super) fn unwatch(&self, direction: Direction) -> Result<()> {
        match self.event_loop.get() {
            Some(event_loop) => event_loop.unwatch_own_source(self.fd.get(), direction, &self.base),
            None => Ok(()),
        }
    }

    /// Where the transport stands among the connections of its server.
    #[cfg(Py_3_13)]
    pub(crate) fn place(&self) -> &Cell<usize> {
        &self.place
    }

    /// The connection counts as one of `server`'s from now on, unless that refuses it.
    pub(super) fn attach(&self, server: &Object) -> Result<()> {
        self.server.fill(server.own());
        let attached = if let Some(ours) = plain_server(server) {
            ours.attach(self.object())
        } else if cfg!(Py_3_13) {
            call_method1(server, &names().attach, self.object()).map(drop)
        } else {
            call_method0(server, &names().attach).map(drop)
        };
        // Whoever was never taken in has nobody to tell when it is dropped, which is now.
        attached.inspect_err(|_| self.server.clear())
    }

    /// The transport is dropped with its connection open. asyncio's destructor, from the patch that has it do so, has
    /// told the server, unless its warning was made an error.
    #[cfg(Py_3_13)]
    pub(super) fn leave_server(&self) {
        let server = self.server.get();
        if let Some(server) = server.as_deref().and_then(Object::exactly::<ServerObject>) {
            server.forget(self);
        }
    }

    /// The connection does not count as one of its server's any more.
    pub(super) fn detach(&self) -> Result<()> {
        let Some(server) = self.server.take() else { return Ok(()) };
        if let Some(ours) = plain_server(&server) {
            ours.detach(self.object())
        } else if cfg!(Py_3_13) {
            call_method1(&server, &names().detach, self.object()).map(drop)
        } else {
            call_method0(&server, &names().detach).map(drop)
        }
    }
}

/// A server of ours, none of whose methods was replaced.
fn plain_server(server: &Object) -> Option<&ServerObject> {
    server.exactly::<ServerObject>().filter(|server| server.is_plain())
}
