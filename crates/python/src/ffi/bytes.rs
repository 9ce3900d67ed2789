//! Bytes in and out of Python: new `bytes` objects, and the memory of objects that share theirs.

use std::ffi::{CStr, c_char, c_int};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::{ptr, slice};

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result};

unsafe extern "C" {
    // Public, though its name begins with an underscore; PyO3 keeps it to itself.
    fn _PyBytes_Resize(bytes: *mut *mut ffi::PyObject, length: ffi::Py_ssize_t) -> c_int;
    // Not in PyO3.
    fn PySys_Audit(event: *const c_char, format: *const c_char, ...) -> c_int;
}

/// A new `bytes` object with a copy of `data`.
#[inline]
pub(crate) fn bytes_of(data: &[u8]) -> Result<Owned> {
    let length = ffi::Py_ssize_t::try_from(data.len()).unwrap_or(ffi::Py_ssize_t::MAX);
    // SAFETY: `data` is valid for that length; a new reference or null with MemoryError.
    unsafe { Owned::from_pointer(ffi::PyBytes_FromStringAndSize(data.as_ptr().cast(), length)) }
        .ok_or_else(Raised::already)
}

/// A new `bytes` object of up to `room` bytes, which `fill` writes in place: it returns how many it has
/// written, from the beginning. An error of `fill` comes back as the inner one.
pub(crate) fn bytes_filled<E>(
    room: usize,
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<usize, E>,
) -> Result<Result<Owned, E>> {
    let length = ffi::Py_ssize_t::try_from(room).unwrap_or(ffi::Py_ssize_t::MAX);
    // SAFETY: an uninitialised object that nobody else sees yet, with `room` writable bytes; shrinking moves it,
    // takes the old reference and leaves a new one (or null with MemoryError) in its place.
    unsafe {
        let pointer = ffi::PyBytes_FromStringAndSize(ptr::null(), length);
        let object = Owned::<Object>::from_pointer(pointer).ok_or_else(Raised::already)?;
        let memory = ffi::PyBytes_AS_STRING(object.pointer()).cast::<MaybeUninit<u8>>();
        let written = match fill(slice::from_raw_parts_mut(memory.cast_mut(), room)) {
            Ok(written) => written.min(room),
            Err(error) => return Ok(Err(error)),
        };
        if written == room {
            return Ok(Ok(object));
        }
        let mut pointer = object.into_pointer();
        _PyBytes_Resize(&raw mut pointer, ffi::Py_ssize_t::try_from(written).unwrap_or(0));
        Owned::from_pointer(pointer).map(Ok).ok_or_else(Raised::already)
    }
}

/// An object that is exactly a `bytes`: it never changes, and dropping it runs no Python code.
#[derive(Clone)]
pub(crate) struct Bytes(Owned);

impl Bytes {
    /// A new object with a copy of `data`.
    #[inline]
    pub(crate) fn copy_of(data: &[u8]) -> Result<Self> {
        bytes_of(data).map(Self)
    }

    /// `bytes(object)` of something bytes-like: the object itself when it is exactly that.
    pub(crate) fn from_object(object: &Object) -> Result<Self> {
        // SAFETY: alive; a new reference to an exact bytes object, or null with an exception.
        unsafe { Owned::from_pointer(ffi::PyBytes_FromObject(object.pointer())) }
            .map(Self)
            .ok_or_else(Raised::already)
    }

    /// The object itself.
    pub(crate) fn object(&self) -> &Object {
        &self.0
    }
}

impl AsRef<[u8]> for Bytes {
    #[inline(always)]
    fn as_ref(&self) -> &[u8] {
        self.0.exact_bytes().unwrap_or_default()
    }
}

/// The memory of an object that shares it, held (a `bytearray` can't be resized) until this is dropped.
pub(crate) struct Buffer<'a> {
    view: ffi::Py_buffer,
    object: PhantomData<&'a Object>,
}

impl<'a> Buffer<'a> {
    /// The object's bytes, for reading. Raises as the object says when it has none in one piece.
    pub(crate) fn readable(object: &'a Object) -> Result<Self> {
        Self::new(object, ffi::PyBUF_SIMPLE)
    }

    /// The object's bytes, for writing. Raises as the object says when it has none, or they are read-only.
    pub(crate) fn writable(object: &'a Object) -> Result<Self> {
        Self::new(object, ffi::PyBUF_WRITABLE)
    }

    fn new(object: &'a Object, flags: c_int) -> Result<Self> {
        let mut view = ffi::Py_buffer::new();
        // SAFETY: fills `view` or raises.
        match unsafe { ffi::PyObject_GetBuffer(object.pointer(), &raw mut view, flags) } {
            0 => Ok(Self { view, object: PhantomData }),
            _ => Err(Raised::already()),
        }
    }

    /// The bytes. Python code that runs while they are borrowed may change them: none must.
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.view.len == 0 {
            return &[];
        }
        // SAFETY: the exporter keeps `len` bytes at `buf` until the view is released.
        unsafe { slice::from_raw_parts(self.view.buf.cast::<u8>(), self.length()) }
    }

    /// The bytes of a view that was asked for writing, for a system call to fill.
    pub(crate) fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        if self.view.len == 0 || self.view.readonly != 0 {
            return &mut [];
        }
        // SAFETY: as above, and the exporter has allowed writing; bytes of any value are valid.
        unsafe { slice::from_raw_parts_mut(self.view.buf.cast::<MaybeUninit<u8>>(), self.length()) }
    }

    /// How many bytes there are.
    pub(crate) fn length(&self) -> usize {
        usize::try_from(self.view.len).unwrap_or(0)
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        // SAFETY: filled by `new`, released once.
        unsafe { ffi::PyBuffer_Release(&raw mut self.view) }
    }
}

/// `memoryview(object)`.
pub(crate) fn memory_view(object: &Object) -> Result<Owned> {
    // SAFETY: alive; a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PyMemoryView_FromObject(object.pointer())) }.ok_or_else(Raised::already)
}

/// The text of a path or name of the file system, as `os.fsdecode` gives it.
pub(crate) fn file_system_text(bytes: &[u8]) -> Result<Owned> {
    let length = ffi::Py_ssize_t::try_from(bytes.len()).unwrap_or(0);
    // SAFETY: valid for that length; a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PyUnicode_DecodeFSDefaultAndSize(bytes.as_ptr().cast(), length)) }
        .ok_or_else(Raised::already)
}

/// `sys.audit(event, first, second)`: what an audit hook raises ends the call.
pub(crate) fn audit(event: &CStr, first: &Object, second: &Object) -> Result<()> {
    // SAFETY: two objects for the two `O` of the format; terminated strings.
    match unsafe { PySys_Audit(event.as_ptr(), c"OO".as_ptr(), first.pointer(), second.pointer()) } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}

/// `sys.audit(event, *values)`.
pub(crate) fn audit_all(event: &CStr, values: &[&Object]) -> Result<()> {
    let values = super::tuple_of(values)?;
    // SAFETY: one object for the `O`, a tuple, which becomes the event's arguments; terminated strings.
    match unsafe { PySys_Audit(event.as_ptr(), c"O".as_ptr(), values.pointer()) } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}

/// The text of UTF-8, or what `bytes.decode` raises for bytes that are none.
pub(crate) fn text_of(bytes: &[u8]) -> Result<Owned> {
    let length = ffi::Py_ssize_t::try_from(bytes.len()).unwrap_or(0);
    // SAFETY: valid for that length; a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PyUnicode_DecodeUTF8(bytes.as_ptr().cast(), length, ptr::null())) }
        .ok_or_else(Raised::already)
}

impl Object {
    /// The bytes of an exact `bytes` object.
    #[inline(always)]
    pub(crate) fn exact_bytes(&self) -> Option<&[u8]> {
        // SAFETY: the exact type is checked first; the object never changes, and lives as long as the borrow.
        unsafe {
            if ffi::PyBytes_CheckExact(self.pointer()) == 0 {
                return None;
            }
            let length = usize::try_from(ffi::Py_SIZE(self.pointer())).unwrap_or(0);
            Some(slice::from_raw_parts(ffi::PyBytes_AS_STRING(self.pointer()).cast::<u8>(), length))
        }
    }

    /// Whether this is a `bytes`, `bytearray` or `memoryview` object, subclasses included.
    pub(crate) fn is_bytes_like(&self) -> bool {
        // SAFETY: type checks on a live object.
        unsafe {
            ffi::PyBytes_Check(self.pointer()) != 0
                || ffi::PyByteArray_Check(self.pointer()) != 0
                || ffi::PyMemoryView_Check(self.pointer()) != 0
        }
    }

    /// Whether this is a `str`.
    pub(crate) fn is_text(&self) -> bool {
        // SAFETY: a type check on a live object.
        unsafe { ffi::PyUnicode_Check(self.pointer()) != 0 }
    }

    /// The text of an exact `str` object that is all ASCII.
    #[inline]
    pub(crate) fn exact_ascii(&self) -> Option<&str> {
        self.exact_text().filter(|text| text.is_ascii())
    }

    /// The text of an exact `str` object, unless it has half a surrogate pair.
    #[inline]
    pub(crate) fn exact_text(&self) -> Option<&str> {
        let mut length = 0;
        // SAFETY: the exact type is checked first; the string keeps its own UTF-8 for as long as it lives.
        unsafe {
            if ffi::PyUnicode_CheckExact(self.pointer()) == 0 {
                return None;
            }
            let text = ffi::PyUnicode_AsUTF8AndSize(self.pointer(), &raw mut length);
            if text.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            let bytes = slice::from_raw_parts(text.cast::<u8>(), usize::try_from(length).unwrap_or(0));
            std::str::from_utf8(bytes).ok()
        }
    }
}
