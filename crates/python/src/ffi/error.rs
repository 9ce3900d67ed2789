//! Errors: raising, fetching and restoring exceptions.

use std::ffi::{CStr, CString};
use std::fmt::Arguments;
use std::ptr;

use pyo3::ffi;

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
        Self(())
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
        Self(())
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

/// Whether `object` is an exception instance, which the functions below read as one.
#[inline]
fn is_exception(object: &Object) -> bool {
    // SAFETY: reads a flag of a live object's type.
    unsafe { ffi::PyExceptionInstance_Check(object.pointer()) != 0 }
}

/// What `raise object` says of an object that is no exception.
#[cold]
fn not_an_exception() -> Raised {
    Raised::type_error(format_args!("exceptions must derive from BaseException"))
}

/// Whether `exception` is an instance of the class `kind`, by its real type.
#[inline]
pub(crate) fn is_instance(exception: &Object, kind: &Object) -> bool {
    // SAFETY: both live; `kind` is a class.
    unsafe { ffi::PyType_IsSubtype(exception.type_pointer(), kind.pointer().cast()) != 0 }
}

/// `isinstance(object, class)`.
pub(crate) fn has_instance(class: &Object, object: &Object) -> Result<bool> {
    // SAFETY: both live.
    match unsafe { ffi::PyObject_IsInstance(object.pointer(), class.pointer()) } {
        -1 => Err(Raised::already()),
        truth => Ok(truth != 0),
    }
}

/// What asyncio says with an `assert` statement that does not hold: an `AssertionError`, and nothing at
/// all where the interpreter leaves such statements out (`python -O`).
#[cold]
pub(crate) fn failed_assertion(message: &str) -> Result<()> {
    let names = super::names();
    if names.interpreter_flags.attribute(&names.optimize)?.is_true()? {
        return Ok(());
    }
    Err(Raised::new(&names.assertion_error, format_args!("{message}")))
}

/// Gives `exception` a cause (which is also its context), as `raise exception from cause` does. Objects that
/// are no exceptions stay as they are.
pub(crate) fn exception_cause(exception: &Object, cause: &Object) {
    if !is_exception(exception) || !is_exception(cause) {
        return;
    }
    // SAFETY: exception instances; both functions take over one reference each.
    unsafe {
        ffi::PyException_SetCause(exception.pointer(), cause.own().into_pointer());
        ffi::PyException_SetContext(exception.pointer(), cause.own().into_pointer());
    }
}

/// Gives `exception` no cause and hides its context, as `raise exception from None` does.
pub(crate) fn suppress_context(exception: &Object) {
    if is_exception(exception) {
        // SAFETY: an exception instance; null means no cause.
        unsafe { ffi::PyException_SetCause(exception.pointer(), ptr::null_mut()) };
    }
}

/// `exception.__context__`; none for what is no exception.
#[cfg(Py_3_13)]
pub(crate) fn exception_context(exception: &Object) -> Option<Owned> {
    if !is_exception(exception) {
        return None;
    }
    // SAFETY: an exception instance; a new reference or null for "has none".
    unsafe { Owned::from_pointer(ffi::PyException_GetContext(exception.pointer())) }
}

/// `exception.__context__ = context`, where both are exceptions.
#[cfg(Py_3_13)]
pub(crate) fn set_exception_context(exception: &Object, context: Owned) {
    if is_exception(exception) && is_exception(&context) {
        // SAFETY: exception instances; the function takes over the reference.
        unsafe { ffi::PyException_SetContext(exception.pointer(), context.into_pointer()) };
    }
}

/// Whether `class` is a class and inherits from `parent`, or is it.
pub(crate) fn is_subclass(class: &Object, parent: &Object) -> bool {
    // SAFETY: both live; the type is checked before it is used as one.
    unsafe {
        ffi::PyType_Check(class.pointer()) != 0
            && ffi::PyType_IsSubtype(class.pointer().cast(), parent.pointer().cast()) != 0
    }
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
