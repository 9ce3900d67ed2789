//! An object that is made once and kept.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;

use super::{Object, Owned};

/// A place for an object that the module's import makes and that lives as long as the process.
pub(crate) struct Constant(AtomicPtr<ffi::PyObject>);

impl Constant {
    /// An empty place, for a `static`.
    pub(crate) const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// Keeps `object` for the life of the process. Called once.
    pub(crate) fn keep(&self, object: Owned) {
        self.0.store(object.into_pointer(), Ordering::Release);
    }

    /// The object, once it is there.
    #[inline(always)]
    pub(crate) fn get(&self) -> Option<&'static Object> {
        // SAFETY: null, or an object that `keep` leaked, hence alive for ever.
        unsafe { self.0.load(Ordering::Relaxed).cast::<Object>().as_ref() }
    }
}
