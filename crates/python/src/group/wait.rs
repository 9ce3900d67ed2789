//! `wait`: a coroutine that ends when enough futures are done.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::event_loop::running_loop;
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_keywords, call_method0,
    items_of, names, none, set_add, set_of, tuple_of,
};
use crate::future::any::{
    add_observer, exception_of, is_cancelled, is_done, is_future, remove_observer, resolve,
};
use crate::future::{ObserverObject, add_to_awaited_by, discard_from_awaited_by, observer};
use crate::task::{awaiting_task, is_coroutine};

use super::create::create_future_on;

/// The coroutine that `wait()` returns.
pub(crate) struct Wait {
    /// What was given; from the first step on the set of it.
    futures: Slot,
    timeout: Slot,
    return_when: Slot,
    /// The callback of all futures: there from the moment when they have it.
    observer: Slot<ObserverObject<OneDone>>,
    waiting: Delegate,
}

machine!(
    Wait, "wait",
    awaits: |machine| machine.waiting.target(),
    callees: |_| &["_wait"],
    holds: [futures, timeout, return_when, observer, waiting]
);

/// `wait(fs, *, timeout=None, return_when=ALL_COMPLETED)`: a coroutine that returns two sets.
pub(crate) fn wait(args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<3> = Signature {
        function: "wait",
        parameters: [c"fs", c"timeout", c"return_when"],
        positional: 1,
        required: 1,
    };
    let [futures, timeout, return_when] = SIGNATURE.bind(args)?;
    let coroutine = CoroutineObject::<Wait>::new(|machine| {
        if let Some(futures) = futures {
            machine.futures.fill(futures.own());
        }
        if let Some(timeout) = timeout.filter(|timeout| !timeout.is_none()) {
            machine.timeout.fill(timeout.own());
        }
        machine.return_when.fill(return_when.unwrap_or(&names().all_completed).own());
    })?;
    Ok(coroutine.into_object())
}

/// `wait(futures)`.
pub(crate) fn wait_for_all(futures: &Object) -> Result<Owned> {
    let coroutine = CoroutineObject::<Wait>::new(|machine| {
        machine.futures.fill(futures.own());
        machine.return_when.fill(names().all_completed.own());
    })?;
    Ok(coroutine.into_object())
}

impl Wait {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if !self.waiting.is_active() {
            self.begin()?;
        }
        match self.waiting.resume(thrown) {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(_)) => {
                self.withdraw()?;
                self.sorted().map(Step::Return)
            }
            Err(raised) => {
                let exception = raised.take();
                self.withdraw()?;
                Err(Raised::restore(exception))
            }
        }
    }

    /// The first step: checks the arguments, then registers with every future.
    fn begin(&self) -> Result<()> {
        let Some(given) = self.futures.get() else { return Ok(()) };
        if is_future(&given)? || is_coroutine(&given)? {
            return Err(wrong_type(&given));
        }
        if !given.is_true()? {
            return Err(Raised::value_error(format_args!("Set of Tasks/Futures is empty.")));
        }
        let enough = Enough::parse(&self.return_when.take().unwrap_or_else(none))?;
        let futures = set_of(Some(&given))?;
        self.futures.set(futures.clone());
        let futures = items_of(&futures)?;
        for future in &futures {
            if is_coroutine(future)? {
                return Err(Raised::type_error(format_args!(
                    "Passing coroutines is forbidden, use tasks explicitly."
                )));
            }
        }
        self.register_with(&futures, enough)
    }

    fn register_with(&self, futures: &[Owned], enough: Enough) -> Result<()> {
        let event_loop = running_loop()?;
        if futures.is_empty() {
            return Err(Raised::new(&names().assertion_error, format_args!("Set of Futures is empty.")));
        }
        let waiter = create_future_on(&event_loop)?;
        let timer =
            self.timeout.take().map(|timeout| set_timer(&event_loop, &timeout, &waiter)).transpose()?;
        let waiting = awaiting_task(&event_loop)?;
        let observer = ObserverObject::<OneDone>::new(|state| {
            state.missing.set(futures.len());
            state.enough.set(enough);
            state.waiter.fill(waiter.clone());
            if let Some(timer) = timer {
                state.timer.fill(timer);
            }
            if let Some(task) = waiting {
                state.waiting.fill(task);
            }
        })?;
        for future in futures {
            add_observer(future, observer.base())?;
            if let Some(task) = observer.state.waiting.get() {
                add_to_awaited_by(future, &task)?;
            }
        }
        self.observer.set(observer);
        self.waiting.begin(&waiter)
    }

    /// Whatever ended the wait: nobody is left waiting for the futures.
    fn withdraw(&self) -> Result<()> {
        let (Some(observer), Some(futures)) = (self.observer.take(), self.futures.get()) else {
            return Ok(());
        };
        observer.state.cancel_timer()?;
        for future in items_of(&futures)? {
            remove_observer(&future, observer.base())?;
            if let Some(task) = observer.state.waiting.get() {
                discard_from_awaited_by(&future, &task)?;
            }
        }
        Ok(())
    }

    /// The set of the futures that are done and the set of the others.
    fn sorted(&self) -> Result<Owned> {
        let Some(futures) = self.futures.take() else { return Ok(none()) };
        let mut flags = Vec::new();
        let items = items_of(&futures)?;
        for future in &items {
            flags.push(is_done(future)?);
        }
        if flags.iter().all(|done| *done) {
            // The usual case: the set at hand is the answer.
            return tuple_of(&[&*futures, &*set_of(None)?]);
        }
        let (done, pending) = (set_of(None)?, set_of(None)?);
        for (future, is_done) in items.iter().zip(flags) {
            set_add(if is_done { &done } else { &pending }, future)?;
        }
        tuple_of(&[&*done, &*pending])
    }
}

#[cold]
fn wrong_type(given: &Object) -> Raised {
    match given.type_object().attribute(&names().name_attribute) {
        Ok(name) => Raised::formatted(&names().type_error, c"expect a list of futures, not %S", &name, &name),
        Err(raised) => raised,
    }
}

/// The timer that ends the wait: `event_loop.call_later(timeout, _release_waiter, waiter)`.
fn set_timer(event_loop: &Object, timeout: &Object, waiter: &Object) -> Result<Owned> {
    let call_later = event_loop.attribute(&names().call_later)?;
    call_keywords(&call_later, &[timeout, &*names().release_waiter, waiter], 3, None)
}

/// When a wait ends: `return_when`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Enough {
    /// All are done.
    All = 0,
    /// One is done.
    One = 1,
    /// One has failed, or all are done.
    OneFailed = 2,
}

impl Enough {
    fn parse(return_when: &Object) -> Result<Self> {
        let names = names();
        for (name, enough) in [
            (&names.first_completed, Self::One),
            (&names.first_exception, Self::OneFailed),
            (&names.all_completed, Self::All),
        ] {
            if return_when.is(name) || return_when.equals(name)? {
                return Ok(enough);
            }
        }
        Err(Raised::formatted(&names.value_error, c"Invalid return_when value: %S", return_when, return_when))
    }
}

/// The callback of all futures.
pub(crate) struct OneDone {
    /// What the coroutine awaits.
    waiter: Slot,
    timer: Slot,
    /// The task that waits, for the call graph.
    waiting: Slot,
    /// How many futures are not done.
    missing: Cell<usize>,
    enough: Cell<Enough>,
}

observer!(
    OneDone,
    shown: "_wait.<locals>._on_completion",
    type: "wait_callback",
    holds: [waiter, timer, waiting]
);

impl OneDone {
    fn on_done(&self, future: &Object) -> Result<()> {
        self.missing.set(self.missing.get().saturating_sub(1));
        if self.missing.get() == 0 || self.is_enough(future)? {
            self.cancel_timer()?;
            if let Some(waiter) = self.waiter.get() {
                if !is_done(&waiter)? {
                    resolve(&waiter, none())?;
                }
            }
        }
        self.waiting.get().map_or(Ok(()), |waiting| discard_from_awaited_by(future, &waiting))
    }

    fn is_enough(&self, future: &Object) -> Result<bool> {
        match self.enough.get() {
            Enough::All => Ok(false),
            Enough::One => Ok(true),
            Enough::OneFailed => Ok(!is_cancelled(future)? && exception_of(future)?.is_some()),
        }
    }

    fn cancel_timer(&self) -> Result<()> {
        self.timer.get().map_or(Ok(()), |timer| call_method0(&timer, &names().cancel).map(drop))
    }
}
