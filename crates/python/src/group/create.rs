//! `create_task` and `current_task`.

use crate::event_loop::{LoopObject, running_loop};
use crate::ffi::{Args, Object, Owned, Result, call_keywords, call_method1, is_named, names};
use crate::task::TaskObject;

/// `create_task(coro, *, name=None, context=None, ...)`: a task on the running loop.
///
/// What is out of the ordinary (another loop, an overridden method, a factory, a wrong argument) goes
/// the standard library's way, which differs between versions and their patches.
#[inline]
pub(crate) fn create_task(args: Args<'_>) -> Result<Owned> {
    if let [coroutine] = args.positional() {
        if let Some((name, context)) = name_and_context(args) {
            let event_loop = running_loop()?;
            if let Some(ours) = plain_loop(&event_loop) {
                ours.check_closed()?;
                // Before 3.13 the task gets an automatic name first, which counts.
                let (at_birth, later) = if cfg!(Py_3_13) { (name, None) } else { (None, name) };
                let task = TaskObject::spawn(ours, coroutine, at_birth, context)?;
                if let Some(name) = later {
                    task.set_name(name)?;
                }
                return Ok(task.into_object());
            }
        }
    }
    call_keywords(&names().stdlib_create_task, args.values(), args.positional().len(), args.names())
}

/// The two keywords that every version has; nothing when there are others.
#[inline(always)]
fn name_and_context(args: Args<'_>) -> Option<(Option<&Object>, Option<&Object>)> {
    let (mut name, mut context) = (None, None);
    for (keyword, value) in args.keywords() {
        if is_named(keyword, c"name") {
            name = Some(value).filter(|name| !name.is_none());
        } else if is_named(keyword, c"context") {
            context = Some(value).filter(|context| !context.is_none());
        } else {
            return None;
        }
    }
    Some((name, context))
}

/// A loop that makes tasks of ours when `create_task` is called on it.
#[inline(always)]
pub(super) fn plain_loop(event_loop: &Object) -> Option<&LoopObject> {
    event_loop.cast::<LoopObject>().filter(|ours| ours.makes_plain_tasks())
}

/// `event_loop.create_task(coroutine)`, for a loop of any kind.
#[inline(always)]
pub(super) fn create_task_on(event_loop: &Object, coroutine: &Object) -> Result<Owned> {
    match plain_loop(event_loop) {
        Some(ours) => {
            ours.check_closed()?;
            TaskObject::spawn(ours, coroutine, None, None).map(Owned::into_object)
        }
        None => call_method1(event_loop, &names().create_task, coroutine),
    }
}

/// `event_loop.create_future()`, for a loop of any kind.
#[inline(always)]
pub(super) fn create_future_on(event_loop: &Object) -> Result<Owned> {
    match event_loop.cast::<LoopObject>().filter(|ours| ours.makes_plain_futures()) {
        Some(ours) => ours.create_future().map(Owned::into_object),
        None => crate::ffi::call_method0(event_loop, &names().create_future),
    }
}

/// The task that runs on `event_loop`, for the call graph; nothing before 3.14, which has none.
#[cfg(Py_3_14)]
pub(super) fn awaiting_task(event_loop: &Object) -> Result<Option<Owned>> {
    let current = crate::ffi::call1(&names().current_task, event_loop)?;
    Ok(Some(current).filter(|current| !current.is_none()))
}

/// The task that runs on `event_loop`, for the call graph; nothing before 3.14, which has none.
#[cfg(not(Py_3_14))]
#[allow(clippy::unnecessary_wraps, reason = "the same shape as on the versions that have a call graph")]
pub(super) fn awaiting_task(_event_loop: &Object) -> Result<Option<Owned>> {
    Ok(None)
}

/// Adds `current_task`: the interpreter's own, in C, reads the state that our loops write.
#[cfg(Py_3_12)]
pub(super) fn register(module: &Object) -> Result<()> {
    crate::ffi::add_object(module, c"current_task", &names().current_task)
}

/// Adds `current_task`, which 3.11 has in Python only.
#[cfg(not(Py_3_12))]
pub(super) fn register(module: &Object) -> Result<()> {
    crate::ffi::add_function(
        module,
        c"current_task",
        current_task,
        c"current_task(loop=None)\n--\n\nReturn the task that is running, or None.",
    )
}

/// `current_task(loop=None)`.
#[cfg(not(Py_3_12))]
fn current_task(args: Args<'_>) -> Result<Option<Owned>> {
    const SIGNATURE: crate::ffi::Signature<1> =
        crate::ffi::Signature { function: "current_task", parameters: [c"loop"], positional: 1, required: 0 };
    let [event_loop] = SIGNATURE.bind(args)?;
    match event_loop.filter(|given| !given.is_none()) {
        Some(given) => crate::ffi::dict_get(&names().current_tasks, given),
        None => crate::ffi::dict_get(&names().current_tasks, &*running_loop()?),
    }
}
