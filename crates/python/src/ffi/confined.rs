//! State of one thread, changed through a shared reference.

use std::cell::UnsafeCell;

/// A value that only the interpreter's lock holder touches, and only in moments that run no Python.
///
/// A `RefCell` without its counter: the turn pushes and pops ready entries tens of millions of times a
/// second. The price is a rule, kept by keeping the closures to a line or two: the closure given to
/// [`Confined::with`] must not call Python, drop a reference to a Python object, or use the same value
/// again. Debug builds check the last part.
pub(crate) struct Confined<T> {
    value: UnsafeCell<T>,
    #[cfg(debug_assertions)]
    busy: std::cell::Cell<bool>,
}

impl<T: Default> Default for Confined<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Confined<T> {
    /// Wraps `value`.
    pub(crate) const fn new(value: T) -> Self {
        Self {
            value: UnsafeCell::new(value),
            #[cfg(debug_assertions)]
            busy: std::cell::Cell::new(false),
        }
    }

    /// Lends the value to `work` for one moment.
    #[inline(always)]
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(debug_assertions)]
        assert!(!self.busy.replace(true), "confined state used from inside its own use");
        // SAFETY: one thread at a time (the interpreter's lock; the type is not Sync), and `work` does
        // not come back here (the rule above), so this is the only reference.
        let result = work(unsafe { &mut *self.value.get() });
        #[cfg(debug_assertions)]
        self.busy.set(false);
        result
    }
}
