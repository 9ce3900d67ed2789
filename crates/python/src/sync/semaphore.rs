//! `Semaphore` and `BoundedSemaphore`: a number of places, the others in a line.

use std::cell::Cell;
use std::mem::offset_of;
use std::ops::Deref;

use pyo3::ffi;

use crate::awaitable::{CoroutineObject, machine};
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, TypeBuilder, call_method0,
    names, native_type, none,
};
use crate::future::any::{is_cancelled, is_done};

use super::amount::Amount;
use super::context::{ENTER, enter, leave};
use super::wait::wake;
use super::{Line, LoopBound, Wait, represent};

/// A semaphore.
#[repr(C)]
pub(crate) struct SemaphoreObject {
    head: ffi::PyObject,
    bound: LoopBound,
    waiters: Line,
    dict: Slot,
    weak: Slot,
    value: Cell<Amount>,
}

native_type!(SemaphoreObject, holds: [bound, waiters, dict]);

/// A semaphore that refuses to grow.
#[repr(C)]
pub(crate) struct BoundedSemaphoreObject {
    semaphore: SemaphoreObject,
    bound_value: Cell<Amount>,
}

native_type!(BoundedSemaphoreObject, holds: [semaphore]);

impl Deref for BoundedSemaphoreObject {
    type Target = SemaphoreObject;

    fn deref(&self) -> &SemaphoreObject {
        &self.semaphore
    }
}

/// Makes the types.
pub(super) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<SemaphoreAcquire>::register(module)?;
    TypeBuilder::<SemaphoreObject>::new(
        c"aioxide.locks.Semaphore",
        c"Semaphore(value=1)\n--\n\nA number of places, taken by acquire() and given back by release().\n\nRaises ValueError if value is negative.",
    )
    .like_python_class()
    .subclassable(|semaphore: &SemaphoreObject, args: Args<'_>| {
        semaphore.initialise(bind_value("Semaphore.__init__", args)?)
    })
    .dies()
    .weak_references(offset_of!(SemaphoreObject, weak), Some(offset_of!(SemaphoreObject, dict)))
    .visible_dict()
    .method(c"locked", SemaphoreObject::is_locked, c"locked($self, /)\n--\n\nReturn True if acquire() would have to wait.")
    .method(c"acquire", SemaphoreObject::acquire, c"acquire($self, /)\n--\n\nWait until there is a place, take it and return True.")
    .method(c"release", SemaphoreObject::release, c"release($self, /)\n--\n\nGive a place back; the first task in the line gets it.")
    .method(c"__aenter__", SemaphoreObject::enter, c"__aenter__($self, /)\n--\n\nTake a place.")
    .method_fast(c"__aexit__", |semaphore: &SemaphoreObject, _: Args<'_>| leave(semaphore.object()), c"__aexit__($self, /, exc_type, exc, tb)\n--\n\nGive the place back.")
    .method(c"_wake_up_next", SemaphoreObject::wake_next, c"_wake_up_next($self, /)\n--\n\nGive a place to the first task in the line that waits; return False if there is none.")
    .method(c"_get_loop", |semaphore: &SemaphoreObject| semaphore.bound.get_loop(semaphore.object()), c"_get_loop($self, /)\n--\n\nReturn the running loop, to which the semaphore is bound from then on.")
    .property(c"_loop", |semaphore: &SemaphoreObject| semaphore.bound.get(), |semaphore: &SemaphoreObject, value| semaphore.bound.assign(value))
    .property(c"_waiters", |semaphore: &SemaphoreObject| semaphore.waiters.show_if_used(), |semaphore: &SemaphoreObject, value| semaphore.waiters.assign(value))
    .property(c"_value", |semaphore: &SemaphoreObject| semaphore.value.get(), |semaphore: &SemaphoreObject, value| Amount::assign(&semaphore.value, value))
    .repr(SemaphoreObject::represent)
    .add_to(module)?;
    TypeBuilder::<BoundedSemaphoreObject>::new(
        c"aioxide.locks.BoundedSemaphore",
        c"BoundedSemaphore(value=1)\n--\n\nA semaphore whose release() raises ValueError when nobody has acquired.",
    )
    .base::<SemaphoreObject>()
    .like_python_class()
    .subclassable(BoundedSemaphoreObject::initialise)
    .dies()
    .method(c"release", BoundedSemaphoreObject::release, c"release($self, /)\n--\n\nGive a place back; the first task in the line gets it.\n\nRaises ValueError if no place is taken.")
    .property(c"_bound_value", |semaphore: &BoundedSemaphoreObject| semaphore.bound_value.get(), |semaphore: &BoundedSemaphoreObject, value| Amount::assign(&semaphore.bound_value, value))
    .add_to(module)
}

/// The argument of `__init__(value=1)`.
fn bind_value(function: &'static str, args: Args<'_>) -> Result<Amount> {
    let signature = Signature { function, parameters: [c"value"], positional: 1, required: 0 };
    let [value] = signature.bind_method(args)?;
    value.map_or(Ok(Amount::Whole(1)), Amount::of)
}

impl SemaphoreObject {
    fn initialise(&self, value: Amount) -> Result<()> {
        if value.is_negative() {
            return Err(Raised::value_error(format_args!("Semaphore initial value must be >= 0")));
        }
        self.waiters.replace(None);
        self.value.set(value);
        Ok(())
    }

    /// Whether nobody can have overridden a method.
    #[inline(always)]
    fn is_plain(&self) -> bool {
        self.dict.is_empty()
            && (self.object().exactly::<Self>().is_some()
                || self.object().exactly::<BoundedSemaphoreObject>().is_some())
    }

    /// `locked()`: those who wait come first, also when there is a place.
    #[inline(always)]
    fn is_locked(&self) -> Result<bool> {
        if self.value.get().is_zero() {
            return Ok(true);
        }
        let mut index = 0;
        while let Some(waiter) = self.waiters.at(index)? {
            if !is_cancelled(&waiter)? {
                return Ok(true);
            }
            index += 1;
        }
        Ok(false)
    }

    /// Takes a place if there is one that nobody in the line is about to get.
    #[inline(always)]
    fn try_acquire(&self) -> Result<bool> {
        let locked = if self.is_plain() {
            self.is_locked()?
        } else {
            call_method0(self.object(), &names().locked)?.is_true()?
        };
        if !locked {
            self.bound.check_thread()?;
            self.value.set(self.value.get().less_one());
        }
        Ok(!locked)
    }

    /// `acquire()`.
    #[inline]
    fn acquire(&self) -> Result<Owned> {
        self.start(false)
    }

    /// `__aenter__()`.
    #[inline]
    fn enter(&self) -> Result<Owned> {
        if self.is_plain() { self.start(true) } else { enter(self.object()) }
    }

    #[inline(always)]
    fn start(&self, entering: bool) -> Result<Owned> {
        let coroutine = CoroutineObject::<SemaphoreAcquire>::new(|machine| {
            machine.semaphore.fill(self.own());
            machine.entering.set(entering);
        });
        coroutine.map(Owned::into_object)
    }

    /// `release()`.
    fn release(&self) -> Result<()> {
        self.bound.check_thread()?;
        self.value.set(self.value.get().plus_one());
        self.hand_on().map(drop)
    }

    /// `self._wake_up_next()`.
    #[inline(always)]
    fn hand_on(&self) -> Result<bool> {
        if self.is_plain() {
            self.wake_next()
        } else {
            call_method0(self.object(), &names().wake_up_next)?.is_true()
        }
    }

    /// Gives a place to the first who is not done; before 3.13 nothing says whether there was anybody.
    fn wake_next(&self) -> Result<bool> {
        let mut index = 0;
        while let Some(waiter) = self.waiters.at(index)? {
            if !is_done(&waiter)? {
                self.value.set(self.value.get().less_one());
                wake(&waiter, true.into_owned()?)?;
                return Ok(true);
            }
            index += 1;
        }
        Ok(false)
    }

    fn represent(&self) -> Result<Owned> {
        let locked = if self.is_plain() {
            self.is_locked()?
        } else {
            call_method0(self.object(), &names().locked)?.is_true()?
        };
        if locked {
            return represent(self.object(), "locked", &self.waiters);
        }
        let value = self.value.get().text()?;
        represent(self.object(), &format!("unlocked, value:{value}"), &self.waiters)
    }
}

impl BoundedSemaphoreObject {
    fn initialise(&self, args: Args<'_>) -> Result<()> {
        let value = bind_value("BoundedSemaphore.__init__", args)?;
        self.bound_value.set(value);
        self.semaphore.initialise(value)
    }

    fn release(&self) -> Result<()> {
        if !self.value.get().is_less(self.bound_value.get()) {
            return Err(Raised::value_error(format_args!("BoundedSemaphore released too many times")));
        }
        self.semaphore.release()
    }
}

/// The coroutine that `Semaphore.acquire()` returns, and `Semaphore.__aenter__()`.
struct SemaphoreAcquire {
    semaphore: Slot<SemaphoreObject>,
    wait: Wait,
    /// Whether it is `__aenter__`, which returns nothing.
    entering: Cell<bool>,
}

machine!(
    SemaphoreAcquire, "Semaphore"."acquire",
    named: |machine| if machine.entering.get() { ENTER } else { Self::QUALNAME },
    awaits: |machine| machine.wait.target(),
    callees: |machine| if machine.entering.get() { &[Self::QUALNAME] } else { &[] },
    holds: [semaphore, wait]
);

impl SemaphoreAcquire {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(semaphore) = self.semaphore.peek() else { return Ok(Step::Return(none())) };
        if !self.wait.is_active() {
            if semaphore.try_acquire()? {
                return self.acquired();
            }
            self.wait.begin(semaphore.object(), &semaphore.bound, &semaphore.waiters)?;
        }
        match self.wait.resume(thrown) {
            Ok(Step::Yield(future)) => Ok(Step::Yield(future)),
            Ok(Step::Return(_)) => {
                self.wait.leave(&semaphore.waiters)?;
                pass_places_on(semaphore)?;
                self.acquired()
            }
            Err(raised) => Err(self.given_up(semaphore, raised)),
        }
    }

    #[inline(always)]
    fn acquired(&self) -> Result<Step> {
        if self.entering.get() { Ok(Step::Return(none())) } else { true.into_owned().map(Step::Return) }
    }

    /// A place that this task was given goes back, and on to the next one in the line.
    #[cold]
    fn given_up(&self, semaphore: &SemaphoreObject, raised: Raised) -> Raised {
        let cancelled = raised.matches(&names().cancelled_error);
        let exception = raised.take();
        let handed_on = self.give_back(semaphore, cancelled);
        handed_on.err().unwrap_or_else(|| Raised::restore(exception))
    }

    fn give_back(&self, semaphore: &SemaphoreObject, cancelled: bool) -> Result<()> {
        let future = self.wait.leave(&semaphore.waiters)?;
        if let Some(future) = future.filter(|_| cancelled) {
            let given = !is_cancelled(&future)? && (!cfg!(Py_3_13) || is_done(&future)?);
            if given {
                semaphore.value.set(semaphore.value.get().plus_one());
                if !cfg!(Py_3_13) {
                    semaphore.hand_on()?;
                }
            }
        }
        if cfg!(Py_3_13) { pass_places_on(semaphore) } else { Ok(()) }
    }
}

/// Places that became free while those who had asked first were on their way go to the next ones: to
/// all of them from 3.13 on, to one before.
#[inline(always)]
fn pass_places_on(semaphore: &SemaphoreObject) -> Result<()> {
    while semaphore.value.get().is_positive() {
        if !semaphore.hand_on()? || !cfg!(Py_3_13) {
            break;
        }
    }
    Ok(())
}
