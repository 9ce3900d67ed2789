//! How many bytes a reader wants to have at a time.

use std::cell::Cell;

use crate::ffi::{IntoOwned, Layout, Object, Owned, Raised, Result, Slot, assigned, collectable, names};

/// 64 KiB, as asyncio has it.
pub(super) const DEFAULT: usize = 1 << 16;

/// `limit`: the object that the program gave, and the number it means.
pub(super) struct Limit {
    /// Nothing for the default.
    given: Slot,
    bytes: Cell<usize>,
    twice: Cell<usize>,
}

collectable!(Limit, holds: [given]);

impl Limit {
    /// `__init__`'s argument. Raises `ValueError` unless it is positive.
    pub(super) fn begin(&self, given: Option<&Object>) -> Result<()> {
        let Some(given) = given else {
            self.given.clear();
            self.bytes.set(DEFAULT);
            self.twice.set(2 * DEFAULT);
            return Ok(());
        };
        if given.less_or_equal(&names().zero)? {
            return Err(Raised::value_error(format_args!("Limit cannot be <= 0")));
        }
        self.set(given)
    }

    /// `_limit = given`.
    pub(super) fn assign(&self, given: Option<&Object>) -> Result<()> {
        self.set(assigned(given)?)
    }

    fn set(&self, given: &Object) -> Result<()> {
        if let Some(number) = given.int_value() {
            let bytes = usize::try_from(number).unwrap_or(0);
            self.bytes.set(bytes);
            self.twice.set(bytes.saturating_mul(2));
        } else {
            // More bytes than a limit of 2.5 are more than 2, than twice that more than 5.
            let number = given.to_f64()?;
            self.bytes.set(number as usize);
            self.twice.set((number * 2.0) as usize);
        }
        self.given.set(given.own());
        Ok(())
    }

    /// What the program gave.
    pub(super) fn get(&self) -> Result<Owned> {
        match self.given.get() {
            Some(given) => Ok(given),
            None => (self.bytes.get() as u64).into_owned(),
        }
    }

    /// The longest line, and the buffer's length from which on a stopped transport goes on.
    #[inline(always)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes.get()
    }

    /// The buffer's length above which the transport is stopped.
    #[inline(always)]
    pub(super) fn twice(&self) -> usize {
        self.twice.get()
    }
}
