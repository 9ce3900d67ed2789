//! What all operations on a socket have in common: check, try, wait, try again.
//!
//! ```text
//! first step: check -> try -> done | would block -> watch, yield
//! ready:                try -> done | would block -> yield (still watched)
//! done, failed, thrown into: stop watching
//! ```

use std::io;

use crate::event_loop::{Direction, LoopObject};
use crate::ffi::{
    Layout, Object, Owned, Raised, Result, Slot, Step, call_method0, call1, collectable, names,
};

use super::socket::{as_plain_socket, descriptor_of};
use super::wait::Wait;

/// The part of a machine that all operations share.
pub(crate) struct Operation {
    event_loop: Slot<LoopObject>,
    socket: Slot,
    wait: Wait,
}

collectable!(Operation, holds: [wait, event_loop, socket]);

/// What trying to do something at once gave.
pub(crate) enum Tried {
    /// It is done, with this result.
    Done(Owned),
    /// The socket is not ready for it.
    WouldBlock,
}

impl Operation {
    /// Fills a new machine's part.
    pub(crate) fn fill(&self, event_loop: &LoopObject, socket: &Object) {
        self.event_loop.fill(event_loop.own());
        self.socket.fill(socket.own());
    }

    /// One step of a machine that waits in `direction`: `attempt` gets the loop and the socket.
    #[inline(always)]
    pub(crate) fn go_on(
        &self,
        thrown: Option<Owned>,
        direction: Direction,
        attempt: impl FnOnce(&LoopObject, &Object) -> Result<Tried>,
    ) -> Result<Step> {
        let (Some(event_loop), Some(socket)) = (self.event_loop.get(), self.socket.get()) else {
            return Err(Raised::runtime_error(format_args!("the operation is over")));
        };
        if self.wait.is_active() {
            match self.wait.resume(thrown) {
                Ok(Step::Yield(future)) => return Ok(Step::Yield(future)),
                Ok(Step::Return(_)) => {}
                Err(raised) => return Err(self.wait.end_with(&event_loop, raised)),
            }
        } else {
            check(&event_loop, &socket)?;
        }
        match attempt(&event_loop, &socket) {
            Ok(Tried::Done(result)) => self.wait.end(&event_loop).map(|()| Step::Return(result)),
            Ok(Tried::WouldBlock) => self.wait_for(&event_loop, &socket, direction),
            Err(raised) => Err(self.wait.end_with(&event_loop, raised)),
        }
    }

    /// Yields until the socket is ready in `direction`.
    #[inline]
    fn wait_for(&self, event_loop: &LoopObject, socket: &Object, direction: Direction) -> Result<Step> {
        self.wait.begin(event_loop, socket, descriptor_of(socket)?, direction)
    }

    /// What is being awaited.
    pub(crate) fn target(&self) -> Option<Owned> {
        self.wait.target()
    }
}

/// What asyncio checks before it touches the socket.
#[inline(always)]
pub(super) fn check(event_loop: &LoopObject, socket: &Object) -> Result<()> {
    // A plain socket is neither wrapped by `ssl` nor in blocking mode.
    if as_plain_socket(socket).is_some() { Ok(()) } else { check_other(event_loop, socket) }
}

#[cold]
fn check_other(event_loop: &LoopObject, socket: &Object) -> Result<()> {
    call1(&names().check_ssl_socket, socket)?;
    if event_loop.debug() && !call_method0(socket, &names().gettimeout)?.equals(&names().zero)? {
        return Err(Raised::value_error(format_args!("the socket must be non-blocking")));
    }
    Ok(())
}

/// What a system call on a plain socket gave, as `attempt` of [`Operation::go_on`] returns it.
#[inline(always)]
pub(super) fn outcome(result: io::Result<Result<Owned>>) -> Result<Tried> {
    match result {
        Ok(object) => object.map(Tried::Done),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Tried::WouldBlock),
        Err(error) => Err(Raised::os_error(&error)),
    }
}

/// What a method of some other socket gave.
pub(super) fn method_outcome(result: Result<Owned>) -> Result<Tried> {
    match result {
        Ok(object) => Ok(Tried::Done(object)),
        Err(raised)
            if raised.matches(&names().blocking_io_error) || raised.matches(&names().interrupted_error) =>
        {
            raised.forget();
            Ok(Tried::WouldBlock)
        }
        Err(raised) => Err(raised),
    }
}
