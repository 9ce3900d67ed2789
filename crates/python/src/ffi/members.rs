//! The methods and attributes of a native type.

use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::ptr;

use pyo3::ffi;

use super::types::TypeBuilder;
use super::{Args, Collectable, IntoOwned, Layout, Native, Object, Raised, Result, Slot, method};

impl<T: Native + Collectable> TypeBuilder<T> {
    /// Weak references and free attributes (`__dict__`), kept at these offsets of the struct.
    pub(crate) fn weak_references(mut self, weak: usize, dict: Option<usize>) -> Self {
        self.member(c"__weaklistoffset__", weak);
        if let Some(dict) = dict {
            self.member(c"__dictoffset__", dict);
        }
        self
    }

    /// The attribute `__dict__`, for a type that keeps free attributes.
    pub(crate) fn visible_dict(mut self) -> Self {
        self.attributes.push(ffi::PyGetSetDef {
            name: c"__dict__".as_ptr(),
            get: Some(ffi::PyObject_GenericGetDict),
            set: Some(ffi::PyObject_GenericSetDict),
            doc: ptr::null(),
            closure: ptr::null_mut(),
        });
        self
    }

    pub(super) fn member(&mut self, name: &'static CStr, offset: usize) {
        self.members.push(ffi::PyMemberDef {
            name: name.as_ptr(),
            type_code: ffi::Py_T_PYSSIZET,
            offset: ffi::Py_ssize_t::try_from(offset).unwrap_or(0),
            flags: ffi::Py_READONLY,
            doc: ptr::null(),
        });
    }

    /// A method without arguments. `text` may begin with its signature, as `inspect` reads it.
    pub(crate) fn method<F, R>(mut self, name: &'static CStr, _function: F, text: &'static CStr) -> Self
    where
        F: Fn(&T) -> R + Copy,
        R: IntoOwned,
    {
        let function = ffi::PyMethodDefPointer { PyCFunction: method::no_arguments::<T, F, R> };
        self.methods.push(definition(name, function, ffi::METH_NOARGS, text));
        self
    }

    /// A method with one positional argument.
    pub(crate) fn method1<F, R>(mut self, name: &'static CStr, _function: F, text: &'static CStr) -> Self
    where
        F: Fn(&T, &Object) -> R + Copy,
        R: IntoOwned,
    {
        let function = ffi::PyMethodDefPointer { PyCFunction: method::one_argument::<T, F, R> };
        self.methods.push(definition(name, function, ffi::METH_O, text));
        self
    }

    /// A method that binds its own arguments.
    pub(crate) fn method_fast<F, R>(mut self, name: &'static CStr, _function: F, text: &'static CStr) -> Self
    where
        F: Fn(&T, Args<'_>) -> R + Copy,
        R: IntoOwned,
    {
        let function = ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: method::fast::<T, F, R> };
        self.methods.push(definition(name, function, ffi::METH_FASTCALL | ffi::METH_KEYWORDS, text));
        self
    }

    /// `__class_getitem__`, for annotations such as `Future[int]`.
    pub(crate) fn generic(mut self) -> Self {
        let function = ffi::PyMethodDefPointer { PyCFunction: ffi::Py_GenericAlias };
        let text = c"See PEP 585";
        self.methods.push(definition(c"__class_getitem__", function, ffi::METH_O | ffi::METH_CLASS, text));
        self
    }

    /// An attribute that can be read.
    pub(crate) fn getter<F, R>(mut self, name: &'static CStr, _get: F) -> Self
    where
        F: Fn(&T) -> R + Copy,
        R: IntoOwned,
    {
        self.attributes.push(ffi::PyGetSetDef {
            name: name.as_ptr(),
            get: Some(method::getter::<T, F, R>),
            set: None,
            doc: ptr::null(),
            closure: ptr::null_mut(),
        });
        self
    }

    /// An attribute that can be read and written; the setter gets `None` for a deletion.
    pub(crate) fn property<F, R, S>(mut self, name: &'static CStr, _get: F, _set: S) -> Self
    where
        F: Fn(&T) -> R + Copy,
        R: IntoOwned,
        S: Fn(&T, Option<&Object>) -> Result<()> + Copy,
    {
        self.attributes.push(ffi::PyGetSetDef {
            name: name.as_ptr(),
            get: Some(method::getter::<T, F, R>),
            set: Some(method::setter::<T, S>),
            doc: ptr::null(),
            closure: ptr::null_mut(),
        });
        self
    }

    /// An attribute that is a field of the object, empty for `None`.
    pub(crate) fn field<F>(self, name: &'static CStr, field: F) -> Self
    where
        F: for<'a> Fn(&'a T) -> &'a Slot + Copy,
    {
        self.property(
            name,
            move |object: &T| field(object).get(),
            move |object: &T, value: Option<&Object>| {
                let value = assigned(value)?;
                if value.is_none() {
                    field(object).clear();
                } else {
                    field(object).set(value.own());
                }
                Ok(())
            },
        )
    }

    /// An attribute that is true or false, and a field of the object.
    pub(crate) fn flag<F>(self, name: &'static CStr, flag: F) -> Self
    where
        F: for<'a> Fn(&'a T) -> &'a Cell<bool> + Copy,
    {
        self.property(
            name,
            move |object: &T| flag(object).get(),
            move |object: &T, value: Option<&Object>| {
                let value = assigned(value)?;
                flag(object).set(value.is_true()?);
                Ok(())
            },
        )
    }
}

/// The value that a setter is to assign; an `AttributeError` for a deletion.
pub(crate) fn assigned(value: Option<&Object>) -> Result<&Object> {
    value.ok_or_else(|| Raised::attribute_error(format_args!("cannot delete attribute")))
}

/// One entry of a method table.
pub(super) fn definition(
    name: &'static CStr,
    function: ffi::PyMethodDefPointer,
    flags: c_int,
    text: &'static CStr,
) -> ffi::PyMethodDef {
    ffi::PyMethodDef { ml_name: name.as_ptr(), ml_meth: function, ml_flags: flags, ml_doc: text.as_ptr() }
}
