//! How `wait_for` waits on Python 3.11: it makes a task of the awaitable, and a waiter that the task and
//! a timer release.

use std::cell::Cell;

use crate::awaitable::{Delegate, result_setter};
use crate::event_loop::running_loop;
use crate::ffi::{
    Object, Owned, Raised, Result, Slot, Step, call_keywords, call_method0, collectable, names, none,
};
use crate::future::{ObserverObject, any};
use crate::group::create_future_on;

use super::cancel_and_wait::{CancelAndWait, Release, release_when_done, result_in_time};
use super::wait_for::ensure_future;

/// How far the wait is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
enum Stage {
    /// Without a limit: awaits the awaitable itself.
    #[default]
    Unlimited = 0,
    /// Waits for the waiter.
    Waiting = 1,
    /// Out of time, or cancelled: waits for the end of the task.
    Ending = 2,
}

/// One wait.
#[derive(Default)]
pub(super) struct Wait {
    stage: Cell<Stage>,
    /// What is waited for, as a future.
    future: Slot,
    observer: Slot<ObserverObject<Release>>,
    /// The handle of the limit.
    timer: Slot,
    /// The `CancelledError` to raise when the task has ended; nothing when time was up.
    cancelled: Slot,
    waiting: Delegate,
    ending: CancelAndWait,
}

collectable!(Wait, holds: [future, observer, timer, cancelled, waiting, ending]);

impl Wait {
    /// Makes the task and goes to the first wait.
    pub(super) fn begin(&self, awaitable: &Object, timeout: &Object) -> Result<Step> {
        if timeout.is_none() {
            self.waiting.begin(awaitable)?;
            return self.waiting.resume(None);
        }
        let event_loop = running_loop()?;
        let waiter = create_future_on(&event_loop)?;
        let call_later = event_loop.attribute(&names().call_later)?;
        let release = result_setter();
        self.timer.set(call_keywords(&call_later, &[timeout, release, &waiter, &none()], 4, None)?);
        let future = ensure_future(awaitable)?;
        self.observer.set(release_when_done(&future, &waiter)?);
        self.future.set(future);
        self.stage.set(Stage::Waiting);
        match self.waiting.begin(&waiter) {
            Ok(()) => self.resume(None),
            Err(raised) => Err(self.fail(raised)),
        }
    }

    /// Goes on waiting.
    pub(super) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        let resumed = match self.stage.get() {
            Stage::Unlimited => return self.waiting.resume(thrown),
            Stage::Waiting => self.wait(thrown),
            Stage::Ending => self.end(thrown),
        };
        match resumed {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(value)) => self.cancel_timer().map(|()| Step::Return(value)),
            Err(raised) => Err(self.fail(raised)),
        }
    }

    fn wait(&self, thrown: Option<Owned>) -> Result<Step> {
        let cancelled = match self.waiting.resume(thrown) {
            Ok(Step::Yield(value)) => return Ok(Step::Yield(value)),
            Ok(Step::Return(_)) => None,
            Err(raised) if raised.matches(&names().cancelled_error) => Some(raised.take()),
            Err(raised) => return Err(raised),
        };
        let Some(future) = self.future.get() else { return Ok(Step::Return(none())) };
        if any::is_done(&future)? {
            return any::result_of(&future).map(Step::Return);
        }
        if let Some(observer) = self.observer.take() {
            any::remove_observer(&future, observer.base())?;
        }
        if let Some(cancelled) = cancelled {
            self.cancelled.set(cancelled);
        }
        self.stage.set(Stage::Ending);
        self.ending.begin(&future)?;
        self.end(None)
    }

    fn end(&self, thrown: Option<Owned>) -> Result<Step> {
        if let Step::Yield(value) = self.ending.resume(thrown)? {
            return Ok(Step::Yield(value));
        }
        match (self.cancelled.take(), self.future.get()) {
            (Some(cancelled), _) => Err(Raised::restore(cancelled)),
            (None, Some(future)) => result_in_time(&future).map(Step::Return),
            (None, None) => Ok(Step::Return(none())),
        }
    }

    /// What the wait is for.
    pub(super) fn awaits(&self) -> Option<Owned> {
        self.waiting.target().or_else(|| self.ending.awaits())
    }

    /// Whether it is the end of the task that is waited for.
    pub(super) fn is_ending(&self) -> bool {
        self.stage.get() == Stage::Ending
    }

    fn cancel_timer(&self) -> Result<()> {
        self.timer.take().map_or(Ok(()), |timer| call_method0(&timer, &names().cancel).map(drop))
    }

    #[cold]
    fn fail(&self, raised: Raised) -> Raised {
        let exception = raised.take();
        match self.cancel_timer() {
            Ok(()) => Raised::restore(exception),
            Err(raised) => raised,
        }
    }
}
