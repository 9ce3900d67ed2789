//! A rarely used part of an object, allocated when it is first needed.

use std::cell::UnsafeCell;

use super::{Collectable, Visitor};

/// An optional box: one null pointer until [`Lazily::get_or_make`] is first called, then for good.
///
/// Since the box is never taken out before its owner dies, shared references to what it holds can be
/// given out freely.
#[repr(transparent)]
pub(crate) struct Lazily<T>(UnsafeCell<Option<Box<T>>>);

impl<T> Lazily<T> {
    /// The part, if it was ever needed.
    #[inline(always)]
    pub(crate) fn get(&self) -> Option<&T> {
        // SAFETY: the only write is in `get_or_make`, when there is nothing yet that could be borrowed.
        unsafe { (*self.0.get()).as_deref() }
    }

    /// Sets the part, which is not there yet.
    pub(crate) fn fill(&self, part: T) {
        debug_assert!(self.get().is_none());
        // SAFETY: nothing was there, so nothing borrows it.
        unsafe { *self.0.get() = Some(Box::new(part)) };
    }
}

impl<T: Default> Lazily<T> {
    /// The part, made now if it was not there.
    #[inline(always)]
    pub(crate) fn get_or_make(&self) -> &T {
        match self.get() {
            Some(part) => part,
            None => self.make(),
        }
    }

    #[cold]
    fn make(&self) -> &T {
        // SAFETY: nothing was there, so nothing borrows it; `T::default` does not come back here.
        unsafe { (*self.0.get()).insert(Box::default()) }
    }
}

impl<T: Collectable> Collectable for Lazily<T> {
    fn traverse(&self, visitor: &mut Visitor) {
        if let Some(part) = self.get() {
            part.traverse(visitor);
        }
    }

    fn clear(&self) {
        if let Some(part) = self.get() {
            part.clear();
        }
    }
}
