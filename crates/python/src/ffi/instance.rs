//! The life of a native type's instance: made, shown to the cycle collector, buried.

use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::ptr;

use pyo3::ffi;

use super::method::{self, guarded, receiver};
use super::{Collectable, FreeList, Native, Object, Owned, Raised, Result, Visitor};

/// A native type whose dead objects' memory is used again.
pub(crate) trait Recycled: Native {
    /// The type's list.
    fn free_list() -> &'static FreeList;
}

/// A new object of exactly `T`'s type, its fields zero, known to the cycle collector.
#[inline]
pub(crate) fn allocate<T: Native>() -> Result<Owned<T>> {
    let kind = T::type_cell().get();
    // SAFETY: the generic allocator gives zeroed memory with a header, tracked by the collector; zero
    // is a valid `T` (`Native`).
    unsafe { Owned::from_pointer(ffi::PyType_GenericAlloc(kind, 0)) }.ok_or_else(Raised::already)
}

/// As [`allocate`], from the type's list of dead objects when there is one.
///
/// `write` fills the fields through the references it is given; the object is shown to the collector
/// only afterwards.
#[inline(always)]
pub(crate) fn allocate_recycled<T: Recycled>(fill: impl FnOnce(&T)) -> Result<Owned<T>> {
    let kind = T::type_cell().get();
    let Some(memory) = T::free_list().pop() else {
        let object = allocate::<T>()?;
        fill(&object);
        return Ok(object);
    };
    // SAFETY: memory of a dead object of this very type, untracked, its fields zeroed when it died
    // (`deallocate_recycled`); `PyObject_Init` writes the header and counts a reference to the type.
    unsafe {
        let object = ffi::PyObject_Init(memory, kind);
        let object = Owned::<T>::from_pointer(object).ok_or_else(Raised::already)?;
        fill(&object);
        ffi::PyObject_GC_Track(object.pointer().cast());
        Ok(object)
    }
}

/// `tp_traverse`.
pub(super) unsafe extern "C" fn traverse<T: Native + Collectable>(
    this: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    let mut visitor = Visitor::new(visit, argument);
    // SAFETY: called by the collector on a live instance; a heap type's instances own a reference to it.
    unsafe {
        visitor.object(Object::from_pointer(ffi::Py_TYPE(this).cast()));
        receiver::<T>(this).traverse(&mut visitor);
    }
    visitor.answer
}

/// `tp_clear`.
pub(super) unsafe extern "C" fn clear<T: Native + Collectable>(this: *mut ffi::PyObject) -> c_int {
    // SAFETY: called by the collector on a live instance.
    guarded((), || unsafe { receiver::<T>(this) }.clear());
    0
}

/// `tp_finalize`.
pub(super) unsafe extern "C" fn finalize<T: Native, F: Fn(&T) + Copy>(this: *mut ffi::PyObject) {
    // SAFETY: a live instance. A finalizer runs wherever the last reference went: an exception that is
    // on its way there must be the same afterwards.
    unsafe {
        let saved = SavedError::new();
        guarded((), || method::conjure::<F>()(receiver::<T>(this)));
        drop(saved);
    }
}

/// Keeps the error indicator over code that may use it.
struct SavedError(Option<Owned>);

impl SavedError {
    fn new() -> Self {
        // SAFETY: reads the indicator.
        let pending = unsafe { !ffi::PyErr_Occurred().is_null() };
        Self(pending.then(|| Raised::already().take()))
    }
}

impl Drop for SavedError {
    fn drop(&mut self) {
        if let Some(exception) = self.0.take() {
            let _ = Raised::restore(exception);
        }
    }
}

/// The part of dying that all types share, up to the fields, which the caller drops: nobody can reach
/// the object any more. Returns `false` when a finalizer brought it back.
///
/// # Safety
/// `this` is an instance of `T` whose last reference has just gone.
#[inline(always)]
unsafe fn bury<T: Native + Collectable>(this: *mut ffi::PyObject) -> bool {
    // SAFETY: the order is the interpreter's: finalizer while everything is intact, then out of the
    // collector's sight, then weak references (their callbacks see a dead object).
    unsafe {
        let kind = ffi::Py_TYPE(this);
        let exact = kind == T::type_cell().get();
        let last_words =
            if exact { receiver::<T>(this).has_last_words() } else { (*kind).tp_finalize.is_some() };
        if last_words && ffi::PyObject_CallFinalizerFromDealloc(this) < 0 {
            return false;
        }
        ffi::PyObject_GC_UnTrack(this.cast());
        if (*kind).tp_weaklistoffset > 0 {
            let weak = this.byte_offset((*kind).tp_weaklistoffset).cast::<*mut ffi::PyObject>();
            if !(*weak).is_null() {
                ffi::PyObject_ClearWeakRefs(this);
            }
        }
        true
    }
}

/// `tp_dealloc`.
pub(super) unsafe extern "C" fn deallocate<T: Native + Collectable>(this: *mut ffi::PyObject) {
    // SAFETY: the interpreter calls this once, for the last reference; the instance owned a reference
    // to its type.
    unsafe {
        if !bury::<T>(this) {
            return;
        }
        let kind = ffi::Py_TYPE(this);
        ptr::drop_in_place(this.cast::<T>());
        if let Some(free) = (*kind).tp_free {
            free(this.cast());
        }
        ffi::Py_DECREF(kind.cast());
    }
}

/// `tp_dealloc` of a type whose dead objects' memory is kept.
pub(super) unsafe extern "C" fn deallocate_recycled<T: Recycled + Collectable>(this: *mut ffi::PyObject) {
    // SAFETY: as `deallocate`. An object whose finalizer ran carries a mark in its collector header
    // that would silence the next one's, so its memory is not used again.
    unsafe {
        let kind = ffi::Py_TYPE(this);
        let exact = kind == T::type_cell().get();
        if !bury::<T>(this) {
            return;
        }
        ptr::drop_in_place(this.cast::<T>());
        if exact && ((*kind).tp_finalize.is_none() || ffi::PyObject_GC_IsFinalized(this) == 0) {
            let body = this.cast::<u8>().add(size_of::<ffi::PyObject>());
            ptr::write_bytes(body, 0, size_of::<T>() - size_of::<ffi::PyObject>());
            if T::free_list().push(this) {
                ffi::Py_DECREF(kind.cast());
                return;
            }
        }
        if let Some(free) = (*kind).tp_free {
            free(this.cast());
        }
        ffi::Py_DECREF(kind.cast());
    }
}

const _: () = assert!(offset_of!(ffi::PyObject, ob_type) == 8, "a 64-bit build with the interpreter's lock");
