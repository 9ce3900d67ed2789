//! Lending the socket: while `sendfile` works, somebody else sends through it, and the transport neither reads nor writes.
//!
//! What must always be true: from [`lend_socket`](SocketTransport::lend_socket) on until the socket is taken back,
//! `write` raises, the loop's `sock_*` methods take the socket, and whoever waits for it hears of its end.

use crate::event_loop::{Direction, LoopObject};
use crate::ffi::{Layout, Owned, Result};

use super::socket::SocketTransport;

/// What a borrower has to know.
pub(crate) struct Lent {
    /// A future that is done when everything that was written before has left.
    pub(crate) emptied: Owned,
    /// Whether the transport was reading.
    pub(crate) was_reading: bool,
}

impl SocketTransport {
    /// Lends the socket. Raises `KeyError` when it is lent already.
    pub(crate) fn lend_socket(&self, event_loop: &LoopObject) -> Result<Lent> {
        event_loop.leave_transport(self.fd.get())?;
        let was_reading = self.with_stream(|stream| stream.is_reading());
        self.rest()?;
        Ok(Lent { emptied: self.make_empty_waiter()?, was_reading })
    }

    /// The socket object, unless the connection is lost.
    pub(crate) fn lent_socket(&self) -> Option<Owned> {
        self.socket.get()
    }

    /// Ends the lending. When the connection is lost meanwhile, its number may be another one's by now.
    pub(crate) fn take_socket_back(&self, event_loop: &LoopObject, was_reading: bool) -> Result<()> {
        self.empty_waiter.clear();
        if self.is_lost() {
            return Ok(());
        }
        if was_reading {
            self.resume_reading()?;
        }
        event_loop.enter_transport(self.fd.get(), self.object())
    }

    /// The socket is about to be closed: who waits until it is writable would never hear of it again.
    pub(super) fn wake_borrower(&self) -> Result<()> {
        match (self.empty_waiter.is_empty(), self.event_loop.get()) {
            (false, Some(event_loop)) => event_loop.wake_watcher(self.fd.get(), Direction::Writing),
            _ => Ok(()),
        }
    }
}
