//! Cancellation: a request now, a `CancelledError` thrown with the next step.

use crate::ffi::{Object, Result, call_keywords, names, nested};

use super::TaskObject;
use crate::future::{FutureObject, GatheringFuture};

impl TaskObject {
    /// `Task.cancel(msg=None)`: false when the task is done already.
    pub(crate) fn request_cancel(&self, message: Option<&Object>) -> Result<bool> {
        self.forget_traceback();
        if self.is_done() {
            return Ok(false);
        }
        self.cancel_requests.set(self.cancel_requests.get().saturating_add(1));
        if let Some(awaited) = self.fut_waiter.get() {
            // What is awaited may be a task that refuses: then this task goes on waiting for it, and
            // may have to cancel it again.
            if cancel_any(&awaited, message)? {
                return Ok(true);
            }
        }
        self.must_cancel.set(true);
        self.set_cancel_message(message);
        Ok(true)
    }

    /// A cancellation was requested while the step ran: hands it on to what the task now waits for.
    #[cold]
    pub(super) fn cancel_what_is_awaited(&self) -> Result<()> {
        let Some(awaited) = self.fut_waiter.get() else { return Ok(()) };
        let message = self.cancel_message();
        if cancel_any(&awaited, message.as_deref())? {
            self.must_cancel.set(false);
        }
        Ok(())
    }

    /// Ends the task itself as cancelled: the coroutine has let the `CancelledError` through.
    pub(super) fn cancel_as_future(&self, message: Option<&Object>) -> Result<bool> {
        FutureObject::cancel(self, message)
    }

    /// `cancelling()`: how many requests were not taken back.
    #[inline(always)]
    pub(crate) fn cancelling(&self) -> u64 {
        u64::from(self.cancel_requests.get())
    }

    /// `uncancel()`: takes one request back and returns how many are left.
    pub(crate) fn uncancel(&self) -> u64 {
        let left = self.cancel_requests.get().saturating_sub(1);
        self.cancel_requests.set(left);
        if left == 0 && cfg!(Py_3_13) {
            self.must_cancel.set(false);
        }
        u64::from(left)
    }
}

/// `awaitable.cancel(msg=message)`, without a Python call for futures and tasks of exactly our types.
/// Whoever awaits somebody who awaits somebody hands the request on from inside its own: see [`nested`].
pub(crate) fn cancel_any(awaitable: &Object, message: Option<&Object>) -> Result<bool> {
    if let Some(future) = awaitable.exactly::<FutureObject>() {
        return future.cancel(message);
    }
    if let Some(task) = awaitable.exactly::<TaskObject>() {
        return nested(c" while cancelling", || task.request_cancel(message));
    }
    if let Some(gathering) = awaitable.exactly::<GatheringFuture>() {
        return nested(c" while cancelling", || gathering.cancel_children(message));
    }
    let cancel = awaitable.attribute(&names().cancel)?;
    let none = crate::ffi::none();
    call_keywords(&cancel, &[message.unwrap_or(&none)], 0, Some(&names().msg_keyword))?.is_true()
}
