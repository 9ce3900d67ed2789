//! `wait_for(fut, timeout)`.
//!
//! From Python 3.12 on the awaitable is awaited in the current task, inside a timeout
//! (`within_limit.rs`); Python 3.11 makes a task of it and waits for that (`through_task.rs`). With no
//! time at all both cancel it before it starts.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, is_not_positive, machine};
use crate::event_loop::running_loop;
use crate::ffi::{Args, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, none};
use crate::future::{ObserverObject, any};
use crate::group::ensure_future_on;

use super::cancel_and_wait::{CancelAndWait, Release, result_in_time};
#[cfg(not(Py_3_12))]
use super::through_task::Wait;
#[cfg(Py_3_12)]
use super::within_limit::Wait;

/// How far the coroutine is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
enum Stage {
    /// Not started. Zero, so that a new object's memory says so.
    #[default]
    Fresh = 0,
    /// Waits, with a limit in time.
    Waiting = 1,
    /// There was no time: the future was cancelled and is waited for.
    Ending = 2,
}

/// The coroutine that `wait_for()` returns.
pub(super) struct WaitFor {
    awaitable: Slot,
    timeout: Slot,
    stage: Cell<Stage>,
    wait: Wait,
    ending: CancelAndWait,
}

machine!(
    WaitFor, "wait_for",
    awaits: |machine| machine.wait.awaits().or_else(|| machine.ending.awaits()),
    callees: |machine| if machine.is_ending() { &["_cancel_and_wait"] } else { &[] },
    holds: [awaitable, timeout, wait, ending]
);

/// Makes the coroutine's type.
pub(super) fn register(module: &Object) -> Result<()> {
    ObserverObject::<Release>::register(module)?;
    CoroutineObject::<WaitFor>::register(module)
}

/// `wait_for(fut, timeout)`.
#[inline]
pub(super) fn wait_for(args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<2> =
        Signature { function: "wait_for", parameters: [c"fut", c"timeout"], positional: 2, required: 2 };
    let [Some(awaitable), Some(timeout)] = SIGNATURE.bind(args)? else { return Ok(none()) };
    wait_for_at_most(awaitable, timeout)
}

/// `wait_for(awaitable, timeout)`.
#[inline(always)]
pub(crate) fn wait_for_at_most(awaitable: &Object, timeout: &Object) -> Result<Owned> {
    let coroutine = CoroutineObject::<WaitFor>::new(|machine| {
        machine.awaitable.fill(awaitable.own());
        machine.timeout.fill(timeout.own());
    })?;
    Ok(coroutine.into_object())
}

impl WaitFor {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.stage.get() {
            Stage::Waiting => self.wait.resume(thrown),
            Stage::Fresh => self.begin(),
            Stage::Ending => self.end(thrown),
        }
    }

    /// Whether the time is over, and the end of what was waited for is awaited.
    fn is_ending(&self) -> bool {
        #[cfg(not(Py_3_12))]
        if self.wait.is_ending() {
            return true;
        }
        self.stage.get() == Stage::Ending
    }

    #[inline(always)]
    fn begin(&self) -> Result<Step> {
        let (Some(awaitable), Some(timeout)) = (self.awaitable.take(), self.timeout.take()) else {
            return Ok(Step::Return(none()));
        };
        // Python 3.11 asks for the loop before anything else.
        if cfg!(not(Py_3_12)) {
            running_loop()?;
        }
        if !timeout.is_none() && is_not_positive(&timeout)? {
            return self.begin_to_end(&awaitable);
        }
        self.stage.set(Stage::Waiting);
        self.wait.begin(&awaitable, &timeout)
    }

    #[cold]
    fn begin_to_end(&self, awaitable: &Object) -> Result<Step> {
        let future = ensure_future(awaitable)?;
        if any::is_done(&future)? {
            return any::result_of(&future).map(Step::Return);
        }
        self.stage.set(Stage::Ending);
        self.awaitable.set(future.clone());
        self.ending.begin(&future)?;
        self.end(None)
    }

    #[cold]
    fn end(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.ending.resume(thrown)? {
            Step::Yield(value) => Ok(Step::Yield(value)),
            Step::Return(_) => {
                let future = self.awaitable.take().ok_or_else(Raised::already)?;
                result_in_time(&future).map(Step::Return)
            }
        }
    }
}

/// `ensure_future(awaitable)`; up to 3.11 a future of another loop than the running one is refused.
pub(super) fn ensure_future(awaitable: &Object) -> Result<Owned> {
    let event_loop = if cfg!(Py_3_12) { None } else { Some(running_loop()?) };
    ensure_future_on(awaitable, event_loop.as_deref())
}
