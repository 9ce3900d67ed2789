//! `socket.socket` as the binding sees it: which descriptor it holds, of which family, in which mode.
//!
//! The fields are read where the interpreter's own `_ssl` reads them, behind the header of `_socket.socket`;
//! nothing else tells a descriptor without a call. That layout is not promised to anybody, so it is compared with
//! what a socket says of itself when the package is imported ([`know_sockets`]). Where it differs, no socket is ever
//! [plain](as_plain_socket), and every operation goes through the socket's own methods.

use std::cell::Cell;
use std::ffi::c_int;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};

use aioxide_core::sys::resolve::Hints;
use aioxide_core::sys::socket::STREAM;
use pyo3::ffi;

use crate::ffi::{
    Args, IntoOwned, Layout, Native, Object, Owned, Raised, Result, TypeCell, call_keywords, call_method0,
    call_method1, names,
};

/// A `socket.socket`.
#[repr(C)]
pub(crate) struct SocketObject {
    head: ffi::PyObject,
    fd: Cell<c_int>,
    family: Cell<c_int>,
    kind: Cell<c_int>,
    protocol: Cell<c_int>,
    error_handler: Cell<usize>,
    /// Nanoseconds; 0 for non-blocking mode, negative for blocking mode.
    timeout: Cell<i64>,
}

// SAFETY: repr(C), header first.
unsafe impl Layout for SocketObject {}

static TYPE: TypeCell = TypeCell::new();

// SAFETY: the cell is filled by `know_sockets` alone, with the class whose instances it has found to be laid out
// like this.
unsafe impl Native for SocketObject {
    fn type_cell() -> &'static TypeCell {
        &TYPE
    }
}

/// `know_sockets(socket_class, sample, fd, family, type, proto, timeout)`: compares the layout of an open socket
/// with what it says of itself (`timeout` in nanoseconds). Returns whether sockets can be read from now on.
pub(crate) fn know_sockets(args: Args<'_>) -> Result<bool> {
    let [class, sample, said @ ..] = args.positional() else {
        return Err(Raised::type_error(format_args!("a class, a socket and its five fields are required")));
    };
    // SAFETY: `sample` keeps its type alive; an instance is at least `tp_basicsize` bytes long, so all of the
    // fields can be read if that is no less than theirs. Nothing is believed of them yet.
    let seen = unsafe {
        let kind = sample.type_pointer();
        let large_enough = (*kind).tp_basicsize >= size_of::<SocketObject>() as ffi::Py_ssize_t;
        if !class.is(sample.type_object()) || !large_enough {
            return Ok(false);
        }
        let socket = &*sample.pointer().cast::<SocketObject>();
        [
            i64::from(socket.fd.get()),
            i64::from(socket.family.get()),
            i64::from(socket.kind.get()),
            i64::from(socket.protocol.get()),
            socket.timeout.get(),
        ]
    };
    let known = said.iter().map(|value| value.int_value()).eq(seen.map(Some));
    if known && TYPE.object().is_none() {
        TYPE.fill(class.own());
    }
    Ok(known)
}

/// A socket of exactly the standard class in non-blocking mode: whatever its methods would do can be done to its
/// descriptor. A closed one's descriptor is -1.
#[inline(always)]
pub(crate) fn as_plain_socket(object: &Object) -> Option<&SocketObject> {
    object.exactly::<SocketObject>().filter(|socket| socket.timeout.get() == 0)
}

/// The descriptor of any socket, by its own word if it is not plain.
pub(crate) fn descriptor_of(socket: &Object) -> Result<i32> {
    match as_plain_socket(socket) {
        Some(plain) => Ok(plain.fd()),
        None => call_method0(socket, &names().fileno)?.to_i32(),
    }
}

/// `socket.setblocking(False)`.
pub(crate) fn unblock(socket: &Object) -> Result<()> {
    call_method1(socket, &names().setblocking, &names().false_).map(drop)
}

impl SocketObject {
    /// A new socket object for a non-blocking `connection` that this one, which listens, has accepted.
    pub(crate) fn of_accepted(&self, connection: OwnedFd) -> Result<Owned> {
        let Some(class) = TYPE.object() else {
            return Err(Raised::runtime_error(format_args!("sockets are not known")));
        };
        let numbers = [self.family.get(), self.kind.get(), self.protocol.get(), connection.as_raw_fd()];
        let [family, kind, protocol, fd] = numbers.map(|number| i64::from(number).into_owned());
        let made = call_keywords(class, &[&*family?, &*kind?, &*protocol?, &*fd?], 4, None)?;
        let _owned_by_the_object = connection.into_raw_fd();
        if let Some(socket) = made.exactly::<Self>() {
            // What `setblocking(False)` would do, less its system call.
            socket.timeout.set(0);
        }
        Ok(made)
    }

    /// The descriptor; -1 once the socket is closed.
    #[inline(always)]
    pub(crate) fn fd(&self) -> i32 {
        self.fd.get()
    }

    /// Whether it carries a stream of bytes.
    pub(crate) fn is_stream(&self) -> bool {
        self.kind.get() == STREAM
    }

    /// The address family.
    #[inline(always)]
    pub(crate) fn family(&self) -> i32 {
        self.family.get()
    }

    /// What a question for an address to connect it to would say of it.
    pub(crate) fn hints(&self) -> Hints {
        Hints { family: self.family.get(), kind: self.kind.get(), protocol: self.protocol.get(), flags: 0 }
    }
}
