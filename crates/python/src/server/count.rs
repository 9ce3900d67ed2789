//! The connections of a server, as far as Python up to 3.12 knows of them: asyncio's `_active_count`, a number.

use std::cell::Cell;

use crate::ffi::{Collectable, Object, Raised, Result, Visitor, assigned, failed_assertion};

/// How many there are. All zero bytes: none.
pub(super) struct Clients(Cell<i64>);

impl Clients {
    /// One more.
    pub(super) fn enter(&self, _transport: &Object) -> Result<()> {
        self.0.set(self.0.get() + 1);
        Ok(())
    }

    /// One less.
    pub(super) fn leave(&self, _transport: &Object) -> Result<()> {
        if self.0.get() <= 0 {
            failed_assertion("")?;
        }
        self.0.set(self.0.get() - 1);
        Ok(())
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> Result<bool> {
        Ok(self.0.get() == 0)
    }

    /// `_active_count`.
    pub(super) fn show(&self) -> i64 {
        self.0.get()
    }

    /// `_active_count = count`.
    pub(super) fn assign(&self, value: Option<&Object>) -> Result<()> {
        let count = assigned(value)?.int_value();
        self.0.set(count.ok_or_else(|| Raised::type_error(format_args!("a number is required")))?);
        Ok(())
    }
}

impl Collectable for Clients {
    fn traverse(&self, _visitor: &mut Visitor) {}

    fn clear(&self) {}
}
