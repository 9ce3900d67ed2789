//! What a task waited for is done: on to the next step.

use crate::ffi::{Layout, Object, Owned, Result, call_method0, names};
use crate::future::{FutureObject, State, as_plain_future};

use super::{TaskObject, enter, leave};

impl TaskObject {
    /// Steps with what `future`, which is ours and done, has come to.
    #[inline(always)]
    pub(crate) fn wake(&self, future: &FutureObject) -> Result<()> {
        if cfg!(Py_3_14) {
            if let Some(task) = future.object().exactly::<TaskObject>() {
                task.discard_awaiter(self.object())?;
            }
        }
        if future.state() == State::Returned { self.resume() } else { self.step(future.failure()?) }
    }

    /// The same for a future of any class: its result is not needed, only whether reading it raises.
    fn wake_by(&self, future: &Object) -> Result<()> {
        if let Some(ours) = as_plain_future(future) {
            return self.wake(ours);
        }
        let exception = call_method0(future, &names().result).err().map(crate::ffi::Raised::take);
        self.step(exception)
    }

    /// A wake-up as a callback of a loop that is not ours, or not wholly.
    pub(super) fn wakeup_callback(&self, future: &Object) -> Result<()> {
        self.as_current(|task| task.wake_by(future))
    }

    /// Runs `work` with this task as the current one, told to the standard library step by step.
    pub(super) fn as_current(&self, work: impl FnOnce(&Self) -> Result<()>) -> Result<()> {
        let event_loop: Owned = self.get_loop()?.own();
        enter(&event_loop, self.object())?;
        let done = work(self);
        match done {
            Ok(()) => leave(&event_loop, self.object()),
            Err(raised) => {
                let exception = raised.take();
                leave(&event_loop, self.object())?;
                Err(crate::ffi::Raised::restore(exception))
            }
        }
    }
}
