//! Scopes: `timeout`, `wait_for` and `TaskGroup`: what bounds the time, or the tasks, of a piece of code.
//!
//! A scope lives in the task that enters it, its *parent*, and ends early by cancelling that task; on
//! its way out it takes the request back (`uncancel`) and turns the `CancelledError` into what the program
//! asked for: a `TimeoutError`, or an `ExceptionGroup`. In reading order:
//!
//! * `parent.rs`: the task that a scope runs in, of whichever class
//! * `prompt.rs`: coroutines that never wait, for `__aenter__` and its like
//! * `deadline.rs`: when a timeout ends, as a number of whichever kind
//! * `timeout.rs`: the life of a `Timeout`; `timeout_type.rs`: its Python type, `timeout()`, `timeout_at()`
//! * `wait_for.rs`: `wait_for()`; `within_limit.rs`: how it waits; `through_task.rs`: how it does on Python
//!   3.11; `cancel_and_wait.rs`: ending what was waited for
//! * `task_group.rs`: the life of a `TaskGroup`; `group_exit.rs`: waiting for its children;
//!   `group_type.rs`: its Python type
//!
//! What must always be true:
//!
//! * A scope that has asked its parent to cancel takes that request back once, whatever happens.
//! * A timeout's handle is cancelled when the block is left: nothing keeps the timeout alive after that.
//! * A group is left with no child running, and keeps no exception afterwards.
//!
//! Read next: `group/mod.rs`, for waits that are no scopes.

mod cancel_and_wait;
mod deadline;
mod group_exit;
mod group_type;
mod parent;
mod prompt;
mod task_group;
#[cfg(not(Py_3_12))]
mod through_task;
mod timeout;
mod timeout_type;
mod wait_for;
#[cfg(Py_3_12)]
mod within_limit;

use crate::ffi::{NativeFunction, Object, Result, add_function};

pub(crate) use wait_for::wait_for_at_most;

/// Makes the types and functions of this folder.
pub(crate) fn register(module: &Object) -> Result<()> {
    timeout_type::register(module)?;
    group_type::register(module)?;
    wait_for::register(module)?;
    add_function(module, c"timeout", timeout_type::timeout, c"timeout(delay)\n--\n\nReturn a Timeout that cancels the block it is entered for after delay seconds; never for None.")?;
    add_function(module, c"timeout_at", timeout_type::timeout_at, c"timeout_at(when)\n--\n\nLike timeout, with a deadline on the loop's clock (loop.time()), in seconds.")?;
    NativeFunction::add(
        module,
        c"wait_for",
        wait_for::wait_for,
        c"Return what fut comes to; after timeout seconds cancel it and raise TimeoutError.",
    )
}
