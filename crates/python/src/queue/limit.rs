//! How many items a queue may hold.

use std::cell::Cell;

use crate::ffi::{IntoOwned, Layout, Object, Owned, Result, Slot, collectable, names};

/// `maxsize`: the object that the program gave, and the number it means.
pub(super) struct Limit {
    given: Slot,
    /// The number for an `int`, with 0 for every one that sets no limit.
    places: Cell<usize>,
    /// Whether `given` is no `int`, and has to be compared each time.
    odd: Cell<bool>,
}

collectable!(Limit, holds: [given]);

impl Limit {
    /// Takes the limit over from an argument or an assignment.
    pub(super) fn set(&self, given: &Object) {
        let number = given.int_value();
        self.places.set(number.map_or(0, |number| usize::try_from(number).unwrap_or(0)));
        self.odd.set(number.is_none());
        self.given.set(given.own());
    }

    /// What the program gave.
    pub(super) fn get(&self) -> Result<Owned> {
        match self.given.get() {
            Some(given) => Ok(given),
            None => 0_u64.into_owned(),
        }
    }

    /// Whether there is room beside `size` items, for certain.
    #[inline(always)]
    pub(super) fn has_room(&self, size: usize) -> bool {
        !self.odd.get() && (self.places.get() == 0 || size < self.places.get())
    }

    /// Whether there is no limit.
    #[inline(always)]
    pub(super) fn is_none(&self) -> Result<bool> {
        if self.odd.get() { self.is_oddly_none() } else { Ok(self.places.get() == 0) }
    }

    #[cold]
    fn is_oddly_none(&self) -> Result<bool> {
        self.get()?.less_or_equal(&names().zero)
    }

    /// Whether a queue of `size` items has reached the limit, which there is.
    #[inline(always)]
    pub(super) fn is_reached(&self, size: usize) -> Result<bool> {
        if self.odd.get() { self.is_oddly_reached(size) } else { Ok(size >= self.places.get()) }
    }

    #[cold]
    fn is_oddly_reached(&self, size: usize) -> Result<bool> {
        (size as u64).into_owned()?.greater_or_equal(&*self.get()?)
    }

    /// The same for a size of any class.
    pub(super) fn is_reached_by(&self, size: &Object) -> Result<bool> {
        size.greater_or_equal(&*self.get()?)
    }
}
