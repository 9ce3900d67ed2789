//! `create_task`, and which tasks there are.

use crate::event_loop::{LoopObject, running_loop};
use crate::ffi::{
    Args, Object, Owned, Result, Signature, call_keywords, call_method1, call1, is_named, names,
};
use crate::task::{TaskObject, current_task_of};

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
pub(crate) fn create_task_on(event_loop: &Object, coroutine: &Object) -> Result<Owned> {
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
pub(crate) fn create_future_on(event_loop: &Object) -> Result<Owned> {
    match event_loop.cast::<LoopObject>().filter(|ours| ours.makes_plain_futures()) {
        Some(ours) => ours.create_future().map(Owned::into_object),
        None => crate::ffi::call_method0(event_loop, &names().create_future),
    }
}

/// `current_task(loop=None)`: the task that is running, or `None`.
pub(crate) fn current_task(args: Args<'_>) -> Result<Option<Owned>> {
    const SIGNATURE: Signature<1> =
        Signature { function: "current_task", parameters: [c"loop"], positional: 1, required: 0 };
    let [event_loop] = SIGNATURE.bind(args)?;
    match event_loop.filter(|given| !given.is_none()) {
        Some(given) => current_task_of(given),
        None => current_task_of(&*running_loop()?),
    }
}

/// `all_tasks(loop=None)`: the set of the tasks that are not done. The standard library collects them,
/// from its own lists and from ours (see `task/registry.rs`).
pub(crate) fn all_tasks(args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<1> =
        Signature { function: "all_tasks", parameters: [c"loop"], positional: 1, required: 0 };
    let [event_loop] = SIGNATURE.bind(args)?;
    match event_loop.filter(|given| !given.is_none()) {
        Some(given) => call1(&names().stdlib_all_tasks, given),
        None => call1(&names().stdlib_all_tasks, &*running_loop()?),
    }
}
