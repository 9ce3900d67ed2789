//! Sequences and texts of any class, as far as the binding reads them.

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result};

/// `len(container)`.
pub(crate) fn length(container: &Object) -> Result<usize> {
    // SAFETY: alive; -1 with an exception when it has no length.
    usize::try_from(unsafe { ffi::PyObject_Size(container.pointer()) }).map_err(|_| Raised::already())
}

/// `sequence[index]`.
pub(crate) fn item_at(sequence: &Object, index: usize) -> Result<Owned> {
    let index = ffi::Py_ssize_t::try_from(index).unwrap_or(ffi::Py_ssize_t::MAX);
    // SAFETY: alive; a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PySequence_GetItem(sequence.pointer(), index)) }
        .ok_or_else(Raised::already)
}

/// `container[key] = value`.
pub(crate) fn set_item(container: &Object, key: &Object, value: &Object) -> Result<()> {
    // SAFETY: all alive; -1 with an exception.
    match unsafe { ffi::PyObject_SetItem(container.pointer(), key.pointer(), value.pointer()) } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}

/// `sequence[start:]`.
pub(crate) fn slice_from(sequence: &Object, start: usize) -> Result<Owned> {
    let start = ffi::Py_ssize_t::try_from(start).unwrap_or(ffi::Py_ssize_t::MAX);
    // SAFETY: alive; a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PySequence_GetSlice(sequence.pointer(), start, ffi::Py_ssize_t::MAX)) }
        .ok_or_else(Raised::already)
}

/// `sequence[:end]`.
pub(crate) fn slice_to(sequence: &Object, end: u64) -> Result<Owned> {
    let end = ffi::Py_ssize_t::try_from(end).unwrap_or(ffi::Py_ssize_t::MAX);
    // SAFETY: alive; a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PySequence_GetSlice(sequence.pointer(), 0, end)) }
        .ok_or_else(Raised::already)
}

/// `list(iterable)`.
pub(crate) fn list_from(iterable: &Object) -> Result<Owned> {
    // SAFETY: alive; a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PySequence_List(iterable.pointer())) }.ok_or_else(Raised::already)
}

/// `repr(object)`.
pub(crate) fn repr_of(object: &Object) -> Result<Owned> {
    // SAFETY: alive; a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PyObject_Repr(object.pointer())) }.ok_or_else(Raised::already)
}

/// `object.__repr__(object)` without its angle brackets: class and address.
pub(crate) fn class_and_address(object: &Object) -> Result<Owned> {
    // SAFETY: the slot of `object` itself, which takes any object; both results are new references or
    // null with an exception, and the text is at least two characters long.
    unsafe {
        let Some(represent) = ffi::PyBaseObject_Type.tp_repr else { return repr_of(object) };
        let text = Owned::<Object>::from_pointer(represent(object.pointer())).ok_or_else(Raised::already)?;
        let end = ffi::PyUnicode_GetLength(text.pointer()) - 1;
        Owned::from_pointer(ffi::PyUnicode_Substring(text.pointer(), 1, end)).ok_or_else(Raised::already)
    }
}
