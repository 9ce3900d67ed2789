//! Which task is running, as `asyncio.current_task()` sees it.
//!
//! The standard library keeps this: in a dict (up to 3.13) or in the thread state (from 3.14 on), both
//! reached through `_asyncio`. We tell it, but not twice for each step: while a turn steps one task
//! after another the entry is overwritten, and it is only taken out before something that is no task
//! runs, and before the loop blocks (measured: 6-8 ns for a step instead of 20).

use std::cell::Cell;
use std::ptr;

#[cfg(Py_3_14)]
use crate::ffi::call2;
use crate::ffi::{Here, Layout, Object, Owned, Raised, Result, names};
#[cfg(not(Py_3_14))]
use crate::ffi::{dict_discard, dict_get, dict_set};

use super::TaskObject;
#[cfg(Py_3_14)]
use super::visible::{get_current_task, set_current_task, set_current_task_here};

/// What a loop of ours has told the standard library.
#[derive(Default)]
pub(crate) struct CurrentTask {
    /// The address of the task that it shows. Only compared: the standard library holds a reference.
    shown: Cell<usize>,
    /// Whether that task is running at this moment.
    running: Cell<bool>,
}

impl CurrentTask {
    /// Makes `task` the current one of `event_loop`, whose turn is about to step it.
    #[inline(always)]
    pub(crate) fn begin(&self, event_loop: &Object, task: &TaskObject, here: &Here) -> Result<()> {
        let address = ptr::from_ref(task).addr();
        if self.running.get() {
            return Err(refuse_to_enter(event_loop, task.object()));
        }
        if self.shown.get() != address {
            #[cfg(Py_3_14)]
            if !set_current_task_here(here, event_loop, task.object()) {
                show(event_loop, Some(task.object()))?;
            }
            #[cfg(not(Py_3_14))]
            {
                let _ = here;
                show(event_loop, Some(task.object()))?;
            }
            self.shown.set(address);
        }
        self.running.set(true);
        Ok(())
    }

    /// The step is over.
    #[inline(always)]
    pub(crate) fn end(&self) {
        self.running.set(false);
    }

    /// Nothing that follows is a task's.
    #[inline(always)]
    pub(crate) fn hide(&self, event_loop: &Object) -> Result<()> {
        if self.shown.replace(0) == 0 {
            return Ok(());
        }
        show(event_loop, None)
    }
}

/// `asyncio.current_task(event_loop)`.
///
/// The interpreter is asked, not our loop: an eager task, or a task of another class, may be running
/// inside the one that the loop steps.
#[inline]
pub(crate) fn current_task_of(event_loop: &Object) -> Result<Option<Owned>> {
    #[cfg(Py_3_14)]
    {
        if let Some(current) = get_current_task(event_loop) {
            return Ok(current);
        }
        let current = crate::ffi::call1(&names().current_task, event_loop)?;
        Ok(Some(current).filter(|current| !current.is_none()))
    }
    #[cfg(not(Py_3_14))]
    dict_get(&names().current_tasks, event_loop)
}

/// The task that runs on `event_loop`, for the call graph; nothing before 3.14, which has none.
#[cfg(Py_3_14)]
pub(crate) fn awaiting_task(event_loop: &Object) -> Result<Option<Owned>> {
    current_task_of(event_loop)
}

/// The task that runs on `event_loop`, for the call graph; nothing before 3.14, which has none.
#[cfg(not(Py_3_14))]
#[allow(clippy::unnecessary_wraps, reason = "the same shape as on the versions that have a call graph")]
pub(crate) fn awaiting_task(_event_loop: &Object) -> Result<Option<Owned>> {
    Ok(None)
}

/// `_enter_task(loop, task)`: for a step on somebody else's loop.
pub(crate) fn enter(event_loop: &Object, task: &Object) -> Result<()> {
    #[cfg(Py_3_14)]
    return call2(&names().enter_task, event_loop, task).map(drop);
    #[cfg(not(Py_3_14))]
    {
        if current_task_of(event_loop)?.is_some() {
            return Err(refuse_to_enter(event_loop, task));
        }
        dict_set(&names().current_tasks, event_loop, task)
    }
}

/// `_leave_task(loop, task)`.
pub(crate) fn leave(event_loop: &Object, task: &Object) -> Result<()> {
    #[cfg(Py_3_14)]
    return call2(&names().leave_task, event_loop, task).map(drop);
    #[cfg(not(Py_3_14))]
    {
        let current = current_task_of(event_loop)?.unwrap_or_else(crate::ffi::none);
        if !current.is(task) {
            let text = c"Leaving task %R does not match the current task %R.";
            return Err(Raised::formatted(runtime_error(), text, task, &current));
        }
        dict_discard(&names().current_tasks, event_loop)
    }
}

/// `_swap_current_task(loop, task)`: returns what was current.
pub(crate) fn swap(event_loop: &Object, task: Option<&Object>) -> Result<Option<Owned>> {
    #[cfg(Py_3_14)]
    {
        let none = crate::ffi::none();
        let previous = call2(&names().swap_current_task, event_loop, task.unwrap_or(&none))?;
        Ok(Some(previous).filter(|previous| !previous.is_none()))
    }
    #[cfg(not(Py_3_14))]
    {
        let previous = current_task_of(event_loop)?;
        show(event_loop, task)?;
        Ok(previous)
    }
}

/// Writes the entry.
#[inline(never)]
fn show(event_loop: &Object, task: Option<&Object>) -> Result<()> {
    #[cfg(Py_3_14)]
    return if set_current_task(event_loop, task) { Ok(()) } else { swap(event_loop, task).map(drop) };
    #[cfg(not(Py_3_14))]
    match task {
        Some(task) => dict_set(&names().current_tasks, event_loop, task),
        None => dict_discard(&names().current_tasks, event_loop),
    }
}

#[cold]
fn refuse_to_enter(event_loop: &Object, task: &Object) -> Raised {
    let current = match current_task_of(event_loop) {
        Ok(current) => current.unwrap_or_else(crate::ffi::none),
        Err(raised) => return raised,
    };
    let text = c"Cannot enter into task %R while another task %R is being executed.";
    Raised::formatted(runtime_error(), text, task, &current)
}

fn runtime_error() -> &'static Object {
    &names().runtime_error
}
