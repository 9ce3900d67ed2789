//! The call graph: who awaits a future (Python 3.14 and later).
//!
//! A task that waits for one of our futures is in the future's waiters already, so that link costs
//! nothing. What is kept here are the links that code states itself: `gather`, `wait`, `TaskGroup`, ...
//! through `asyncio.future_add_to_awaited_by`. A task keeps its links where external debuggers look for
//! them instead (see `task/visible.rs`).

use crate::ffi::{Object, Owned, Result, frozen, is_instance, names, set_add, set_discard, set_of};

#[cfg(Py_3_14)]
use crate::ffi::{Args, Raised, call2};

use super::layout::FirstWaiter;
use super::{FutureObject, as_future};

/// `asyncio.future_add_to_awaited_by(future, waiter)`. Other classes' objects are asyncio's own business.
pub(crate) fn add_to_awaited_by(future: &Object, waiter: &Object) -> Result<()> {
    let Some(future) = as_future(future) else { return tell_stdlib(Link::Add, future, waiter) };
    if !is_any_future(waiter) {
        return Ok(());
    }
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
    let Some(future) = as_future(future) else { return tell_stdlib(Link::Discard, future, waiter) };
    if let Some(task) = future.as_task() {
        return task.discard_awaiter(waiter);
    }
    match future.rare.get().and_then(|rare| rare.awaited_by.get()) {
        Some(set) => set_discard(&set, waiter),
        None => Ok(()),
    }
}

/// What to do with a link.
enum Link {
    Add,
    Discard,
}

/// Adds or discards a link of a future that is not ours.
#[cfg(Py_3_14)]
#[cold]
fn tell_stdlib(link: Link, future: &Object, waiter: &Object) -> Result<()> {
    let function = match link {
        Link::Add => &names().stdlib_add_to_awaited_by,
        Link::Discard => &names().stdlib_discard_from_awaited_by,
    };
    call2(function, future, waiter).map(drop)
}

/// Before 3.14 there is no call graph.
#[cfg(not(Py_3_14))]
fn tell_stdlib(_link: Link, _future: &Object, _waiter: &Object) -> Result<()> {
    Ok(())
}

/// The two objects that a link joins.
#[cfg(Py_3_14)]
fn ends_of_link<'a>(args: Args<'a>, function: &'static str) -> Result<[&'a Object; 2]> {
    match (args.positional(), args.names()) {
        ([future, waiter], None) => Ok([*future, *waiter]),
        (given, _) => {
            Err(Raised::type_error(format_args!("{function} expected 2 arguments, got {}", given.len())))
        }
    }
}

/// `future_add_to_awaited_by(future, waiter, /)`.
#[cfg(Py_3_14)]
pub(crate) fn future_add_to_awaited_by(args: Args<'_>) -> Result<()> {
    let [future, waiter] = ends_of_link(args, "future_add_to_awaited_by")?;
    add_to_awaited_by(future, waiter)
}

/// `future_discard_from_awaited_by(future, waiter, /)`.
#[cfg(Py_3_14)]
pub(crate) fn future_discard_from_awaited_by(args: Args<'_>) -> Result<()> {
    let [future, waiter] = ends_of_link(args, "future_discard_from_awaited_by")?;
    discard_from_awaited_by(future, waiter)
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
            super::Waiter::Callback { .. } | super::Waiter::Observer(_) => None,
        };
        self.waiters().into_iter().filter_map(task).collect()
    }
}
