//! The task that a scope runs in, of whichever class: asking it, and asking it to cancel.

#[cfg(not(Py_3_14))]
use crate::ffi::dict_get;
use crate::ffi::{Object, Owned, Result, call_method0, names};
use crate::future::FutureObject;
use crate::task::TaskObject;

/// `asyncio.current_task(event_loop)`.
///
/// The interpreter is asked, not our loop: an eager task, or a task of another class, may be running
/// inside the one that the loop steps.
#[inline]
pub(super) fn current_task(event_loop: &Object) -> Result<Option<Owned>> {
    #[cfg(Py_3_14)]
    {
        let current = crate::ffi::call1(&names().current_task, event_loop)?;
        Ok(Some(current).filter(|current| !current.is_none()))
    }
    #[cfg(not(Py_3_14))]
    dict_get(&names().current_tasks, event_loop)
}

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
