//! One wait of a coroutine: its future, in a line.

use crate::awaitable::Delegate;
use crate::ffi::{Object, Owned, Raised, Result, Slot, Step, call_method1, collectable, names};
use crate::future::{FutureObject, as_plain_future};

use super::{Line, LoopBound};

/// What a machine waits for: a future of the primitive's loop, which stands in one of its lines.
pub(crate) struct Wait {
    future: Slot,
    /// Awaits the future where it is of another class than ours.
    waiting: Delegate,
}

collectable!(Wait, holds: [future, waiting]);

impl Wait {
    /// Makes a future and puts it at the end of `line`; [`Wait::resume`] does the rest.
    #[inline(always)]
    pub(crate) fn begin(&self, owner: &Object, bound: &LoopBound, line: &Line) -> Result<()> {
        let future = bound.create_future(owner)?;
        line.push(future.clone())?;
        self.begin_with(future)
    }

    /// Waits for a future that is in its line already, or will be.
    #[inline(always)]
    pub(crate) fn begin_with(&self, future: Owned) -> Result<()> {
        if future.exactly::<FutureObject>().is_none() {
            self.waiting.begin(&future)?;
        }
        self.future.set(future);
        Ok(())
    }

    /// Whether something is being waited for.
    #[inline(always)]
    pub(crate) fn is_active(&self) -> bool {
        !self.future.is_empty()
    }

    /// Goes on waiting: yields the future, or returns when it is done.
    #[inline(always)]
    pub(crate) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        let ours = self.future.peek().and_then(Object::exactly::<FutureObject>);
        match (ours, thrown) {
            (Some(future), None) => future.resume(),
            (Some(_), Some(exception)) => Err(Raised::restore(exception)),
            (None, thrown) => self.waiting.resume(thrown),
        }
    }

    /// The wait is over: leaves `line`, in which the future may not be any more, and gives it out.
    #[inline(always)]
    pub(crate) fn leave(&self, line: &Line) -> Result<Option<Owned>> {
        let future = self.future.take();
        if let Some(future) = &future {
            line.remove(future)?;
        }
        Ok(future)
    }

    /// The wait is over, for somebody who was taken out of the line to be woken.
    #[inline(always)]
    pub(crate) fn end(&self) -> Option<Owned> {
        self.future.take()
    }

    /// What is being awaited.
    pub(crate) fn target(&self) -> Option<Owned> {
        self.waiting.target().or_else(|| self.future.get())
    }
}

/// Whether [`wake`] runs no Python: the future is ours and waits, and its loop takes wake-ups directly.
#[inline(always)]
pub(crate) fn can_be_woken_at_once(future: &Object) -> bool {
    future.exactly::<FutureObject>().is_some_and(|ours| {
        !ours.is_done()
            && ours
                .get_native_loop()
                .is_some_and(|event_loop| event_loop.has_shortcuts() && !event_loop.debug())
    })
}

/// `future.set_result(result)`. In debug mode only the loop's own thread may do that.
#[inline(always)]
pub(crate) fn wake(future: &Object, result: Owned) -> Result<()> {
    let Some(ours) = as_plain_future(future) else {
        return call_method1(future, &names().set_result, &result).map(drop);
    };
    if let Some(event_loop) = ours.get_native_loop() {
        if event_loop.debug() {
            event_loop.check_thread()?;
        }
    }
    ours.resolve(result)
}
