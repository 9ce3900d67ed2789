//! When a timeout ends, as a number of whichever kind.

use std::cell::Cell;

use crate::event_loop::LoopObject;
use crate::ffi::{IntoOwned, Layout, Object, Owned, Result, Slot, call_method0, collectable, names};

/// What a deadline is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    /// There is none. Zero, so that a new object's memory says so.
    Never = 0,
    /// `seconds` on the loop's clock.
    Seconds = 1,
    /// `given`: an `int`, a `Decimal`, or whatever else compares with the clock.
    Other = 2,
}

/// A point on the loop's clock, or never. A plain number costs no Python object until somebody asks.
pub(super) struct Deadline {
    kind: Cell<Kind>,
    seconds: Cell<f64>,
    given: Slot,
}

collectable!(Deadline, holds: [given]);

impl Deadline {
    /// Takes what `Timeout(when)` or `reschedule(when)` was given; `None` for never.
    pub(super) fn set(&self, when: &Object) {
        if when.is_none() {
            self.kind.set(Kind::Never);
            self.given.clear();
        } else if let Some(seconds) = when.exact_float() {
            self.set_seconds(seconds);
        } else {
            self.kind.set(Kind::Other);
            self.given.set(when.own());
        }
    }

    /// `delay` seconds from now on the clock of `event_loop`; `None` for never.
    #[inline(always)]
    pub(super) fn set_from_now(
        &self,
        event_loop: Result<&LoopObject, &Object>,
        delay: &Object,
    ) -> Result<()> {
        if delay.is_none() {
            return Ok(());
        }
        if let Ok(ours) = event_loop {
            if let Some(seconds) = delay.exact_int().or_else(|| delay.exact_float()) {
                self.set_seconds(ours.now_for_deadline()? + seconds);
                return Ok(());
            }
        }
        let event_loop = event_loop.map_or_else(|other| other, LoopObject::object);
        self.set(&*call_method0(event_loop, &names().time)?.add(delay)?);
        Ok(())
    }

    #[inline(always)]
    fn set_seconds(&self, seconds: f64) {
        self.kind.set(Kind::Seconds);
        self.seconds.set(seconds);
        self.given.clear();
    }

    /// Whether there is none.
    pub(super) fn is_never(&self) -> bool {
        self.kind.get() == Kind::Never
    }

    /// The deadline in seconds, when it is a plain number that a timer can have.
    #[inline(always)]
    pub(super) fn seconds(&self) -> Option<f64> {
        (self.kind.get() == Kind::Seconds && !self.seconds.get().is_nan()).then(|| self.seconds.get())
    }

    /// The deadline as Python sees it.
    pub(super) fn get(&self) -> Result<Owned> {
        match self.kind.get() {
            Kind::Never => Ok(crate::ffi::none()),
            Kind::Seconds => self.seconds.get().into_owned(),
            Kind::Other => self.given.get().into_owned(),
        }
    }
}
