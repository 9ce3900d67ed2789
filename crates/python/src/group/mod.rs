//! Making tasks, and waiting for several of them: `asyncio.tasks` without the task itself.
//!
//! This folder begins and joins journeys of tasks. In reading order:
//!
//! * `create.rs`: `create_task`, `current_task`, `all_tasks`
//! * `ensure.rs`: `ensure_future`: a coroutine or any awaitable becomes a task
//! * `threads.rs`: `to_thread`
//! * `submit.rs`: `run_coroutine_threadsafe`
//! * `gather.rs`: `gather`: one future for many; its cancellation is in `future/gathering.rs`
//! * `distinct.rs`: which arguments of a `gather` are the same
//! * `wait.rs`: `wait`: a coroutine that ends when enough futures are done
//! * `shield.rs`: `shield`: a future that can be cancelled without cancelling the one behind it
//! * `completions.rs`: `as_completed`: futures in the order in which they finish
//! * `completion_steps.rs`: its coroutines
//!
//! What must always be true:
//!
//! * The futures can be of any class and the loop of any kind: what is not exactly ours is reached
//!   through its Python methods, as asyncio reaches it.
//! * One observer (`future/observer.rs`) serves all futures of a call. It runs through the loop's ready
//!   queue, in the place where asyncio's callback would.
//! * Calls into foreign classes run Python code: state is read again after each of them.
//!
//! Read next: `scope/mod.rs`: time limits and task groups.

mod completion_steps;
mod completions;
mod create;
mod distinct;
mod ensure;
mod gather;
mod shield;
mod submit;
mod threads;
mod wait;

use crate::awaitable::CoroutineObject;
use crate::ffi::{NativeFunction, Object, Result, add_function};
use crate::future::ObserverObject;

pub(crate) use create::{create_future_on, create_task_on};
pub(crate) use ensure::ensure_future_on;
pub(crate) use gather::gather_all;
pub(crate) use wait::wait_for_all;

/// Makes the types and adds the functions.
pub(crate) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<threads::ToThread>::register(module)?;
    CoroutineObject::<wait::Wait>::register(module)?;
    CoroutineObject::<completion_steps::WaitForOne>::register(module)?;
    ObserverObject::<gather::ChildDone>::register(module)?;
    ObserverObject::<wait::OneDone>::register(module)?;
    ObserverObject::<shield::InnerDone>::register(module)?;
    ObserverObject::<shield::OuterDone>::register(module)?;
    ObserverObject::<completions::OneCompleted>::register(module)?;
    completions::register(module)?;
    NativeFunction::add(module, c"to_thread", threads::to_thread, c"Return what func(*args, **kwargs) returns in a thread of the loop's default executor, in a copy of the current context.")?;
    NativeFunction::add(module, c"wait", wait::wait, c"Wait until the futures of fs are done, or as many as return_when asks for, or timeout seconds have passed. Return the set of those that are done and the set of the others.")?;
    add_function(module, c"create_task", create::create_task, CREATE_TASK_TEXT)?;
    add_function(module, c"ensure_future", ensure::ensure_future, c"ensure_future(coro_or_future, *, loop=None)\n--\n\nReturn a future as it is; schedule a coroutine or another awaitable as a Task.")?;
    add_function(module, c"gather", gather::gather, c"gather(*coros_or_futures, return_exceptions=False)\n--\n\nRun awaitables concurrently. Return a future of the list of their results.")?;
    add_function(module, c"shield", shield::shield, c"shield(arg)\n--\n\nReturn a future of an awaitable's result that can be cancelled without cancelling the awaitable.")?;
    add_function(module, c"as_completed", completions::as_completed, c"as_completed(fs, *, timeout=None)\n--\n\nReturn an iterator over awaitables in the order in which they are done; timeout is in seconds.")?;
    add_function(module, c"current_task", create::current_task, c"current_task(loop=None)\n--\n\nReturn the task that is running on a loop (default: the running one), or None.")?;
    add_function(module, c"all_tasks", create::all_tasks, c"all_tasks(loop=None)\n--\n\nReturn the set of a loop's tasks that are not done (default: of the running one).")?;
    add_function(module, c"run_coroutine_threadsafe", submit::run_coroutine_threadsafe, c"run_coroutine_threadsafe(coro, loop)\n--\n\nSchedule a coroutine on a loop that runs in another thread. Return a concurrent.futures.Future.")?;
    submit::register(module)?;
    #[cfg(Py_3_14)]
    {
        add_function(
            module,
            c"future_add_to_awaited_by",
            crate::future::future_add_to_awaited_by,
            c"Record that a future is awaited by another one.",
        )?;
        add_function(
            module,
            c"future_discard_from_awaited_by",
            crate::future::future_discard_from_awaited_by,
            c"Take back that a future is awaited by another one.",
        )?;
    }
    Ok(())
}

#[cfg(Py_3_14)]
const CREATE_TASK_TEXT: &std::ffi::CStr =
    c"create_task(coro, **kwargs)\n--\n\nSchedule a coroutine on the running loop. Return its Task.";
#[cfg(not(Py_3_14))]
const CREATE_TASK_TEXT: &std::ffi::CStr = c"create_task(coro, *, name=None, context=None)\n--\n\nSchedule a coroutine on the running loop. Return its Task.";
