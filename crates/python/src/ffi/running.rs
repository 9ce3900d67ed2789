//! The calls that run Python code, in a thread that the interpreter may end at its own end.
//!
//! When a program ends while other threads (daemons, or those that it was interrupted waiting for) run
//! Python, a thread that asks for the interpreter's lock again is ended by `pthread_exit` before 3.14, which
//! unwinds its stack; at the first frame of Rust that would abort the process. Here the thread is stopped
//! for good instead, which is what the interpreter itself does since 3.14. PyO3 does the same for the
//! functions that attach a thread. What is left are finalizers and properties written in Python.

#[cfg(Py_3_14)]
use pyo3::ffi;
use pyo3::ffi::{PyObject, PySendResult};

/// Dropped only when the stack is unwound under it.
#[cfg(not(Py_3_14))]
struct StopHere;

#[cfg(not(Py_3_14))]
impl Drop for StopHere {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

macro_rules! running {
    ($(fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        /// PyO3's declarations, but for that these may unwind.
        #[cfg(not(Py_3_14))]
        mod unwinding {
            use super::*;

            unsafe extern "C-unwind" {
                $(pub(super) fn $name($($argument: $kind),*) -> $result;)*
            }
        }

        $(
            #[doc = concat!("`", stringify!($name), "`.\n\n# Safety\nAs for the C function.")]
            #[expect(non_snake_case, reason = "the name of the C function")]
            #[inline(always)]
            pub(super) unsafe fn $name($($argument: $kind),*) -> $result {
                #[cfg(Py_3_14)]
                // SAFETY: the caller's promise.
                return unsafe { ffi::$name($($argument),*) };
                #[cfg(not(Py_3_14))]
                {
                    let stop_here = StopHere;
                    // SAFETY: the caller's promise.
                    let result = unsafe { unwinding::$name($($argument),*) };
                    let _returned = std::mem::ManuallyDrop::new(stop_here);
                    result
                }
            }
        )*
    };
}

running! {
    fn PyIter_Send(iterator: *mut PyObject, value: *mut PyObject, result: *mut *mut PyObject) -> PySendResult;
    fn PyObject_Call(callable: *mut PyObject, arguments: *mut PyObject, keywords: *mut PyObject) -> *mut PyObject;
    fn PyObject_CallNoArgs(callable: *mut PyObject) -> *mut PyObject;
    fn PyObject_Vectorcall(
        callable: *mut PyObject, arguments: *const *mut PyObject, count: usize, names: *mut PyObject
    ) -> *mut PyObject;
    fn PyObject_VectorcallMethod(
        name: *mut PyObject, arguments: *const *mut PyObject, count: usize, names: *mut PyObject
    ) -> *mut PyObject;
}
