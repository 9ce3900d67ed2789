//! Module-level functions: plain ones, and those that stand for coroutine functions.

use std::cell::Cell;
use std::ffi::CStr;
use std::mem::offset_of;
use std::ptr;
use std::sync::OnceLock;

use pyo3::ffi;

use super::members::definition;
use super::method::{conjure, guarded};
use super::returns::to_pointer;
use super::{
    Args, Collectable, IntoOwned, Layout, Object, Owned, Raised, Result, Slot, TypeBuilder, native_type,
};
use super::{Visitor, allocate};

/// Adds a plain function to `module`.
pub(crate) fn add_function<F, R>(
    module: &Object,
    name: &'static CStr,
    _function: F,
    text: &'static CStr,
) -> Result<()>
where
    F: Fn(Args<'_>) -> R + Copy,
    R: IntoOwned,
{
    let entry = ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: method_entry::<F, R> };
    let table = Box::leak(Box::new(definition(name, entry, ffi::METH_FASTCALL | ffi::METH_KEYWORDS, text)));
    // SAFETY: the definition outlives the function; the module and its name are alive.
    unsafe {
        let module_name = Owned::<Object>::from_pointer(ffi::PyModule_GetNameObject(module.pointer()));
        let module_name = module_name.ok_or_else(Raised::already)?;
        let function = ffi::PyCFunction_NewEx(table, ptr::null_mut(), module_name.pointer());
        let function = Owned::<Object>::from_pointer(function).ok_or_else(Raised::already)?;
        add(module, name, &function)
    }
}

/// `module.name = value`.
fn add(module: &Object, name: &CStr, value: &Object) -> Result<()> {
    // SAFETY: live objects, a terminated name.
    match unsafe { ffi::PyModule_AddObjectRef(module.pointer(), name.as_ptr(), value.pointer()) } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}

unsafe extern "C" fn method_entry<F, R>(
    _module: *mut ffi::PyObject,
    values: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: Fn(Args<'_>) -> R + Copy,
    R: IntoOwned,
{
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the caller's arguments, alive during the call.
    guarded(ptr::null_mut(), || to_pointer(conjure::<F>()(unsafe { Args::new(values, count, names) })))
}

unsafe extern "C" fn vector_entry<F, R>(
    _callable: *mut ffi::PyObject,
    values: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject
where
    F: Fn(Args<'_>) -> R + Copy,
    R: IntoOwned,
{
    let count = count & !ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
    // SAFETY: the caller's arguments, alive during the call.
    guarded(ptr::null_mut(), || to_pointer(conjure::<F>()(unsafe { Args::new(values, count, names) })))
}

/// A function of the module that takes attributes.
///
/// `inspect` and `asyncio` recognise a coroutine function by marks that they set as attributes, which
/// the interpreter's own built-in functions refuse; the package marks these when it is imported.
#[repr(C)]
pub(crate) struct NativeFunction {
    head: ffi::PyObject,
    entry: Cell<Option<ffi::vectorcallfunc>>,
    name: Slot,
    documentation: Slot,
    module: Slot,
    dict: Slot,
    weak: Slot,
}

native_type!(NativeFunction);

impl Collectable for NativeFunction {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.dict);
    }

    fn clear(&self) {
        self.name.clear();
        self.documentation.clear();
        self.module.clear();
        self.dict.clear();
    }
}

impl NativeFunction {
    /// Makes the type.
    pub(crate) fn register(module: &Object) -> Result<()> {
        TypeBuilder::<Self>::new(c"aioxide._native.function", c"A function of aioxide, written in Rust.")
            .internal()
            .dies()
            .callable(offset_of!(Self, entry))
            .weak_references(offset_of!(Self, weak), Some(offset_of!(Self, dict)))
            .getter(c"__name__", |function: &Self| function.name.get())
            .getter(c"__qualname__", |function: &Self| function.name.get())
            .getter(c"__doc__", |function: &Self| function.documentation.get())
            .getter(c"__module__", |function: &Self| function.module.get())
            .getter(c"__dict__", Self::attributes)
            .repr(Self::represent)
            .add_to(module)
    }

    /// Adds a function that stands for a coroutine function to `module`.
    pub(crate) fn add<F, R>(
        module: &Object,
        name: &'static CStr,
        _function: F,
        text: &'static CStr,
    ) -> Result<()>
    where
        F: Fn(Args<'_>) -> R + Copy,
        R: IntoOwned,
    {
        let function = allocate::<Self>()?;
        function.name.fill(super::names::intern(name)?);
        function.documentation.fill(text.to_str().unwrap_or_default().into_owned()?);
        function.module.fill("aioxide".into_owned()?);
        function.entry.set(Some(vector_entry::<F, R>));
        add(module, name, function.object())
    }

    fn attributes(&self) -> Result<Owned> {
        if let Some(dict) = self.dict.get() {
            return Ok(dict);
        }
        // SAFETY: a new dict or null with MemoryError.
        let dict = unsafe { Owned::<Object>::from_pointer(ffi::PyDict_New()) }.ok_or_else(Raised::already)?;
        self.dict.set(dict.clone());
        Ok(dict)
    }

    fn represent(&self) -> Result<Owned> {
        let name = self.name.get().unwrap_or_else(super::none);
        // SAFETY: one object for one %U-compatible %S.
        let text = unsafe { ffi::PyUnicode_FromFormat(c"<function %S of aioxide>".as_ptr(), name.pointer()) };
        // SAFETY: a new reference or null with an exception.
        unsafe { Owned::from_pointer(text) }.ok_or_else(Raised::already)
    }
}

/// A method bound to an object of ours, made on demand: a built-in method as Python code sees it.
pub(crate) struct BoundMethod {
    name: &'static CStr,
    text: &'static CStr,
    definition: OnceLock<Definition>,
}

/// The address of a leaked `PyMethodDef`.
struct Definition(*mut ffi::PyMethodDef);

// SAFETY: the table entry is never written to after it was made.
unsafe impl Send for Definition {}
// SAFETY: as above.
unsafe impl Sync for Definition {}

impl BoundMethod {
    /// A method of one argument, for a `static`. Each static must be bound to one function only.
    pub(crate) const fn new(name: &'static CStr, text: &'static CStr) -> Self {
        Self { name, text, definition: OnceLock::new() }
    }

    /// `function` bound to `target`.
    pub(crate) fn bind<T: Layout, F, R>(&self, target: &T, _function: F) -> Result<Owned>
    where
        F: Fn(&T, &Object) -> R + Copy,
        R: IntoOwned,
    {
        let definition = self.definition.get_or_init(|| {
            let entry = ffi::PyMethodDefPointer { PyCFunction: super::method::one_argument::<T, F, R> };
            Definition(Box::leak(Box::new(definition(self.name, entry, ffi::METH_O, self.text))))
        });
        // SAFETY: the definition outlives the function; `target` is laid out as `T`, as the entry expects.
        unsafe { Owned::from_pointer(ffi::PyCFunction_New(definition.0, target.pointer())) }
            .ok_or_else(Raised::already)
    }

    /// Whether `object` could be some method bound to `target`: a quick no for almost everything.
    pub(crate) fn may_be(object: &Object, target: &Object) -> bool {
        // SAFETY: the exact type is checked before its field is read.
        unsafe {
            ffi::PyCFunction_CheckExact(object.pointer()) != 0
                && ptr::eq(ffi::PyCFunction_GetSelf(object.pointer()), target.pointer())
        }
    }
}
