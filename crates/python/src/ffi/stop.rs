//! The `StopIteration` by which an `await` gets its value, made again and again out of the same memory.
//!
//! From Python 3.12 on the error indicator holds instances only, so that each await of a native
//! coroutine that returns something would allocate an exception for the interpreter to take the value
//! out of and throw away: more than all the rest of the await. The type here keeps the memory of its
//! last object instead, leaves `args` empty, and hides from the collector.
//!
//! Nobody looks at such an exception, but for code that calls `next()` by hand. At the first look, which
//! any use of an attribute, `repr` and `str` are, it becomes the interpreter's own: its class, its `args`,
//! the collector's. Only `type(error) is StopIteration`, asked before anything else, can tell; and it has
//! no `__context__`, which asking for the exception that is being handled would cost each await.
//!
//! What must always be true: the memory that is kept is of no living object and holds no reference but to its
//! type and to the empty tuple, so that a returned value lives no longer than its last user; and at most one
//! living exception is unknown to the collector, the one that was made last.

use std::ffi::{c_int, c_uint, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;

use super::instance::revive;
use super::{Layout, Object, Owned, Raised, Result, TypeCell};

static TYPE: TypeCell = TypeCell::new();

/// Memory of the last one made, while that is dead; or null. Touched with the interpreter's lock held.
static SPARE: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// The last one made, dead or alive, while it is unknown to the collector; or null. The only one whose memory
/// is kept.
static LAST: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// The `args` until the first look: `()`. The value is in its own field.
static NO_ARGUMENTS: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// Makes the type. Called once, by the module's import.
pub(crate) fn prepare_stop() -> Result<()> {
    let mut slots = [
        ffi::PyType_Slot { slot: ffi::Py_tp_dealloc, pfunc: deallocate as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_getattro, pfunc: get_attribute as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_setattro, pfunc: set_attribute as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_repr, pfunc: represent as *mut c_void },
        ffi::PyType_Slot { slot: ffi::Py_tp_str, pfunc: print as *mut c_void },
        ffi::PyType_Slot { slot: 0, pfunc: ptr::null_mut() },
    ];
    let mut specification = ffi::PyType_Spec {
        name: c"builtins.StopIteration".as_ptr(),
        basicsize: 0,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as c_uint,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: a terminated table whose functions have the signatures of their slots; the size and the rest
    // are the base's. New references, or null with an exception.
    unsafe {
        let made = ffi::PyType_FromSpecWithBases(&raw mut specification, ffi::PyExc_StopIteration);
        let made = Owned::<Object>::from_pointer(made).ok_or_else(Raised::already)?;
        // The module is in the type's dictionary; the name of a builtin is shown without it.
        (*made.pointer().cast::<ffi::PyTypeObject>()).tp_name = c"StopIteration".as_ptr();
        TYPE.fill(made);
        let empty = Owned::<Object>::from_pointer(ffi::PyTuple_New(0)).ok_or_else(Raised::already)?;
        NO_ARGUMENTS.store(empty.into_pointer(), Ordering::Release);
    }
    Ok(())
}

/// Sets the error indicator to `StopIteration(value)`.
#[inline(always)]
pub(super) fn raise_stop(value: Owned) {
    // A load and a store, not a swap, which would lock the bus.
    let mut stop = SPARE.load(Ordering::Relaxed);
    SPARE.store(ptr::null_mut(), Ordering::Relaxed);
    // SAFETY: the spare is memory of a dead object of this very type, all fields null but its `args`
    // (`deallocate`). A new one is the same; both leave the collector out of it: such an exception is
    // in no cycle, unless it is kept, and then the next one tells the collector. The indicator takes over
    // the reference.
    unsafe {
        if stop.is_null() {
            stop = untracked(TYPE.get());
            if stop.is_null() {
                return;
            }
        } else {
            revive(stop);
        }
        let fields = stop.cast::<ffi::PyStopIterationObject>();
        (*fields).value = value.into_pointer();
        ffi::PyErr_SetRaisedException(stop);
    }
}

/// A new exception that the collector does not see; null with an exception. Shows it the one before.
#[cold]
unsafe fn untracked(kind: *mut ffi::PyTypeObject) -> *mut ffi::PyObject {
    // SAFETY: the type of this module; a new object is tracked by its allocator. The last one is alive,
    // or it would be the spare, and it is untracked.
    unsafe {
        let last = LAST.swap(ptr::null_mut(), Ordering::Relaxed);
        if !last.is_null() {
            ffi::PyObject_GC_Track(last.cast());
        }
        let stop = ffi::PyType_GenericAlloc(kind, 0);
        if !stop.is_null() {
            let arguments = Object::from_pointer(NO_ARGUMENTS.load(Ordering::Relaxed)).own();
            (*stop.cast::<ffi::PyStopIterationObject>()).args = arguments.into_pointer();
            ffi::PyObject_GC_UnTrack(stop.cast());
            LAST.store(stop, Ordering::Relaxed);
        }
        stop
    }
}

/// Makes the interpreter's own `StopIteration` of an object of this type.
#[cold]
unsafe fn become_ordinary(this: *mut ffi::PyObject) -> Result<()> {
    // SAFETY: a living object of this module's type, which has the layout of its base and no more. An object
    // owns a reference to a type of the heap, and none to the base, which is no such type. Of a value of
    // `None` nothing is made here, so that an exception without `args` that has one was made by a call.
    unsafe {
        let fields = this.cast::<ffi::PyStopIterationObject>();
        let value = (*fields).value;
        let is_bare = (*fields).args == NO_ARGUMENTS.load(Ordering::Relaxed);
        if is_bare && !value.is_null() && value != ffi::Py_None() {
            let arguments = ffi::PyTuple_Pack(1, value);
            if arguments.is_null() {
                return Err(Raised::already());
            }
            drop(Owned::<Object>::from_pointer(ptr::replace(&raw mut (*fields).args, arguments)));
        }
        if LAST.load(Ordering::Relaxed) == this {
            LAST.store(ptr::null_mut(), Ordering::Relaxed);
            ffi::PyObject_GC_Track(this.cast());
        }
        let kind = ffi::Py_TYPE(this);
        (*this).ob_type = ffi::PyExc_StopIteration.cast();
        ffi::Py_DECREF(kind.cast());
    }
    Ok(())
}

unsafe extern "C" fn get_attribute(this: *mut ffi::PyObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this with living objects, `this` of this module's type; it is of
    // another one when it is asked again.
    unsafe { if become_ordinary(this).is_ok() { ffi::PyObject_GetAttr(this, name) } else { ptr::null_mut() } }
}

unsafe extern "C" fn set_attribute(
    this: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: as in `get_attribute`; a value of null deletes.
    unsafe { if become_ordinary(this).is_ok() { ffi::PyObject_SetAttr(this, name, value) } else { -1 } }
}

unsafe extern "C" fn represent(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: as in `get_attribute`.
    unsafe { if become_ordinary(this).is_ok() { ffi::PyObject_Repr(this) } else { ptr::null_mut() } }
}

unsafe extern "C" fn print(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: as in `get_attribute`.
    unsafe { if become_ordinary(this).is_ok() { ffi::PyObject_Str(this) } else { ptr::null_mut() } }
}

unsafe extern "C" fn deallocate(this: *mut ffi::PyObject) {
    // SAFETY: the interpreter calls this once, for the last reference. `tp_clear` of the base releases
    // every field and leaves null, except the flag, which is reset here. An exception that went through a
    // frame, or that was replaced as the last one, is freed for good.
    unsafe {
        let fields = this.cast::<ffi::PyStopIterationObject>();
        // Together, not one by one: this is on the way of every value that is awaited.
        let given = (*fields).dict.addr()
            | (*fields).notes.addr()
            | (*fields).traceback.addr()
            | (*fields).context.addr()
            | (*fields).cause.addr();
        let is_bare = given == 0 && (*fields).args == NO_ARGUMENTS.load(Ordering::Relaxed);
        if LAST.load(Ordering::Relaxed) != this || !is_bare {
            return deallocate_for_good(this);
        }
        (&raw mut (*fields).suppress_context).cast::<u8>().write(0);
        let value = ptr::replace(&raw mut (*fields).value, ptr::null_mut());
        SPARE.store(this, Ordering::Relaxed);
        // Last: it may run Python code, which may raise the very next one out of this memory.
        drop(Owned::<Object>::from_pointer(value));
    }
}

/// As [`deallocate`], for an exception whose memory is not kept.
#[cold]
unsafe fn deallocate_for_good(this: *mut ffi::PyObject) {
    // SAFETY: as for `deallocate`.
    unsafe {
        let kind = ffi::Py_TYPE(this);
        if LAST.load(Ordering::Relaxed) == this {
            LAST.store(ptr::null_mut(), Ordering::Relaxed);
        }
        ffi::PyObject_GC_UnTrack(this.cast());
        if let Some(clear) = (*kind).tp_clear {
            clear(this);
        }
        if let Some(free) = (*kind).tp_free {
            free(this.cast());
        }
        ffi::Py_DECREF(kind.cast());
    }
}
