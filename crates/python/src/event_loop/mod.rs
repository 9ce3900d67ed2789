//! The event loop: the turn, and the hot half of the `Loop` object.
//!
//! In reading order:
//!
//! * `entry.rs`: what can be in the ready queue
//! * `object.rs`: what a loop consists of
//! * `turn.rs`: one turn: poll when it must, collect due timers, run what was ready when it began
//! * `run.rs`: running one entry, and what becomes of its exceptions
//! * `poll.rs`: asking the selector, with the interpreter released while the loop is blocked
//! * `call.rs`: `call_soon`, `call_later`, `call_at`, `call_soon_threadsafe`
//! * `contexts.rs`: the contexts of what runs later, copied only when somebody could tell
//! * `tasks.rs`: `create_future`, `create_task`
//! * `source.rs`: native objects that the selector calls for
//! * `watch.rs`: readers and writers; `transports.rs`: which descriptor is whose
//! * `executor.rs`: `run_in_executor`, and the outcomes that come back from the threads
//! * `resolver.rs`: questions about names, and the answers that come back
//! * `overrides.rs`: whether a program has methods of its own
//! * `methods.rs`: the Python type `LoopBase`, of which `python/aioxide/loops.py` makes `Loop`
//!
//! What must always be true:
//!
//! * A turn runs the entries that were ready when it began, in order, and no others.
//! * Only `turn.rs` takes entries out of the queue; whoever queues while the loop is blocked wakes it.
//! * With an entry ready the loop never blocks; with none it blocks until the next deadline, an event or
//!   a wake-up, and makes no system call in between.
//! * No entry is dropped inside a borrow of the queue: dropping may run Python code, which may queue.
//!
//! Read next: `transport/`, when bytes come into play.

mod call;
mod contexts;
mod entry;
mod executor;
mod methods;
mod object;
mod overrides;
mod poll;
mod resolver;
mod run;
mod source;
mod tasks;
mod transports;
mod turn;
mod watch;

pub(crate) use call::call_soon;
pub(crate) use contexts::{Later, Share, shown_context};
pub(crate) use entry::Ready;
pub(crate) use methods::{forks, note_fork, note_loop_class, register};
pub(crate) use object::{
    LoopObject, current_loop, running_loop, running_loop_and_task, running_loop_if_any, running_native_loop,
};
pub(crate) use source::{Direction, SourceBase};
