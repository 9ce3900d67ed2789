//! Heap types from Rust structs: the builder.
//!
//! What a type consists of is said in three families of methods: here how its instances are made, inherit and die,
//! in `members.rs` its methods and attributes, in `protocols.rs` what the interpreter's syntax calls.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::ptr;

use pyo3::ffi;

use super::instance::{clear, deallocate, deallocate_recycled, finalize, traverse};
use super::{
    Args, Collectable, Layout, Native, Object, Owned, Raised, Recycled, Result, adopt_methods, method,
};

/// Collects what a Python type consists of, then makes it.
///
/// The tables live as long as the type, that is for the life of the process: they are leaked.
pub(crate) struct TypeBuilder<T: Native + Collectable> {
    name: &'static CStr,
    pub(super) flags: c_uint,
    like_python_class: bool,
    pub(super) hides_next: bool,
    slots: Vec<ffi::PyType_Slot>,
    pub(super) methods: Vec<ffi::PyMethodDef>,
    pub(super) attributes: Vec<ffi::PyGetSetDef>,
    pub(super) members: Vec<ffi::PyMemberDef>,
    base: Option<&'static Object>,
    adopts: bool,
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
            adopts: false,
            marker: std::marker::PhantomData,
        };
        builder.slot(ffi::Py_tp_doc, documentation.as_ptr().cast_mut().cast());
        builder.slot(ffi::Py_tp_traverse, traverse::<T> as *mut c_void);
        builder.slot(ffi::Py_tp_clear, clear::<T> as *mut c_void);
        builder
    }

    pub(super) fn slot(&mut self, id: c_int, function: *mut c_void) {
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

    /// As [`TypeBuilder::base`], with the methods that it inherits as quick to call as its own.
    pub(crate) fn adopted_base<B: Native>(mut self) -> Self {
        self.adopts = true;
        self.base::<B>()
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
        if let (true, Some(base)) = (self.adopts, self.base) {
            adopt_methods(&made, base)?;
        }
        T::type_cell().fill(made);
        if added == 0 { Ok(()) } else { Err(Raised::already()) }
    }
}
