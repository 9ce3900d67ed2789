//! How many items a queue may hold.

use std::cell::Cell;

use crate::ffi::{Collectable, IntoOwned, Layout, Object, Owned, Result, Slot, Visitor, names};

/// `maxsize`: the object that the program gave, and the number it means.
pub(super) struct Limit {
    given: Slot,
    /// The number for an `int`, with 0 for every one that sets no limit.
    places: Cell<usize>,
    /// Whether `given` is no `int`, and has to be compared each time.
    odd: Cell<bool>,
}

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

    /// Whether there is no limit.
    #[inline(always)]
    pub(super) fn is_none(&self) -> Result<bool> {
        match self.given.get() {
            Some(given) if self.odd.get() => given.less_or_equal(&names().zero),
            _ => Ok(self.places.get() == 0),
        }
    }

    /// Whether a queue of `size` items has reached the limit, which there is.
    #[inline(always)]
    pub(super) fn is_reached(&self, size: usize) -> Result<bool> {
        match self.given.get() {
            Some(given) if self.odd.get() => (size as u64).into_owned()?.greater_or_equal(&given),
            _ => Ok(size >= self.places.get()),
        }
    }

    /// The same for a size of any class.
    pub(super) fn is_reached_by(&self, size: &Object) -> Result<bool> {
        size.greater_or_equal(&*self.get()?)
    }
}

impl Collectable for Limit {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.given);
    }

    fn clear(&self) {
        self.given.clear();
    }
}
