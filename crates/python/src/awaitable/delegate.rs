//! Awaiting something inside a machine.

use crate::ffi::{
    Layout, Object, Owned, Raised, Result, Slot, Step, await_iterator, collectable, nested, resume_iterator,
};
use crate::future::{FutureObject, State, as_plain_future};

/// What a machine awaits at the moment: a future of ours directly, anything else through its iterator.
/// All zero bytes mean nothing.
#[derive(Default)]
pub(crate) struct Delegate {
    /// The future, or the iterator of `awaitable.__await__()`.
    target: Slot,
}

collectable!(Delegate, holds: [target]);

impl Delegate {
    /// Begins to await `awaitable`; [`Delegate::resume`] does the rest.
    pub(crate) fn begin(&self, awaitable: &Object) -> Result<()> {
        let target = match as_plain_future(awaitable) {
            Some(_) => awaitable.own(),
            None => await_iterator(awaitable)?,
        };
        self.target.set(target);
        Ok(())
    }

    /// As [`Delegate::begin`], with a reference that is not needed otherwise.
    #[inline(always)]
    pub(crate) fn begin_owned(&self, awaitable: Owned) -> Result<()> {
        match awaitable.into_exactly::<FutureObject>() {
            Ok(future) => {
                self.begin_future(future);
                Ok(())
            }
            Err(other) => self.begin(&other),
        }
    }

    /// Begins to await a future of ours.
    #[inline(always)]
    pub(crate) fn begin_future(&self, future: Owned<FutureObject>) {
        self.target.set(future.into_object());
    }

    /// Whether something is being awaited.
    pub(crate) fn is_active(&self) -> bool {
        !self.target.is_empty()
    }

    /// What is being awaited.
    pub(crate) fn target(&self) -> Option<Owned> {
        self.target.get()
    }

    /// Goes on awaiting: yields what has to be waited for, or returns the result and forgets the target.
    #[inline(always)]
    pub(crate) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        if let (Some(future), None) = (self.target.peek().and_then(Object::exactly::<FutureObject>), &thrown)
        {
            match future.state() {
                State::Pending => return future.resume(),
                State::Returned => {
                    let result = future.result()?;
                    self.target.clear();
                    return Ok(Step::Return(result));
                }
                State::Cancelled | State::Failed => {}
            }
        }
        self.resume_other(thrown)
    }

    /// As [`Delegate::resume`], of anything.
    fn resume_other(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(target) = self.target.get() else {
            return Ok(Step::Return(crate::ffi::none()));
        };
        let resumed = match (as_plain_future(&target), thrown) {
            (Some(future), None) if !future.is_done() => {
                if !future.blocking.replace(true) {
                    return Ok(Step::Yield(target));
                }
                // Nobody waits for what was yielded: a loop over this coroutine would never end.
                Err(Raised::runtime_error(format_args!("await wasn't used with future")))
            }
            (Some(future), None) => future.result().map(Step::Return),
            (Some(_), Some(exception)) => Err(Raised::restore(exception)),
            (None, thrown) => nested(c" while awaiting", || resume_iterator(&target, thrown)),
        };
        if !matches!(resumed, Ok(Step::Yield(_))) {
            self.forget_quietly(resumed.is_err());
        }
        resumed
    }

    /// Lets go of the target; an exception on its way out survives whatever that runs.
    #[inline(always)]
    fn forget_quietly(&self, failing: bool) {
        if !failing {
            self.target.clear();
            return;
        }
        let exception = Raised::already().take();
        self.target.clear();
        let _ = Raised::restore(exception);
    }
}
