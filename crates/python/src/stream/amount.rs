//! The number of bytes that a read was asked for.

use std::cell::Cell;

use crate::ffi::{IntoOwned, Layout, Object, Owned, Raised, Result, Slot, collectable, names, none};

/// `n`: the object that the program gave, and the number it means.
pub(super) struct Amount {
    given: Slot,
    count: Cell<i64>,
    /// Whether the argument is no `int`, or a huge one: `count` has its sign only.
    is_odd: Cell<bool>,
}

collectable!(Amount, holds: [given]);

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

    /// The number of an argument that is an `int`.
    #[inline(always)]
    pub(super) fn plain(&self) -> Option<i64> {
        self.given.peek()?.int_value()
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

    /// As [`Amount::settle`], for who wants to know the sign and asks with [`Amount::within`] afterwards: of what is no
    /// `int` asyncio looks at the sign before it waits, and at the number only when there is something to take.
    #[inline(always)]
    pub(super) fn settle_sign(&self) -> Result<i64> {
        if let Some(given) = self.given.peek() {
            let count = match given.int_value() {
                Some(count) => count,
                None => self.odd_sign(&given.own())?,
            };
            self.count.set(count);
        }
        Ok(self.count.get())
    }

    #[cold]
    fn odd_sign(&self, given: &Object) -> Result<i64> {
        self.is_odd.set(true);
        if given.equals(&names().zero)? {
            return Ok(0);
        }
        given.less(&names().zero).map(|is_less| if is_less { -1 } else { 1 })
    }

    /// How many of `available` bytes these are. Raises `TypeError` if the argument is no number of bytes.
    #[inline(always)]
    pub(super) fn within(&self, available: usize) -> Result<usize> {
        if self.is_odd.get() {
            return odd_within(&self.given(), available);
        }
        Ok(self.get().min(available))
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

/// `min(available, given)`, or the length of what `[:given]` cuts off: the one takes any number that is too large.
#[cold]
fn odd_within(given: &Object, available: usize) -> Result<usize> {
    if cfg!(Py_3_15) && !given.less(&*(available as u64).into_owned()?)? {
        return Ok(available);
    }
    Ok(usize::try_from(odd_count(given)?).unwrap_or(0).min(available))
}
