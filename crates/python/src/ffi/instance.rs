//! The life of a native type's instance: made, shown to the cycle collector, buried.

use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::ptr;

use pyo3::ffi;

use super::kept::{Kept, take_kept};
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
pub(crate) fn allocate_recycled<T: Recycled + Collectable>(fill: impl FnOnce(&T)) -> Result<Owned<T>> {
    let object = allocate_unseen(fill)?;
    super::show_to_collector(object.object());
    Ok(object)
}

/// As [`allocate_recycled`], but the collector does not see the object until it is shown
/// ([`super::show_to_collector`]), and keeps whatever it holds alive. `Collectable::is_seen` has to say which.
#[inline(always)]
pub(crate) fn allocate_unseen<T: Recycled + Collectable>(fill: impl FnOnce(&T)) -> Result<Owned<T>> {
    let Some(memory) = T::free_list().pop() else {
        let object = allocate_untracked::<T>()?;
        fill(&object);
        return Ok(object);
    };
    // SAFETY: memory of a dead object of this very type, untracked, its fields zeroed when it died
    // (`deallocate_recycled`).
    unsafe {
        revive(memory);
        let object = Owned::<T>::known_from_pointer(memory);
        fill(&object);
        Ok(object)
    }
}

/// As [`allocate_unseen`]; the object may be one that was kept ([`super::keep`]).
#[inline(always)]
pub(crate) fn allocate_anew<T: Kept>(fill: impl FnOnce(&T)) -> Result<Owned<T>> {
    let object = match take_kept::<T>() {
        Some(object) => object,
        None => allocate_unseen(|_| {})?,
    };
    fill(&object);
    Ok(object)
}

/// A new object of exactly `T`'s type, its fields zero, which the collector does not know.
#[inline(never)]
fn allocate_untracked<T: Native + Collectable>() -> Result<Owned<T>> {
    if is_uncounted::<T>() {
        return allocate_uncounted();
    }
    // SAFETY: the allocator gives a header with a reference to the type; the rest is made zero, which is a
    // valid `T` (`Native`), before anybody sees it.
    unsafe {
        let memory = ffi::PyObject_GC_New::<ffi::PyObject>(T::type_cell().get());
        let object = Owned::<T>::from_pointer(memory).ok_or_else(Raised::already)?;
        ptr::write_bytes(memory.add(1).cast::<u8>(), 0, size_of::<T>() - size_of::<ffi::PyObject>());
        Ok(object)
    }
}

/// What stands before an object that the collector may know: two words, which are zero while it does not.
const COLLECTOR_HEADER: usize = 2 * size_of::<usize>();

/// Whether the collector is not told how many objects of the type there are. It runs when so many of all kinds were made:
/// for a burst of objects that it will not get to see it would run in vain.
const fn is_uncounted<T: Collectable>() -> bool {
    T::MOSTLY_UNSEEN && cfg!(not(Py_3_16))
}

/// As [`allocate_untracked`], and does not let the collector count the object.
fn allocate_uncounted<T: Native>() -> Result<Owned<T>> {
    let kind = T::type_cell().get();
    // SAFETY: memory for the collector's header and a `T`, all of it zero: not tracked, and a valid `T` (`Native`) once
    // its own header is filled in, which holds a reference to the type as those of all heap types' instances do.
    unsafe {
        let memory = ffi::PyObject_Malloc(COLLECTOR_HEADER + size_of::<T>()).cast::<u8>();
        if memory.is_null() {
            ffi::PyErr_NoMemory();
            return Err(Raised::already());
        }
        ptr::write_bytes(memory, 0, COLLECTOR_HEADER + size_of::<T>());
        let object = memory.add(COLLECTOR_HEADER).cast::<ffi::PyObject>();
        ffi::Py_INCREF(kind.cast());
        (*object).ob_type = kind;
        revive(object);
        Ok(Owned::known_from_pointer(object))
    }
}

impl<T: Recycled + Collectable> Owned<T> {
    /// Gives up a reference that is mostly the last one, in a frame that no other object's end has led to: the
    /// object may end right here, without the interpreter's look at how deep the stack is.
    #[inline(always)]
    pub(crate) fn retire(self) {
        let object = self.into_pointer();
        // SAFETY: `self`'s reference. An object ends with a count of zero, as the interpreter does it; whoever
        // traces the ends of objects gets to see this one through the interpreter.
        unsafe {
            if ffi::Py_REFCNT(object) == 1
                && ffi::Py_TYPE(object) == T::type_cell().get()
                && !ends_are_traced()
            {
                #[cfg(Py_3_12)]
                {
                    (*object).ob_refcnt.ob_refcnt = 0;
                }
                #[cfg(not(Py_3_12))]
                {
                    (*object).ob_refcnt = 0;
                }
                deallocate_recycled::<T>(object);
            } else {
                ffi::Py_DECREF(object);
            }
        }
    }
}

/// Whether somebody (a memory profiler) is told of each object's beginning and end.
#[cfg(Py_3_13)]
#[inline(always)]
fn ends_are_traced() -> bool {
    unsafe extern "C" {
        fn PyRefTracer_GetTracer(data: *mut *mut c_void) -> *const c_void;
    }
    let mut data = ptr::null_mut();
    // SAFETY: reads a global of the interpreter; the function pointer is only compared with null.
    unsafe { !PyRefTracer_GetTracer(&raw mut data).is_null() }
}

#[cfg(not(Py_3_13))]
#[inline(always)]
fn ends_are_traced() -> bool {
    false
}

/// Makes an object of a dead one's memory, whose header still names its type and owns a reference to it.
///
/// # Safety
/// Nobody has a reference to the object in `memory`.
#[inline(always)]
pub(super) unsafe fn revive(memory: *mut ffi::PyObject) {
    unsafe extern "C" {
        fn _Py_NewReference(object: *mut ffi::PyObject);
    }
    // SAFETY: sets the reference count to one and tells `tracemalloc`; part of `PyObject_Init`, which the
    // interpreter's own free lists use in the same way.
    unsafe { _Py_NewReference(memory) }
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
        if receiver::<T>(this).is_seen() {
            ffi::PyObject_GC_UnTrack(this.cast());
        }
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
    // SAFETY: the interpreter calls this once, for the last reference.
    unsafe {
        if bury::<T>(this) {
            let_go(this, free::<T>);
        }
    }
}

/// `tp_dealloc` of a type whose dead objects' memory is kept.
pub(super) unsafe extern "C" fn deallocate_recycled<T: Recycled + Collectable>(this: *mut ffi::PyObject) {
    // SAFETY: as `deallocate`.
    unsafe {
        if bury::<T>(this) {
            let_go(this, recycle::<T>);
        }
    }
}

/// Calls `bury`, at once where the interpreter watches how deep objects die inside each other.
///
/// # Safety
/// As for the function that does the same before 3.14.
#[cfg(Py_3_14)]
#[inline(always)]
unsafe fn let_go(this: *mut ffi::PyObject, bury: unsafe fn(*mut ffi::PyObject)) {
    // SAFETY: the caller's promise.
    unsafe { bury(this) }
}

#[cfg(not(Py_3_14))]
use super::depth::burials::bury as let_go;

/// Drops the fields and frees the memory.
///
/// # Safety
/// [`bury`] has returned true for `this`.
unsafe fn free<T: Native>(this: *mut ffi::PyObject) {
    // SAFETY: nobody can reach the object; it owned a reference to its type.
    unsafe {
        ptr::drop_in_place(this.cast::<T>());
        free_memory(this);
    }
}

/// Drops the fields and keeps the memory for the next object.
///
/// # Safety
/// [`bury`] has returned true for `this`.
#[inline]
unsafe fn recycle<T: Recycled + Collectable>(this: *mut ffi::PyObject) {
    // SAFETY: as `free`. An object whose finalizer ran carries a mark in its collector header that would
    // silence the next one's, so its memory is not used again.
    unsafe {
        let exact = ffi::Py_TYPE(this) == T::type_cell().get();
        ptr::drop_in_place(this.cast::<T>());
        if exact && !was_finalized(this) {
            let body = this.cast::<u8>().add(size_of::<ffi::PyObject>());
            ptr::write_bytes(body, 0, size_of::<T>() - size_of::<ffi::PyObject>());
            if T::free_list().push(this) {
                // The reference to the type stays with the memory.
                return;
            }
        }
        if exact && is_uncounted::<T>() {
            ffi::PyObject_Free(this.cast::<u8>().sub(COLLECTOR_HEADER).cast());
            return ffi::Py_DECREF(T::type_cell().get().cast());
        }
        free_memory(this);
    }
}

/// Whether the finalizer of `this` has run. The interpreter's own function looks into three places of the type first,
/// to see whether there is a header.
///
/// # Safety
/// `this` has a collector header.
#[inline(always)]
unsafe fn was_finalized(this: *mut ffi::PyObject) -> bool {
    /// In the header's last word, right before the object.
    const FINALIZED: usize = 1;
    // SAFETY: the caller's promise.
    unsafe {
        if cfg!(Py_3_16) {
            return ffi::PyObject_GC_IsFinalized(this) != 0;
        }
        let finalized = *this.cast::<usize>().sub(1) & FINALIZED != 0;
        debug_assert_eq!(finalized, ffi::PyObject_GC_IsFinalized(this) != 0);
        finalized
    }
}

/// Frees the memory of an object whose fields were dropped.
///
/// # Safety
/// `this` owns a reference to its type, and nothing else any more.
unsafe fn free_memory(this: *mut ffi::PyObject) {
    // SAFETY: the type outlives the call, which ends with the reference to it.
    unsafe {
        let kind = ffi::Py_TYPE(this);
        if let Some(free) = (*kind).tp_free {
            free(this.cast());
        }
        ffi::Py_DECREF(kind.cast());
    }
}

const _: () = assert!(offset_of!(ffi::PyObject, ob_type) == 8, "a 64-bit build with the interpreter's lock");
