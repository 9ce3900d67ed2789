//! Cancelling a future and waiting until it is done, whatever it does about that.

use crate::awaitable::Delegate;
use crate::event_loop::running_loop;
use crate::ffi::{
    Object, Owned, Raised, Result, Slot, Step, call0, collectable, exception_cause, names, none,
};
use crate::future::{ObserverObject, any, observer};
use crate::group::create_future_on;
use crate::task::awaiting_task;

use super::parent;

/// Releases a waiter when some future is done: asyncio's `_release_waiter`.
pub(super) struct Release {
    waiter: Slot,
}

observer!(Release, shown: "_release_waiter", type: "release_waiter", holds: [waiter]);

impl Release {
    fn on_done(&self, _future: &Object) -> Result<()> {
        match self.waiter.get() {
            Some(waiter) if !any::is_done(&waiter)? => any::resolve(&waiter, none()),
            _ => Ok(()),
        }
    }
}

/// Registers with `future` what releases `waiter`.
pub(super) fn release_when_done(future: &Object, waiter: &Object) -> Result<Owned<ObserverObject<Release>>> {
    use crate::ffi::Layout;
    let observer = ObserverObject::<Release>::new(|release| release.waiter.fill(waiter.own()))?;
    any::add_observer(future, observer.base())?;
    Ok(observer)
}

/// The part of a machine that cancels a future and waits for it. All zero bytes mean "not begun".
#[derive(Default)]
pub(super) struct CancelAndWait {
    future: Slot,
    observer: Slot<ObserverObject<Release>>,
    /// The task that waits, for the call graph.
    awaiter: Slot,
    waiting: Delegate,
}

collectable!(CancelAndWait, holds: [future, observer, awaiter, waiting]);

impl CancelAndWait {
    /// Cancels `future`; [`CancelAndWait::resume`] waits for it.
    pub(super) fn begin(&self, future: &Object) -> Result<()> {
        use crate::ffi::Layout;
        let event_loop = running_loop()?;
        let waiter = create_future_on(&event_loop)?;
        self.observer.set(release_when_done(future, &waiter)?);
        self.future.set(future.own());
        if let Some(task) = awaiting_task(&event_loop)? {
            crate::future::add_to_awaited_by(future, &task)?;
            self.awaiter.set(task);
        }
        // The future itself can't be waited for: cancelling this wait would cancel it once more.
        match parent::cancel(future).and_then(|()| self.waiting.begin(&waiter)) {
            Ok(()) => Ok(()),
            Err(raised) => Err(self.fail(raised)),
        }
    }

    /// Goes on waiting; returns when the future is done.
    pub(super) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.waiting.resume(thrown) {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(_)) => self.finish().map(|()| Step::Return(none())),
            Err(raised) => Err(self.fail(raised)),
        }
    }

    /// What the wait is for.
    pub(super) fn awaits(&self) -> Option<Owned> {
        self.waiting.target()
    }

    fn finish(&self) -> Result<()> {
        let Some(future) = self.future.take() else { return Ok(()) };
        if let Some(observer) = self.observer.take() {
            any::remove_observer(&future, observer.base())?;
        }
        match self.awaiter.take() {
            Some(task) => crate::future::discard_from_awaited_by(&future, &task),
            None => Ok(()),
        }
    }

    /// As [`CancelAndWait::finish`], with an exception on its way out.
    #[cold]
    fn fail(&self, raised: Raised) -> Raised {
        let exception = raised.take();
        match self.finish() {
            Ok(()) => Raised::restore(exception),
            Err(raised) => raised,
        }
    }
}

/// What `future`, cancelled because its time was up, came to: its cancellation becomes a `TimeoutError`.
pub(super) fn result_in_time(future: &Object) -> Result<Owned> {
    match any::result_of(future) {
        Err(raised) if raised.matches(&names().cancelled_error) => {
            let cancelled = raised.take();
            let error = call0(&names().timeout_error)?;
            exception_cause(&error, &cancelled);
            Err(Raised::restore(error))
        }
        result => result,
    }
}
