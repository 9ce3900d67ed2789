//! From Rust results to what the interpreter expects back.

use std::ptr;

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result};

/// `None`.
#[inline(always)]
pub(crate) fn none() -> Owned {
    // SAFETY: the singleton lives for ever.
    unsafe { immortal(ffi::Py_None()) }
}

/// A reference to a singleton of the interpreter's. From 3.12 on these are not counted.
///
/// # Safety
/// `pointer` is `None`, `True` or `False`.
#[inline(always)]
unsafe fn immortal(pointer: *mut ffi::PyObject) -> Owned {
    // SAFETY: the caller's promise.
    unsafe {
        #[cfg(not(Py_3_12))]
        ffi::Py_INCREF(pointer);
        Owned::known_from_pointer(pointer)
    }
}

/// `NotImplemented`, for comparisons.
pub(crate) fn not_implemented() -> Owned {
    // SAFETY: the singleton lives for ever.
    unsafe { Object::from_pointer(ffi::Py_NotImplemented()) }.own()
}

/// `format` with its `%R` and `%S` filled in by the interpreter, two objects at most.
pub(crate) fn format_text(format: &std::ffi::CStr, first: &Object, second: &Object) -> Result<Owned> {
    // SAFETY: callers pass formats that consume at most two object arguments; a surplus is ignored.
    let text = unsafe { ffi::PyUnicode_FromFormat(format.as_ptr(), first.pointer(), second.pointer()) };
    // SAFETY: a new reference or null with an exception.
    unsafe { Owned::from_pointer(text) }.ok_or_else(Raised::already)
}

/// A Rust value that becomes a Python object.
pub(crate) trait IntoOwned {
    /// The new reference.
    fn into_owned(self) -> Result<Owned>;
}

impl<T: Layout> IntoOwned for Owned<T> {
    #[inline(always)]
    fn into_owned(self) -> Result<Owned> {
        Ok(self.into_object())
    }
}

impl<T: Layout> IntoOwned for Option<Owned<T>> {
    /// `None` for nothing.
    #[inline(always)]
    fn into_owned(self) -> Result<Owned> {
        Ok(self.map_or_else(none, Owned::into_object))
    }
}

impl IntoOwned for () {
    #[inline(always)]
    fn into_owned(self) -> Result<Owned> {
        Ok(none())
    }
}

impl IntoOwned for bool {
    #[inline(always)]
    fn into_owned(self) -> Result<Owned> {
        // SAFETY: the singletons live for ever.
        Ok(unsafe { immortal(if self { ffi::Py_True() } else { ffi::Py_False() }) })
    }
}

impl IntoOwned for f64 {
    fn into_owned(self) -> Result<Owned> {
        // SAFETY: a new reference or null with MemoryError.
        unsafe { Owned::from_pointer(ffi::PyFloat_FromDouble(self)) }.ok_or_else(Raised::already)
    }
}

impl IntoOwned for i64 {
    fn into_owned(self) -> Result<Owned> {
        // SAFETY: a new reference or null with MemoryError.
        unsafe { Owned::from_pointer(ffi::PyLong_FromLongLong(self)) }.ok_or_else(Raised::already)
    }
}

impl IntoOwned for u64 {
    fn into_owned(self) -> Result<Owned> {
        // SAFETY: a new reference or null with MemoryError.
        unsafe { Owned::from_pointer(ffi::PyLong_FromUnsignedLongLong(self)) }.ok_or_else(Raised::already)
    }
}

impl IntoOwned for &str {
    fn into_owned(self) -> Result<Owned> {
        let length = ffi::Py_ssize_t::try_from(self.len()).unwrap_or(0);
        // SAFETY: UTF-8 of that length; a new reference or null with MemoryError.
        unsafe { Owned::from_pointer(ffi::PyUnicode_FromStringAndSize(self.as_ptr().cast(), length)) }
            .ok_or_else(Raised::already)
    }
}

impl IntoOwned for String {
    fn into_owned(self) -> Result<Owned> {
        self.as_str().into_owned()
    }
}

impl<T: IntoOwned> IntoOwned for Result<T> {
    #[inline(always)]
    fn into_owned(self) -> Result<Owned> {
        self.and_then(IntoOwned::into_owned)
    }
}

/// What a C function returns for `value`: a new reference, or null with the error indicator set.
#[inline(always)]
pub(super) fn to_pointer(value: impl IntoOwned) -> *mut ffi::PyObject {
    match value.into_owned() {
        Ok(object) => object.into_pointer(),
        Err(_raised) => ptr::null_mut(),
    }
}

/// Ends an iteration (or an await) with `value`: null with `StopIteration(value)` set.
///
/// For `None` nothing is raised at all: the interpreter reads a null without an exception as "returned
/// None", which saves building an exception for each await.
#[inline]
pub(crate) fn stop_iteration(value: Owned) -> *mut ffi::PyObject {
    #[cfg(Py_3_12)]
    if value.is_none() {
        // Not counted, so that there is nothing to give back.
        let _none = std::mem::ManuallyDrop::new(value);
    } else {
        super::stop::raise_stop(value);
    }
    #[cfg(not(Py_3_12))]
    if !value.is_none() {
        raise_apart(&value);
    }
    ptr::null_mut()
}

/// Before 3.12 the indicator takes the class and the value apart and makes no exception of them, except
/// of a tuple or an exception, which it would unpack or raise as it is.
#[cfg(not(Py_3_12))]
fn raise_apart(value: &Object) {
    // SAFETY: all objects alive; the indicator takes its own references.
    unsafe {
        if ffi::PyTuple_Check(value.pointer()) != 0 || ffi::PyExceptionInstance_Check(value.pointer()) != 0 {
            let stop = ffi::PyObject_CallOneArg(ffi::PyExc_StopIteration, value.pointer());
            if let Some(stop) = Owned::<Object>::from_pointer(stop) {
                ffi::PyErr_SetObject(ffi::PyExc_StopIteration, stop.pointer());
            }
        } else {
            ffi::PyErr_SetObject(ffi::PyExc_StopIteration, value.pointer());
        }
    }
}
