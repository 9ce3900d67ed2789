//! The addresses of a datagram endpoint: pairs of a local and a remote one that a single socket can have.

use std::cell::Cell;

use crate::awaitable::held;
use crate::ffi::{
    Dict, IntoOwned, Layout, Object, Owned, Raised, Result, Slot, call1, collectable, dict_get, item_at,
    items_of, length, list_append, list_of, names, none, set_item, tuple_items, tuple_of,
};

use super::addresses::unless_empty;

/// The pairs, in the order in which they are tried. All zero bytes: none.
pub(super) struct Pairs {
    /// What was found, as asyncio keeps it: a dict from (family, protocol) to a list of both addresses.
    found: Slot,
    /// The pairs: a list of tuples of family, protocol, local and remote address.
    chosen: Slot,
    next: Cell<usize>,
}

collectable!(Pairs, holds: [found, chosen]);

/// Which of the two addresses of a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Local,
    Remote,
}

/// One pair. An address that is not wanted may be `None`.
pub(super) struct Pair {
    pub(super) family: Owned,
    pub(super) protocol: Owned,
    pub(super) local: Owned,
    pub(super) remote: Owned,
}

impl Pairs {
    /// Takes a pair that needs no looking up, and no other.
    pub(super) fn set_only(
        &self,
        family: &Object,
        protocol: &Object,
        local: &Object,
        remote: &Object,
    ) -> Result<()> {
        let pair = tuple_of(&[family, protocol, local, remote])?;
        self.chosen.set(list_of([pair].into_iter())?);
        Ok(())
    }

    /// Takes what was found for one end.
    pub(super) fn join(&self, found: Owned, end: End) -> Result<()> {
        if self.found.is_empty() {
            self.found.set(Dict::new()?.object().own());
        }
        let (pairs, index) = (held(&self.found)?, i64::from(end == End::Remote).into_owned()?);
        for found in items_of(&*unless_empty(found)?)? {
            let unpacked = unpack(&found)?;
            let [family, protocol, address] = *tuple_items(&unpacked) else { continue };
            let key = tuple_of(&[family, protocol])?;
            let pair = match dict_get(&pairs, &key)? {
                Some(pair) => pair,
                None => {
                    let pair = list_of([none(), none()].into_iter())?;
                    set_item(&pairs, &key, &pair)?;
                    pair
                }
            };
            set_item(&pair, &index, address)?;
        }
        Ok(())
    }

    /// Chooses the pairs that have each address that is `wanted`; there has to be one.
    pub(super) fn choose(&self, wanted: impl Fn(End) -> Result<bool>) -> Result<()> {
        let (found, chosen) = (held(&self.found)?, list_of(std::iter::empty())?);
        for key in items_of(&found)? {
            let Some(pair) = dict_get(&found, &key)? else { continue };
            let (family, protocol) = (item_at(&key, 0)?, item_at(&key, 1)?);
            let (local, remote) = (item_at(&pair, 0)?, item_at(&pair, 1)?);
            if (local.is_none() && wanted(End::Local)?) || (remote.is_none() && wanted(End::Remote)?) {
                continue;
            }
            list_append(&chosen, &*tuple_of(&[&*family, &*protocol, &*local, &*remote])?)?;
        }
        if length(&chosen)? == 0 {
            return Err(Raised::value_error(format_args!("can not get address information")));
        }
        self.chosen.set(chosen);
        Ok(())
    }

    /// The next one to try.
    pub(super) fn next(&self) -> Result<Option<Pair>> {
        let (chosen, index) = (held(&self.chosen)?, self.next.get());
        if index >= length(&chosen)? {
            return Ok(None);
        }
        self.next.set(index + 1);
        let pair = item_at(&chosen, index)?;
        Ok(Some(Pair {
            family: item_at(&pair, 0)?,
            protocol: item_at(&pair, 1)?,
            local: item_at(&pair, 2)?,
            remote: item_at(&pair, 3)?,
        }))
    }
}

/// Family, protocol and address out of what `getaddrinfo` has found. The interpreter has the words for what is no such
/// tuple.
fn unpack(found: &Object) -> Result<Owned> {
    match *tuple_items(found) {
        [family, _, protocol, _, address] => tuple_of(&[family, protocol, address]),
        _ => call1(&names().unpack_address, found),
    }
}
