//! How `wait_for` waits from Python 3.12 on: in the current task, inside a timeout.

use crate::awaitable::Delegate;
use crate::ffi::{Object, Owned, Raised, Result, Slot, Step, collectable};

use super::timeout::TimeoutObject;

/// `async with timeout(timeout): return await awaitable`.
#[derive(Default)]
pub(super) struct Wait {
    limit: Slot<TimeoutObject>,
    waiting: Delegate,
}

collectable!(Wait, holds: [limit, waiting]);

impl Wait {
    /// Enters the timeout and goes to the first wait.
    #[inline(always)]
    pub(super) fn begin(&self, awaitable: &Object, timeout: &Object) -> Result<Step> {
        let limit = TimeoutObject::after(timeout)?;
        limit.enter()?;
        self.limit.set(limit);
        match self.waiting.begin(awaitable) {
            Ok(()) => self.resume(None),
            Err(raised) => Err(self.fail(raised)),
        }
    }

    /// Goes on waiting; the end of it leaves the timeout.
    #[inline(always)]
    pub(super) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.waiting.resume(thrown) {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(value)) => match self.limit.take() {
                Some(limit) => limit.exit(None, None).map(|()| Step::Return(value)),
                None => Ok(Step::Return(value)),
            },
            Err(raised) => Err(self.fail(raised)),
        }
    }

    /// What the wait is for.
    pub(super) fn awaits(&self) -> Option<Owned> {
        self.waiting.target()
    }

    /// Leaves the timeout with an exception, which becomes a `TimeoutError` if the time was up.
    #[cold]
    fn fail(&self, raised: Raised) -> Raised {
        let exception = raised.take();
        let left = match self.limit.take() {
            Some(limit) => limit.exit(Some(exception.type_object()), Some(&exception)),
            None => Ok(()),
        };
        match left {
            Ok(()) => Raised::restore(exception),
            Err(raised) => raised,
        }
    }
}
