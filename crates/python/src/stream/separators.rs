//! What a record may end with.

use aioxide_core::stream::{Outcome, Search};

use crate::ffi::{
    Buffer, Constant, Layout, Object, Owned, Raised, Result, Slot, bytes_of, collectable, has_buffer,
    is_tuple, length, tuple_items, tuple_of,
};

static NEWLINE: Constant = Constant::new();

/// Makes what `readuntil()` looks for when it is not told.
pub(super) fn prepare() -> Result<()> {
    NEWLINE.keep(bytes_of(b"\n")?);
    Ok(())
}

/// `b"\n"`.
pub(super) fn newline() -> Option<&'static Object> {
    NEWLINE.get()
}

/// One separator, or several, of which the one wins that ends first. Empty means a newline.
pub(super) struct Separators {
    /// An exact `bytes` object; for several of them, or what may turn out to be none, a tuple of them, the
    /// shortest first.
    given: Slot,
}

collectable!(Separators, holds: [given]);

impl Separators {
    /// Takes the argument over; it is looked at when the coroutine begins.
    pub(super) fn fill(&self, given: &Object) {
        self.given.fill(given.own());
    }

    /// Brings the argument into shape. Raises `ValueError` if there is no separator or an empty one.
    #[inline(always)]
    pub(super) fn settle(&self) -> Result<()> {
        let Some(given) = self.given.get() else { return Ok(()) };
        match given.exact_bytes() {
            Some([]) => Err(empty_separator()),
            Some(_) => Ok(()),
            None => self.settle_others(&given),
        }
    }

    #[cold]
    fn settle_others(&self, given: &Object) -> Result<()> {
        // Before Python 3.13 a tuple is no separator, which the search finds out.
        let separators = if cfg!(Py_3_13) && is_tuple(given) { tuple_items(given) } else { vec![given] };
        let mut measured = Vec::with_capacity(separators.len());
        for separator in separators {
            measured.push((length(separator)?, fixed(separator)?));
        }
        measured.sort_by_key(|(length, _)| *length);
        match measured.first() {
            None => Err(Raised::value_error(format_args!("Separator should contain at least one element"))),
            Some((0, _)) => Err(empty_separator()),
            Some(_) => {
                let ordered: Vec<&Object> = measured.iter().map(|(_, separator)| &**separator).collect();
                self.given.set(tuple_of(&ordered)?);
                Ok(())
            }
        }
    }

    /// Looks for a separator. Raises `TypeError` for one that is not made of bytes.
    #[inline(always)]
    pub(super) fn look(&self, search: &mut Search, bytes: &[u8], limit: usize) -> Result<Outcome> {
        match self.given.peek() {
            None => Ok(search.look(bytes, &[b"\n"], limit)),
            Some(given) => match given.exact_bytes() {
                Some(separator) => Ok(search.look(bytes, &[separator], limit)),
                None => look_for_several(given, search, bytes, limit),
            },
        }
    }
}

fn look_for_several(given: &Object, search: &mut Search, bytes: &[u8], limit: usize) -> Result<Outcome> {
    let objects = tuple_items(given);
    let mut separators = Vec::with_capacity(objects.len());
    for object in objects {
        match object.exact_bytes() {
            Some(separator) => separators.push(separator),
            // asyncio finds out when there is enough to look at.
            None if bytes.len() < length(object)? => return Ok(Outcome::NotYet),
            None => {
                return Err(Raised::type_error(format_args!(
                    "argument should be integer or bytes-like object, not '{}'",
                    object.type_name()
                )));
            }
        }
    }
    Ok(search.look(bytes, &separators, limit))
}

/// A copy that nobody changes, of what has bytes.
fn fixed(separator: &Object) -> Result<Owned> {
    if separator.exact_bytes().is_some() || !has_buffer(separator) {
        return Ok(separator.own());
    }
    bytes_of(Buffer::readable(separator)?.bytes())
}

#[cold]
fn empty_separator() -> Raised {
    Raised::value_error(format_args!("Separator should be at least one-byte string"))
}
