//! The call graph: who awaits a future (Python 3.14 and later).
//!
//! A task that waits for one of our futures is in the future's waiters already, so that link costs
//! nothing. What is kept here are the links that code states itself: `gather`, `wait`, `TaskGroup`, ...
//! through `asyncio.future_add_to_awaited_by`. A task keeps its links where external debuggers look for
//! them instead (see `task/visible.rs`).

use crate::ffi::{Object, Owned, Result, frozen, is_instance, names, set_add, set_discard, set_of};

use super::layout::FirstWaiter;
use super::{FutureObject, as_future};

/// `asyncio.future_add_to_awaited_by(future, waiter)`. Other classes' objects are asyncio's own business.
pub(crate) fn add_to_awaited_by(future: &Object, waiter: &Object) -> Result<()> {
    if !is_any_future(waiter) {
        return Ok(());
    }
    let Some(future) = as_future(future) else { return Ok(()) };
    if let Some(task) = future.as_task() {
        return task.add_awaiter(waiter);
    }
    let rare = future.rare.get_or_make();
    match rare.awaited_by.get() {
        Some(set) => set_add(&set, waiter),
        None => {
            let set = set_of(None)?;
            set_add(&set, waiter)?;
            rare.awaited_by.set(set);
            Ok(())
        }
    }
}

/// `asyncio.future_discard_from_awaited_by(future, waiter)`.
pub(crate) fn discard_from_awaited_by(future: &Object, waiter: &Object) -> Result<()> {
    let Some(future) = as_future(future) else { return Ok(()) };
    if let Some(task) = future.as_task() {
        return task.discard_awaiter(waiter);
    }
    match future.rare.get().and_then(|rare| rare.awaited_by.get()) {
        Some(set) => set_discard(&set, waiter),
        None => Ok(()),
    }
}

/// Whether `object` is a future of ours or of the standard library's C module.
fn is_any_future(object: &Object) -> bool {
    as_future(object).is_some() || is_instance(object, &names().stdlib_future)
}

impl FutureObject {
    /// `_asyncio_awaited_by`: `None`, or a frozenset of whoever awaits this future.
    pub(crate) fn awaited_by(&self) -> Result<Option<Owned>> {
        if let Some(task) = self.as_task() {
            return task.awaiters();
        }
        let stated = self.rare.get().and_then(|rare| rare.awaited_by.get());
        let waiting: Vec<_> =
            if self.first_waiter.get() == FirstWaiter::Nobody { Vec::new() } else { self.waiting_tasks() };
        if stated.is_none() && waiting.is_empty() {
            return Ok(None);
        }
        let all = set_of(stated.as_deref())?;
        for task in waiting {
            set_add(&all, &task)?;
        }
        frozen(&all).map(Some)
    }

    /// The tasks of ours among the waiters.
    fn waiting_tasks(&self) -> Vec<Owned> {
        let task = |waiter| match waiter {
            super::Waiter::Task(task) => Some(task.into_object()),
            super::Waiter::Callback { .. } => None,
        };
        self.waiters().into_iter().filter_map(task).collect()
    }
}
