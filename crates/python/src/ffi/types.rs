//! Heap types from Rust structs: the builder.

use std::cell::Cell;
use std::ffi::{CStr, c_int, c_uint, c_void};
use std::ptr;

use pyo3::ffi;

use super::instance::{clear, deallocate, deallocate_recycled, finalize, traverse};
use super::method::{self, Step};
use super::{Args, Collectable, IntoOwned, Layout, Native, Object, Owned, Raised, Recycled, Result, Slot};

/// Collects what a Python type consists of, then makes it.
///
/// The tables live as long as the type, that is for the life of the process: they are leaked.
pub(crate) struct TypeBuilder<T: Native + Collectable> {
    name: &'static CStr,
    flags: c_uint,
    like_python_class: bool,
    hides_next: bool,
    slots: Vec<ffi::PyType_Slot>,
    methods: Vec<ffi::PyMethodDef>,
    attributes: Vec<ffi::PyGetSetDef>,
    members: Vec<ffi::PyMemberDef>,
    base: Option<&'static Object>,
    marker: std::marker::PhantomData<T>,
}

impl<T: Native + Collectable> TypeBuilder<T> {
    /// A type `name` (with its module's path) that the cycle collector knows.
    pub(crate) fn new(name: &'static CStr, documentation: &'static CStr) -> Self {
        let mut builder = Self {
            name,
            flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_HAVE_GC) as c_uint,
            like_python_class: false,
            hides_next: false,
            slots: Vec::new(),
            methods: Vec::new(),
            attributes: Vec::new(),
            members: Vec::new(),
            base: None,
            marker: std::marker::PhantomData,
        };
        builder.slot(ffi::Py_tp_doc, documentation.as_ptr().cast_mut().cast());
        builder.slot(ffi::Py_tp_traverse, traverse::<T> as *mut c_void);
        builder.slot(ffi::Py_tp_clear, clear::<T> as *mut c_void);
        builder
    }

    fn slot(&mut self, id: c_int, function: *mut c_void) {
        self.slots.push(ffi::PyType_Slot { slot: id, pfunc: function });
    }

    /// Lets Python classes inherit from the type, and lets it be called: `init` is its `__init__`.
    pub(crate) fn subclassable<F>(mut self, _init: F) -> Self
    where
        F: Fn(&T, Args<'_>) -> Result<()> + Copy,
    {
        self.flags |= ffi::Py_TPFLAGS_BASETYPE as c_uint;
        self.slot(ffi::Py_tp_new, ffi::PyType_GenericNew as *mut c_void);
        self.slot(ffi::Py_tp_init, method::initialise::<T, F> as *mut c_void);
        self
    }

    /// Lets the interpreter's messages call the type by its last name alone, as they do a class written in
    /// Python.
    pub(crate) fn like_python_class(mut self) -> Self {
        self.like_python_class = true;
        self
    }

    /// Makes the type one that Python code can't instantiate.
    pub(crate) fn internal(mut self) -> Self {
        self.flags |= ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION as c_uint;
        self
    }

    /// Makes the type one that only other native types inherit from.
    pub(crate) fn internal_base(mut self) -> Self {
        self.flags |= (ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION | ffi::Py_TPFLAGS_BASETYPE) as c_uint;
        self
    }

    /// Forbids changing the type's attributes, as for the interpreter's own types.
    pub(crate) fn immutable(mut self) -> Self {
        self.flags |= ffi::Py_TPFLAGS_IMMUTABLETYPE as c_uint;
        self
    }

    /// Inherits from another native type.
    pub(crate) fn base<B: Native>(mut self) -> Self {
        self.base = B::type_cell().object();
        self
    }

    /// Inherits from a class written in Python, whose instances have no fields of their own.
    pub(crate) fn python_base(mut self, base: &'static Object) -> Self {
        self.base = Some(base);
        self
    }

    /// What happens when the last reference goes: fields dropped, memory freed.
    pub(crate) fn dies(mut self) -> Self {
        self.slot(ffi::Py_tp_dealloc, deallocate::<T> as *mut c_void);
        self
    }

    /// As [`TypeBuilder::dies`], with the memory kept on a list for the next object of the exact type.
    pub(crate) fn dies_recycled(mut self) -> Self
    where
        T: Recycled,
    {
        self.slot(ffi::Py_tp_dealloc, deallocate_recycled::<T> as *mut c_void);
        self
    }

    /// A last look before the object dies (`__del__`), through which it may report what it has lost.
    pub(crate) fn finalizer<F: Fn(&T) + Copy>(mut self, _last_look: F) -> Self {
        self.slot(ffi::Py_tp_finalize, finalize::<T, F> as *mut c_void);
        self
    }

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

    fn member(&mut self, name: &'static CStr, offset: usize) {
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
    pub(crate) fn resumable<F>(mut self, _function: F) -> Self
    where
        F: Fn(&T) -> Result<Step> + Copy,
    {
        self.slot(ffi::Py_tp_iternext, method::next::<T, F> as *mut c_void);
        self.slot(ffi::Py_am_send, method::send::<T, F> as *mut c_void);
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

    /// Makes the type, keeps it in `T`'s cell and adds it to `module` under its last name.
    pub(crate) fn add_to(mut self, module: &Object) -> Result<()> {
        if !self.methods.is_empty() {
            self.methods.push(ffi::PyMethodDef::zeroed());
            let table = self.methods.leak().as_mut_ptr();
            self.slots.push(ffi::PyType_Slot { slot: ffi::Py_tp_methods, pfunc: table.cast() });
        }
        if !self.attributes.is_empty() {
            self.attributes.push(ffi::PyGetSetDef::default());
            let table = self.attributes.leak().as_mut_ptr();
            self.slots.push(ffi::PyType_Slot { slot: ffi::Py_tp_getset, pfunc: table.cast() });
        }
        if !self.members.is_empty() {
            self.members.push(ffi::PyMemberDef::default());
            let table = self.members.leak().as_mut_ptr();
            self.slots.push(ffi::PyType_Slot { slot: ffi::Py_tp_members, pfunc: table.cast() });
        }
        self.slots.push(ffi::PyType_Slot { slot: 0, pfunc: ptr::null_mut() });
        let mut specification = ffi::PyType_Spec {
            name: self.name.as_ptr(),
            basicsize: c_int::try_from(size_of::<T>()).unwrap_or(0),
            itemsize: 0,
            flags: self.flags,
            slots: self.slots.as_mut_ptr(),
        };
        let base = self.base.map_or(ptr::null_mut(), Layout::pointer);
        // SAFETY: the tables are terminated and outlive the type; slots have the signatures that their
        // ids ask for, which the builder's methods guarantee; the struct's layout is `Native`'s promise.
        let made = unsafe {
            let made = ffi::PyType_FromModuleAndSpec(module.pointer(), &raw mut specification, base);
            Owned::<Object>::from_pointer(made).ok_or_else(Raised::already)?
        };
        let short = self.name.to_bytes_with_nul().rsplit(|byte| *byte == b'.').next();
        let short = short.and_then(|bytes| CStr::from_bytes_with_nul(bytes).ok()).unwrap_or(self.name);
        // SAFETY: a live module, a terminated name, a live type.
        let added = unsafe { ffi::PyModule_AddObjectRef(module.pointer(), short.as_ptr(), made.pointer()) };
        if self.like_python_class {
            // SAFETY: the interpreter keeps its own copy of the long name to free, and reads this field
            // only; a static text outlives the type.
            unsafe { (*made.pointer().cast::<ffi::PyTypeObject>()).tp_name = short.as_ptr() };
        }
        if self.hides_next {
            // SAFETY: the type's own dict, before anybody has looked a name up in it.
            let hidden = unsafe {
                let dict = (*made.pointer().cast::<ffi::PyTypeObject>()).tp_dict;
                ffi::PyDict_DelItemString(dict, c"__next__".as_ptr())
            };
            if hidden != 0 {
                return Err(Raised::already());
            }
        }
        T::type_cell().fill(made);
        if added == 0 { Ok(()) } else { Err(Raised::already()) }
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
