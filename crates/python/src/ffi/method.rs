//! Trampolines: the C functions through which the interpreter reaches safe Rust functions.
//!
//! A function item or a closure that captures nothing has no size: its type alone says what to call.
//! So each trampoline is a generic C function that conjures its target out of the type parameter, and
//! the tables in `future/methods.rs` and its like read as name, function, text.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};

use pyo3::ffi;

use super::returns::to_pointer;
use super::{Args, IntoOwned, Layout, Object, Owned, Raised, Result};

/// The value of a type that has only one.
#[inline(always)]
pub(super) fn conjure<F: Copy>() -> F {
    const { assert!(size_of::<F>() == 0, "a trampoline's target must capture nothing") };
    // SAFETY: a type without bytes is read from nowhere; it is inhabited, since the table was given a
    // value of it, and copying that is sound (`Copy`).
    unsafe { NonNull::<F>::dangling().read() }
}

/// Runs `work`; a Rust panic becomes a `SystemError` instead of the end of the process.
#[inline(always)]
pub(super) fn guarded<R>(failed: R, work: impl FnOnce() -> R) -> R {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(_) => {
            panicked();
            failed
        }
    }
}

#[cold]
fn panicked() {
    // SAFETY: the interpreter's classes live for ever; sets this thread's indicator.
    unsafe {
        ffi::PyErr_SetString(ffi::PyExc_SystemError, c"aioxide: internal error (a Rust panic)".as_ptr());
    }
}

/// Reads a receiver: the interpreter has checked that it is an instance of the method's type.
///
/// # Safety
/// `pointer` is a live object laid out as `T`.
#[inline(always)]
pub(super) unsafe fn receiver<'a, T: Layout>(pointer: *mut ffi::PyObject) -> &'a T {
    // SAFETY: the caller's promise.
    unsafe { &*pointer.cast::<T>() }
}

/// `METH_NOARGS`.
pub(super) unsafe extern "C" fn no_arguments<T: Layout, F, R>(
    this: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: Fn(&T) -> R + Copy,
    R: IntoOwned,
{
    // SAFETY: the method's receiver.
    guarded(ptr::null_mut(), || to_pointer(conjure::<F>()(unsafe { receiver(this) })))
}

/// `METH_O`.
pub(super) unsafe extern "C" fn one_argument<T: Layout, F, R>(
    this: *mut ffi::PyObject,
    argument: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: Fn(&T, &Object) -> R + Copy,
    R: IntoOwned,
{
    // SAFETY: the method's receiver and its argument, alive during the call.
    guarded(ptr::null_mut(), || unsafe {
        to_pointer(conjure::<F>()(receiver(this), Object::from_pointer(argument)))
    })
}

/// `METH_FASTCALL | METH_KEYWORDS`.
pub(super) unsafe extern "C" fn fast<T: Layout, F, R>(
    this: *mut ffi::PyObject,
    values: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: Fn(&T, Args<'_>) -> R + Copy,
    R: IntoOwned,
{
    #[expect(clippy::cast_sign_loss, reason = "a number of arguments")]
    let count = count as usize;
    // SAFETY: the method's receiver and the caller's arguments, alive during the call.
    guarded(ptr::null_mut(), || unsafe {
        to_pointer(conjure::<F>()(receiver(this), Args::new(values, count, names)))
    })
}

/// An attribute's getter.
pub(super) unsafe extern "C" fn getter<T: Layout, F, R>(
    this: *mut ffi::PyObject,
    _: *mut std::ffi::c_void,
) -> *mut ffi::PyObject
where
    F: Fn(&T) -> R + Copy,
    R: IntoOwned,
{
    // SAFETY: the attribute's owner.
    guarded(ptr::null_mut(), || to_pointer(conjure::<F>()(unsafe { receiver(this) })))
}

/// An attribute's setter; the target gets `None` for a deletion.
pub(super) unsafe extern "C" fn setter<T: Layout, F>(
    this: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
    _: *mut std::ffi::c_void,
) -> c_int
where
    F: Fn(&T, Option<&Object>) -> Result<()> + Copy,
{
    // SAFETY: the attribute's owner; a live value or null.
    guarded(-1, || unsafe { status(conjure::<F>()(receiver(this), value.cast::<Object>().as_ref())) })
}

/// Slots of the shape `PyObject *(*)(PyObject *)`: repr, iter, await, iternext.
pub(super) unsafe extern "C" fn unary<T: Layout, F, R>(this: *mut ffi::PyObject) -> *mut ffi::PyObject
where
    F: Fn(&T) -> R + Copy,
    R: IntoOwned,
{
    // SAFETY: the slot's receiver.
    guarded(ptr::null_mut(), || to_pointer(conjure::<F>()(unsafe { receiver(this) })))
}

/// `tp_iternext`, whose null without an exception means "ended with None".
pub(super) unsafe extern "C" fn next<T: Layout, F>(this: *mut ffi::PyObject) -> *mut ffi::PyObject
where
    F: Fn(&T) -> Result<Step> + Copy,
{
    // SAFETY: the slot's receiver.
    guarded(ptr::null_mut(), || match conjure::<F>()(unsafe { receiver(this) }) {
        Ok(Step::Yield(value)) => value.into_pointer(),
        Ok(Step::Return(value)) => super::stop_iteration(value),
        Err(raised) => raised.null(),
    })
}

/// `am_send`, which says by its return code whether the value was yielded or returned.
pub(super) unsafe extern "C" fn send<T: Layout, F>(
    this: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
    result: *mut *mut ffi::PyObject,
) -> ffi::PySendResult
where
    F: Fn(&T) -> Result<Step> + Copy,
{
    // SAFETY: the slot's receiver; `result` is where the interpreter wants the value.
    guarded(ffi::PySendResult::PYGEN_ERROR, || unsafe {
        let (code, value) = match conjure::<F>()(receiver(this)) {
            Ok(Step::Yield(value)) => (ffi::PySendResult::PYGEN_NEXT, value.into_pointer()),
            Ok(Step::Return(value)) => (ffi::PySendResult::PYGEN_RETURN, value.into_pointer()),
            Err(raised) => (ffi::PySendResult::PYGEN_ERROR, raised.null()),
        };
        *result = value;
        code
    })
}

/// What resuming an iterator or a coroutine gave.
pub(crate) enum Step {
    /// It gave a value and waits to be resumed.
    Yield(Owned),
    /// It ended with a result.
    Return(Owned),
}

impl Step {
    /// What `send()` and `throw()` return: the value that was given. An end is a `StopIteration`.
    pub(crate) fn yielded(self) -> Result<Owned> {
        match self {
            Self::Yield(value) => Ok(value),
            Self::Return(value) => Err(Raised::stop_iteration(value)),
        }
    }
}

/// `tp_init`.
pub(super) unsafe extern "C" fn initialise<T: Layout, F>(
    this: *mut ffi::PyObject,
    positional: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> c_int
where
    F: Fn(&T, Args<'_>) -> Result<()> + Copy,
{
    // SAFETY: a tuple, and a dict or null, as `type.__call__` passes them.
    guarded(-1, || unsafe {
        status(with_flat_arguments(positional, keywords, |args| conjure::<F>()(receiver(this), args)))
    })
}

/// `tp_call`.
pub(super) unsafe extern "C" fn called<T: Layout, F, R>(
    this: *mut ffi::PyObject,
    positional: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: Fn(&T, Args<'_>) -> R + Copy,
    R: IntoOwned,
{
    // SAFETY: a tuple, and a dict or null, as the interpreter passes them to a call.
    guarded(ptr::null_mut(), || unsafe {
        to_pointer(with_flat_arguments(positional, keywords, |args| {
            conjure::<F>()(receiver(this), args).into_owned()
        }))
    })
}

/// Lays a tuple and a dict out as a fast call's arguments.
///
/// # Safety
/// `positional` is a tuple, `keywords` a dict with string keys or null.
unsafe fn with_flat_arguments<R>(
    positional: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
    work: impl FnOnce(Args<'_>) -> Result<R>,
) -> Result<R> {
    // SAFETY: the containers are alive and unchanged during the call: `work` gets borrowed items, which
    // the tuple and the dict keep alive.
    unsafe {
        let count = usize::try_from(ffi::PyTuple_GET_SIZE(positional)).unwrap_or(0);
        let mut values = Vec::with_capacity(count + 4);
        for index in 0..ffi::PyTuple_GET_SIZE(positional) {
            values.push(ffi::PyTuple_GET_ITEM(positional, index));
        }
        if keywords.is_null() || ffi::PyDict_Size(keywords) == 0 {
            return work(Args::new(values.as_ptr(), count, ptr::null_mut()));
        }
        let names = ffi::PyTuple_New(ffi::PyDict_Size(keywords));
        let names = Owned::<Object>::from_pointer(names).ok_or_else(Raised::already)?;
        let (mut position, mut index) = (0, 0);
        let (mut name, mut value) = (ptr::null_mut(), ptr::null_mut());
        while ffi::PyDict_Next(keywords, &raw mut position, &raw mut name, &raw mut value) != 0 {
            ffi::PyTuple_SET_ITEM(names.pointer(), index, Object::from_pointer(name).own().into_pointer());
            values.push(value);
            index += 1;
        }
        work(Args::new(values.as_ptr(), count, names.pointer()))
    }
}

/// `tp_richcompare`.
pub(super) unsafe extern "C" fn compare<T: Layout, F, R>(
    this: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
    operation: c_int,
) -> *mut ffi::PyObject
where
    F: Fn(&T, &Object, c_int) -> R + Copy,
    R: IntoOwned,
{
    // SAFETY: the slot's receiver and its argument.
    guarded(ptr::null_mut(), || unsafe {
        to_pointer(conjure::<F>()(receiver(this), Object::from_pointer(other), operation))
    })
}

/// `tp_hash`.
pub(super) unsafe extern "C" fn hash<T: Layout, F>(this: *mut ffi::PyObject) -> ffi::Py_hash_t
where
    F: Fn(&T) -> Result<ffi::Py_hash_t> + Copy,
{
    // SAFETY: the slot's receiver.
    guarded(-1, || conjure::<F>()(unsafe { receiver(this) }).unwrap_or(-1))
}

/// `tp_setattro`: the target is told after the attribute was stored.
pub(super) unsafe extern "C" fn set_attribute<T: Layout, F>(
    this: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> c_int
where
    F: Fn(&T, &Object) + Copy,
{
    // SAFETY: the interpreter's own rule for attributes, then the slot's receiver and a live name.
    guarded(-1, || unsafe {
        let code = ffi::PyObject_GenericSetAttr(this, name, value);
        if code == 0 {
            conjure::<F>()(receiver(this), Object::from_pointer(name));
        }
        code
    })
}

/// A C status code: 0, or -1 with the error indicator set.
#[inline(always)]
fn status(result: Result<()>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(_raised) => -1,
    }
}
