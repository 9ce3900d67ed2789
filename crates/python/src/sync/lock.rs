//! `Lock`: one holder at a time, the others in a line.

use std::cell::Cell;
use std::mem::offset_of;

use pyo3::ffi;

use crate::awaitable::{CoroutineObject, machine};
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, TypeBuilder, allocate,
    call_method0, names, native_type, none,
};
use crate::future::any::{is_cancelled, is_done};

use super::context::{ENTER, enter, leave};
use super::wait::{can_be_woken_at_once, wake};
use super::{Line, LoopBound, Wait, represent};

/// A lock.
#[repr(C)]
pub(crate) struct LockObject {
    head: ffi::PyObject,
    bound: LoopBound,
    waiters: Line,
    dict: Slot,
    weak: Slot,
    locked: Cell<bool>,
}

native_type!(LockObject, holds: [bound, waiters, dict]);

/// Makes the types.
pub(super) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<LockAcquire>::register(module)?;
    TypeBuilder::<LockObject>::new(
        c"aioxide.locks.Lock",
        c"Lock()\n--\n\nA lock that one task holds at a time; tasks get it in the order in which they asked.",
    )
    .like_python_class()
    .subclassable(LockObject::initialise)
    .dies()
    .weak_references(offset_of!(LockObject, weak), Some(offset_of!(LockObject, dict)))
    .visible_dict()
    .method(c"locked", LockObject::is_locked, c"locked($self, /)\n--\n\nReturn True if somebody holds the lock.")
    .method(c"acquire", LockObject::acquire, c"acquire($self, /)\n--\n\nWait until the lock is free, take it and return True.")
    .method(c"release", LockObject::release, c"release($self, /)\n--\n\nGive the lock back; the first task in the line gets it.\n\nRaises RuntimeError if nobody holds it.")
    .method(c"__aenter__", LockObject::enter, c"__aenter__($self, /)\n--\n\nAcquire the lock.")
    .method_fast(c"__aexit__", |lock: &LockObject, _: Args<'_>| leave(lock.object()), c"__aexit__($self, /, exc_type, exc, tb)\n--\n\nRelease the lock.")
    .method(c"_wake_up_first", LockObject::wake_first, c"_wake_up_first($self, /)\n--\n\nLet the first task in the line go on.")
    .method(c"_get_loop", |lock: &LockObject| lock.bound.get_loop(lock.object()), c"_get_loop($self, /)\n--\n\nReturn the running loop, to which the lock is bound from then on.")
    .property(c"_loop", |lock: &LockObject| lock.bound.get(), |lock: &LockObject, value| lock.bound.assign(value))
    .property(c"_waiters", |lock: &LockObject| lock.waiters.show_if_used(), |lock: &LockObject, value| lock.waiters.assign(value))
    .flag(c"_locked", |lock: &LockObject| &lock.locked)
    .repr(|lock: &LockObject| represent(lock.object(), if lock.locked.get() { "locked" } else { "unlocked" }, &lock.waiters))
    .add_to(module)
}

impl LockObject {
    fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<0> =
            Signature { function: "Lock.__init__", parameters: [], positional: 0, required: 0 };
        SIGNATURE.bind_method(args)?;
        self.waiters.replace(None);
        self.locked.set(false);
        Ok(())
    }

    /// A new one, as `Lock()` makes it.
    pub(super) fn new() -> Result<Owned<Self>> {
        allocate::<Self>()
    }

    /// Whether nobody can have overridden a method.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        self.dict.is_empty() && self.object().exactly::<Self>().is_some()
    }

    /// `locked()`.
    #[inline(always)]
    pub(super) fn is_locked(&self) -> bool {
        self.locked.get()
    }

    /// Takes the lock if it is free and nobody is about to get it.
    #[inline(always)]
    pub(super) fn try_acquire(&self) -> Result<bool> {
        if self.locked.get() || !self.line_is_cancelled()? {
            return Ok(false);
        }
        self.bound.check_thread()?;
        self.locked.set(true);
        Ok(true)
    }

    /// Whether everybody in the line has given up.
    #[inline(always)]
    fn line_is_cancelled(&self) -> Result<bool> {
        let mut index = 0;
        while let Some(waiter) = self.waiters.at(index)? {
            if !is_cancelled(&waiter)? {
                return Ok(false);
            }
            index += 1;
        }
        Ok(true)
    }

    /// `acquire()`.
    #[inline]
    pub(super) fn acquire(&self) -> Result<Owned> {
        self.start(false)
    }

    /// `__aenter__()`.
    #[inline]
    pub(super) fn enter(&self) -> Result<Owned> {
        if self.is_plain() { self.start(true) } else { enter(self.object()) }
    }

    #[inline(always)]
    fn start(&self, entering: bool) -> Result<Owned> {
        let coroutine = CoroutineObject::<LockAcquire>::new(|machine| {
            machine.lock.fill(self.own());
            machine.entering.set(entering);
        });
        coroutine.map(Owned::into_object)
    }

    /// What [`LockObject::release`] does to a `Lock` where it takes no Python. `None` if it might: then nothing was done.
    #[inline(always)]
    pub(super) fn release_at_once(&self) -> Option<Result<()>> {
        let is_simple = self.locked.get()
            && self.is_plain()
            && self.bound.is_unchecked()
            && self.waiters.is_own_with_first(can_be_woken_at_once);
        if !is_simple {
            return None;
        }
        self.locked.set(false);
        Some(self.wake_first())
    }

    /// `release()`.
    #[inline]
    pub(super) fn release(&self) -> Result<()> {
        if !self.locked.get() {
            return Err(Raised::runtime_error(format_args!("Lock is not acquired.")));
        }
        self.bound.check_thread()?;
        self.locked.set(false);
        self.hand_on()
    }

    /// `self._wake_up_first()`.
    #[inline(always)]
    fn hand_on(&self) -> Result<()> {
        if self.is_plain() {
            self.wake_first()
        } else {
            call_method0(self.object(), &names().wake_up_first).map(drop)
        }
    }

    /// Lets the first in the line go on. One that is done is on its way already.
    #[inline(always)]
    fn wake_first(&self) -> Result<()> {
        match self.waiters.at(0)? {
            Some(first) if !is_done(&first)? => wake(&first, true.into_owned()?),
            _ => Ok(()),
        }
    }
}

/// The coroutine that `Lock.acquire()` returns, and `Lock.__aenter__()`.
struct LockAcquire {
    lock: Slot<LockObject>,
    wait: Wait,
    /// Whether it is `__aenter__`, which returns nothing.
    entering: Cell<bool>,
}

machine!(
    LockAcquire, "Lock"."acquire",
    named: |machine| if machine.entering.get() { ENTER } else { Self::QUALNAME },
    at_once: Self::acquire_at_once,
    awaits: |machine| machine.wait.target(),
    callees: |machine| if machine.entering.get() { &[Self::QUALNAME] } else { &[] },
    holds: [lock, wait]
);

impl LockAcquire {
    /// Takes a lock that is free and has no line.
    #[inline(always)]
    fn acquire_at_once(&self) -> Option<Result<Owned>> {
        let lock = self.lock.peek()?;
        if lock.locked.get() || !lock.waiters.is_idle() || !lock.bound.is_unchecked() {
            return None;
        }
        lock.locked.set(true);
        Some(self.acquired())
    }

    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(lock) = self.lock.peek() else { return Ok(Step::Return(none())) };
        if !self.wait.is_active() {
            if lock.try_acquire()? {
                return self.acquired().map(Step::Return);
            }
            self.wait.begin(lock.object(), &lock.bound, &lock.waiters)?;
        }
        match self.wait.resume(thrown) {
            Ok(Step::Yield(future)) => Ok(Step::Yield(future)),
            Ok(Step::Return(_)) => {
                self.wait.leave(&lock.waiters)?;
                lock.locked.set(true);
                self.acquired().map(Step::Return)
            }
            Err(raised) => Err(self.given_up(lock, raised)),
        }
    }

    #[inline(always)]
    fn acquired(&self) -> Result<Owned> {
        if self.entering.get() { Ok(none()) } else { true.into_owned() }
    }

    /// The lock may have been this task's to take: then the next one in the line gets it.
    #[cold]
    fn given_up(&self, lock: &LockObject, raised: Raised) -> Raised {
        let cancelled = raised.matches(&names().cancelled_error);
        let exception = raised.take();
        let handed_on = self
            .wait
            .leave(&lock.waiters)
            .and_then(|_| if cancelled && !lock.locked.get() { lock.hand_on() } else { Ok(()) });
        handed_on.err().unwrap_or_else(|| Raised::restore(exception))
    }
}
