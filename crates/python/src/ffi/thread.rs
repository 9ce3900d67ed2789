//! The thread that runs: detached from the interpreter for a while, interrupted by signals, named.

use std::cell::Cell;
use std::ptr;

use pyo3::ffi;

use super::{Raised, Result};

/// Runs `work` with the thread detached from the interpreter, so that other threads can run Python.
///
/// `work` must touch no Python object; the bound keeps references of this layer out (they are not
/// `Send`).
pub(crate) fn detached<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    // Attaches again on the way out of a panic too.
    struct Attach(*mut ffi::PyThreadState);
    impl Drop for Attach {
        fn drop(&mut self) {
            // SAFETY: the state that `PyEval_SaveThread` returned on this very thread.
            unsafe { ffi::PyEval_RestoreThread(self.0) }
        }
    }
    // SAFETY: the thread is attached (the layer's invariant), so there is a state to save.
    let _attach = Attach(unsafe { ffi::PyEval_SaveThread() });
    work()
}

/// The thread that a loop runs in, asked for once for all its turns: each time would be a call.
///
/// What must always be true: [`Here::begin`] and [`Here::end`] enclose the turns, and only what a turn calls asks.
pub(crate) struct Here(Cell<*mut ffi::PyThreadState>);

impl Default for Here {
    fn default() -> Self {
        Self(Cell::new(ptr::null_mut()))
    }
}

impl Here {
    /// The turns begin in this thread.
    pub(crate) fn begin(&self) {
        // SAFETY: the thread is attached (the layer's invariant).
        self.0.set(unsafe { ffi::PyThreadState_Get() });
    }

    /// They are over.
    pub(crate) fn end(&self) {
        self.0.set(ptr::null_mut());
    }

    /// The thread's state.
    #[inline(always)]
    pub(crate) fn state(&self) -> *mut ffi::PyThreadState {
        let state = self.0.get();
        // SAFETY: as in `begin`.
        let asked = || unsafe { ffi::PyThreadState_Get() };
        if state.is_null() {
            return asked();
        }
        debug_assert_eq!(state, asked());
        state
    }
}

/// Runs the Python handlers of signals that have arrived; an error is what one of them raised.
#[inline]
pub(crate) fn check_signals() -> Result<()> {
    // SAFETY: runs on the attached thread; does nothing outside the main one.
    match unsafe { ffi::PyErr_CheckSignals() } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}

/// `threading.get_ident()`.
pub(crate) fn thread_identity() -> u64 {
    // SAFETY: reads this thread's own identity.
    unsafe { ffi::PyThread_get_thread_ident() as u64 }
}
