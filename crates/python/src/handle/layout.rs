//! A callback with its arguments and its context.

use std::cell::Cell;

use pyo3::ffi;

use crate::event_loop::{Later, LoopObject, Share, shown_context};
use crate::ffi::{
    Collectable, Layout, Lazily, Object, Owned, Recycled, Result, Slot, Visitor, allocate_unseen, call0,
    names, native_type, show_to_collector, tuple_of,
};

/// How the arguments are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Shape {
    /// There are none.
    Nothing = 0,
    /// `arguments` is the only one.
    One = 1,
    /// `arguments` is a tuple of them.
    Many = 2,
}

/// A handle.
#[repr(C)]
pub(crate) struct HandleObject {
    head: ffi::PyObject,
    /// Empty once cancelled.
    pub(super) callback: Slot,
    pub(super) arguments: Slot,
    pub(super) context: Slot,
    pub(super) event_loop: Slot,
    pub(super) rare: Lazily<RarePart>,
    pub(crate) weak: Slot,
    pub(super) shape: Cell<Shape>,
    pub(super) cancelled: Cell<bool>,
    /// Timers: whether the handle is in the loop's heap (or in its queue, being due).
    pub(super) scheduled: Cell<bool>,
    /// Whether `call_soon_threadsafe` made it: from 3.14 on asyncio has a class of its own for these.
    pub(super) thread_safe: Cell<bool>,
    /// Whether the collector does not know the handle. A loop that runs is alive, and with it all that it is going to
    /// call: the collector would look at ten thousand pending timers again and again for nothing.
    pub(super) hidden: Cell<bool>,
    pub(super) share: Cell<Share>,
    /// The thread that runs such a handle's callback; 0 when none does.
    #[cfg(Py_3_14)]
    pub(super) runner: Cell<u64>,
}

/// What few handles have.
#[derive(Default)]
pub(super) struct RarePart {
    /// Debug mode: the stack where the handle was made.
    pub(super) source_traceback: Slot,
    /// Debug mode: the representation that it had before it was cancelled.
    pub(super) representation: Slot,
    /// A lock, held until the callback has returned, while other threads wait for that.
    #[cfg(Py_3_14)]
    pub(super) gate: Slot,
}

native_type!(HandleObject, recycled);

impl Collectable for HandleObject {
    const MOSTLY_UNSEEN: bool = true;

    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.callback);
        visitor.slot(&self.arguments);
        visitor.slot(&self.context);
        visitor.slot(&self.event_loop);
        if let Some(rare) = self.rare.get() {
            visitor.slot(&rare.source_traceback);
            visitor.slot(&rare.representation);
        }
    }

    fn clear(&self) {
        self.callback.clear();
        self.arguments.clear();
        self.context.clear();
        self.event_loop.clear();
        if let Some(rare) = self.rare.get() {
            rare.source_traceback.clear();
            rare.representation.clear();
        }
    }

    #[inline(always)]
    fn is_seen(&self) -> bool {
        !self.hidden.get()
    }
}

impl AsRef<Self> for HandleObject {
    #[inline(always)]
    fn as_ref(&self) -> &Self {
        self
    }
}

impl<H: AsRef<HandleObject> + Recycled + Collectable> Owned<H> {
    /// The handle has left the loop's queue, and its heap. Whoever still holds it may have made it part of a cycle.
    #[inline(always)]
    pub(crate) fn let_go(self) {
        if !self.is_only() {
            self.as_ref().show();
        }
        self.retire();
    }
}

impl HandleObject {
    /// A handle of `event_loop` for `callback(*arguments)` in `context`.
    #[inline]
    pub(crate) fn new(
        event_loop: &LoopObject,
        callback: &Object,
        arguments: &[&Object],
        context: Owned,
    ) -> Result<Owned<Self>> {
        let handle = Self::queued(event_loop, callback, arguments, Later::own(context))?;
        handle.show();
        Ok(handle)
    }

    /// As [`HandleObject::new`], for the loop's ready queue and nothing else: [`Owned::let_go`] ends its stay there.
    #[inline]
    pub(crate) fn queued(
        event_loop: &LoopObject,
        callback: &Object,
        arguments: &[&Object],
        context: Later,
    ) -> Result<Owned<Self>> {
        let (shape, arguments) = packed(arguments)?;
        let handle = allocate_unseen::<Self>(|handle| {
            handle.fill(event_loop.object(), callback, shape, arguments, context);
            handle.hidden.set(true);
        })?;
        handle.settle(event_loop)?;
        Ok(handle)
    }

    /// The end of making a handle that the loop will hold: shown to the collector unless the loop is in its turns.
    #[inline(always)]
    pub(super) fn settle(&self, event_loop: &LoopObject) -> Result<()> {
        if !event_loop.is_turning() {
            self.show();
        }
        if event_loop.debug() {
            self.remember_stack()?;
        }
        Ok(())
    }

    /// The context that the callback runs in.
    pub(crate) fn get_context(&self) -> Result<Option<Owned>> {
        shown_context(&self.context, &self.share)
    }

    /// Shows the handle to the collector.
    #[inline(always)]
    pub(crate) fn show(&self) {
        if self.hidden.replace(false) {
            show_to_collector(self.object());
        }
    }

    /// Fills a new handle's fields.
    #[inline(always)]
    pub(super) fn fill(
        &self,
        event_loop: &Object,
        callback: &Object,
        shape: Shape,
        arguments: Option<Owned>,
        context: Later,
    ) {
        self.callback.fill(callback.own());
        if let Some(arguments) = arguments {
            self.arguments.fill(arguments);
        }
        self.shape.set(shape);
        context.fill(&self.context, &self.share);
        self.event_loop.fill(event_loop.own());
    }

    #[cold]
    pub(super) fn remember_stack(&self) -> Result<()> {
        let stack = call0(&names().extract_stack)?;
        self.rare.get_or_make().source_traceback.set(stack);
        Ok(())
    }

    /// Notes that `call_soon_threadsafe` made the handle.
    #[inline(always)]
    pub(crate) fn note_thread_safe(&self) {
        self.thread_safe.set(true);
    }

    /// Whether the handle was cancelled.
    #[inline(always)]
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    /// Cancels: the callback will not be called, and is let go of.
    pub(crate) fn cancel(&self) -> Result<()> {
        if self.cancelled.get() {
            return Ok(());
        }
        self.cancelled.set(true);
        if self.is_in_debug_mode()? {
            let representation = self.represent()?;
            self.rare.get_or_make().representation.set(representation);
        }
        self.forget_call();
        Ok(())
    }

    /// As [`HandleObject::cancel`], where it is known that the loop is not in debug mode.
    #[inline(always)]
    pub(super) fn cancel_plainly(&self) {
        self.cancelled.set(true);
        self.forget_call();
    }

    #[inline(always)]
    fn forget_call(&self) {
        self.callback.clear();
        self.arguments.clear();
        self.shape.set(Shape::Nothing);
    }

    fn is_in_debug_mode(&self) -> Result<bool> {
        let Some(event_loop) = self.event_loop.peek() else { return Ok(false) };
        match event_loop.cast::<LoopObject>() {
            Some(ours) => Ok(ours.debug()),
            None => crate::ffi::call_method0(&event_loop.own(), &names().get_debug)?.is_true(),
        }
    }

    /// `_args`: the arguments as a tuple; `None` once cancelled.
    pub(super) fn arguments_tuple(&self) -> Result<Option<Owned>> {
        if self.callback.is_empty() {
            return Ok(None);
        }
        match self.shape.get() {
            Shape::Nothing => tuple_of(&[]).map(Some),
            Shape::One => match self.arguments.get() {
                Some(argument) => tuple_of(&[&argument]).map(Some),
                None => Ok(None),
            },
            Shape::Many => Ok(self.arguments.get()),
        }
    }

    /// Replaces the arguments.
    pub(super) fn set_arguments(&self, arguments: &Object) {
        self.shape.set(Shape::Many);
        self.arguments.set(arguments.own());
    }
}

/// The cheapest way to keep `arguments`.
#[inline(always)]
pub(super) fn packed(arguments: &[&Object]) -> Result<(Shape, Option<Owned>)> {
    match arguments {
        [] => Ok((Shape::Nothing, None)),
        // A single argument is kept as it is, unless it could be taken for the tuple.
        [one] => Ok((Shape::One, Some(one.own()))),
        many => Ok((Shape::Many, Some(tuple_of(many)?))),
    }
}
