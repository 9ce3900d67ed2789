//! Weak references to objects.

use std::ptr;

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result, call0};

/// `weakref.ref(object)`.
pub(crate) fn weak_reference(object: &Object) -> Result<Owned> {
    // SAFETY: a live object, no callback; a new reference or null with TypeError.
    unsafe { Owned::from_pointer(ffi::PyWeakref_NewRef(object.pointer(), ptr::null_mut())) }
        .ok_or_else(Raised::already)
}

/// `reference()`: the object, or nothing once it is dead. What is no weak reference is called.
#[inline]
pub(crate) fn weak_target(reference: &Object) -> Result<Option<Owned>> {
    // SAFETY: a type check on a live object.
    if unsafe { ffi::PyWeakref_CheckRefExact(reference.pointer()) } == 0 {
        return Ok(Some(call0(reference)?).filter(|target| !target.is_none()));
    }
    #[cfg(Py_3_13)]
    {
        let mut target = ptr::null_mut();
        // SAFETY: a weak reference; `target` becomes a new reference, or null for a dead object.
        unsafe {
            match ffi::PyWeakref_GetRef(reference.pointer(), &raw mut target) {
                -1 => Err(Raised::already()),
                _ => Ok(Owned::from_pointer(target)),
            }
        }
    }
    #[cfg(not(Py_3_13))]
    {
        // SAFETY: a weak reference; a borrowed reference that is owned before anything else runs.
        let target = unsafe { Object::from_pointer(ffi::PyWeakref_GetObject(reference.pointer())) };
        Ok(Some(target).filter(|target| !target.is_none()).map(Layout::own))
    }
}
