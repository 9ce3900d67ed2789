//! The future that `gather()` returns: to cancel it is to cancel its children.

use std::cell::Cell;
use std::ops::Deref;

use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Layout, Object, Owned, Result, Slot, TypeBuilder, allocate_recycled, list_items, names, native_type,
};
use crate::task::cancel_any;

use super::{FutureObject, cancel_message, disguise};

/// A future with children.
#[repr(C)]
pub(crate) struct GatheringFuture {
    future: FutureObject,
    /// A list of the futures that are gathered, in the order of the results.
    children: Slot,
    /// Whether a child has accepted a cancellation, so that the whole ends as cancelled.
    cancel_requested: Cell<bool>,
}

impl Deref for GatheringFuture {
    type Target = FutureObject;

    #[inline(always)]
    fn deref(&self) -> &FutureObject {
        &self.future
    }
}

native_type!(GatheringFuture, recycled, holds: [future, children], speaks: |own| own.future.has_last_words());

impl GatheringFuture {
    /// Makes the type.
    pub(super) fn register(module: &Object) -> Result<()> {
        TypeBuilder::<Self>::new(c"aioxide._native._GatheringFuture", c"The future that gather() returns.")
            .base::<FutureObject>()
            .internal()
            .immutable()
            .dies_recycled()
            .finalizer(|gathering: &Self| gathering.last_words())
            .method_fast(c"cancel", |gathering: &Self, args: Args<'_>| cancel_message(args).and_then(|message| gathering.cancel_children(message)), c"cancel($self, /, msg=None)\n--\n\nCancel every child that is not done. Return False if there was none.")
            .getter(c"__class__", |gathering: &Self| disguise(gathering.object(), true, &names().stdlib_gathering_future))
            .getter(c"_children", |gathering: &Self| gathering.children.get())
            .getter(c"_cancel_requested", |gathering: &Self| gathering.cancel_requested.get())
            .add_to(module)
    }

    /// A pending future of `event_loop` over a list of children.
    pub(crate) fn new(event_loop: &Object, children: Owned) -> Result<Owned<Self>> {
        let gathering = allocate_recycled::<Self>(|gathering| {
            gathering.children.fill(children);
            if let Some(ours) = event_loop.cast::<LoopObject>() {
                gathering.adopt_loop(ours);
            }
        })?;
        match gathering.get_native_loop() {
            None => gathering.bind_to_loop(Some(event_loop))?,
            Some(ours) if ours.debug() => gathering.remember_stack()?,
            Some(_) => {}
        }
        Ok(gathering)
    }

    /// The children.
    pub(crate) fn children(&self) -> Vec<Owned> {
        self.children.peek().map(list_items).unwrap_or_default()
    }

    /// Whether the future has to end as cancelled.
    pub(crate) fn cancel_requested(&self) -> bool {
        self.cancel_requested.get()
    }

    /// `cancel(msg=None)`: the future itself is done when its children are.
    pub(crate) fn cancel_children(&self, message: Option<&Object>) -> Result<bool> {
        if self.is_done() {
            return Ok(false);
        }
        let mut accepted = false;
        for child in self.children() {
            accepted |= cancel_any(&child, message)?;
        }
        if accepted {
            self.cancel_requested.set(true);
        }
        Ok(accepted)
    }
}
