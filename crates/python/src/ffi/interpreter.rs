//! The one interpreter that the extension serves.
//!
//! Types, names and free lists are kept once for the process and hold objects of the interpreter that has imported the
//! module. CPython itself keeps interpreters with a lock of their own away, but not the older kind that shares
//! the main one's lock (`mod_wsgi` makes these): without a refusal its import would put its objects in
//! the place of everybody else's.

use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::ffi;

use super::{Raised, Result};

/// No interpreter has this number.
const NOBODY: i64 = -1;

/// The number of the interpreter that has imported the module; numbers are not given twice.
static SERVED: AtomicI64 = AtomicI64::new(NOBODY);

/// The calling interpreter is the one that is served from now on. Raises `ImportError` if it is another one.
pub(crate) fn claim_interpreter() -> Result<()> {
    // SAFETY: the thread is attached to an interpreter, which has a number.
    let number = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    match SERVED.compare_exchange(NOBODY, number, Ordering::Relaxed, Ordering::Relaxed) {
        Err(served) if served != number => Err(Raised::import_error(format_args!(
            "aioxide serves one interpreter of a process, and another one has imported it already"
        ))),
        _ => Ok(()),
    }
}
