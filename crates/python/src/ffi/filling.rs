//! A `bytes` object that is made before its bytes are there.

use std::mem::MaybeUninit;
use std::{ptr, slice};

use pyo3::ffi;

use super::{Layout, Owned, Raised, Result};

/// A `bytes` object of a known length, filled from its beginning. Nobody else gets to see it before it is full.
pub(crate) struct Filling {
    object: Owned,
    length: usize,
    filled: usize,
}

impl Filling {
    /// An object of `length` bytes, of which none is there yet.
    pub(crate) fn new(length: usize) -> Result<Self> {
        let size = ffi::Py_ssize_t::try_from(length).unwrap_or(ffi::Py_ssize_t::MAX);
        // SAFETY: a new reference to an object with uninitialised bytes, or null with MemoryError.
        let object = unsafe { Owned::from_pointer(ffi::PyBytes_FromStringAndSize(ptr::null(), size)) };
        Ok(Self { object: object.ok_or_else(Raised::already)?, length, filled: 0 })
    }

    /// The bytes that are there.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: so many have been written (`add`), into memory that the object keeps.
        unsafe { slice::from_raw_parts(self.memory().cast::<u8>(), self.filled) }
    }

    /// How many bytes there will be.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Whether all of them are there.
    pub(crate) fn is_full(&self) -> bool {
        self.filled == self.length
    }

    /// Has `write` put bytes into the room that is left, or into its first `most` bytes: it returns how many it has
    /// written, from the beginning, and what else it has to say.
    pub(crate) fn add<R>(
        &mut self,
        most: usize,
        write: impl FnOnce(&mut [MaybeUninit<u8>]) -> (usize, R),
    ) -> R {
        let size = (self.length - self.filled).min(most);
        // SAFETY: the object's own memory, which nobody else sees; `filled` is at most `length`.
        let room = unsafe { slice::from_raw_parts_mut(self.memory().cast_mut().add(self.filled), size) };
        let (written, other) = write(room);
        self.filled += written.min(size);
        other
    }

    /// Copies as many of `bytes` as there is room for, and returns those for which there is none.
    pub(crate) fn copy<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (fitting, rest) = bytes.split_at(bytes.len().min(self.length - self.filled));
        // SAFETY: there is room for that many behind those that are there, in memory that nobody else sees.
        unsafe {
            let end = self.memory().cast_mut().cast::<u8>().add(self.filled);
            ptr::copy_nonoverlapping(fitting.as_ptr(), end, fitting.len());
        }
        self.filled += fitting.len();
        rest
    }

    /// The object, if it is full.
    pub(crate) fn into_full(self) -> std::result::Result<Owned, Self> {
        if self.is_full() { Ok(self.object) } else { Err(self) }
    }

    fn memory(&self) -> *const MaybeUninit<u8> {
        // SAFETY: an exact bytes object.
        unsafe { ffi::PyBytes_AS_STRING(self.object.pointer()).cast() }
    }
}
