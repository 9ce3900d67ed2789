//! Tasks: coroutines that the loop drives. The page to read first.
//!
//! The journey of a task is *create -> ready queue -> step -> (yields a future) wait -> future done ->
//! wake-up -> ready queue -> step -> result*. In reading order:
//!
//! * `layout.rs`: what a task consists of, on top of a future
//! * `create.rs`: from a coroutine to a task in the ready queue (or, eagerly, to its first step)
//! * `standing.rs`: a task for what runs already, in case that somebody looks
//! * `step.rs`: resume the coroutine once
//! * `wait.rs`: what it yielded, and waiting for that
//! * `wakeup.rs`: the future is done: back to `step.rs`
//! * `cancel.rs`: cancellation, which is a step with an exception
//! * `current.rs`: which task is running, as `asyncio.current_task()` sees it
//! * `registry.rs`: every task there is, as `asyncio.all_tasks()` sees it
//! * `name.rs`: "Task-7", spelled out when somebody asks
//! * `visible.rs`: the awaiters, where Python's debuggers look for them
//! * `methods.rs`: the Python type
//!
//! What must always be true of a task that is not done:
//!
//! * Exactly one of these holds: an entry for it is in a ready queue; it waits in `fut_waiter`'s
//!   waiters; or it is running. So it is stepped once for each time it became ready.
//! * `fut_waiter` is the future it waits for, from the step that yielded it to the step that follows.
//! * A step runs in the task's own context, with the task as the current one.
//! * A step never trusts what it read before it resumed the coroutine.
//!
//! Read next: `event_loop/mod.rs`, whose turn runs the steps.

mod cancel;
mod create;
mod current;
mod layout;
mod methods;
mod name;
mod registry;
mod standing;
mod step;
mod visible;
mod wait;
mod wakeup;

pub(crate) use cancel::cancel_any;
pub(crate) use create::{is_coroutine, is_plain_coroutine};
pub(crate) use current::{CurrentTask, awaiting_task, current_task_of, enter, leave, swap};
pub(crate) use layout::TaskObject;
pub(crate) use methods::{register, step_callback};
pub(crate) use registry::{connect_registry, list_task, listed_tasks, unlist_task};
pub(crate) use visible::{
    running_loop as thread_running_loop, running_loop_and_task as thread_running_loop_and_task,
};
pub(crate) use wait::loop_of;
