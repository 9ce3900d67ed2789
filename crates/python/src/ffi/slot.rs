//! References kept in the fields of native types.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;

use pyo3::ffi;

use super::{Layout, Object, Owned};

/// A field that holds a strong reference to a `T`, or nothing. All zero bytes mean nothing.
///
/// Dropping the previous value may run Python code (a finalizer), so every method stores first and
/// drops afterwards: whoever looks while the drop runs sees the new value.
#[repr(transparent)]
pub(crate) struct Slot<T: Layout = Object>(Cell<*mut ffi::PyObject>, PhantomData<T>);

impl<T: Layout> Default for Slot<T> {
    fn default() -> Self {
        Self(Cell::new(ptr::null_mut()), PhantomData)
    }
}

impl<T: Layout> Drop for Slot<T> {
    /// Leaves the field as it is: nobody reads it any more, and a store for each field of a dead object adds up.
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the slot owned the reference that it held, and is not used again.
        drop(unsafe { Owned::<T>::from_pointer(self.0.get()) });
    }
}

impl<T: Layout> Slot<T> {
    /// Whether the slot holds nothing.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.get().is_null()
    }

    /// Takes the value out.
    #[inline(always)]
    pub(crate) fn take(&self) -> Option<Owned<T>> {
        let pointer = self.0.replace(ptr::null_mut());
        // SAFETY: the slot owned the reference that it held, and holds it no more.
        unsafe { Owned::from_pointer(pointer) }
    }

    /// Puts a value in, and drops what was there.
    #[inline(always)]
    pub(crate) fn set(&self, value: Owned<T>) {
        let previous = self.0.replace(value.into_pointer());
        // SAFETY: as in `take`.
        drop(unsafe { Owned::<T>::from_pointer(previous) });
    }

    /// Puts a value in where there is none (a new object's field): nothing to drop, nothing to check.
    #[inline(always)]
    pub(crate) fn fill(&self, value: Owned<T>) {
        debug_assert!(self.is_empty());
        self.0.set(value.into_pointer());
    }

    /// Empties the slot.
    #[inline(always)]
    pub(crate) fn clear(&self) {
        if !self.is_empty() {
            drop(self.take());
        }
    }

    /// A new reference to the value.
    #[inline(always)]
    pub(crate) fn get(&self) -> Option<Owned<T>> {
        self.peek().map(T::own)
    }

    /// The value, borrowed. The slot's owner must keep it there while the borrow is used: take a new
    /// reference with [`Slot::get`] before anything that may run Python code.
    #[inline(always)]
    pub(crate) fn peek(&self) -> Option<&T> {
        // SAFETY: the slot owns a reference; see above for how long it is certain to.
        unsafe { self.0.get().cast::<T>().as_ref() }
    }

    /// Whether the slot holds this very object.
    #[inline(always)]
    pub(crate) fn holds(&self, object: &Object) -> bool {
        ptr::eq(self.0.get(), object.pointer())
    }
}
