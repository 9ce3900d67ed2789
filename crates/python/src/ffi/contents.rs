//! The contents of `bytes` and `bytearray` objects.
//!
//! What must always be true: a slice of a Python object's memory is used for a moment that runs no Python;
//! only that of a `bytes` object stays what it is for as long as the object lives.

use std::slice;

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result, bytes_of, call_method1, names};

/// `b"".join(pieces)`, for exact `bytes`.
pub(crate) fn joined_bytes(pieces: &[Owned]) -> Result<Owned> {
    if let [only] = pieces {
        return Ok(only.clone());
    }
    let slices: Vec<&[u8]> = pieces.iter().filter_map(|piece| piece.exact_bytes()).collect();
    joined_slices(&slices)
}

/// A new `bytes` object with copies of the slices, one after the other.
pub(crate) fn joined_slices(slices: &[&[u8]]) -> Result<Owned> {
    let length: usize = slices.iter().map(|slice| slice.len()).sum();
    // SAFETY: without a source the new object's memory is ours to fill, before anybody else sees it; the
    // slices add up to its length.
    unsafe {
        let joined = ffi::PyBytes_FromStringAndSize(std::ptr::null(), signed(length));
        let joined = Owned::<Object>::from_pointer(joined).ok_or_else(Raised::already)?;
        let mut end = ffi::PyBytes_AsString(joined.pointer()).cast::<u8>();
        for slice in slices {
            end.copy_from_nonoverlapping(slice.as_ptr(), slice.len());
            end = end.add(slice.len());
        }
        Ok(joined)
    }
}

/// Whether `object` exports its memory.
pub(crate) fn has_buffer(object: &Object) -> bool {
    // SAFETY: looks at the type of a live object.
    unsafe { ffi::PyObject_CheckBuffer(object.pointer()) != 0 }
}

/// A new `bytearray`.
pub(crate) fn byte_array_of(bytes: &[u8]) -> Result<Owned> {
    // SAFETY: that many readable bytes; a new reference or null with MemoryError.
    unsafe {
        Owned::from_pointer(ffi::PyByteArray_FromStringAndSize(bytes.as_ptr().cast(), signed(bytes.len())))
    }
    .ok_or_else(Raised::already)
}

/// Whether `object` is a `bytearray`, or of a subclass.
pub(crate) fn is_byte_array(object: &Object) -> bool {
    // SAFETY: a type check on a live object.
    unsafe { ffi::PyByteArray_Check(object.pointer()) != 0 }
}

/// Runs `work`, which must not run Python, on the contents of a `bytearray`; on nothing for other objects.
pub(crate) fn with_byte_array<R>(array: &Object, work: impl FnOnce(&[u8]) -> R) -> R {
    if !is_byte_array(array) {
        return work(&[]);
    }
    // SAFETY: the type was checked; nothing resizes the array while no Python runs.
    unsafe {
        let start = ffi::PyByteArray_AsString(array.pointer()).cast::<u8>().cast_const();
        work(slice::from_raw_parts(start, unsigned(ffi::PyByteArray_Size(array.pointer()))))
    }
}

/// `array.extend(bytes)`. Raises `BufferError` while somebody has a view of the array.
pub(crate) fn extend_byte_array(array: &Object, bytes: &[u8]) -> Result<()> {
    call_method1(array, &names().extend, &*bytes_of(bytes)?).map(drop)
}

/// `del array[:count]`. Raises `BufferError` while somebody has a view of the array.
pub(crate) fn skip_in_byte_array(array: &Object, count: usize) -> Result<()> {
    // SAFETY: a live object; the slice is cut to its length.
    match unsafe { ffi::PySequence_DelSlice(array.pointer(), 0, signed(count)) } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}

/// A length as the interpreter counts: memory is never longer than that.
fn signed(length: usize) -> ffi::Py_ssize_t {
    ffi::Py_ssize_t::try_from(length).unwrap_or(ffi::Py_ssize_t::MAX)
}

fn unsigned(length: ffi::Py_ssize_t) -> usize {
    usize::try_from(length).unwrap_or(0)
}
