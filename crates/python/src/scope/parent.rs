//! The task that a scope runs in, of whichever class: asking it, and asking it to cancel.

use crate::ffi::{Object, Result, call_method0, names};
use crate::future::FutureObject;
use crate::task::TaskObject;

/// `task.cancelling()`.
#[inline]
pub(super) fn cancelling(task: &Object) -> Result<u64> {
    match task.exactly::<TaskObject>() {
        Some(ours) => Ok(ours.cancelling()),
        None => call_method0(task, &names().cancelling)?.to_u64(),
    }
}

/// `task.uncancel()`.
pub(super) fn uncancel(task: &Object) -> Result<u64> {
    match task.exactly::<TaskObject>() {
        Some(ours) => Ok(ours.uncancel()),
        None => call_method0(task, &names().uncancel)?.to_u64(),
    }
}

/// `future.cancel()`, for a task or a future.
pub(super) fn cancel(future: &Object) -> Result<()> {
    if let Some(task) = future.exactly::<TaskObject>() {
        return task.request_cancel(None).map(drop);
    }
    if let Some(future) = future.exactly::<FutureObject>() {
        return future.cancel(None).map(drop);
    }
    call_method0(future, &names().cancel).map(drop)
}
