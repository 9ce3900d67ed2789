//! Locks, events and their like: tasks that wait for each other.
//!
//! In reading order:
//!
//! * `line.rs`: who waits, in order, shared with Python code once that looks
//! * `bound.rs`: which loop a primitive belongs to, and its futures
//! * `wait.rs`: one wait of a coroutine: its future, in a line
//! * `event.rs`: the shortest primitive, then `lock.rs`, `semaphore.rs` with `amount.rs`
//! * `condition.rs`, `condition_wait.rs`: a lock, and a line of those who wait for news
//! * `barrier.rs`, `barrier_wait.rs`: a fixed number of tasks that go on together
//! * `context.rs`: `async with`, where a primitive has nothing quicker of its own
//!
//! What must always be true:
//!
//! * A coroutine that has nothing to wait for returns at its first step and makes no future.
//! * Whoever waits stands in the line from the moment when its future was made until it goes on or gives
//!   up, and a wake-up that reaches somebody who gives up is handed to the next one.
//! * Methods that asyncio calls through `self` are called through `self` here as well, unless the object
//!   is plain: of exactly our type, with no attributes of its own.
//!
//! Read next: `queue/mod.rs`.

mod amount;
mod barrier;
mod barrier_wait;
mod bound;
mod condition;
mod condition_wait;
mod context;
mod event;
mod line;
mod lock;
mod semaphore;
mod wait;

pub(crate) use bound::LoopBound;
pub(crate) use event::EventObject;
pub(crate) use line::Line;
pub(crate) use wait::{Wait, can_be_woken_at_once, wake};

use crate::ffi::{IntoOwned, Object, Owned, Result, class_and_address};

/// Makes the types.
pub(crate) fn register(module: &Object) -> Result<()> {
    context::register(module)?;
    event::register(module)?;
    lock::register(module)?;
    condition::register(module)?;
    semaphore::register(module)?;
    barrier::register(module)
}

/// `<asyncio's class and address [state, waiters:n]>`.
fn represent(object: &Object, state: &str, waiters: &Line) -> Result<Owned> {
    let waiting = waiters.len()?;
    let extra = if waiting > 0 { format!("{state}, waiters:{waiting}") } else { state.to_owned() };
    bracketed(object, &extra)
}

/// `<class and address [extra]>`.
fn bracketed(object: &Object, extra: &str) -> Result<Owned> {
    let opened = "<".into_owned()?.add(&*class_and_address(object)?)?;
    opened.add(&*format!(" [{extra}]>").as_str().into_owned()?)
}
