//! Futures: the results that are not there yet.
//!
//! The part of the journey of a task that this folder holds: *(yields a future) wait -> future done ->
//! wake-up*. In reading order:
//!
//! * `layout.rs`: what a future consists of, its birth and its death
//! * `waiters.rs`: who is told when it is done, and how they are queued
//! * `resolve.rs`: result, exception, cancellation: the ways to be done
//! * `outcome.rs`: reading them back
//! * `iterator.rs`: what `await future` runs on
//! * `methods.rs`: the Python type
//! * `gathering.rs`: the future whose cancellation is its children's
//! * `observer.rs`: done-callbacks written in Rust
//! * `awaited_by.rs`: the call graph: who awaits a future (3.14+)
//! * `any.rs`: futures of any class, ours and others, behind one set of functions
//!
//! What must always be true:
//!
//! * A future is done once: `state` leaves `Pending` one time, in `resolve.rs`, and the waiters are
//!   queued in the order in which they came, at that moment, by that call.
//! * The first waiter is stored in the future itself, and a waiting task is stored as the task: no bound
//!   method, no handle, no tuple is made for an `await`.
//! * Any call into Python may change this very future. Nothing read before such a call is believed after it.
//!
//! Read next: `task/mod.rs`, whose steps are what waits here.

pub(crate) mod any;
mod awaited_by;
mod gathering;
mod iterator;
mod layout;
mod methods;
mod observer;
mod outcome;
mod resolve;
mod waiters;

pub(crate) use awaited_by::{add_to_awaited_by, discard_from_awaited_by};
#[cfg(Py_3_14)]
pub(crate) use awaited_by::{future_add_to_awaited_by, future_discard_from_awaited_by};
pub(crate) use gathering::GatheringFuture;
pub(crate) use iterator::FutureIterator;
pub(crate) use layout::{FutureObject, State, as_future, as_plain_future};
pub(crate) use methods::{cancel_message, disguise, register};
use observer::register_observers;
pub(crate) use observer::{Observe, ObserverBase, ObserverObject, observer};
pub(crate) use waiters::Waiter;
