//! How deep the C stack may get: calls and ends of objects that go on inside each other.

use std::ffi::CStr;

use pyo3::ffi;

use super::{Raised, Result};

/// Runs `work`, which may come back here for an object further in. Fails with `RecursionError` where the
/// interpreter's own calls would: a chain of awaitables is as long as a program makes it. `during` ends the
/// message, as `" while awaiting"`.
#[inline]
pub(crate) fn nested<R>(during: &CStr, work: impl FnOnce() -> Result<R>) -> Result<R> {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            // SAFETY: the call that `nested` has entered, on this thread.
            unsafe { ffi::Py_LeaveRecursiveCall() }
        }
    }
    // SAFETY: counts on the attached thread; a terminated text.
    if unsafe { ffi::Py_EnterRecursiveCall(during.as_ptr()) } != 0 {
        return Err(Raised::already());
    }
    let _leave = Leave;
    work()
}

/// Objects whose last reference went while many others were dying around them: from Python 3.14 on, the
/// interpreter sees to it for every type; before, each type has to.
#[cfg(not(Py_3_14))]
pub(super) mod burials {
    use std::cell::{Cell, UnsafeCell};

    use pyo3::ffi;

    /// What buries an object for good.
    pub(crate) type Burial = unsafe fn(*mut ffi::PyObject);

    /// As the interpreter has it for its containers.
    const DEEPEST: u32 = 50;

    struct Burials {
        depth: Cell<u32>,
        postponed: UnsafeCell<Vec<(*mut ffi::PyObject, Burial)>>,
    }

    // SAFETY: reached with the interpreter's lock held only, so by one thread at a time.
    unsafe impl Sync for Burials {}

    static BURIALS: Burials = Burials { depth: Cell::new(0), postponed: UnsafeCell::new(Vec::new()) };

    impl Burials {
        /// Lends the list for a moment in which no Python runs.
        fn with<R>(&self, work: impl FnOnce(&mut Vec<(*mut ffi::PyObject, Burial)>) -> R) -> R {
            // SAFETY: the interpreter's lock is held, and `work` pushes or pops and does nothing else.
            work(unsafe { &mut *self.postponed.get() })
        }
    }

    /// Buries `object` now or, inside many other burials, once the outermost of them is over.
    ///
    /// # Safety
    /// `object` has no reference left, the collector does not know it, and `bury` may be called with it, once.
    #[inline(always)]
    pub(crate) unsafe fn bury(object: *mut ffi::PyObject, bury: Burial) {
        let depth = BURIALS.depth.get();
        if depth >= DEEPEST {
            BURIALS.with(|postponed| postponed.push((object, bury)));
            return;
        }
        BURIALS.depth.set(depth + 1);
        // SAFETY: the caller's promise.
        unsafe { bury(object) };
        if depth == 0 {
            while let Some((object, bury)) = BURIALS.with(Vec::pop) {
                // SAFETY: as above, of the call that postponed it.
                unsafe { bury(object) };
            }
        }
        BURIALS.depth.set(depth);
    }
}
