//! `shield`: a future that can be cancelled without cancelling the one behind it.

use crate::ffi::{
    Args, Collectable, FreeList, Object, Owned, Result, Signature, Slot, TypeCell, Visitor, none,
};
use crate::future::any::{
    add_observer, exception_of, is_cancelled, is_done, reject, remove_observer, resolve, result_of,
};
use crate::future::{Observe, ObserverObject, add_to_awaited_by, discard_from_awaited_by};
use crate::task::{cancel_any, loop_of};

use super::create::{awaiting_task, create_future_on};
use super::ensure_future_on;

/// `shield(arg)`.
pub(crate) fn shield(args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<1> =
        Signature { function: "shield", parameters: [c"arg"], positional: 1, required: 1 };
    let [Some(awaitable)] = SIGNATURE.bind(args)? else { return Ok(none()) };
    let inner = ensure_future_on(awaitable, None)?;
    if is_done(&inner)? {
        return Ok(inner);
    }
    let event_loop = loop_of(&inner)?;
    let outer = create_future_on(&event_loop)?;
    let waiting = awaiting_task(&event_loop)?;
    if let Some(task) = &waiting {
        add_to_awaited_by(&inner, task)?;
    }
    let inner_done = ObserverObject::<InnerDone>::new(|state| {
        state.outer.fill(outer.clone());
        if let Some(task) = waiting {
            state.waiting.fill(task);
        }
    })?;
    add_observer(&inner, inner_done.base())?;
    let outer_done = ObserverObject::<OuterDone>::new(|state| {
        state.inner.fill(inner);
        state.inner_done.fill(inner_done);
    })?;
    add_observer(&outer, outer_done.base())?;
    Ok(outer)
}

/// The callback of the shielded future: its outcome becomes the shield's.
pub(crate) struct InnerDone {
    outer: Slot,
    /// The task that called `shield()`, for the call graph.
    waiting: Slot,
}

static INNER_TYPE: TypeCell = TypeCell::new();
static INNER_FREE: FreeList = FreeList::new();

// SAFETY: registered once; zero bytes are empty slots.
unsafe impl Observe for InnerDone {
    const NAME: &'static str = "shield.<locals>._inner_done_callback";
    const TYPE: &'static std::ffi::CStr = c"aioxide._native.shield_inner_callback";

    fn type_cell() -> &'static TypeCell {
        &INNER_TYPE
    }

    fn free_list() -> &'static FreeList {
        &INNER_FREE
    }

    fn completed(observer: &ObserverObject<Self>, inner: &Object) -> Result<()> {
        observer.state.inner_done(inner)
    }
}

impl Collectable for InnerDone {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.outer);
        visitor.slot(&self.waiting);
    }

    fn clear(&self) {
        self.outer.clear();
        self.waiting.clear();
    }
}

impl InnerDone {
    fn inner_done(&self, inner: &Object) -> Result<()> {
        self.forget_waiting(inner)?;
        let Some(outer) = self.outer.get() else { return Ok(()) };
        if is_cancelled(&outer)? {
            // Up to 3.13 an exception that comes too late counts as retrieved.
            if !cfg!(Py_3_14) && !is_cancelled(inner)? {
                exception_of(inner)?;
            }
            return Ok(());
        }
        if is_cancelled(inner)? {
            return cancel_any(&outer, None).map(drop);
        }
        match exception_of(inner)? {
            Some(exception) => reject(&outer, &exception),
            None => resolve(&outer, result_of(inner)?),
        }
    }

    fn forget_waiting(&self, inner: &Object) -> Result<()> {
        self.waiting.get().map_or(Ok(()), |waiting| discard_from_awaited_by(inner, &waiting))
    }
}

/// The callback of the shield: once it is cancelled, the shielded future has nothing to tell it.
pub(crate) struct OuterDone {
    inner: Slot,
    inner_done: Slot<ObserverObject<InnerDone>>,
}

static OUTER_TYPE: TypeCell = TypeCell::new();
static OUTER_FREE: FreeList = FreeList::new();

// SAFETY: registered once; zero bytes are empty slots.
unsafe impl Observe for OuterDone {
    const NAME: &'static str = "shield.<locals>._outer_done_callback";
    const TYPE: &'static std::ffi::CStr = c"aioxide._native.shield_outer_callback";

    fn type_cell() -> &'static TypeCell {
        &OUTER_TYPE
    }

    fn free_list() -> &'static FreeList {
        &OUTER_FREE
    }

    fn completed(observer: &ObserverObject<Self>, _outer: &Object) -> Result<()> {
        let state = &observer.state;
        let (Some(inner), Some(inner_done)) = (state.inner.get(), state.inner_done.get()) else {
            return Ok(());
        };
        if is_done(&inner)? {
            return Ok(());
        }
        remove_observer(&inner, inner_done.base())?;
        inner_done.state.forget_waiting(&inner)
    }
}

impl Collectable for OuterDone {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.inner);
        visitor.slot(&self.inner_done);
    }

    fn clear(&self) {
        self.inner.clear();
        self.inner_done.clear();
    }
}
