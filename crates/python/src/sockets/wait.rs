//! Waiting until a descriptor is ready, inside a machine.
//!
//! What wakes the machine says only "ready": nothing is read or written before the machine runs, so a task that is
//! cancelled between the two has lost no data.
//!
//! Whoever has read from a socket will mostly read from it again: what the selector calls is left there to rest, and
//! the next wait for the same socket asks the kernel nothing. The same socket, not the same number: a number that has
//! been closed meanwhile, by whatever means, may be another file's, which the kernel does not watch.

use std::cell::Cell;

use crate::awaitable::Delegate;
use crate::event_loop::{Direction, LoopObject, SourceBase};
use crate::ffi::{
    Layout, Object, Owned, Raised, Result, Slot, Step, TypeBuilder, allocate_recycled, collectable,
    native_type, none, weak_reference, weak_target,
};
use crate::future::FutureObject;

use super::socket::as_plain_socket;

/// What the selector calls: it wakes who waits, once.
#[repr(C)]
struct Wakeup {
    base: SourceBase,
    /// Whom to wake. Empty while nobody waits.
    future: Slot<FutureObject>,
    /// A weak reference to the socket, if this may be left to rest.
    socket: Slot,
}

native_type!(Wakeup, recycled, holds: [base, future, socket]);

/// Makes the type.
pub(super) fn register(module: &Object) -> Result<()> {
    TypeBuilder::<Wakeup>::new(c"aioxide._native.wakeup", c"Wakes a task when its socket is ready.")
        .base::<SourceBase>()
        .internal()
        .dies_recycled()
        .method(c"_read_ready", Wakeup::wake, c"Wake the task that waits to read.")
        .method(c"_write_ready", Wakeup::wake, c"Wake the task that waits to write.")
        .add_to(module)
}

impl Wakeup {
    fn new() -> Result<Owned<Self>> {
        allocate_recycled::<Self>(|wakeup| wakeup.base.prepare_without_context(Self::ready))
    }

    /// The one that rests at `fd` after a wait for the same `socket`.
    #[inline]
    fn resting(event_loop: &LoopObject, fd: i32, socket: &Object) -> Option<Owned<Self>> {
        let source = event_loop.wake_resting(fd, |source| {
            source.object().exactly::<Self>().is_some_and(|wakeup| wakeup.belongs_to(socket))
        })?;
        source.into_object().into_exactly().ok()
    }

    fn belongs_to(&self, socket: &Object) -> bool {
        let target = self.socket.peek().map(weak_target);
        matches!(target, Some(Ok(Some(target))) if target.is(socket))
    }

    fn ready(base: &SourceBase, _direction: Direction) -> Result<()> {
        base.object().exactly::<Self>().map_or(Ok(()), Self::wake)
    }

    fn wake(&self) -> Result<()> {
        match self.future.take() {
            Some(future) if !future.is_done() => future.resolve(none()),
            _ => Ok(()),
        }
    }
}

/// What a machine waits for: that a descriptor becomes ready. All zero bytes mean nothing.
pub(super) struct Wait {
    /// What the selector calls. There until the wait is [over](Wait::end).
    wakeup: Slot<Wakeup>,
    waiting: Delegate,
    fd: Cell<i32>,
    is_writing: Cell<bool>,
}

collectable!(Wait, holds: [wakeup, waiting]);

impl Wait {
    /// Waits (again) until `socket`, whose descriptor is `fd`, is ready in `direction`: gives what has to be yielded.
    pub(super) fn begin(
        &self,
        event_loop: &LoopObject,
        socket: &Object,
        fd: i32,
        direction: Direction,
    ) -> Result<Step> {
        if self.fd.get() != fd {
            self.end(event_loop)?;
        }
        let future = event_loop.create_future()?;
        match self.wakeup.peek() {
            Some(wakeup) => wakeup.future.set(future.clone()),
            None => {
                let wakeup = watch(event_loop, socket, fd, direction)?;
                wakeup.future.set(future.clone());
                self.fd.set(fd);
                self.is_writing.set(direction == Direction::Writing);
                self.wakeup.fill(wakeup);
            }
        }
        self.waiting.begin_future(future);
        self.waiting.resume(None)
    }

    /// Whether something is being waited for.
    #[inline(always)]
    pub(super) fn is_active(&self) -> bool {
        self.waiting.is_active()
    }

    /// Goes on waiting: yields, returns when the descriptor is ready, or lets what was thrown through.
    #[inline(always)]
    pub(super) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        self.waiting.resume(thrown)
    }

    /// Stops watching the descriptor, or lets what watches it rest, unless somebody else watches it by now.
    pub(super) fn end(&self, event_loop: &LoopObject) -> Result<()> {
        let Some(wakeup) = self.wakeup.take() else { return Ok(()) };
        wakeup.future.clear();
        if self.is_writing.get() {
            return event_loop.unwatch_own_source(self.fd.get(), Direction::Writing, &wakeup.base);
        }
        if wakeup.socket.is_empty() {
            return event_loop.unwatch_own_source(self.fd.get(), Direction::Reading, &wakeup.base);
        }
        event_loop.let_rest(self.fd.get(), &wakeup.base);
        Ok(())
    }

    /// As [`Wait::end`] on the way out with an exception, which stays the one that leaves.
    #[cold]
    pub(super) fn end_with(&self, event_loop: &LoopObject, raised: Raised) -> Raised {
        if self.wakeup.is_empty() {
            return raised;
        }
        let exception = raised.take();
        if let Err(raised) = self.end(event_loop) {
            raised.forget();
        }
        Raised::restore(exception)
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.waiting.target()
    }
}

/// Has somebody called when `fd` is ready: whoever rests there, or somebody new.
fn watch(event_loop: &LoopObject, socket: &Object, fd: i32, direction: Direction) -> Result<Owned<Wakeup>> {
    if direction == Direction::Reading {
        if let Some(wakeup) = Wakeup::resting(event_loop, fd, socket) {
            return Ok(wakeup);
        }
    }
    event_loop.ensure_no_transport(fd)?;
    let wakeup = Wakeup::new()?;
    // Any other socket's `fileno()` may give another number next time.
    if as_plain_socket(socket).is_some() {
        wakeup.socket.fill(weak_reference(socket)?);
    }
    event_loop.watch_source(fd, direction, &wakeup.base)?;
    Ok(wakeup)
}
