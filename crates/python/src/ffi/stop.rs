//! The `StopIteration` by which an `await` gets its value, made again and again out of the same memory.
//!
//! From Python 3.12 on the error indicator holds instances only, so that each await of a native
//! coroutine that returns something would allocate an exception for the interpreter to take the value
//! out of and throw away: more than all the rest of the await. The type here is `StopIteration` in all
//! but identity, and keeps the memory of the last one that died.
//!
//! What must always be true: the memory that is kept is of no living object and holds no reference but to its
//! type and to the empty tuple, so that a returned value lives no longer than its last user.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;

use super::instance::revive;
use super::{Layout, Object, Owned, Raised, Result, TypeCell};

static TYPE: TypeCell = TypeCell::new();

/// Memory of one dead exception, or null. Touched with the interpreter's lock held.
static SPARE: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// The `args` of every such exception: `()`. The value is in its own field.
static NO_ARGUMENTS: AtomicPtr<ffi::PyObject> = AtomicPtr::new(ptr::null_mut());

/// Makes the type. Called once, by the module's import.
pub(crate) fn prepare_stop() -> Result<()> {
    let mut slots = [
        ffi::PyType_Slot { slot: ffi::Py_tp_dealloc, pfunc: deallocate as *mut std::ffi::c_void },
        ffi::PyType_Slot { slot: 0, pfunc: ptr::null_mut() },
    ];
    let mut specification = ffi::PyType_Spec {
        name: c"aioxide._native.StopIteration".as_ptr(),
        basicsize: 0,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as std::ffi::c_uint,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: a terminated table whose one function has the signature of its slot; the size and the rest
    // are the base's. New references, or null with an exception.
    unsafe {
        let made = ffi::PyType_FromSpecWithBases(&raw mut specification, ffi::PyExc_StopIteration);
        TYPE.fill(Owned::from_pointer(made).ok_or_else(Raised::already)?);
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
    // (`deallocate`). A new one is the same; both leave the collector out of it, since such an exception is
    // in no cycle. The indicator takes over the reference.
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

/// A new exception that the collector does not see; null with an exception.
#[cold]
unsafe fn untracked(kind: *mut ffi::PyTypeObject) -> *mut ffi::PyObject {
    // SAFETY: the type of this module; a new object is tracked by its allocator.
    unsafe {
        let stop = ffi::PyType_GenericAlloc(kind, 0);
        if !stop.is_null() {
            ffi::PyObject_GC_UnTrack(stop.cast());
            let arguments = Object::from_pointer(NO_ARGUMENTS.load(Ordering::Relaxed)).own();
            (*stop.cast::<ffi::PyStopIterationObject>()).args = arguments.into_pointer();
        }
        stop
    }
}

unsafe extern "C" fn deallocate(this: *mut ffi::PyObject) {
    // SAFETY: the interpreter calls this once, for the last reference. `tp_clear` of the base releases
    // every field and leaves null, except the flag, which is reset here. An object that was used as an
    // exception, or whose `args` were replaced, is freed for good.
    unsafe {
        let kind = ffi::Py_TYPE(this);
        ffi::PyObject_GC_UnTrack(this.cast());
        let fields = this.cast::<ffi::PyStopIterationObject>();
        let value = ptr::replace(&raw mut (*fields).value, ptr::null_mut());
        drop(Owned::<Object>::from_pointer(value));
        let seen = !(*fields).dict.is_null()
            || !(*fields).notes.is_null()
            || !(*fields).traceback.is_null()
            || !(*fields).context.is_null()
            || !(*fields).cause.is_null()
            || (*fields).args != NO_ARGUMENTS.load(Ordering::Relaxed);
        if !seen && SPARE.load(Ordering::Relaxed).is_null() {
            (&raw mut (*fields).suppress_context).cast::<u8>().write(0);
            SPARE.store(this, Ordering::Relaxed);
            return;
        }
        if let Some(clear) = (*kind).tp_clear {
            clear(this);
        }
        if let Some(free) = (*kind).tp_free {
            free(this.cast());
        }
        ffi::Py_DECREF(kind.cast());
    }
}
