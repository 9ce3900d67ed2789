//! A task's name: "Task-7", spelled out when somebody asks.

#[cfg(not(Py_3_14))]
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(not(Py_3_14))]
use crate::ffi::IntoOwned;
use crate::ffi::{Object, Owned, Result, Slot, collectable, names};

/// The number of the last automatic name.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// A name: given as a `str`, or a number.
///
/// The number of an automatic name is kept as such: most tasks are never asked for their name. From
/// Python 3.14 on it is an `int` object, because that is what debuggers expect at this offset.
#[repr(C)]
pub(super) struct Name {
    object: Slot,
    #[cfg(not(Py_3_14))]
    number: Cell<u64>,
}

collectable!(Name, holds: [object]);

impl Name {
    /// Gives the task the next automatic name.
    #[inline(always)]
    pub(super) fn count(&self) -> Result<()> {
        // Two plain moves: with the interpreter's lock held nobody comes between, and a locked addition costs
        // as much as ten of these.
        let number = COUNTER.load(Ordering::Relaxed) + 1;
        COUNTER.store(number, Ordering::Relaxed);
        #[cfg(Py_3_14)]
        self.object.set(crate::ffi::counted(number)?);
        #[cfg(not(Py_3_14))]
        self.number.set(number);
        Ok(())
    }

    /// The name, spelled out.
    pub(super) fn get(&self) -> Result<Owned> {
        let number = match self.object.get() {
            #[cfg(Py_3_14)]
            Some(object) if is_number(&object) => object,
            Some(object) => return Ok(object),
            #[cfg(not(Py_3_14))]
            None if self.number.get() != 0 => self.number.get().into_owned()?,
            None => return Ok(crate::ffi::none()),
        };
        let spelled = names().task_prefix.add(&*number.to_str()?)?;
        self.object.set(spelled.clone());
        Ok(spelled)
    }

    /// Anything, as `str(value)`.
    pub(super) fn set(&self, value: &Object) -> Result<()> {
        self.object.set(value.to_str()?);
        Ok(())
    }
}

#[cfg(Py_3_14)]
impl Drop for Name {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            crate::ffi::give_back(object);
        }
    }
}

#[cfg(Py_3_14)]
fn is_number(object: &Object) -> bool {
    use crate::ffi::Layout;
    // SAFETY: a type check on a live object.
    unsafe { pyo3::ffi::PyLong_CheckExact(object.pointer()) != 0 }
}
