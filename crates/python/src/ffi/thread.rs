//! The thread that runs: detached from the interpreter for a while, interrupted by signals, named.

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
