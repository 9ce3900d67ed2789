//! The descriptor that a socket object holds at the moment, without asking it by name.
//!
//! A program may close a socket object that somebody else still works with, and the kernel gives the number to the
//! next file. Whoever remembers the number would read and write that file; so it is read anew from the
//! object each time, which costs one load.

use std::ffi::c_int;
use std::mem::size_of;

use pyo3::ffi;

use super::{Layout, Object, is_instance, names};

/// How every supported interpreter begins a socket object.
#[repr(C)]
struct SocketHead {
    head: ffi::PyObject,
    descriptor: c_int,
}

/// The descriptor of a `_socket.socket` or a subclass of it, -1 when it is closed; `None` for other objects.
///
/// The place is compared by whoever relies on it: once with what `fileno()` returns.
#[inline]
pub(crate) fn descriptor_of(socket: &Object) -> Option<i32> {
    // SAFETY: the type is checked first, and its objects are large enough for the field; a wrong value is found
    // out by the caller's comparison.
    unsafe {
        let kind = socket.type_pointer();
        let is_large_enough =
            usize::try_from((*kind).tp_basicsize).is_ok_and(|size| size >= size_of::<SocketHead>());
        (is_large_enough && is_instance(socket, &names().socket_class))
            .then(|| (*socket.pointer().cast::<SocketHead>()).descriptor)
    }
}
