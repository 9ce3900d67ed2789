//! One wait of a coroutine: its future, in a line.

use crate::awaitable::Delegate;
use crate::ffi::{Collectable, Object, Owned, Result, Slot, Step, Visitor, call_method1, names};
use crate::future::as_plain_future;

use super::{Line, LoopBound};

/// What a machine waits for: a future of the primitive's loop, which stands in one of its lines.
pub(crate) struct Wait {
    future: Slot,
    waiting: Delegate,
}

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
        self.waiting.begin(&future)?;
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
        self.waiting.resume(thrown)
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
        self.waiting.target()
    }
}

impl Collectable for Wait {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.future);
        self.waiting.traverse(visitor);
    }

    fn clear(&self) {
        self.future.clear();
        self.waiting.clear();
    }
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
