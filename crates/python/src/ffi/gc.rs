//! The cycle collector: which references an object holds.

use std::ffi::{c_int, c_void};

use pyo3::ffi;

use super::{Layout, Object, Slot};

/// What the collector gives an object that it asks for its references.
pub(crate) struct Visitor {
    visit: ffi::visitproc,
    argument: *mut c_void,
    /// The first non-zero answer, which ends the visit.
    pub(super) answer: c_int,
}

impl Visitor {
    /// Wraps the collector's callback.
    pub(super) fn new(visit: ffi::visitproc, argument: *mut c_void) -> Self {
        Self { visit, argument, answer: 0 }
    }

    /// Shows a field to the collector.
    pub(crate) fn slot<T: Layout>(&mut self, slot: &Slot<T>) {
        if let Some(object) = slot.peek() {
            self.object(object.object());
        }
    }

    /// Shows an owned reference to the collector.
    pub(crate) fn object(&mut self, object: &Object) {
        if self.answer == 0 {
            // SAFETY: the collector's own callback with its own argument, on a live object.
            self.answer = unsafe { (self.visit)(object.pointer(), self.argument) };
        }
    }
}

/// An object, or a part of one, that the cycle collector knows.
pub(crate) trait Collectable {
    /// Whether most objects of the type end before the collector gets to know them.
    const MOSTLY_UNSEEN: bool = false;

    /// Shows every strong reference that this object holds. Must not run Python.
    fn traverse(&self, visitor: &mut Visitor);

    /// Gives up every reference that can be part of a cycle; may be called more than once.
    fn clear(&self);

    /// Whether the object has something to report before it dies; its finalizer is left out if not
    /// (for objects of exactly this type: a subclass may have a `__del__` of its own).
    fn has_last_words(&self) -> bool {
        false
    }

    /// Whether the collector knows this object, as it does all that were not made by
    /// [`super::allocate_unseen`].
    #[inline(always)]
    fn is_seen(&self) -> bool {
        true
    }
}

/// Shows an object that was made by [`super::allocate_unseen`] to the collector. Called once.
#[inline(always)]
pub(crate) fn show_to_collector(object: &Object) {
    // SAFETY: a live object of a collected type, whose fields are valid, and which is not tracked yet.
    unsafe { ffi::PyObject_GC_Track(object.pointer().cast()) }
}

impl<T: Layout> Collectable for Slot<T> {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(self);
    }

    fn clear(&self) {
        Self::clear(self);
    }
}
