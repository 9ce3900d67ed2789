//! `shield`: a future that can be cancelled without cancelling the one behind it.

use crate::ffi::{Args, Object, Owned, Result, Signature, Slot, none};
use crate::future::any::{
    add_observer, exception_of, is_cancelled, is_done, reject, remove_observer, resolve, result_of,
};
use crate::future::{ObserverObject, add_to_awaited_by, discard_from_awaited_by, observer};
use crate::task::{awaiting_task, cancel_any, loop_of};

use super::create::create_future_on;
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

observer!(
    InnerDone,
    shown: "shield.<locals>._inner_done_callback",
    type: "shield_inner_callback",
    holds: [outer, waiting]
);

impl InnerDone {
    fn on_done(&self, inner: &Object) -> Result<()> {
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

observer!(
    OuterDone,
    shown: "shield.<locals>._outer_done_callback",
    type: "shield_outer_callback",
    holds: [inner, inner_done]
);

impl OuterDone {
    fn on_done(&self, _outer: &Object) -> Result<()> {
        let (Some(inner), Some(inner_done)) = (self.inner.get(), self.inner_done.get()) else {
            return Ok(());
        };
        if is_done(&inner)? {
            return Ok(());
        }
        remove_observer(&inner, inner_done.base())?;
        inner_done.state.forget_waiting(&inner)
    }
}
