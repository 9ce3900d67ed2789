//! Methods that a class has from a native base, as the class's own.
//!
//! From 3.11 on the interpreter calls a native method without going through its descriptor, 110 instructions less, but only where
//! the receiver's class is the very one that the descriptor was made for. A class that adds nothing to the hot methods it
//! inherits, as `Loop` and `Task` do, gets descriptors of its own for the same functions.

use std::ptr;

use pyo3::ffi;

use super::{Layout, Object, Owned, Raised, Result};

/// Gives `class` the methods that it inherits from its native `base`, except those that it defines itself.
///
/// To be called before somebody has looked up a method in `class` and kept it.
pub(crate) fn adopt_methods(class: &Object, base: &Object) -> Result<()> {
    for (name, definition) in methods_of(base)? {
        // SAFETY: both are classes (`methods_of` has checked the base, which `class` inherits from); the definition is
        // in a table that lives for ever (`TypeBuilder`).
        unsafe {
            let class = class.pointer().cast::<ffi::PyTypeObject>();
            let method = ffi::PyDescr_NewMethod(class, definition);
            let method = Owned::<Object>::from_pointer(method).ok_or_else(Raised::already)?;
            if ffi::PyDict_SetDefault((*class).tp_dict, name.pointer(), method.pointer()).is_null() {
                return Err(Raised::already());
            }
        }
    }
    // SAFETY: a class, as above.
    unsafe { ffi::PyType_Modified(class.pointer().cast()) };
    Ok(())
}

/// The native methods of a class, without those that it inherits.
fn methods_of(class: &Object) -> Result<Vec<(Owned, *mut ffi::PyMethodDef)>> {
    let mut found = Vec::new();
    let (mut position, mut name, mut value) = (0, ptr::null_mut(), ptr::null_mut());
    // SAFETY: a class has a dict, which nobody changes while it is looked through: no Python code runs. Objects of the
    // method descriptors' exact type have that layout.
    unsafe {
        if ffi::PyType_Check(class.pointer()) == 0 {
            return Err(Raised::type_error(format_args!("a class is needed")));
        }
        let dict = (*class.pointer().cast::<ffi::PyTypeObject>()).tp_dict;
        while ffi::PyDict_Next(dict, &raw mut position, &raw mut name, &raw mut value) != 0 {
            if ffi::Py_TYPE(value) == &raw mut ffi::PyMethodDescr_Type {
                let definition = (*value.cast::<ffi::PyMethodDescrObject>()).d_method;
                found.push((Object::from_pointer(name).own(), definition));
            }
        }
    }
    Ok(found)
}
