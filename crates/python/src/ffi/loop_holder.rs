//! Where CPython 3.11 keeps the loop that runs in a thread.
//!
//! Its `_asyncio._get_running_loop()` asks the kernel for the number of the process on every call, to notice a fork:
//! a system call for each task that is made. Here forks are noted when they happen, and the loop is read from where
//! the function finds it: a holder in the thread state's dict. What must always be true: whoever is not certain
//! answers `None`, and the function is asked.

use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use pyo3::ffi;

use super::{Layout, Object, Owned, Result, call0, call1, import, names};

/// Where a holder keeps its loop, and the number of its process.
const LOOP: usize = 16;
const PROCESS: usize = 24;

/// The type of the holders, once [`find_loop_holders`] has found its fields where they are thought to be.
static HOLDER: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(std::ptr::null_mut());

/// The number of this process.
static THIS_PROCESS: AtomicU32 = AtomicU32::new(0);

/// This process is a new one.
pub(crate) fn note_process() {
    THIS_PROCESS.store(std::process::id(), Ordering::Relaxed);
}

/// The loop that runs in this thread; `None` when `_get_running_loop` has to be asked.
#[inline]
pub(crate) fn held_running_loop() -> Option<Owned> {
    let holder = current_holder()?;
    // SAFETY: a live object of the type whose fields `find_loop_holders` has found here.
    let (process, event_loop) = unsafe { fields(holder) };
    if process != THIS_PROCESS.load(Ordering::Relaxed) {
        return None;
    }
    // SAFETY: the holder owns a reference to its loop, and is alive while nothing else runs.
    let event_loop = unsafe { event_loop.cast::<Object>().as_ref() }?;
    (!event_loop.is_none()).then(|| event_loop.own())
}

/// The holder of this thread, borrowed, if its type is the known one.
#[inline(always)]
fn current_holder() -> Option<*mut ffi::PyObject> {
    let known = HOLDER.load(Ordering::Relaxed);
    if known.is_null() {
        return None;
    }
    let holder = look_up_holder()?;
    // SAFETY: a live object.
    (unsafe { ffi::Py_TYPE(holder) } == known).then_some(holder)
}

/// What the thread state's dict holds in the place of a holder, borrowed.
#[inline(always)]
fn look_up_holder() -> Option<*mut ffi::PyObject> {
    // SAFETY: the thread is attached; borrowed, or null without an exception.
    let dict = unsafe { ffi::PyThreadState_GetDict() };
    if dict.is_null() {
        return None;
    }
    // SAFETY: a dict and an exact str, whose hash and comparison can't fail; borrowed, or null without an exception.
    let holder = unsafe { ffi::PyDict_GetItemWithError(dict, names().running_loop_key.pointer()) };
    (!holder.is_null()).then_some(holder)
}

/// # Safety
/// `holder` is a live object of at least `PROCESS` bytes and a number.
#[inline(always)]
unsafe fn fields(holder: *mut ffi::PyObject) -> (u32, *mut ffi::PyObject) {
    let start = holder.cast::<u8>();
    // SAFETY: inside the object, by the caller's promise; aligned as objects are.
    unsafe { (*start.add(PROCESS).cast::<u32>(), *start.add(LOOP).cast::<*mut ffi::PyObject>()) }
}

/// Finds out, when the module is imported, whether holders are what they are thought to be: makes one that is.
pub(crate) fn find_loop_holders() -> Result<()> {
    note_process();
    let running = call0(&names().get_running_loop)?;
    let set = import(c"_asyncio", c"_set_running_loop")?;
    let sample = &*names().zero;
    call1(&set, sample)?;
    if let Some(holder) = look_up_holder() {
        // SAFETY: a live object and its type.
        let (kind, size) = unsafe { (ffi::Py_TYPE(holder), (*ffi::Py_TYPE(holder)).tp_basicsize) };
        if usize::try_from(size).unwrap_or(0) >= PROCESS + size_of::<u32>() {
            // SAFETY: large enough, as was just seen.
            if unsafe { fields(holder) } == (std::process::id(), sample.pointer()) {
                HOLDER.store(kind, Ordering::Relaxed);
            }
        }
    }
    call1(&set, &running).map(drop)
}
