//! The number of bytes that a read was asked for.

use std::cell::Cell;

use crate::ffi::{Collectable, Layout, Object, Owned, Raised, Result, Slot, Visitor, names, none};

/// `n`: the object that the program gave, and the number it means.
pub(super) struct Amount {
    given: Slot,
    count: Cell<i64>,
}

impl Amount {
    /// Takes the argument over; it is looked at when the coroutine begins.
    #[inline(always)]
    pub(super) fn fill(&self, given: &Object) {
        self.given.fill(given.own());
    }

    /// The same for the number of an argument that was left out.
    #[inline(always)]
    pub(super) fn fill_count(&self, count: i64) {
        self.count.set(count);
    }

    /// The number, from now on. Raises `TypeError` if the argument is none.
    #[inline(always)]
    pub(super) fn settle(&self) -> Result<i64> {
        if let Some(given) = self.given.peek() {
            let count = match given.int_value() {
                Some(count) => count,
                None => odd_count(&given.own())?,
            };
            self.count.set(count);
        }
        Ok(self.count.get())
    }

    /// The number that was settled; none below zero.
    #[inline(always)]
    pub(super) fn get(&self) -> usize {
        usize::try_from(self.count.get()).unwrap_or(0)
    }

    /// The argument.
    pub(super) fn given(&self) -> Owned {
        self.given.get().unwrap_or_else(none)
    }
}

/// What compares with numbers and can be an index may be an amount.
#[cold]
fn odd_count(given: &Object) -> Result<i64> {
    if given.less(&names().zero)? {
        return Ok(-1);
    }
    if cfg!(Py_3_15) && !given.is_index() {
        return Err(Raised::type_error(format_args!("n must be an integer or None")));
    }
    given.to_slice_bound()
}

impl Collectable for Amount {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.given);
    }

    fn clear(&self) {
        self.given.clear();
    }
}
