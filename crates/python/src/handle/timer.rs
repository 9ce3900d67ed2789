//! A handle with a deadline.

use std::cell::Cell;
use std::ops::Deref;

use crate::event_loop::{Later, LoopObject};
use crate::ffi::{
    IntoOwned, Layout, Object, Owned, Result, Slot, allocate_unseen, call_method1, names, native_type,
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

native_type!(TimerObject, recycled, holds: [handle, when_given], seen: |timer| timer.handle.is_seen());

impl AsRef<HandleObject> for TimerObject {
    #[inline(always)]
    fn as_ref(&self) -> &HandleObject {
        &self.handle
    }
}

impl Owned<TimerObject> {
    /// Gives a timer up that nobody else is supposed to hold: cancels it, and mostly ends it.
    #[inline(always)]
    pub(crate) fn discard(self) -> Result<()> {
        match self.own_direct_loop() {
            // If it has left the heap with its last other reference, nobody is left to see it cancelled.
            Some(ours) if self.scheduled.get() && !self.is_cancelled() => {
                ours.drop_cancelled_timer(&self);
                if self.is_only() {
                    self.retire();
                    return Ok(());
                }
                self.cancel()?;
            }
            _ => self.take_off()?,
        }
        self.let_go();
        Ok(())
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
        context: Later,
    ) -> Result<Owned<Self>> {
        let (shape, arguments) = packed(arguments)?;
        let timer = allocate_unseen::<Self>(|timer| {
            timer.fill(event_loop.object(), callback, shape, arguments, context);
            timer.hidden.set(true);
            timer.when.set(when);
            if let Some(given) = when_given {
                timer.when_given.fill(given);
            }
            timer.scheduled.set(true);
        })?;
        timer.settle(event_loop)?;
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
        self.take_off()?;
        if !self.scheduled.get() {
            self.show();
        }
        Ok(())
    }

    /// Its loop, when that is one of ours whose methods are all its own, and not in debug mode.
    #[inline(always)]
    fn own_direct_loop(&self) -> Option<&LoopObject> {
        self.event_loop.peek()?.cast::<LoopObject>().filter(|ours| ours.is_direct())
    }

    /// As [`TimerObject::cancel_timer`], by somebody who is going to give the timer up.
    #[inline(always)]
    fn take_off(&self) -> Result<()> {
        if self.is_cancelled() {
            return Ok(());
        }
        if let Some(ours) = self.own_direct_loop() {
            if self.scheduled.get() {
                ours.drop_cancelled_timer(self);
            }
            self.cancel_plainly();
            return Ok(());
        }
        self.take_off_by_name()
    }

    /// As [`TimerObject::take_off`], for loops of all kinds: one that has a method of its own for it is told.
    #[cold]
    #[inline(never)]
    fn take_off_by_name(&self) -> Result<()> {
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
