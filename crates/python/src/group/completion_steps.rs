//! The coroutines that `as_completed` gives.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::ffi::{Layout, Object, Owned, Raised, Result, Slot, Step, names, none};
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

const NEXT: &str = "_AsCompletedIterator.__anext__";
const ONE: &str =
    if cfg!(Py_3_13) { "_AsCompletedIterator._wait_for_one" } else { "as_completed.<locals>._wait_for_one" };

machine!(
    WaitForOne, qualname: ONE, type: "as_completed",
    named: |machine| if machine.gives.get() == Gives::Outcome { ONE } else { NEXT },
    awaits: |machine| machine.waiting.target(),
    callees: |machine| {
        if machine.gives.get() == Gives::Outcome { &["Queue.get"] } else { &[ONE, "Queue.get"] }
    },
    holds: [completions, taker, waiting]
);

impl WaitForOne {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(completions) = self.completions.get() else { return Ok(Step::Return(none())) };
        let Some(taker) = self.taker.get() else { return self.begin(&completions) };
        match self.waiting.resume(thrown) {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(_)) => self.take(&completions),
            Err(raised) => Err(self.interrupted(&completions, &taker, raised)),
        }
    }

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
            return Err(Raised::without_message(&names().stop_async_iteration));
        }
        self.take(completions)
    }

    /// Takes what is there, or waits for it.
    fn take(&self, completions: &Completions) -> Result<Step> {
        match completions.take() {
            Some(Some(future)) => self.give(future).map(Step::Return),
            Some(None) => Err(Raised::without_message(&names().timeout_error)),
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
