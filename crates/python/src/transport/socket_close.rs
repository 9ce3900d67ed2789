//! The ends of a connection: closed, given up, or lost.

use aioxide_core::transport::CloseStep;

use crate::event_loop::Direction;
use crate::ffi::{Layout, Object, Raised, Result, call_method0, call_method1, call1, call2, names, none};

use super::life::{fatal, warn_unclosed};
use super::socket::SocketTransport;

impl SocketTransport {
    /// `close()`: what waits still leaves; then the connection is lost.
    pub(super) fn close(&self) -> Result<()> {
        self.send_gathered()?;
        match self.with_stream(|stream| Some(stream.close())) {
            Some(CloseStep::Nothing) | None => Ok(()),
            Some(CloseStep::StopReading) => self.unwatch(Direction::Reading),
            Some(CloseStep::Lost) => {
                self.unwatch(Direction::Reading)?;
                self.unwatch(Direction::Writing)?;
                self.schedule_loss(&none())
            }
        }
    }

    /// `_force_close(exception)`, and with `None` `abort()`: the connection is given up.
    pub(super) fn force_close(&self, exception: &Object) -> Result<()> {
        self.send_gathered()?;
        let Some(abandoned) = self.with_stream(|stream| stream.force_close()) else { return Ok(()) };
        if !abandoned.unsent.is_empty() {
            self.unwatch(Direction::Writing)?;
        }
        if abandoned.was_open {
            self.unwatch(Direction::Reading)?;
        }
        drop(abandoned);
        self.schedule_loss(exception)
    }

    fn schedule_loss(&self, exception: &Object) -> Result<()> {
        let call = self.object().attribute(&names().call_connection_lost)?;
        self.call_soon(&call, Some(exception))
    }

    /// Reports what is no error of the network and gives the connection up.
    #[cold]
    pub(super) fn fatal(&self, raised: Raised, message: &Object) -> Result<()> {
        fatal(self.object(), &names().socket_fatal_error, raised, message)
    }

    /// `_call_connection_lost(exception)`: tells the protocol, then closes the socket, whatever the protocol does.
    pub(super) fn connection_lost(&self, exception: &Object) -> Result<()> {
        let told = call_method1(&self.protocol(), &names().connection_lost, exception).map(drop);
        let told = Failure::of(told);
        let released = Failure::of(self.release());
        let waiter = Failure::of(self.fail_empty_waiter());
        told.or(released).or(waiter).into_result()
    }

    /// Closes the socket and lets go of everything.
    fn release(&self) -> Result<()> {
        let woken = Failure::of(self.wake_borrower());
        let closed =
            self.socket.take().map_or(Ok(()), |socket| call_method0(&socket, &names().close).map(drop));
        let closed = woken.or(Failure::of(closed));
        self.protocol.clear();
        self.event_loop.clear();
        closed.or(Failure::of(self.detach())).into_result()
    }

    fn fail_empty_waiter(&self) -> Result<()> {
        if self.empty_waiter.is_empty() {
            return Ok(());
        }
        let error = call1(&names().connection_error, &names().closed_by_peer)?;
        self.finish_empty_waiter(&names().set_exception, &error)
    }

    /// Whether `connection_lost` is on its way or has been called.
    #[inline]
    pub(super) fn is_lost(&self) -> bool {
        self.with_stream(|stream| stream.lost() > 0)
    }

    /// Notes something in the log (debug mode).
    #[cold]
    pub(super) fn log(&self, message: &Object) -> Result<()> {
        call2(&names().log_transport, self.object(), message).map(drop)
    }

    /// The last reference goes while the socket is open: asyncio's warning, and the socket is closed.
    pub(super) fn last_words(&self) {
        if !self.socket.is_empty() {
            warn_unclosed(self.object(), &names().warn_unclosed_socket);
        }
        #[cfg(Py_3_13)]
        self.leave_server();
    }
}

/// What a step has raised, kept while the next step runs.
struct Failure(Option<crate::ffi::Owned>);

impl Failure {
    fn of(result: Result<()>) -> Self {
        Self(result.err().map(Raised::take))
    }

    /// The first of both; a second one is dropped, as `finally` would chain it out of sight.
    fn or(self, other: Self) -> Self {
        if self.0.is_some() { self } else { other }
    }

    fn into_result(self) -> Result<()> {
        self.0.map_or(Ok(()), |exception| Err(Raised::restore(exception)))
    }
}
