//! `as_completed`: futures in the order in which they finish.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem::offset_of;

use pyo3::ffi;

use crate::event_loop::{current_loop, running_loop, running_loop_if_any};
use crate::ffi::{
    Args, BoundMethod, Collectable, Confined, Layout, Lazily, Object, Owned, Raised, Result, Signature, Slot,
    TypeBuilder, Visitor, allocate, call_keywords, call_method0, items_of, names, native_type, none, set_add,
    set_discard, set_of,
};
use crate::future::any::{add_observer, is_done, remove_observer, resolve};
use crate::future::{ObserverObject, add_to_awaited_by, discard_from_awaited_by, observer};
use crate::task::awaiting_task;

use super::completion_steps::{Gives, WaitForOne};
use super::create::create_future_on;
use super::ensure_future_on;

/// The iterator that `as_completed()` returns.
///
/// Up to 3.12 asyncio's is a generator: nothing happens, not even the checks, before the first `next`.
/// From 3.13 on everything happens at once.
#[repr(C)]
pub(crate) struct Completions {
    head: ffi::PyObject,
    /// What was given, until the futures are registered with.
    given: Slot,
    timeout: Slot,
    /// The set of the futures that are not done; emptied by the timeout.
    unfinished: Slot,
    observer: Slot<ObserverObject<OneCompleted>>,
    timer: Slot,
    /// The task that called `as_completed()`, for the call graph.
    waiting: Slot,
    /// The loop in which the iteration waits, once it does.
    event_loop: Slot,
    queue: Lazily<CompletionQueue>,
    /// How many more coroutines the iteration gives.
    left: Cell<usize>,
    weak: Slot,
}

/// What is done, and who waits for that.
#[derive(Default)]
struct CompletionQueue {
    /// Futures that no coroutine has taken yet; `None` for one that timed out.
    finished: Confined<VecDeque<Option<Owned>>>,
    /// What coroutines await while there is nothing to take, oldest first.
    takers: Confined<VecDeque<Owned>>,
}

native_type!(Completions);

impl Collectable for Completions {
    fn traverse(&self, visitor: &mut Visitor) {
        for slot in
            [&self.given, &self.timeout, &self.unfinished, &self.timer, &self.waiting, &self.event_loop]
        {
            visitor.slot(slot);
        }
        visitor.slot(&self.observer);
        if let Some(queue) = self.queue.get() {
            queue
                .finished
                .with(|finished| finished.iter().flatten().for_each(|future| visitor.object(future)));
            queue.takers.with(|takers| takers.iter().for_each(|taker| visitor.object(taker)));
        }
    }

    fn clear(&self) {
        for slot in
            [&self.given, &self.timeout, &self.unfinished, &self.timer, &self.waiting, &self.event_loop]
        {
            slot.clear();
        }
        self.observer.clear();
        if let Some(queue) = self.queue.get() {
            drop(queue.finished.with(std::mem::take));
            drop(queue.takers.with(std::mem::take));
        }
    }
}

/// Makes the type.
pub(super) fn register(module: &Object) -> Result<()> {
    let builder = TypeBuilder::<Completions>::new(
        c"aioxide._native._AsCompletedIterator",
        c"The iterator that as_completed() returns.",
    )
    .internal()
    .dies()
    .weak_references(offset_of!(Completions, weak), None)
    .iterator(Completions::next);
    let builder = if cfg!(Py_3_13) { builder.async_iterator(Completions::async_next) } else { builder };
    builder.add_to(module)
}

/// `as_completed(fs, *, timeout=None)`.
pub(crate) fn as_completed(args: Args<'_>) -> Result<Owned<Completions>> {
    const SIGNATURE: Signature<2> =
        Signature { function: "as_completed", parameters: [c"fs", c"timeout"], positional: 1, required: 1 };
    let [given, timeout] = SIGNATURE.bind(args)?;
    let completions = allocate::<Completions>()?;
    if let Some(given) = given {
        completions.given.fill(given.own());
    }
    if let Some(timeout) = timeout.filter(|timeout| !timeout.is_none()) {
        completions.timeout.fill(timeout.own());
    }
    if cfg!(Py_3_13) {
        completions.begin()?;
    }
    Ok(completions)
}

#[cfg(Py_3_13)]
fn check(given: &Object) -> Result<()> {
    if crate::ffi::call1(&names().is_awaitable, given)?.is_true()? {
        return Err(wrong_type(c"expects an iterable of awaitables, not %S", given));
    }
    Ok(())
}

#[cfg(not(Py_3_13))]
fn check(given: &Object) -> Result<()> {
    if crate::future::any::is_future(given)? || crate::task::is_coroutine(given)? {
        return Err(wrong_type(c"expect an iterable of futures, not %S", given));
    }
    Ok(())
}

#[cold]
fn wrong_type(text: &std::ffi::CStr, given: &Object) -> Raised {
    match given.type_object().attribute(&names().name_attribute) {
        Ok(name) => Raised::formatted(&names().type_error, text, &name, &name),
        Err(raised) => raised,
    }
}

static TIMED_OUT: BoundMethod = BoundMethod::new(c"_handle_timeout", c"The time for all futures is over.");

impl Completions {
    /// Registers with every future, unless that has happened already.
    fn begin(&self) -> Result<()> {
        let Some(given) = self.given.take() else { return Ok(()) };
        check(&given)?;
        let event_loop = current_loop()?;
        if cfg!(Py_3_14) {
            // There may be a current loop that does not run yet: older programs run it with one
            // coroutine of the iteration after the other. Then no task waits.
            if let Some(running) = running_loop_if_any()? {
                if let Some(task) = awaiting_task(&running)? {
                    self.waiting.set(task);
                }
            }
        }
        let unfinished = set_of(None)?;
        for awaitable in items_of(&*set_of(Some(&given))?)? {
            set_add(&unfinished, &*ensure_future_on(&awaitable, Some(&event_loop))?)?;
        }
        let futures = items_of(&unfinished)?;
        self.unfinished.set(unfinished);
        let observer = ObserverObject::<OneCompleted>::new(|state| state.completions.fill(self.own()))?;
        self.observer.set(observer.clone());
        for future in &futures {
            add_observer(future, observer.base())?;
            if let Some(task) = self.waiting.get() {
                add_to_awaited_by(future, &task)?;
            }
        }
        match self.timeout.take() {
            Some(timeout) if !futures.is_empty() => self.set_timer(&event_loop, &timeout)?,
            _ => {}
        }
        self.left.set(futures.len());
        Ok(())
    }

    fn set_timer(&self, event_loop: &Object, timeout: &Object) -> Result<()> {
        let timed_out = TIMED_OUT.bind(self, |completions: &Self, _: &Object| completions.timed_out())?;
        let call_later = event_loop.attribute(&names().call_later)?;
        self.timer.set(call_keywords(&call_later, &[timeout, &*timed_out, &*none()], 3, None)?);
        Ok(())
    }

    fn next(&self) -> Result<Owned> {
        self.begin()?;
        if !self.count_down() {
            return Err(Raised::stop_iteration(none()));
        }
        WaitForOne::coroutine(self, Gives::Outcome)
    }

    /// `__anext__()`: as in any coroutine, nothing happens before it is awaited.
    fn async_next(&self) -> Result<Owned> {
        WaitForOne::coroutine(self, Gives::Future)
    }

    /// Takes one off the number of coroutines that are left to give; false when there are none.
    pub(super) fn count_down(&self) -> bool {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                true
            }
            None => false,
        }
    }

    /// Puts one back (3.14 and later): a coroutine was interrupted before it got anything.
    pub(super) fn count_up(&self) {
        if cfg!(Py_3_14) {
            self.left.set(self.left.get() + 1);
        }
    }

    /// A future to await while there is nothing to take.
    pub(super) fn new_taker(&self) -> Result<Owned> {
        let running = running_loop()?;
        match self.event_loop.peek() {
            None => self.event_loop.set(running.clone()),
            Some(ours) if ours.is(&running) => {}
            Some(_) => {
                let text = c"%R is bound to a different event loop";
                return Err(Raised::formatted(&names().runtime_error, text, self.object(), self.object()));
            }
        }
        let taker = create_future_on(&running)?;
        self.queue.get_or_make().takers.with(|takers| takers.push_back(taker.clone()));
        Ok(taker)
    }

    /// The oldest future that is done, or the sign of one that timed out; nothing when none is there.
    pub(super) fn take(&self) -> Option<Option<Owned>> {
        self.queue.get()?.finished.with(VecDeque::pop_front)
    }

    /// A coroutine that awaited `taker` was interrupted: its turn goes to the next one.
    pub(super) fn give_up(&self, taker: &Object) -> Result<()> {
        crate::task::cancel_any(taker, None)?;
        let Some(queue) = self.queue.get() else { return Ok(()) };
        let lost = queue.takers.with(|takers| {
            let place = takers.iter().position(|other| other.is(taker))?;
            takers.remove(place)
        });
        drop(lost);
        let nothing_left = queue.finished.with(|finished| finished.is_empty());
        if nothing_left || crate::future::any::is_cancelled(taker)? { Ok(()) } else { self.wake_next() }
    }

    fn put(&self, future: Option<Owned>) -> Result<()> {
        self.queue.get_or_make().finished.with(|finished| finished.push_back(future));
        self.wake_next()
    }

    fn wake_next(&self) -> Result<()> {
        let Some(queue) = self.queue.get() else { return Ok(()) };
        while let Some(taker) = queue.takers.with(VecDeque::pop_front) {
            if !is_done(&taker)? {
                return resolve(&taker, none());
            }
        }
        Ok(())
    }

    fn forget_waiting(&self, future: &Object) -> Result<()> {
        self.waiting.get().map_or(Ok(()), |task| discard_from_awaited_by(future, &task))
    }

    fn timed_out(&self) -> Result<()> {
        let (Some(unfinished), Some(observer)) = (self.unfinished.get(), self.observer.get()) else {
            return Ok(());
        };
        for future in items_of(&unfinished)? {
            remove_observer(&future, observer.base())?;
            self.forget_waiting(&future)?;
            self.put(None)?;
        }
        self.unfinished.set(set_of(None)?);
        Ok(())
    }

    fn completed(&self, future: &Object) -> Result<()> {
        let Some(unfinished) = self.unfinished.get() else { return Ok(()) };
        if !unfinished.is_true()? {
            // The timeout was first.
            return Ok(());
        }
        set_discard(&unfinished, future)?;
        self.forget_waiting(future)?;
        self.put(Some(future.own()))?;
        match self.timer.get() {
            Some(timer) if !unfinished.is_true()? => call_method0(&timer, &names().cancel).map(drop),
            _ => Ok(()),
        }
    }
}

/// The callback of all futures.
pub(crate) struct OneCompleted {
    completions: Slot<Completions>,
}

const CALLBACK: &str = if cfg!(Py_3_13) {
    "_AsCompletedIterator._handle_completion"
} else {
    "as_completed.<locals>._on_completion"
};

observer!(OneCompleted, shown: CALLBACK, type: "as_completed_callback", holds: [completions]);

impl OneCompleted {
    fn on_done(&self, future: &Object) -> Result<()> {
        self.completions.get().map_or(Ok(()), |completions| completions.completed(future))
    }
}
