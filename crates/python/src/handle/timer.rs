//! A handle with a deadline.

use std::cell::Cell;
use std::ops::Deref;

use crate::event_loop::LoopObject;
use crate::ffi::{
    Collectable, FreeList, IntoOwned, Layout, Native, Object, Owned, Recycled, Result, Slot, TypeCell,
    Visitor, allocate_recycled, call_method1, names,
};

use super::HandleObject;
use super::layout::packed;

/// A timer handle.
#[repr(C)]
pub(crate) struct TimerObject {
    handle: HandleObject,
    /// The deadline on the loop's clock, in seconds.
    pub(super) when: Cell<f64>,
    /// The deadline as the program gave it, when that was no `float` or the handle was made by hand.
    pub(super) when_given: Slot,
}

impl Deref for TimerObject {
    type Target = HandleObject;

    #[inline(always)]
    fn deref(&self) -> &HandleObject {
        &self.handle
    }
}

// SAFETY: repr(C), and the first field is a `Layout` type.
unsafe impl Layout for TimerObject {}

static TYPE: TypeCell = TypeCell::new();
static FREE: FreeList = FreeList::new();

// SAFETY: `methods::register` makes the type with this layout, as a subclass of the handle's; zero is
// a valid deadline.
unsafe impl Native for TimerObject {
    fn type_cell() -> &'static TypeCell {
        &TYPE
    }
}

impl Recycled for TimerObject {
    fn free_list() -> &'static FreeList {
        &FREE
    }
}

impl Collectable for TimerObject {
    fn traverse(&self, visitor: &mut Visitor) {
        self.handle.traverse(visitor);
        visitor.slot(&self.when_given);
    }

    fn clear(&self) {
        self.handle.clear();
        self.when_given.clear();
    }
}

impl TimerObject {
    /// A timer of `event_loop` for `callback(*arguments)` at `when`.
    #[inline]
    pub(crate) fn new(
        event_loop: &LoopObject,
        when: f64,
        when_given: Option<Owned>,
        callback: &Object,
        arguments: &[&Object],
        context: Owned,
    ) -> Result<Owned<Self>> {
        let (shape, arguments) = packed(arguments)?;
        let timer = allocate_recycled::<Self>(|timer| {
            timer.fill(event_loop.object(), callback, shape, arguments, context);
            timer.when.set(when);
            if let Some(given) = when_given {
                timer.when_given.fill(given);
            }
            timer.scheduled.set(true);
        })?;
        if event_loop.debug() {
            timer.remember_stack()?;
        }
        Ok(timer)
    }

    /// The deadline as a Python number, as it was given.
    pub(super) fn get_when(&self) -> Result<Owned> {
        match self.when_given.get() {
            Some(given) => Ok(given),
            None => self.when.get().into_owned(),
        }
    }

    /// The loop has taken the timer out of its heap.
    #[inline(always)]
    pub(crate) fn unschedule(&self) {
        self.scheduled.set(false);
    }

    /// Cancels, and lets the loop count how many of its timers are dead.
    #[inline]
    pub(crate) fn cancel_timer(&self) -> Result<()> {
        if self.is_cancelled() {
            return Ok(());
        }
        if let Some(event_loop) = self.event_loop.peek() {
            match event_loop.cast::<LoopObject>() {
                Some(ours) if ours.has_shortcuts() => {
                    if self.scheduled.get() {
                        ours.drop_cancelled_timer(self);
                    }
                }
                _ => {
                    let event_loop = event_loop.own();
                    call_method1(&event_loop, &names().timer_handle_cancelled, self.object())?;
                }
            }
        }
        self.cancel()
    }
}
