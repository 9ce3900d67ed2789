//! `contextvars`: copying a context, running inside one, and seeing that two are alike.

use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;

use super::{Here, Layout, Object, Owned, Raised, Result, Slot};

/// Where a thread state keeps its current context; 0 for a Python that this was not written for.
const CURRENT: usize = if cfg!(Py_3_16) {
    0
} else if cfg!(Py_3_15) {
    232
} else if cfg!(Py_3_12) {
    208
} else {
    224
};

/// Where a context keeps its variables, an immutable map.
const VARIABLES: usize = 24;

/// Whether both places are what they are thought to be; see [`look_into_contexts`].
static CAN_COMPARE: AtomicBool = AtomicBool::new(false);

/// The variables of a context, to be compared with another's: equal ones are the same map. Different ones
/// may be, too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Variables(*const c_void);

/// The variables of the current context; `None` when there is no telling.
#[inline(always)]
pub(crate) fn current_variables() -> Option<Variables> {
    if !CAN_COMPARE.load(Ordering::Relaxed) {
        return None;
    }
    // SAFETY: `look_into_contexts` has found the current context at this place of the thread state.
    let current = unsafe { *ffi::PyThreadState_Get().cast::<u8>().add(CURRENT).cast::<*mut ffi::PyObject>() };
    // SAFETY: null, or a live context.
    (!current.is_null()).then(|| unsafe { variables_at(current) })
}

/// Whether the thread that is `here` runs in `context`; false when there is no telling.
#[inline(always)]
pub(crate) fn is_current_context(context: &Object, here: &Here) -> bool {
    if !CAN_COMPARE.load(Ordering::Relaxed) {
        return false;
    }
    // SAFETY: as in `current_variables`; the address is only compared.
    let current = unsafe { *here.state().cast::<u8>().add(CURRENT).cast::<*mut ffi::PyObject>() };
    current == context.pointer()
}

/// The variables of `context`, which is a `contextvars.Context`.
#[inline(always)]
pub(crate) fn variables_of(context: &Object) -> Variables {
    // SAFETY: a live context.
    unsafe { variables_at(context.pointer()) }
}

/// # Safety
/// `context` is a live `contextvars.Context`.
#[inline(always)]
unsafe fn variables_at(context: *mut ffi::PyObject) -> Variables {
    // SAFETY: inside the object, which is larger (`look_into_contexts` compares nothing otherwise).
    Variables(unsafe { *context.cast::<u8>().add(VARIABLES).cast::<*const c_void>() })
}

/// Finds out, when the module is imported, whether contexts can be compared. If this Python keeps things
/// elsewhere, every context is copied.
pub(crate) fn look_into_contexts() -> Result<()> {
    // SAFETY: returns a new reference or null with an exception.
    let context =
        unsafe { Owned::<Object>::from_pointer(ffi::PyContext_New()) }.ok_or_else(Raised::already)?;
    // SAFETY: reads the size of a type.
    let size = unsafe { (*ffi::Py_TYPE(context.pointer())).tp_basicsize };
    if CURRENT == 0 || usize::try_from(size).unwrap_or(0) < VARIABLES + size_of::<Variables>() {
        return Ok(());
    }
    let _entered = Entered::new(&context)?;
    // SAFETY: the place lies inside every thread state of the versions that CURRENT knows.
    let current = unsafe { *ffi::PyThreadState_Get().cast::<u8>().add(CURRENT).cast::<*mut ffi::PyObject>() };
    let before = variables_of(&context);
    let copied = variables_of(&*copy_context()?);
    set_a_variable()?;
    let after = variables_of(&context);
    let found = current == context.pointer() && before == copied && before != after;
    CAN_COMPARE.store(found && ![before.0, after.0].contains(&ptr::null()), Ordering::Relaxed);
    Ok(())
}

/// Sets a variable in the current context.
fn set_a_variable() -> Result<()> {
    // SAFETY: both return a new reference or null with an exception.
    unsafe {
        let variable =
            Owned::<Object>::from_pointer(ffi::PyContextVar_New(c"aioxide".as_ptr(), ptr::null_mut()))
                .ok_or_else(Raised::already)?;
        Owned::<Object>::from_pointer(ffi::PyContextVar_Set(variable.pointer(), variable.pointer()))
            .ok_or_else(Raised::already)
            .map(drop)
    }
}

/// A copy of the current context (O(1): the variables are shared until one side sets one).
#[inline]
pub(crate) fn copy_context() -> Result<Owned> {
    // SAFETY: returns a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PyContext_CopyCurrent()) }.ok_or_else(Raised::already)
}

/// A copy of `context`, which is a `contextvars.Context`.
pub(crate) fn context_like(context: &Object) -> Result<Owned> {
    // SAFETY: checks the type; returns a new reference or null with an exception.
    unsafe { Owned::from_pointer(ffi::PyContext_Copy(context.pointer())) }.ok_or_else(Raised::already)
}

/// Whether `object` is a `contextvars.Context`.
#[inline]
pub(crate) fn is_context(object: &Object) -> bool {
    // SAFETY: a type check on a live object.
    unsafe { ffi::PyContext_CheckExact(object.pointer()) != 0 }
}

/// The thread runs in a context as long as this lives.
pub(crate) struct Entered<'a>(&'a Object);

impl<'a> Entered<'a> {
    /// Enters `context`. Fails with asyncio's error when it is entered already.
    #[inline]
    pub(crate) fn new(context: &'a Object) -> Result<Self> {
        enter_context(context)?;
        Ok(Self(context))
    }
}

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        exit_context(self.0);
    }
}

/// The thread runs in a context that it is the thread's to keep alive, which costs no reference of the caller's.
pub(crate) struct Inside(NonNull<Object>);

impl Inside {
    /// As [`Entered::new`], until [`Inside::exit`].
    #[inline(always)]
    pub(crate) fn enter(context: &Object) -> Result<Self> {
        enter_context(context)?;
        Ok(Self(NonNull::from(context)))
    }

    /// What has been entered by [`enter_context`] and is left by [`Inside::exit`].
    #[inline(always)]
    pub(crate) fn entered(context: &Object) -> Self {
        Self(NonNull::from(context))
    }

    /// The context.
    #[inline(always)]
    pub(crate) fn context(&self) -> &Object {
        // SAFETY: the thread holds a reference to what it is inside of.
        unsafe { self.0.as_ref() }
    }

    /// Leaves the context, and gives it to be dropped if `holder` does not hold it any more.
    #[inline(always)]
    #[must_use = "dropping it may run Python code: choose when"]
    pub(crate) fn exit(self, holder: &Slot) -> Option<Owned> {
        let kept = if holder.holds(self.context()) { None } else { Some(self.context().own()) };
        exit_context(self.context());
        kept
    }
}

/// Enters `context`, until [`exit_context`]. Fails with asyncio's error when it is entered already.
#[inline]
pub(crate) fn enter_context(context: &Object) -> Result<()> {
    // SAFETY: the C function checks that this is a context.
    match unsafe { ffi::PyContext_Enter(context.pointer()) } {
        0 => Ok(()),
        _ => Err(Raised::already()),
    }
}

/// Leaves the context that this thread entered last.
#[inline]
pub(crate) fn exit_context(context: &Object) {
    // An exception may be on its way out and has to survive this call: leaving a context that was
    // entered touches the indicator only when it fails, which it can't.
    // SAFETY: entered by `enter_context`, on this thread.
    unsafe { ffi::PyContext_Exit(context.pointer()) };
}
