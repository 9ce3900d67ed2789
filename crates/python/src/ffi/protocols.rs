//! The protocols of a native type: what the interpreter's own syntax and functions call.

use std::ffi::{c_int, c_uint, c_void};

use pyo3::ffi;

use super::members::definition;
use super::method::{self, Step};
use super::types::TypeBuilder;
use super::{Args, Collectable, IntoOwned, Native, Object, Result};

impl<T: Native + Collectable> TypeBuilder<T> {
    /// `__repr__`.
    pub(crate) fn repr<F, R>(mut self, _function: F) -> Self
    where
        F: Fn(&T) -> R + Copy,
        R: IntoOwned,
    {
        self.slot(ffi::Py_tp_repr, method::unary::<T, F, R> as *mut c_void);
        self
    }

    /// `__str__`, for a type whose `str()` is not its `repr()`.
    pub(crate) fn text<F, R>(mut self, _function: F) -> Self
    where
        F: Fn(&T) -> R + Copy,
        R: IntoOwned,
    {
        self.slot(ffi::Py_tp_str, method::unary::<T, F, R> as *mut c_void);
        self
    }

    /// `__await__` and `__iter__`, one function for both (`yield from` needs the latter).
    pub(crate) fn awaitable<F, R>(mut self, _function: F) -> Self
    where
        F: Fn(&T) -> R + Copy,
        R: IntoOwned,
    {
        self.slot(ffi::Py_am_await, method::unary::<T, F, R> as *mut c_void);
        self.slot(ffi::Py_tp_iter, method::unary::<T, F, R> as *mut c_void);
        self
    }

    /// An `await` that makes no object: the interpreter resumes this one itself. Python code that asks gets
    /// an iterator from `__await__` and `__iter__`, and finds no `__next__`; so does, and is resumed through
    /// that iterator, what a Python class makes of the type.
    pub(crate) fn awaited_itself<F, R, S>(mut self, _iterator: F, _resume: S) -> Self
    where
        F: Fn(&T) -> R + Copy,
        R: IntoOwned,
        S: Fn(&T) -> Result<Step> + Copy,
    {
        self.slot(ffi::Py_am_await, ffi::PyObject_SelfIter as *mut c_void);
        self.slot(ffi::Py_tp_iter, method::unary::<T, F, R> as *mut c_void);
        let function = ffi::PyMethodDefPointer { PyCFunction: method::no_arguments::<T, F, R> };
        let flags = ffi::METH_NOARGS | ffi::METH_COEXIST;
        let text = c"__await__($self, /)\n--\n\nReturn an iterator to be used in await expression.";
        self.methods.push(definition(c"__await__", function, flags, text));
        self.hides_next = true;
        self.resumable(_resume)
    }

    /// `__iter__` alone.
    pub(crate) fn iterable<F, R>(mut self, _function: F) -> Self
    where
        F: Fn(&T) -> R + Copy,
        R: IntoOwned,
    {
        self.slot(ffi::Py_tp_iter, method::unary::<T, F, R> as *mut c_void);
        self
    }

    /// Resumption: `__next__` and the C-level send. The interpreter resumes an `await` through the first.
    pub(crate) fn resumable<F>(self, function: F) -> Self
    where
        F: Fn(&T) -> Result<Step> + Copy,
    {
        self.resumable_apart(function, function)
    }

    /// As [`TypeBuilder::resumable`], with a function for each: one that is used once becomes a part of its trampoline.
    pub(crate) fn resumable_apart<N, S>(mut self, _next: N, _send: S) -> Self
    where
        N: Fn(&T) -> Result<Step> + Copy,
        S: Fn(&T) -> Result<Step> + Copy,
    {
        self.slot(ffi::Py_tp_iternext, method::next::<T, N> as *mut c_void);
        self.slot(ffi::Py_am_send, method::send::<T, S> as *mut c_void);
        self
    }

    /// `__aiter__` (the object itself) and `__anext__`.
    pub(crate) fn async_iterator<F, R>(mut self, _next: F) -> Self
    where
        F: Fn(&T) -> R + Copy,
        R: IntoOwned,
    {
        self.slot(ffi::Py_am_aiter, ffi::PyObject_SelfIter as *mut c_void);
        self.slot(ffi::Py_am_anext, method::unary::<T, F, R> as *mut c_void);
        self
    }

    /// `__next__` of a plain iterator, with `__iter__` giving the object itself.
    pub(crate) fn iterator<F, R>(mut self, _next: F) -> Self
    where
        F: Fn(&T) -> R + Copy,
        R: IntoOwned,
    {
        self.slot(ffi::Py_tp_iter, ffi::PyObject_SelfIter as *mut c_void);
        self.slot(ffi::Py_tp_iternext, method::unary::<T, F, R> as *mut c_void);
        self
    }

    /// Comparisons and the hash that goes with them.
    pub(crate) fn ordered<C, R, H>(mut self, _compare: C, _hash: H) -> Self
    where
        C: Fn(&T, &Object, c_int) -> R + Copy,
        R: IntoOwned,
        H: Fn(&T) -> Result<ffi::Py_hash_t> + Copy,
    {
        self.slot(ffi::Py_tp_richcompare, method::compare::<T, C, R> as *mut c_void);
        self.slot(ffi::Py_tp_hash, method::hash::<T, H> as *mut c_void);
        self
    }

    /// A look at each attribute that was set or deleted on an instance.
    pub(crate) fn watches_attributes<F>(mut self, _seen: F) -> Self
    where
        F: Fn(&T, &Object) + Copy,
    {
        self.slot(ffi::Py_tp_setattro, method::set_attribute::<T, F> as *mut c_void);
        self
    }

    /// `__call__`, for objects that are called rarely.
    pub(crate) fn called<F, R>(mut self, _function: F) -> Self
    where
        F: Fn(&T, Args<'_>) -> R + Copy,
        R: IntoOwned,
    {
        self.slot(ffi::Py_tp_call, method::called::<T, F, R> as *mut c_void);
        self
    }

    /// `__call__`, through the vectorcall protocol: `offset` is where the struct keeps the entry point
    /// that [`super::function::entry`] gives.
    pub(super) fn callable(mut self, offset: usize) -> Self {
        self.flags |= ffi::Py_TPFLAGS_HAVE_VECTORCALL as c_uint;
        self.slot(ffi::Py_tp_call, ffi::PyVectorcall_Call as *mut c_void);
        self.member(c"__vectorcalloffset__", offset);
        self
    }
}
