//! Errors: the exception on its way, which waits in the thread's error indicator.
//!
//! What must always be true: a [`Raised`] exists exactly while the indicator is set, but for the moment in which it is
//! made or taken, so that whoever wants to call into Python takes it first. Only an exception gets into the indicator.

use std::ptr;

use pyo3::ffi;

use super::exception::is_exception;
use super::{Layout, Object, Owned};

/// The error of every call that can raise: the exception waits in the thread's error indicator.
///
/// Whoever gets one either passes it on with `?` until the interpreter sees it, or takes the exception
/// with [`Raised::take`].
#[derive(Debug)]
#[must_use]
pub(crate) struct Raised(());

/// What a call that can raise returns.
pub(crate) type Result<T, E = Raised> = std::result::Result<T, E>;

impl Raised {
    /// Declares that the error indicator is set, after a C function has said so.
    ///
    /// If a function failed without an exception (a broken extension), a `SystemError` is raised, as
    /// the interpreter itself does.
    #[cold]
    pub(crate) fn already() -> Self {
        // SAFETY: reads and sets this thread's indicator.
        unsafe {
            if ffi::PyErr_Occurred().is_null() {
                ffi::PyErr_SetString(ffi::PyExc_SystemError, c"error return without exception set".as_ptr());
            }
        }
        Self(())
    }

    /// Declares that the error indicator was just set, by a function that always sets it.
    #[inline(always)]
    pub(super) fn just_set() -> Self {
        Self(())
    }

    /// Raises an exception instance. What is none (a future of another class may give anything) is a
    /// `TypeError`, as for a `raise` statement.
    #[cold]
    pub(crate) fn restore(exception: Owned) -> Self {
        if !is_exception(&exception) {
            return not_an_exception();
        }
        #[cfg(Py_3_12)]
        // SAFETY: hands the reference to the indicator.
        unsafe {
            ffi::PyErr_SetRaisedException(exception.into_pointer());
        }
        #[cfg(not(Py_3_12))]
        // SAFETY: the indicator takes over three references: class, instance, traceback (or null).
        unsafe {
            let traceback = ffi::PyException_GetTraceback(exception.pointer());
            ffi::PyErr_Restore(
                exception.type_object().own().into_pointer(),
                exception.into_pointer(),
                traceback,
            );
        }
        Self(())
    }

    /// Raises an exception instance as a `raise` statement does: what is being handled at the moment
    /// becomes its context.
    #[cold]
    pub(crate) fn raise(exception: &Object) -> Self {
        if !is_exception(exception) {
            return not_an_exception();
        }
        // SAFETY: an exception instance with its class; the indicator takes its own references.
        unsafe { ffi::PyErr_SetObject(exception.type_pointer().cast(), exception.pointer()) };
        Self(())
    }

    /// Takes the exception out of the error indicator, as an instance that carries its traceback.
    pub(crate) fn take(self) -> Owned {
        #[cfg(Py_3_12)]
        // SAFETY: returns the reference that the indicator held.
        let exception = unsafe { Owned::from_pointer(ffi::PyErr_GetRaisedException()) };
        #[cfg(not(Py_3_12))]
        let exception = {
            let (mut kind, mut value, mut traceback) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
            // SAFETY: the three out-parameters become ours; normalising makes `value` an instance.
            unsafe {
                ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut traceback);
                ffi::PyErr_NormalizeException(&raw mut kind, &raw mut value, &raw mut traceback);
                if !value.is_null() && !traceback.is_null() {
                    ffi::PyException_SetTraceback(value, traceback);
                }
                drop(Owned::<Object>::from_pointer(kind));
                drop(Owned::<Object>::from_pointer(traceback));
                Owned::from_pointer(value)
            }
        };
        match exception {
            Some(exception) => exception,
            None => Self::already().take(),
        }
    }

    /// Whether the exception is an instance of `kind` (a class, or a tuple of them).
    pub(crate) fn matches(&self, kind: &Object) -> bool {
        // SAFETY: compares the indicator with a live class.
        unsafe { ffi::PyErr_ExceptionMatches(kind.pointer()) != 0 }
    }

    /// Whether the exception must leave the loop at once: `KeyboardInterrupt` or `SystemExit`.
    pub(crate) fn leaves_the_loop(&self) -> bool {
        // SAFETY: the interpreter's classes live for ever.
        unsafe {
            ffi::PyErr_ExceptionMatches(ffi::PyExc_KeyboardInterrupt) != 0
                || ffi::PyErr_ExceptionMatches(ffi::PyExc_SystemExit) != 0
        }
    }

    /// Drops the exception.
    pub(crate) fn forget(self) {
        drop(self.take());
    }

    /// Leaves the exception in the indicator and returns what a failing C function returns.
    pub(crate) fn null(self) -> *mut ffi::PyObject {
        ptr::null_mut()
    }
}

/// What `raise object` says of an object that is no exception.
#[cold]
fn not_an_exception() -> Raised {
    Raised::type_error(format_args!("exceptions must derive from BaseException"))
}

/// Hands an error that has nowhere to go to `sys.unraisablehook`.
#[cold]
pub(crate) fn report_unraisable(_raised: Raised, about: &Object) {
    // SAFETY: takes the error out of the indicator and reports it.
    unsafe { ffi::PyErr_WriteUnraisable(about.pointer()) }
}

/// Runs `work` while `exception` counts as being handled: what `work` raises has it as its context, as
/// inside an `except` block.
pub(crate) fn while_handling<R>(exception: &Object, work: impl FnOnce() -> R) -> R {
    if !is_exception(exception) {
        return work();
    }
    // SAFETY: the functions get and set the exception of the innermost handler; the one there before is
    // put back.
    unsafe {
        let before = Owned::<Object>::from_pointer(ffi::PyErr_GetHandledException());
        ffi::PyErr_SetHandledException(exception.pointer());
        let result = work();
        ffi::PyErr_SetHandledException(before.as_deref().map_or(ptr::null_mut(), Layout::pointer));
        result
    }
}
