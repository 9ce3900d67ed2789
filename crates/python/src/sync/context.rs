//! `async with` for primitives that have nothing quicker of their own, and its end for all of them.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::ffi::{Layout, Object, Owned, Result, Slot, Step, call_method0, names, none};

use super::lock::LockObject;

/// The qualified name of every lock's `__aenter__`.
pub(super) const ENTER: &str = "_ContextManagerMixin.__aenter__";

/// Makes the types.
pub(super) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<Enter>::register(module)?;
    CoroutineObject::<Leave>::register(module)
}

/// `__aenter__` of a lock: awaits `owner.acquire()` and returns nothing.
pub(super) fn enter(owner: &Object) -> Result<Owned> {
    CoroutineObject::<Enter>::new(|machine| machine.owner.fill(owner.own())).map(Owned::into_object)
}

/// `__aenter__` of a barrier: awaits `owner.wait()` and returns what that returns.
pub(super) fn enter_by_waiting(owner: &Object) -> Result<Owned> {
    let coroutine = CoroutineObject::<Enter>::new(|machine| {
        machine.owner.fill(owner.own());
        machine.waits.set(true);
    });
    coroutine.map(Owned::into_object)
}

/// `__aexit__` of a lock: calls `owner.release()` when it is awaited.
#[inline]
pub(super) fn leave(owner: &Object) -> Result<Owned> {
    CoroutineObject::<Leave>::new(|machine| machine.owner.fill(owner.own())).map(Owned::into_object)
}

/// `__aexit__` of a barrier: nothing is left to do.
pub(super) fn leave_nothing() -> Result<Owned> {
    CoroutineObject::<Leave>::new(|_| {}).map(Owned::into_object)
}

/// The coroutine that `__aenter__()` returns.
struct Enter {
    owner: Slot,
    waiting: Delegate,
    /// Whether the owner is a barrier.
    waits: Cell<bool>,
}

machine!(
    Enter, "_ContextManagerMixin"."__aenter__",
    named: |machine| if machine.waits.get() { "Barrier.__aenter__" } else { ENTER },
    awaits: |machine| machine.waiting.target(),
    holds: [owner, waiting]
);

impl Enter {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if !self.waiting.is_active() {
            let Some(owner) = self.owner.get() else { return Ok(Step::Return(none())) };
            let method = if self.waits.get() { &names().wait } else { &names().acquire };
            self.waiting.begin(&*call_method0(&owner, method)?)?;
        }
        match self.waiting.resume(thrown)? {
            Step::Return(_) if !self.waits.get() => Ok(Step::Return(none())),
            step => Ok(step),
        }
    }
}

/// The coroutine that `__aexit__()` returns.
struct Leave {
    /// Nothing for a barrier.
    owner: Slot,
}

machine!(
    Leave, "_ContextManagerMixin"."__aexit__",
    named: |machine| if machine.owner.is_empty() { "Barrier.__aexit__" } else { Self::QUALNAME },
    at_once: |machine| Some(machine.owner.peek()?.exactly::<LockObject>()?.release_at_once()?.map(|()| none())),
    awaits: |_| None,
    holds: [owner]
);

impl Leave {
    #[inline(always)]
    fn go_on(&self, _thrown: Option<Owned>) -> Result<Step> {
        let Some(owner) = self.owner.peek() else { return Ok(Step::Return(none())) };
        match owner.exactly::<LockObject>() {
            Some(lock) if lock.is_plain() => lock.release()?,
            _ => drop(call_method0(&owner.own(), &names().release)?),
        }
        Ok(Step::Return(none()))
    }
}
