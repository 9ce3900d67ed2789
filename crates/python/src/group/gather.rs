//! `gather`: one future for many.

use std::cell::Cell;

use crate::event_loop::{current_loop, running_loop_if_any};
use crate::ffi::{Args, Object, Owned, Result, Slot, call1, list_items, list_of, names};
use crate::future::any::{
    add_observer, cancel_message_of, cancelled_error_of, exception_of, is_cancelled, is_done, resolve,
    result_of,
};
use crate::future::{GatheringFuture, ObserverObject, add_to_awaited_by, discard_from_awaited_by, observer};
use crate::task::{TaskObject, awaiting_task, loop_of};

use super::create::create_future_on;
use super::distinct::Distinct;
use super::ensure_future_on;

/// `gather(*coros_or_futures, return_exceptions=False)`.
pub(crate) fn gather(args: Args<'_>) -> Result<Owned> {
    let return_exceptions =
        args.only_keyword("gather", c"return_exceptions")?.map_or(Ok(false), Object::is_true)?;
    let arguments = args.positional();
    if arguments.is_empty() {
        let outer = create_future_on(&*current_loop()?)?;
        resolve(&outer, list_of(std::iter::empty())?)?;
        return Ok(outer);
    }
    Gathering::new(arguments, return_exceptions)?.outer(arguments)
}

/// `gather(*coroutines)`, of one at least.
pub(crate) fn gather_all(coroutines: &[&Object]) -> Result<Owned> {
    Gathering::new(coroutines, false)?.outer(coroutines)
}

/// A `gather()` that is being put together.
struct Gathering {
    event_loop: Option<Owned>,
    observer: Owned<ObserverObject<ChildDone>>,
    children: Vec<Owned>,
    /// How many of the children are not the same as an earlier one.
    distinct: usize,
    /// Children that were done when they were added.
    done: Vec<Owned>,
}

impl Gathering {
    fn new(arguments: &[&Object], return_exceptions: bool) -> Result<Self> {
        let event_loop = loop_to_begin_with()?;
        let waiting = match &event_loop {
            Some(event_loop) => awaiting_task(event_loop)?,
            None => None,
        };
        let observer = ObserverObject::<ChildDone>::new(|state| {
            state.return_exceptions.set(return_exceptions);
            if let Some(task) = waiting {
                state.waiting.fill(task);
            }
        })?;
        Ok(Self {
            event_loop,
            observer,
            children: Vec::with_capacity(arguments.len()),
            distinct: 0,
            done: Vec::new(),
        })
    }

    /// The future of all.
    fn outer(mut self, arguments: &[&Object]) -> Result<Owned> {
        match arguments {
            [only] if only.equals_only_itself() => {
                let child = self.add(only)?;
                self.children.push(child);
            }
            many => self.add_distinct(many)?,
        }
        let state = &self.observer.state;
        let children = list_of(self.children.into_iter())?;
        let event_loop = match self.event_loop {
            Some(event_loop) => event_loop,
            None => current_loop()?,
        };
        state.children.fill(children.clone());
        let outer = GatheringFuture::new(&event_loop, children)?;
        state.outer.fill(outer.clone());
        // Some children may have finished at once: if all have, the whole is done now.
        for child in self.done {
            self.observer.state.on_done(&child)?;
        }
        Ok(outer.into_object())
    }

    fn add_distinct(&mut self, arguments: &[&Object]) -> Result<()> {
        let mut seen = Distinct::new(arguments)?;
        for argument in arguments {
            let child = match seen.get(argument)? {
                Some(child) => child,
                None => {
                    let child = self.add(argument)?;
                    seen.insert(argument, &child)?;
                    child
                }
            };
            self.children.push(child);
        }
        Ok(())
    }

    /// The future of one argument, observed.
    #[inline(always)]
    fn add(&mut self, argument: &Object) -> Result<Owned> {
        let child = ensure_future_on(argument, self.event_loop.as_deref())?;
        if self.event_loop.is_none() {
            self.event_loop = Some(loop_of(&child)?);
        }
        if !child.is(argument) {
            // Nobody else can have it: nobody can be blamed if it is destroyed while it is pending.
            silence(&child)?;
        }
        let state = &self.observer.state;
        self.distinct += 1;
        state.count.set(self.distinct);
        if cfg!(Py_3_12) && is_done(&child)? {
            self.done.push(child.clone());
            return Ok(child);
        }
        if let Some(waiting) = state.waiting.get() {
            add_to_awaited_by(&child, &waiting)?;
        }
        add_observer(&child, self.observer.base())?;
        Ok(child)
    }
}

/// From 3.14 on all children must belong to the running loop, if one runs; before, to that of the first.
fn loop_to_begin_with() -> Result<Option<Owned>> {
    if !cfg!(Py_3_14) {
        return Ok(None);
    }
    running_loop_if_any()
}

/// `task._log_destroy_pending = False`.
#[inline(always)]
fn silence(task: &Object) -> Result<()> {
    match task.exactly::<TaskObject>() {
        Some(ours) => {
            ours.silence();
            Ok(())
        }
        None => task.set_attribute(&names().log_destroy_pending, &names().false_),
    }
}

/// The callback of all children.
pub(crate) struct ChildDone {
    /// The future that `gather()` has returned; empty until it has.
    outer: Slot<GatheringFuture>,
    /// The list of all children.
    children: Slot,
    /// The task that called `gather()`, for the call graph.
    waiting: Slot,
    count: Cell<usize>,
    finished: Cell<usize>,
    return_exceptions: Cell<bool>,
}

observer!(
    ChildDone,
    shown: "gather.<locals>._done_callback",
    type: "gather_callback",
    holds: [outer, children, waiting]
);

impl ChildDone {
    #[inline]
    fn on_done(&self, child: &Object) -> Result<()> {
        self.finished.set(self.finished.get() + 1);
        if let Some(waiting) = self.waiting.get() {
            discard_from_awaited_by(child, &waiting)?;
        }
        let Some(outer) = self.outer.get().filter(|outer| !outer.is_done()) else {
            return mark_retrieved(child);
        };
        if !self.return_exceptions.get() {
            if let Some(exception) = failure_of(child)? {
                self.forget_waiting()?;
                return outer.reject(&exception);
            }
        }
        if self.finished.get() == self.count.get() { self.finish(&outer) } else { Ok(()) }
    }

    /// Every child is done.
    fn finish(&self, outer: &GatheringFuture) -> Result<()> {
        let children = self.children.peek().map(list_items).unwrap_or_default();
        let mut results = Vec::with_capacity(children.len());
        for child in &children {
            results.push(outcome_of(child)?);
        }
        let results = list_of(results.into_iter())?;
        match children.last() {
            Some(last) if outer.cancel_requested() => outer.reject(&*cancelled_error_of(last)?),
            _ => outer.resolve(results),
        }
    }

    /// Children that outlive the whole are awaited by nobody.
    fn forget_waiting(&self) -> Result<()> {
        let Some(waiting) = self.waiting.get() else { return Ok(()) };
        for child in self.children.peek().map(list_items).unwrap_or_default() {
            discard_from_awaited_by(&child, &waiting)?;
        }
        Ok(())
    }
}

/// The exception of a done child is nobody's any more, so nobody is told that it was never retrieved.
fn mark_retrieved(child: &Object) -> Result<()> {
    if is_cancelled(child)? { Ok(()) } else { exception_of(child).map(drop) }
}

/// The exception that ends the whole, if the child has one.
#[inline(always)]
fn failure_of(child: &Object) -> Result<Option<Owned>> {
    if is_cancelled(child)? { cancelled_error_of(child).map(Some) } else { exception_of(child) }
}

/// What stands for the child in the list of results.
#[inline(always)]
fn outcome_of(child: &Object) -> Result<Owned> {
    if is_cancelled(child)? {
        // A new error: asyncio gives out the child's own one at most once.
        let message = cancel_message_of(child)?;
        return call1(&names().cancelled_error, message.as_deref().unwrap_or(&names().empty));
    }
    match exception_of(child)? {
        Some(exception) => Ok(exception),
        None => result_of(child),
    }
}
