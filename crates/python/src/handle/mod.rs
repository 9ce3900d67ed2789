//! Handles: what `call_soon`, `call_later` and `call_at` return, and the callbacks that they hold.
//!
//! * `layout.rs`: a callback with its arguments and its context
//! * `run.rs`: calling it
//! * `thread_safe.rs`: how other threads wait for a callback that runs
//! * `timer.rs`: a handle with a deadline
//! * `methods.rs`: the Python types `Handle` and `TimerHandle`
//!
//! What must always be true: a cancelled handle holds no callback and no arguments, so that a timer that
//! waits in the heap for its compaction keeps nothing alive; and a handle is run at most once for each
//! time it was queued. The cycle collector knows every handle but those that a loop holds which is in its
//! turns: such a loop is alive. Each way out of its queue and its heap shows what others still hold
//! (`Owned::let_go`), and the end of the run shows what stays in them.
//!
//! Read next: `event_loop/mod.rs`.

mod layout;
mod methods;
mod run;
#[cfg(Py_3_14)]
mod thread_safe;
mod timer;

pub(crate) use layout::HandleObject;
pub(crate) use methods::register;
pub(crate) use timer::TimerObject;
