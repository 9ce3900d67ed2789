//! Raising: the exceptions that the binding makes itself, each with asyncio's or the interpreter's words.
//!
//! What must always be true: whatever returns a [`Raised`] has set the error indicator, if not to the exception asked
//! for, then to the one that making it raised. A message may hold anything, zero bytes too.

use std::ffi::{CStr, CString};
use std::fmt::Arguments;

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result};

impl Raised {
    /// Raises `kind(message)`.
    #[cold]
    pub(crate) fn new(kind: &Object, message: Arguments<'_>) -> Self {
        let text = CString::new(message.to_string().replace('\0', "\\0")).unwrap_or_default();
        // SAFETY: `kind` is an exception class, alive; the text is copied. Without one: `raise kind`.
        unsafe {
            if text.is_empty() {
                ffi::PyErr_SetNone(kind.pointer());
            } else {
                ffi::PyErr_SetString(kind.pointer(), text.as_ptr());
            }
        }
        Self::just_set()
    }

    /// Raises `kind()`.
    #[cold]
    pub(crate) fn without_message(kind: &Object) -> Self {
        match super::call0(kind) {
            Ok(exception) => Self::restore(exception),
            Err(raised) => raised,
        }
    }

    /// Raises `NotImplementedError`, as asyncio's methods do that a subclass or another transport has.
    #[cold]
    pub(crate) fn not_implemented() -> Self {
        Self::without_message(&super::names().not_implemented_error)
    }

    /// Raises `TypeError(message)`.
    #[cold]
    pub(crate) fn type_error(message: Arguments<'_>) -> Self {
        // SAFETY: the interpreter's exception classes live for ever.
        Self::new(unsafe { Object::from_pointer(ffi::PyExc_TypeError) }, message)
    }

    /// Raises `ImportError(message)`.
    #[cold]
    pub(crate) fn import_error(message: Arguments<'_>) -> Self {
        // SAFETY: as above.
        Self::new(unsafe { Object::from_pointer(ffi::PyExc_ImportError) }, message)
    }

    /// Raises `ValueError(message)`.
    #[cold]
    pub(crate) fn value_error(message: Arguments<'_>) -> Self {
        // SAFETY: as above.
        Self::new(unsafe { Object::from_pointer(ffi::PyExc_ValueError) }, message)
    }

    /// Raises `RuntimeError(message)`.
    #[cold]
    pub(crate) fn runtime_error(message: Arguments<'_>) -> Self {
        // SAFETY: as above.
        Self::new(unsafe { Object::from_pointer(ffi::PyExc_RuntimeError) }, message)
    }

    /// Raises `AttributeError(message)`.
    #[cold]
    pub(crate) fn attribute_error(message: Arguments<'_>) -> Self {
        // SAFETY: as above.
        Self::new(unsafe { Object::from_pointer(ffi::PyExc_AttributeError) }, message)
    }

    /// Raises the `AttributeError` for `del object.name` of an attribute that has to be there.
    #[cold]
    pub(crate) fn cannot_delete(object: &Object, name: &str) -> Self {
        if cfg!(not(Py_3_14)) {
            return Self::attribute_error(format_args!("cannot delete attribute"));
        }
        Self::attribute_error(format_args!(
            "attribute '{name}' of '{}' objects cannot be deleted",
            object.type_name()
        ))
    }

    /// Raises the `OSError` (or its subclass) of a failed system call.
    #[cold]
    pub(crate) fn os_error(error: &std::io::Error) -> Self {
        let Some(number) = error.raw_os_error() else {
            // SAFETY: as above.
            return Self::new(unsafe { Object::from_pointer(ffi::PyExc_OSError) }, format_args!("{error}"));
        };
        // SAFETY: builds the pair (errno, text) and raises OSError with it; null arguments are not used.
        unsafe {
            let text = CString::new(error_text(number)).unwrap_or_default();
            let arguments = ffi::Py_BuildValue(c"(is)".as_ptr(), number, text.as_ptr());
            if let Some(arguments) = Owned::<Object>::from_pointer(arguments) {
                ffi::PyErr_SetObject(ffi::PyExc_OSError, arguments.pointer());
            }
        }
        Self::already()
    }

    /// Raises `message` with the arguments formatted by the interpreter (`%R`, `%S`), two objects at most.
    #[cold]
    pub(crate) fn formatted(kind: &Object, format: &CStr, first: &Object, second: &Object) -> Self {
        // SAFETY: callers pass formats that consume at most two object arguments; a surplus is ignored.
        unsafe { ffi::PyErr_Format(kind.pointer(), format.as_ptr(), first.pointer(), second.pointer()) };
        Self::just_set()
    }

    /// Raises `StopIteration(value)`, the end of an iteration that returned `value`.
    pub(crate) fn stop_iteration(value: Owned) -> Self {
        let stop = if value.is_none() {
            // SAFETY: the interpreter's classes live for ever.
            super::call0(unsafe { Object::from_pointer(ffi::PyExc_StopIteration) })
        } else {
            // SAFETY: as above.
            super::call1(unsafe { Object::from_pointer(ffi::PyExc_StopIteration) }, &value)
        };
        match stop {
            Ok(stop) => Self::restore(stop),
            Err(raised) => raised,
        }
    }
}

/// What asyncio says with an `assert` statement that does not hold: an `AssertionError`, and nothing at
/// all where the interpreter leaves such statements out (`python -O`).
#[cold]
pub(crate) fn failed_assertion(message: &str) -> Result<()> {
    if !asserts()? {
        return Ok(());
    }
    Err(Raised::new(&super::names().assertion_error, format_args!("{message}")))
}

/// `__debug__`: whether the interpreter minds `assert` statements.
#[cold]
pub(crate) fn asserts() -> Result<bool> {
    let names = super::names();
    names.interpreter_flags.attribute(&names.optimize)?.is_true().map(|optimizes| !optimizes)
}

/// The text that `OSError` carries for an error number, as `os.strerror` gives it.
fn error_text(number: i32) -> String {
    let mut buffer = [0_u8; 256];
    // SAFETY: strerror_r writes a terminated string of at most the given length.
    let text = unsafe {
        libc_strerror(number, buffer.as_mut_ptr().cast(), buffer.len());
        CStr::from_ptr(buffer.as_ptr().cast())
    };
    text.to_string_lossy().into_owned()
}

unsafe extern "C" {
    #[link_name = "__xpg_strerror_r"]
    fn libc_strerror(number: i32, buffer: *mut std::ffi::c_char, length: usize) -> i32;
}
