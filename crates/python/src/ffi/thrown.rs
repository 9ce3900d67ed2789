//! `throw(type, value, traceback)`: the exception that it means.

use pyo3::ffi;

use super::{Args, Layout, Object, Owned, Raised, Result, Signature, call_positional, call0, call1};

/// Whose `throw` it is: the interpreter words the refusal of what is no exception differently.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thrower {
    /// A coroutine's.
    Coroutine,
    /// The iterator's behind `await future`.
    Iterator,
}

/// The exception instance that the arguments of a coroutine's or an iterator's `throw` stand for.
///
/// Raises what the interpreter's own generators raise for arguments that make no exception.
pub(crate) fn thrown(thrower: Thrower, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<3> = Signature {
        function: "throw",
        parameters: [c"type", c"value", c"traceback"],
        positional: 3,
        required: 1,
    };
    let [kind, value, traceback] = SIGNATURE.bind(args)?;
    if cfg!(Py_3_12) && (value.is_some() || traceback.is_some()) {
        warn_of_old_signature()?;
    }
    let value = value.filter(|value| !value.is_none());
    let traceback = traceback.filter(|traceback| !traceback.is_none());
    let Some(kind) = kind else {
        return Err(Raised::type_error(format_args!("throw expected at least 1 argument, got 0")));
    };
    // SAFETY: type checks on live objects.
    let (is_class, is_instance, bad_traceback) = unsafe {
        (
            ffi::PyExceptionClass_Check(kind.pointer()) != 0,
            ffi::PyExceptionInstance_Check(kind.pointer()) != 0,
            traceback.is_some_and(|traceback| ffi::PyTraceBack_Check(traceback.pointer()) == 0),
        )
    };
    if bad_traceback {
        return Err(Raised::type_error(format_args!("throw() third argument must be a traceback object")));
    }
    let exception = if is_class {
        instantiate(kind, value)?
    } else if !is_instance {
        if thrower == Thrower::Iterator {
            return Err(Raised::type_error(format_args!(
                "exceptions must be classes deriving BaseException or instances of such a class"
            )));
        }
        return Err(Raised::formatted(
            // SAFETY: the interpreter's classes live for ever.
            unsafe { Object::from_pointer(ffi::PyExc_TypeError) },
            c"exceptions must be classes or instances deriving from BaseException, not %S",
            &*kind.type_object().attribute(&super::names().name_attribute)?,
            kind,
        ));
    } else if value.is_some() {
        return Err(Raised::type_error(format_args!("instance exception may not have a separate value")));
    } else {
        kind.own()
    };
    if let Some(traceback) = traceback {
        // SAFETY: an exception instance and a traceback, checked above.
        unsafe { ffi::PyException_SetTraceback(exception.pointer(), traceback.pointer()) };
    }
    Ok(exception)
}

/// `kind(value)`, where a value that is an instance already, or a tuple of arguments, is taken as such.
fn instantiate(kind: &Object, value: Option<&Object>) -> Result<Owned> {
    let Some(value) = value else {
        return call0(kind);
    };
    // SAFETY: type checks on live objects.
    let (made, arguments) = unsafe {
        (ffi::PyObject_IsInstance(value.pointer(), kind.pointer()), ffi::PyTuple_Check(value.pointer()) != 0)
    };
    match made {
        -1 => Err(Raised::already()),
        0 if arguments => call_positional(kind, value),
        0 => call1(kind, value),
        _ => Ok(value.own()),
    }
}

#[cold]
fn warn_of_old_signature() -> Result<()> {
    let text =
        c"the (type, exc, tb) signature of throw() is deprecated, use the single-arg signature instead.";
    // SAFETY: a terminated text and the interpreter's own class.
    match unsafe { ffi::PyErr_WarnEx(ffi::PyExc_DeprecationWarning, text.as_ptr(), 1) } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}
