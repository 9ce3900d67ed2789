//! Queues: things handed from task to task.
//!
//! In reading order:
//!
//! * `layout.rs`: what a queue consists of, and its three kinds
//! * `limit.rs`: how many items it may hold
//! * `items.rs`: putting an item in and taking one out, in each kind's order
//! * `nowait.rs`: `put_nowait`, `get_nowait`, `task_done`, `shutdown`
//! * `turn.rs`: waiting for something to get, or for room
//! * `put.rs`, `get.rs`, `join.rs`: the coroutines
//! * `methods.rs`: the Python types
//!
//! What must always be true:
//!
//! * A wake-up is handed out by taking the waiter out of its line; one that reaches a task which gives up
//!   goes to the next one, if there is still something to get (or room to put something).
//! * A queue whose methods may have been overridden (a subclass, or one with attributes of its own) goes
//!   through them by name, wherever asyncio does.
//!
//! Read next: `python/aioxide/queues.py`.

mod get;
mod items;
mod join;
mod layout;
mod limit;
mod methods;
mod nowait;
mod put;
mod turn;

pub(crate) use methods::register;
