//! Objects that need not die between two uses.
//!
//! A coroutine that has returned mostly loses its last reference, the one on the stack of who awaited it, in the very
//! next instruction, and the next coroutine of its type is made soon afterwards. To let the one die and to make the
//! other of its memory costs 115 instructions, most of them the interpreter's. Instead the finished one is given one
//! more reference, which its type's list holds: it survives the loss of the other ones, and where the next one is
//! wanted and nobody else has a reference any more, it begins anew.
//!
//! What must always be true: what is kept has one other reference when it is kept, its user's, so that nobody can tell
//! that it lives on; it refers to nothing, and has nothing to say when it dies. What somebody has got hold of after all
//! does not begin anew.

use std::ptr;

use pyo3::ffi;

use super::{Collectable, Owned, Recycled};

/// A recycled type, not to be inherited from, whose objects may begin anew.
///
/// # Safety
/// A `Part` is at `PART` bytes from the object's beginning, and zero bytes are a valid one.
pub(crate) unsafe trait Kept: Recycled + Collectable {
    /// What it does its work with, and what begins anew with it: all bytes zero at its beginning.
    type Part;
    /// Where that is.
    const PART: usize;
    /// Whether the part has memory of its own that [`Collectable::clear`] leaves to it.
    const HAS_MEMORY: bool;

    /// Whether somebody has a weak reference to it, or something else sets it apart.
    fn is_watched(&self) -> bool;
}

/// Keeps an object that has done its work for the next one of its type, if only its user still knows it.
#[inline(always)]
pub(crate) fn keep<T: Kept>(object: &T) {
    let kept = &T::free_list().kept;
    // SAFETY: a live object.
    let is_only = unsafe { ffi::Py_REFCNT(object.pointer()) } == 1;
    if is_only && kept.get().is_null() && !object.is_watched() {
        kept.set(object.own().into_pointer());
    }
}

/// The object that was kept, its part zero, if nobody else has it any more.
#[inline(always)]
pub(super) fn take_kept<T: Kept>() -> Option<Owned<T>> {
    let pointer = T::free_list().kept.replace(ptr::null_mut());
    // SAFETY: null, or the reference that `keep` made of an object of exactly this type.
    let object = unsafe { Owned::<T>::from_pointer(pointer) }?;
    if !object.is_only() || object.is_watched() {
        return None;
    }
    // SAFETY: nobody else has a reference, so nobody else reads the part, which lies in the object (`Kept`): it may be
    // dropped, as when the object dies, or forgotten, since it is empty; zero bytes are a valid one.
    unsafe {
        let part = pointer.byte_add(T::PART).cast::<T::Part>();
        if T::HAS_MEMORY {
            ptr::drop_in_place(part);
        }
        ptr::write_bytes(part, 0, 1);
    }
    Some(object)
}
