//! The coroutines that `as_completed` gives.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, Machine};
use crate::ffi::{
    Collectable, FreeList, Layout, Object, Owned, Raised, Result, Slot, Step, TypeCell, Visitor, call0,
    names, none,
};
use crate::future::any::result_of;

use super::completions::Completions;

/// What one of the coroutines returns.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Gives {
    /// The result of the next future that is done, or its exception.
    Outcome = 0,
    /// That future itself (`async for`).
    Future = 1,
}

/// A coroutine that waits for the next future to be done.
pub(crate) struct WaitForOne {
    completions: Slot<Completions>,
    gives: Cell<Gives>,
    /// The future that it awaits.
    taker: Slot,
    waiting: Delegate,
}

static TYPE: TypeCell = TypeCell::new();
static FREE: FreeList = FreeList::new();

// SAFETY: registered once; zero bytes are empty slots and `Outcome`.
unsafe impl Machine for WaitForOne {
    const NAME: &'static str = if cfg!(Py_3_13) {
        "_AsCompletedIterator._wait_for_one"
    } else {
        "as_completed.<locals>._wait_for_one"
    };
    const TYPE: &'static std::ffi::CStr = c"aioxide._native.as_completed_coroutine";

    fn type_cell() -> &'static TypeCell {
        &TYPE
    }

    fn free_list() -> &'static FreeList {
        &FREE
    }

    fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(completions) = self.completions.get() else { return Ok(Step::Return(none())) };
        let Some(taker) = self.taker.get() else { return self.begin(&completions) };
        match self.waiting.resume(thrown) {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(_)) => self.take(&completions),
            Err(raised) => Err(self.interrupted(&completions, &taker, raised)),
        }
    }

    fn awaits(&self) -> Option<Owned> {
        self.waiting.target()
    }
}

impl Collectable for WaitForOne {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.completions);
        visitor.slot(&self.taker);
        self.waiting.traverse(visitor);
    }

    fn clear(&self) {
        self.completions.clear();
        self.taker.clear();
        self.waiting.clear();
    }
}

impl WaitForOne {
    /// A coroutine of `completions`.
    pub(super) fn coroutine(completions: &Completions, gives: Gives) -> Result<Owned> {
        let coroutine = CoroutineObject::<Self>::new(|machine| {
            machine.completions.fill(completions.own());
            machine.gives.set(gives);
        })?;
        Ok(coroutine.into_object())
    }

    fn begin(&self, completions: &Completions) -> Result<Step> {
        if self.gives.get() == Gives::Future && !completions.count_down() {
            return Err(Raised::restore(call0(&names().stop_async_iteration)?));
        }
        self.take(completions)
    }

    /// Takes what is there, or waits for it.
    fn take(&self, completions: &Completions) -> Result<Step> {
        match completions.take() {
            Some(Some(future)) => self.give(future).map(Step::Return),
            Some(None) => Err(Raised::restore(call0(&names().timeout_error)?)),
            None => {
                let taker = completions.new_taker().inspect_err(|_| completions.count_up())?;
                self.waiting.begin(&taker)?;
                self.taker.set(taker);
                self.waiting.resume(None)
            }
        }
    }

    fn give(&self, future: Owned) -> Result<Owned> {
        match self.gives.get() {
            Gives::Outcome => result_of(&future),
            Gives::Future => Ok(future),
        }
    }

    #[cold]
    fn interrupted(&self, completions: &Completions, taker: &Object, raised: Raised) -> Raised {
        let exception = raised.take();
        if let Err(second) = completions.give_up(taker) {
            return second;
        }
        completions.count_up();
        Raised::restore(exception)
    }
}
