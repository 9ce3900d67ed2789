//! `contextvars`: copying a context, and running inside one.

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result};

/// A copy of the current context (O(1): the variables are shared until one side sets one).
#[inline]
pub(crate) fn copy_context() -> Result<Owned> {
    // SAFETY: returns a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PyContext_CopyCurrent()) }.ok_or_else(Raised::already)
}

/// A copy of `context`, which is a `contextvars.Context`.
pub(crate) fn context_like(context: &Object) -> Result<Owned> {
    // SAFETY: checks the type; returns a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PyContext_Copy(context.pointer())) }.ok_or_else(Raised::already)
}

/// Whether `object` is a `contextvars.Context`.
#[inline]
pub(crate) fn is_context(object: &Object) -> bool {
    // SAFETY: a type check on a live object.
    unsafe { ffi::PyContext_CheckExact(object.pointer()) != 0 }
}

/// The thread runs in a context as long as this lives.
pub(crate) struct Entered<'a>(&'a Object);

impl<'a> Entered<'a> {
    /// Enters `context`. Fails with asyncio's error when it is entered already.
    #[inline]
    pub(crate) fn new(context: &'a Object) -> Result<Self> {
        // SAFETY: the C function checks that this is a context.
        match unsafe { ffi::PyContext_Enter(context.pointer()) } {
            0 => Ok(Self(context)),
            _ => Err(Raised::already()),
        }
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        // An exception may be on its way out and has to survive this call: leaving a context that this
        // guard entered touches the indicator only when it fails, which it can't.
        // SAFETY: entered by `new`, on this thread.
        unsafe { ffi::PyContext_Exit(self.0.pointer()) };
    }
}
