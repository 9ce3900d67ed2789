//! Memory of dead objects, kept for the next ones of the same type.

use std::cell::{Cell, UnsafeCell};
use std::ptr;

use pyo3::ffi;

/// How many dead objects a list keeps. 256 covers a `gather` of 100 and its like; the memory held is
/// at most 256 times the object's size (about 30 KiB for futures).
const CAPACITY: usize = 256;

/// A stack of dead objects' memory. Measured in the prototype: 11 to 37 ns for each object.
///
/// Only exact types use it (a subclass may be larger), and only with the interpreter's lock held.
pub(crate) struct FreeList {
    /// An object that has done its work and was kept alive (`kept.rs`), with the reference that keeps it; or null.
    pub(super) kept: Cell<*mut ffi::PyObject>,
    count: Cell<usize>,
    memory: UnsafeCell<[*mut ffi::PyObject; CAPACITY]>,
}

// SAFETY: reached with the interpreter's lock held only, so by one thread at a time.
unsafe impl Sync for FreeList {}

impl FreeList {
    /// An empty list, for a `static`.
    pub(crate) const fn new() -> Self {
        Self {
            kept: Cell::new(ptr::null_mut()),
            count: Cell::new(0),
            memory: UnsafeCell::new([ptr::null_mut(); CAPACITY]),
        }
    }

    /// Memory of one object, its header still that of the dead one; `None` when there is none left.
    #[inline(always)]
    pub(super) fn pop(&self) -> Option<*mut ffi::PyObject> {
        let count = self.count.get().checked_sub(1)?;
        self.count.set(count);
        // SAFETY: `count` is below CAPACITY and that entry was filled by `push`.
        Some(unsafe { *(*self.memory.get()).get_unchecked(count) })
    }

    /// Keeps an object's memory; `false` when the list is full.
    #[inline(always)]
    pub(super) fn push(&self, memory: *mut ffi::PyObject) -> bool {
        let count = self.count.get();
        if count == CAPACITY {
            return false;
        }
        // SAFETY: `count` is below CAPACITY.
        unsafe { *(*self.memory.get()).get_unchecked_mut(count) = memory };
        self.count.set(count + 1);
        true
    }
}
