//! `Condition`: a lock, and a line of those who wait for news.

use std::mem::offset_of;

use pyo3::ffi;

use crate::awaitable::CoroutineObject;
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, TypeBuilder, allocate, call0,
    call1, names, native_type, nested,
};
use crate::future::any::is_done;

use super::condition_wait::{ConditionWait, ConditionWaitFor, wait, wait_for};
use super::context::{enter, leave};
use super::lock::LockObject;
use super::wait::wake;
use super::{Line, LoopBound, represent};

/// A condition.
#[repr(C)]
pub(crate) struct ConditionObject {
    head: ffi::PyObject,
    pub(super) bound: LoopBound,
    pub(super) waiters: Line,
    lock: Slot,
    /// The lock's methods under the condition's name; empty as long as they are simply the lock's.
    locked: Slot,
    acquire: Slot,
    release: Slot,
    dict: Slot,
    weak: Slot,
}

native_type!(ConditionObject, holds: [bound, waiters, lock, locked, acquire, release, dict]);

/// Makes the types.
pub(super) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<ConditionWait>::register(module)?;
    CoroutineObject::<ConditionWaitFor>::register(module)?;
    let builder = TypeBuilder::<ConditionObject>::new(
        c"aioxide.locks.Condition",
        c"Condition(lock=None)\n--\n\nA lock whose holders can wait until another holder notifies them.",
    )
    .like_python_class()
    .subclassable(ConditionObject::initialise)
    .dies()
    .weak_references(offset_of!(ConditionObject, weak), Some(offset_of!(ConditionObject, dict)))
    .visible_dict()
    .method(c"wait", wait, c"wait($self, /)\n--\n\nRelease the lock, wait until notified, acquire it again and return True.\n\nMay return without news: check what you wait for. Raises RuntimeError if the lock is not held.")
    .method_fast(c"wait_for", wait_for, c"wait_for($self, /, predicate)\n--\n\nWait until predicate() is true; return what it returned.")
    .method_fast(c"notify", ConditionObject::notify, c"notify($self, /, n=1)\n--\n\nWake n of the tasks that wait, the first ones first.\n\nRaises RuntimeError if the lock is not held.")
    .method(c"notify_all", ConditionObject::notify_all, c"notify_all($self, /)\n--\n\nWake every task that waits.\n\nRaises RuntimeError if the lock is not held.")
    .method(c"__aenter__", ConditionObject::enter, c"__aenter__($self, /)\n--\n\nAcquire the lock.")
    .method_fast(c"__aexit__", |condition: &ConditionObject, _: Args<'_>| condition.leave(), c"__aexit__($self, /, exc_type, exc, tb)\n--\n\nRelease the lock.")
    .method(c"_get_loop", |condition: &ConditionObject| condition.bound.get_loop(condition.object()), c"_get_loop($self, /)\n--\n\nReturn the running loop, to which the condition is bound from then on.")
    .getter(c"_lock", |condition: &ConditionObject| condition.lock.get())
    .property(c"_loop", |condition: &ConditionObject| condition.bound.get(), |condition: &ConditionObject, value| condition.bound.assign(value))
    .property(c"_waiters", |condition: &ConditionObject| condition.waiters.show(), |condition: &ConditionObject, value| condition.waiters.assign(value))
    .property(c"locked", |condition: &ConditionObject| condition.of_lock(&condition.locked, &names().locked), |condition: &ConditionObject, value| assign(&condition.locked, value))
    .property(c"acquire", |condition: &ConditionObject| condition.of_lock(&condition.acquire, &names().acquire), |condition: &ConditionObject, value| assign(&condition.acquire, value))
    .property(c"release", |condition: &ConditionObject| condition.of_lock(&condition.release, &names().release), |condition: &ConditionObject, value| assign(&condition.release, value))
    .repr(|condition: &ConditionObject| {
        let state = if condition.is_locked()? { "locked" } else { "unlocked" };
        represent(condition.object(), state, &condition.waiters)
    });
    let builder = if cfg!(Py_3_13) {
        builder.method1(
            c"_notify",
            ConditionObject::notify_some,
            c"_notify($self, n, /)\n--\n\nWake n of the tasks that wait.",
        )
    } else {
        builder
    };
    builder.add_to(module)
}

fn assign(slot: &Slot, value: Option<&Object>) -> Result<()> {
    match value {
        Some(value) => slot.set(value.own()),
        None => slot.clear(),
    }
    Ok(())
}

impl ConditionObject {
    fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<1> =
            Signature { function: "Condition.__init__", parameters: [c"lock"], positional: 1, required: 0 };
        let [lock] = SIGNATURE.bind_method(args)?;
        let lock = match lock.filter(|lock| !lock.is_none()) {
            Some(lock) => lock.own(),
            None => LockObject::new()?.into_object(),
        };
        self.waiters.replace(None);
        for slot in [&self.locked, &self.acquire, &self.release] {
            slot.clear();
        }
        let exact = self.object().exactly::<Self>().is_some();
        for name in [&names().locked, &names().acquire, &names().release] {
            // What is no lock is refused here, as in asyncio; a subclass's own methods are shadowed.
            let method = lock.attribute(name)?;
            if !exact {
                self.object().set_attribute(name, &method)?;
            }
        }
        self.lock.set(lock);
        Ok(())
    }

    /// A new one, as `Condition()` makes it.
    pub(super) fn new() -> Result<Owned<Self>> {
        let condition = allocate::<Self>()?;
        condition.lock.fill(LockObject::new()?.into_object());
        Ok(condition)
    }

    /// The lock, when neither its methods nor the condition's can have been overridden.
    #[inline(always)]
    pub(super) fn plain_lock(&self) -> Option<&LockObject> {
        let plain = self.dict.is_empty()
            && self.object().exactly::<Self>().is_some()
            && self.locked.is_empty()
            && self.acquire.is_empty()
            && self.release.is_empty();
        if !plain {
            return None;
        }
        self.lock.peek()?.exactly::<LockObject>().filter(|lock| lock.is_plain())
    }

    fn of_lock(&self, own: &Slot, name: &Object) -> Result<Owned> {
        if let Some(method) = own.get() {
            return Ok(method);
        }
        match self.lock.get() {
            // The lock may be a condition, whose lock may be a condition.
            Some(lock) => nested(c" while looking for a lock", || lock.attribute(name)),
            None => Err(Raised::attribute_error(format_args!("the condition is not initialized"))),
        }
    }

    /// `self.locked()`.
    pub(super) fn is_locked(&self) -> Result<bool> {
        match self.plain_lock() {
            Some(lock) => Ok(lock.is_locked()),
            None => call0(&*self.object().attribute(&names().locked)?)?.is_true(),
        }
    }

    /// `self.release()`.
    pub(super) fn give_back(&self) -> Result<()> {
        match self.plain_lock() {
            Some(lock) => lock.release(),
            None => call0(&*self.object().attribute(&names().release)?).map(drop),
        }
    }

    /// `self.acquire()`: what has to be awaited.
    pub(super) fn take(&self) -> Result<Owned> {
        match self.plain_lock() {
            Some(lock) => lock.acquire(),
            None => call0(&*self.object().attribute(&names().acquire)?),
        }
    }

    fn enter(&self) -> Result<Owned> {
        match self.plain_lock() {
            Some(lock) => lock.enter(),
            None => enter(self.object()),
        }
    }

    fn leave(&self) -> Result<Owned> {
        match self.plain_lock() {
            Some(lock) => leave(lock.object()),
            None => leave(self.object()),
        }
    }

    /// `notify(n=1)`.
    fn notify(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<1> =
            Signature { function: "Condition.notify", parameters: [c"n"], positional: 1, required: 0 };
        let [count] = SIGNATURE.bind_method(args)?;
        if !self.is_locked()? {
            return Err(Raised::runtime_error(format_args!("cannot notify on un-acquired lock")));
        }
        match count {
            Some(count) => self.notify_some(count),
            None => self.notify_first(1),
        }
    }

    /// `self.notify(len(self._waiters))`.
    pub(super) fn notify_all(&self) -> Result<()> {
        let count = i64::try_from(self.waiters.len()?).unwrap_or(i64::MAX);
        if self.plain_lock().is_none() {
            let notify = self.object().attribute(&names().notify)?;
            return call1(&notify, &*count.into_owned()?).map(drop);
        }
        if !self.is_locked()? {
            return Err(Raised::runtime_error(format_args!("cannot notify on un-acquired lock")));
        }
        self.notify_first(count)
    }

    /// `_notify(n)`, for whatever `n` compares with a number.
    pub(super) fn notify_some(&self, count: &Object) -> Result<()> {
        let count = match count.int_value() {
            Some(count) => count,
            None if self.waiters.is_empty()? => return Ok(()),
            None if names().zero.greater_or_equal(count)? => return Ok(()),
            None => ceiling(count.to_f64()?),
        };
        self.notify_first(count)
    }

    /// Wakes the first `count` that nobody has woken yet.
    pub(super) fn notify_first(&self, count: i64) -> Result<()> {
        let (mut index, mut woken) = (0, 0);
        while woken < count {
            let Some(waiter) = self.waiters.at(index)? else { break };
            if !is_done(&waiter)? {
                woken += 1;
                wake(&waiter, false.into_owned()?)?;
            }
            index += 1;
        }
        Ok(())
    }
}

/// The least whole number that is not below `number`; the largest there is for what can't be counted.
#[allow(clippy::cast_possible_truncation, reason = "saturates, which is what is wanted")]
fn ceiling(number: f64) -> i64 {
    if number.is_nan() { i64::MAX } else { number.ceil() as i64 }
}
