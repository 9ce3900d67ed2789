//! Calling Python: vectorcall with the arguments on the stack, and the one place that detaches.

use std::ptr;

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result, running};

/// The flag that lets a callee use the spare slot before the first argument (for `self`).
const SPARE: usize = ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;

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
    // SAFETY: no arguments, a live callable.
    unsafe { returned(running::PyObject_CallNoArgs(callable.pointer())) }
}

/// `callable(argument)`.
#[inline]
pub(crate) fn call1(callable: &Object, argument: &Object) -> Result<Owned> {
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

/// `callable(*arguments)` for a tuple.
#[inline]
pub(crate) fn call_positional(callable: &Object, arguments: &Object) -> Result<Owned> {
    // SAFETY: `PyObject_Call` checks that `arguments` is a tuple.
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
    let names = names.map_or(ptr::null_mut(), Layout::pointer);
    // SAFETY: `&Object` and `*mut PyObject` have one representation; without SPARE nobody writes there.
    unsafe {
        returned(running::PyObject_Vectorcall(callable.pointer(), values.as_ptr().cast(), positional, names))
    }
}

/// `object.name()`.
#[inline]
pub(crate) fn call_method0(object: &Object, name: &Object) -> Result<Owned> {
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
        // SAFETY: all alive.
        match unsafe { ffi::PyObject_SetAttr(self.pointer(), name.pointer(), value.pointer()) } {
            0 => Ok(()),
            _ => Err(Raised::already()),
        }
    }

    /// `bool(self)`.
    pub(crate) fn is_true(&self) -> Result<bool> {
        // SAFETY: alive.
        match unsafe { ffi::PyObject_IsTrue(self.pointer()) } {
            -1 => Err(Raised::already()),
            truth => Ok(truth != 0),
        }
    }

    /// `self == other`.
    pub(crate) fn equals(&self, other: &Object) -> Result<bool> {
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

    /// `float(self)`; a `float`'s and an `int`'s value is read without a call.
    #[inline]
    pub(crate) fn to_f64(&self) -> Result<f64> {
        // SAFETY: `PyFloat_AS_DOUBLE` is used on exact floats only.
        unsafe {
            if ffi::PyFloat_CheckExact(self.pointer()) != 0 {
                return Ok(ffi::PyFloat_AS_DOUBLE(self.pointer()));
            }
            let value = ffi::PyFloat_AsDouble(self.pointer());
            if value == -1.0 && !ffi::PyErr_Occurred().is_null() {
                return Err(Raised::already());
            }
            Ok(value)
        }
    }

    /// `operator.index(self)` as a C `int`.
    pub(crate) fn to_i32(&self) -> Result<i32> {
        // SAFETY: alive; -1 is ambiguous and checked.
        let value = unsafe { ffi::PyLong_AsLong(self.pointer()) };
        // SAFETY: reads the indicator.
        if value == -1 && unsafe { !ffi::PyErr_Occurred().is_null() } {
            return Err(Raised::already());
        }
        i32::try_from(value).map_err(|_| {
            // SAFETY: the interpreter's classes live for ever.
            let overflow = unsafe { Object::from_pointer(ffi::PyExc_OverflowError) };
            Raised::new(overflow, format_args!("Python int too large to convert to C int"))
        })
    }

    /// The value of an exact `float`.
    #[inline(always)]
    pub(crate) fn exact_float(&self) -> Option<f64> {
        // SAFETY: the exact type is checked before the value is read.
        unsafe {
            (ffi::PyFloat_CheckExact(self.pointer()) != 0).then(|| ffi::PyFloat_AS_DOUBLE(self.pointer()))
        }
    }

    /// The value of an exact `int` that fits a C `long`, as a number of seconds.
    #[inline(always)]
    pub(crate) fn exact_int(&self) -> Option<f64> {
        let mut overflow = 0;
        // SAFETY: the exact type is checked first, so this neither fails nor runs Python code.
        unsafe {
            if ffi::PyLong_CheckExact(self.pointer()) == 0 {
                return None;
            }
            let value = ffi::PyLong_AsLongAndOverflow(self.pointer(), &raw mut overflow);
            #[allow(
                clippy::cast_precision_loss,
                reason = "seconds beyond 2^53 are not told apart by a float either"
            )]
            (overflow == 0).then_some(value as f64)
        }
    }

    /// `int` as an unsigned 64-bit number.
    pub(crate) fn to_u64(&self) -> Result<u64> {
        // SAFETY: alive; the all-ones value is ambiguous and checked.
        unsafe {
            let value = ffi::PyLong_AsUnsignedLongLong(self.pointer());
            if value == u64::MAX && !ffi::PyErr_Occurred().is_null() {
                Err(Raised::already())
            } else {
                Ok(value)
            }
        }
    }

    /// `self <= other`.
    pub(crate) fn less_or_equal(&self, other: &Object) -> Result<bool> {
        // SAFETY: both alive.
        match unsafe { ffi::PyObject_RichCompareBool(self.pointer(), other.pointer(), ffi::Py_LE) } {
            -1 => Err(Raised::already()),
            truth => Ok(truth != 0),
        }
    }

    /// `self >= other`.
    pub(crate) fn greater_or_equal(&self, other: &Object) -> Result<bool> {
        // SAFETY: both alive.
        match unsafe { ffi::PyObject_RichCompareBool(self.pointer(), other.pointer(), ffi::Py_GE) } {
            -1 => Err(Raised::already()),
            truth => Ok(truth != 0),
        }
    }

    /// `self < other`.
    pub(crate) fn less(&self, other: &Object) -> Result<bool> {
        // SAFETY: both alive.
        match unsafe { ffi::PyObject_RichCompareBool(self.pointer(), other.pointer(), ffi::Py_LT) } {
            -1 => Err(Raised::already()),
            truth => Ok(truth != 0),
        }
    }

    /// The value of an `int` that fits 64 bits; `None` for any other object.
    #[inline(always)]
    pub(crate) fn int_value(&self) -> Option<i64> {
        let mut overflow = 0;
        // SAFETY: the type is checked first, so this neither fails nor runs Python code.
        unsafe {
            if ffi::PyLong_Check(self.pointer()) == 0 {
                return None;
            }
            let value = ffi::PyLong_AsLongLongAndOverflow(self.pointer(), &raw mut overflow);
            (overflow == 0).then_some(value)
        }
    }

    /// What `sequence[:self]` takes this for: an `int` or what passes for one, cut to 64 bits. Raises
    /// `TypeError` for everything else.
    pub(crate) fn to_slice_bound(&self) -> Result<i64> {
        // SAFETY: alive; without an exception class what does not fit is cut.
        unsafe {
            if ffi::PyIndex_Check(self.pointer()) == 0 {
                return Err(Raised::type_error(format_args!(
                    "slice indices must be integers or None or have an __index__ method"
                )));
            }
            match ffi::PyNumber_AsSsize_t(self.pointer(), ptr::null_mut()) {
                -1 if !ffi::PyErr_Occurred().is_null() => Err(Raised::already()),
                bound => Ok(bound as i64),
            }
        }
    }

    /// `left + right`.
    pub(crate) fn add(&self, right: &Object) -> Result<Owned> {
        // SAFETY: both alive.
        unsafe { returned(ffi::PyNumber_Add(self.pointer(), right.pointer())) }
    }
}

/// Runs `work` with the thread detached from the interpreter, so that other threads can run Python.
///
/// `work` must touch no Python object; the bound keeps references of this layer out (they are not
/// `Send`).
pub(crate) fn detached<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    // Attaches again on the way out of a panic too.
    struct Attach(*mut ffi::PyThreadState);
    impl Drop for Attach {
        fn drop(&mut self) {
            // SAFETY: the state that `PyEval_SaveThread` returned on this very thread.
            unsafe { ffi::PyEval_RestoreThread(self.0) }
        }
    }
    // SAFETY: the thread is attached (the layer's invariant), so there is a state to save.
    let _attach = Attach(unsafe { ffi::PyEval_SaveThread() });
    work()
}

/// Runs the Python handlers of signals that have arrived; an error is what one of them raised.
#[inline]
pub(crate) fn check_signals() -> Result<()> {
    // SAFETY: runs on the attached thread; does nothing outside the main one.
    match unsafe { ffi::PyErr_CheckSignals() } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}

/// `threading.get_ident()`.
pub(crate) fn thread_identity() -> u64 {
    // SAFETY: reads this thread's own identity.
    unsafe { ffi::PyThread_get_thread_ident() as u64 }
}
