//! A semaphore's number of places.

use std::cell::Cell;

use crate::ffi::{IntoOwned, Object, Owned, Result, assigned, names};

/// Usually whole; asyncio takes anything that counts, and programs do say `float("inf")`.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Amount {
    /// An `int`. First, so that zero bytes are zero places.
    Whole(i64) = 0,
    /// A `float`, or an `int` of more than 64 bits.
    Real(f64) = 1,
}

impl Amount {
    /// The amount that a Python object stands for. Raises `TypeError` for what does not count.
    pub(super) fn of(value: &Object) -> Result<Self> {
        if let Some(whole) = value.int_value() {
            return Ok(Self::Whole(whole));
        }
        // The comparison that asyncio begins with, for its error.
        value.less(&names().zero)?;
        value.to_f64().map(Self::Real)
    }

    /// The setter of an attribute that keeps an amount.
    pub(super) fn assign(cell: &Cell<Self>, value: Option<&Object>) -> Result<()> {
        cell.set(Self::of(assigned(value)?)?);
        Ok(())
    }

    #[allow(clippy::cast_precision_loss, reason = "only compared with a float, which is no more precise")]
    fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }

    pub(super) fn is_zero(self) -> bool {
        match self {
            Self::Whole(whole) => whole == 0,
            Self::Real(real) => real == 0.0,
        }
    }

    pub(super) fn is_positive(self) -> bool {
        match self {
            Self::Whole(whole) => whole > 0,
            Self::Real(real) => real > 0.0,
        }
    }

    pub(super) fn is_negative(self) -> bool {
        match self {
            Self::Whole(whole) => whole < 0,
            Self::Real(real) => real < 0.0,
        }
    }

    /// `self < other`.
    pub(super) fn is_less(self, other: Self) -> bool {
        match (self, other) {
            (Self::Whole(one), Self::Whole(two)) => one < two,
            _ => self.real() < other.real(),
        }
    }

    /// One place more.
    pub(super) fn plus_one(self) -> Self {
        match self {
            Self::Whole(whole) => Self::Whole(whole.saturating_add(1)),
            Self::Real(real) => Self::Real(real + 1.0),
        }
    }

    /// One place less.
    pub(super) fn less_one(self) -> Self {
        match self {
            Self::Whole(whole) => Self::Whole(whole.saturating_sub(1)),
            Self::Real(real) => Self::Real(real - 1.0),
        }
    }

    /// The number as Python writes it.
    pub(super) fn text(self) -> Result<String> {
        match self {
            Self::Whole(whole) => Ok(whole.to_string()),
            Self::Real(_) => self.into_owned()?.to_text(),
        }
    }
}

impl IntoOwned for Amount {
    fn into_owned(self) -> Result<Owned> {
        match self {
            Self::Whole(whole) => whole.into_owned(),
            Self::Real(real) => real.into_owned(),
        }
    }
}
