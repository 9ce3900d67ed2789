//! Numbers that objects stand for.

use std::ptr;

use pyo3::ffi;

#[cfg(Py_3_14)]
use super::number::one_digit;
use super::{Layout, Object, Raised, Result};

impl Object {
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
            #[cfg(Py_3_14)]
            if let Some(digit) = one_digit(self) {
                return Some(f64::from(digit));
            }
            let value = ffi::PyLong_AsLongAndOverflow(self.pointer(), &raw mut overflow);
            #[allow(
                clippy::cast_precision_loss,
                reason = "seconds beyond 2^53 are not told apart by a float either"
            )]
            (overflow == 0).then_some(value as f64)
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
            #[cfg(Py_3_14)]
            if let Some(digit) = super::number::only_digit(self) {
                return Some(digit);
            }
            let value = ffi::PyLong_AsLongLongAndOverflow(self.pointer(), &raw mut overflow);
            (overflow == 0).then_some(value)
        }
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

    /// Whether this is an `int`, or passes for one.
    pub(crate) fn is_index(&self) -> bool {
        // SAFETY: a type check on a live object.
        unsafe { ffi::PyIndex_Check(self.pointer()) != 0 }
    }

    /// What `sequence[:self]` takes this for: an `int` or what passes for one, cut to 64 bits. Raises
    /// `TypeError` for everything else.
    pub(crate) fn to_slice_bound(&self) -> Result<i64> {
        if !self.is_index() {
            return Err(Raised::type_error(format_args!(
                "slice indices must be integers or None or have an __index__ method"
            )));
        }
        // SAFETY: alive; without an exception class what does not fit is cut.
        unsafe {
            match ffi::PyNumber_AsSsize_t(self.pointer(), ptr::null_mut()) {
                -1 if !ffi::PyErr_Occurred().is_null() => Err(Raised::already()),
                bound => Ok(bound as i64),
            }
        }
    }
}
