//! Calling Python: vectorcall with the arguments on the stack; attributes, truth, comparisons.

use std::ffi::c_int;
use std::ptr;

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result, is_tuple, running};

/// The flag that lets a callee use the spare slot before the first argument (for `self`).
const SPARE: usize = ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;

/// Debug builds check before each call that no error is on its way: Python code that runs meanwhile would
/// raise it at a place of its own.
#[inline(always)]
fn expect_no_error() {
    // SAFETY: reads this thread's indicator.
    debug_assert!(unsafe { ffi::PyErr_Occurred() }.is_null(), "a call with the error indicator set");
}

/// Wraps what a call returned: a new reference, or null with the error indicator set.
///
/// # Safety
/// `pointer` is null or a strong reference that the caller gives up.
#[inline(always)]
unsafe fn returned(pointer: *mut ffi::PyObject) -> Result<Owned> {
    // SAFETY: the caller's promise.
    unsafe { Owned::from_pointer(pointer) }.ok_or_else(Raised::already)
}

/// `callable()`.
#[inline]
pub(crate) fn call0(callable: &Object) -> Result<Owned> {
    expect_no_error();
    // SAFETY: no arguments, a live callable.
    unsafe { returned(running::PyObject_CallNoArgs(callable.pointer())) }
}

/// `callable(argument)`.
#[inline]
pub(crate) fn call1(callable: &Object, argument: &Object) -> Result<Owned> {
    expect_no_error();
    let mut arguments = [ptr::null_mut(), argument.pointer()];
    // SAFETY: one argument after a writable spare slot, all alive during the call.
    unsafe {
        returned(running::PyObject_Vectorcall(
            callable.pointer(),
            arguments.as_mut_ptr().add(1).cast_const(),
            1 | SPARE,
            ptr::null_mut(),
        ))
    }
}

/// `callable(first, second)`.
#[inline]
pub(crate) fn call2(callable: &Object, first: &Object, second: &Object) -> Result<Owned> {
    expect_no_error();
    let mut arguments = [ptr::null_mut(), first.pointer(), second.pointer()];
    // SAFETY: two arguments after a writable spare slot.
    unsafe {
        returned(running::PyObject_Vectorcall(
            callable.pointer(),
            arguments.as_mut_ptr().add(1).cast_const(),
            2 | SPARE,
            ptr::null_mut(),
        ))
    }
}

/// `callable(*arguments)`, for a tuple or, where a program has given the arguments, for any iterable.
#[inline]
pub(crate) fn call_positional(callable: &Object, arguments: &Object) -> Result<Owned> {
    expect_no_error();
    if !is_tuple(arguments) {
        // SAFETY: a live object; a new tuple or null with an exception.
        let arguments = unsafe { returned(ffi::PySequence_Tuple(arguments.pointer())) }?;
        return call_positional(callable, &arguments);
    }
    // SAFETY: live objects, the second of them a tuple, which the C function does not check.
    unsafe { returned(running::PyObject_Call(callable.pointer(), arguments.pointer(), ptr::null_mut())) }
}

/// `callable(*values[..positional], **dict(zip(names, values[positional..])))`.
///
/// `names` is a tuple of as many strings as there are values after the positional ones.
pub(crate) fn call_keywords(
    callable: &Object,
    values: &[&Object],
    positional: usize,
    names: Option<&Object>,
) -> Result<Owned> {
    expect_no_error();
    let names = names.map_or(ptr::null_mut(), Layout::pointer);
    // SAFETY: `&Object` and `*mut PyObject` have one representation; without SPARE nobody writes there.
    unsafe {
        returned(running::PyObject_Vectorcall(callable.pointer(), values.as_ptr().cast(), positional, names))
    }
}

/// `object.name()`.
#[inline]
pub(crate) fn call_method0(object: &Object, name: &Object) -> Result<Owned> {
    expect_no_error();
    let mut arguments = [ptr::null_mut(), object.pointer()];
    // SAFETY: `self` after a writable spare slot.
    unsafe {
        returned(running::PyObject_VectorcallMethod(
            name.pointer(),
            arguments.as_mut_ptr().add(1).cast_const(),
            1 | SPARE,
            ptr::null_mut(),
        ))
    }
}

/// `object.name(argument)`.
#[inline]
pub(crate) fn call_method1(object: &Object, name: &Object, argument: &Object) -> Result<Owned> {
    expect_no_error();
    let mut arguments = [ptr::null_mut(), object.pointer(), argument.pointer()];
    // SAFETY: `self` and one argument after a writable spare slot.
    unsafe {
        returned(running::PyObject_VectorcallMethod(
            name.pointer(),
            arguments.as_mut_ptr().add(1).cast_const(),
            2 | SPARE,
            ptr::null_mut(),
        ))
    }
}

/// `object.name(first, second)`.
pub(crate) fn call_method2(object: &Object, name: &Object, first: &Object, second: &Object) -> Result<Owned> {
    expect_no_error();
    let mut arguments = [ptr::null_mut(), object.pointer(), first.pointer(), second.pointer()];
    // SAFETY: `self` and two arguments after a writable spare slot.
    unsafe {
        returned(running::PyObject_VectorcallMethod(
            name.pointer(),
            arguments.as_mut_ptr().add(1).cast_const(),
            3 | SPARE,
            ptr::null_mut(),
        ))
    }
}

impl Object {
    /// `getattr(self, name)`.
    pub(crate) fn attribute(&self, name: &Object) -> Result<Owned> {
        expect_no_error();
        // SAFETY: both alive.
        unsafe { returned(ffi::PyObject_GetAttr(self.pointer(), name.pointer())) }
    }

    /// `getattr(self, name, None)`, with `None` for "no such attribute" only.
    pub(crate) fn optional_attribute(&self, name: &Object) -> Result<Option<Owned>> {
        match self.attribute(name) {
            Ok(value) => Ok(Some(value)),
            // SAFETY: the interpreter's classes live for ever.
            Err(raised) if raised.matches(unsafe { Object::from_pointer(ffi::PyExc_AttributeError) }) => {
                raised.forget();
                Ok(None)
            }
            Err(raised) => Err(raised),
        }
    }

    /// `setattr(self, name, value)`.
    pub(crate) fn set_attribute(&self, name: &Object, value: &Object) -> Result<()> {
        expect_no_error();
        // SAFETY: all alive.
        match unsafe { ffi::PyObject_SetAttr(self.pointer(), name.pointer(), value.pointer()) } {
            0 => Ok(()),
            _ => Err(Raised::already()),
        }
    }

    /// `bool(self)`.
    pub(crate) fn is_true(&self) -> Result<bool> {
        expect_no_error();
        // SAFETY: alive.
        match unsafe { ffi::PyObject_IsTrue(self.pointer()) } {
            -1 => Err(Raised::already()),
            truth => Ok(truth != 0),
        }
    }

    /// `self == other`.
    pub(crate) fn equals(&self, other: &Object) -> Result<bool> {
        expect_no_error();
        // SAFETY: both alive.
        match unsafe { ffi::PyObject_RichCompareBool(self.pointer(), other.pointer(), ffi::Py_EQ) } {
            -1 => Err(Raised::already()),
            equal => Ok(equal != 0),
        }
    }

    /// `callable(self)`: whether it can be called.
    pub(crate) fn is_callable(&self) -> bool {
        // SAFETY: alive.
        unsafe { ffi::PyCallable_Check(self.pointer()) != 0 }
    }

    /// `str(self)`, as an object.
    pub(crate) fn to_str(&self) -> Result<Owned> {
        // SAFETY: alive.
        unsafe { returned(ffi::PyObject_Str(self.pointer())) }
    }

    /// `self < other`.
    pub(crate) fn less(&self, other: &Object) -> Result<bool> {
        self.compares(other, ffi::Py_LT)
    }

    /// `self <= other`.
    pub(crate) fn less_or_equal(&self, other: &Object) -> Result<bool> {
        self.compares(other, ffi::Py_LE)
    }

    /// `self >= other`.
    pub(crate) fn greater_or_equal(&self, other: &Object) -> Result<bool> {
        self.compares(other, ffi::Py_GE)
    }

    /// `bool(self operation other)`, for one of the interpreter's comparisons (`Py_LT` and its like).
    pub(crate) fn compares(&self, other: &Object, operation: c_int) -> Result<bool> {
        // SAFETY: both alive.
        match unsafe { ffi::PyObject_RichCompareBool(self.pointer(), other.pointer(), operation) } {
            -1 => Err(Raised::already()),
            truth => Ok(truth != 0),
        }
    }

    /// `left + right`.
    pub(crate) fn add(&self, right: &Object) -> Result<Owned> {
        // SAFETY: both alive.
        unsafe { returned(ffi::PyNumber_Add(self.pointer(), right.pointer())) }
    }
}
