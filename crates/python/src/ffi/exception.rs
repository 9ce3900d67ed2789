//! Exceptions as objects: what they are instances of, their causes and contexts.
//!
//! What must always be true: an exception's fields are written and read after a look at its type, because what stands
//! where asyncio has an exception may be any object (a future of another class, an argument of a program's).

use std::ptr;

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result};

/// Whether `object` is an exception instance, which the functions below read as one.
#[inline]
pub(super) fn is_exception(object: &Object) -> bool {
    // SAFETY: reads a flag of a live object's type.
    unsafe { ffi::PyExceptionInstance_Check(object.pointer()) != 0 }
}

/// Whether `exception` is an instance of the class `kind`, by its real type.
#[inline]
pub(crate) fn is_instance(exception: &Object, kind: &Object) -> bool {
    // SAFETY: both live; `kind` is a class.
    unsafe { ffi::PyType_IsSubtype(exception.type_pointer(), kind.pointer().cast()) != 0 }
}

/// `isinstance(object, class)`.
pub(crate) fn has_instance(class: &Object, object: &Object) -> Result<bool> {
    // SAFETY: both live.
    match unsafe { ffi::PyObject_IsInstance(object.pointer(), class.pointer()) } {
        -1 => Err(Raised::already()),
        truth => Ok(truth != 0),
    }
}

/// Whether `class` is a class and inherits from `parent`, or is it.
pub(crate) fn is_subclass(class: &Object, parent: &Object) -> bool {
    // SAFETY: both live; the type is checked before it is used as one.
    unsafe {
        ffi::PyType_Check(class.pointer()) != 0
            && ffi::PyType_IsSubtype(class.pointer().cast(), parent.pointer().cast()) != 0
    }
}

/// Gives `exception` a cause (which is also its context), as `raise exception from cause` does. Objects that
/// are no exceptions stay as they are.
pub(crate) fn exception_cause(exception: &Object, cause: &Object) {
    if !is_exception(exception) || !is_exception(cause) {
        return;
    }
    // SAFETY: exception instances; both functions take over one reference each.
    unsafe {
        ffi::PyException_SetCause(exception.pointer(), cause.own().into_pointer());
        ffi::PyException_SetContext(exception.pointer(), cause.own().into_pointer());
    }
}

/// Gives `exception` no cause and hides its context, as `raise exception from None` does.
pub(crate) fn suppress_context(exception: &Object) {
    if is_exception(exception) {
        // SAFETY: an exception instance; null means no cause.
        unsafe { ffi::PyException_SetCause(exception.pointer(), ptr::null_mut()) };
    }
}

/// `exception.__context__`; none for what is no exception.
pub(crate) fn exception_context(exception: &Object) -> Option<Owned> {
    if !is_exception(exception) {
        return None;
    }
    // SAFETY: an exception instance; a new reference or null for "has none".
    unsafe { Owned::from_pointer(ffi::PyException_GetContext(exception.pointer())) }
}

/// `exception.__context__ = context`, where both are exceptions.
pub(crate) fn set_exception_context(exception: &Object, context: Owned) {
    if is_exception(exception) && is_exception(&context) {
        // SAFETY: exception instances; the function takes over the reference.
        unsafe { ffi::PyException_SetContext(exception.pointer(), context.into_pointer()) };
    }
}
