//! The connections of a server: asyncio's `_clients`, a `WeakSet` (3.13+).
//!
//! To enter each connection into such a set costs as much as the rest of its beginning, and hardly anybody ever looks: so
//! a native transport leaves a weak reference in a table, and remembers its place there. Once somebody has looked, the
//! set that was shown is all there is.

use crate::ffi::{
    Confined, Layout, Lazily, Object, Owned, Result, Slot, assigned, call_method0, call_method1, call0,
    collectable, items_of, length, list_from, names, weak_reference, weak_target,
};
use crate::transport::SocketTransport;

/// The connections. All zero bytes: none.
pub(super) struct Clients {
    table: Lazily<Confined<Table>>,
    shown: Slot,
}

collectable!(Clients, holds: [shown]);

/// Weak references to transports, in no order.
#[derive(Default)]
struct Table {
    places: Vec<Option<Owned>>,
    free: Vec<usize>,
}

impl Table {
    fn enter(&mut self, reference: Owned) -> usize {
        match self.free.pop() {
            Some(place) => {
                if let Some(entry) = self.places.get_mut(place) {
                    *entry = Some(reference);
                }
                place
            }
            None => {
                self.places.push(Some(reference));
                self.places.len() - 1
            }
        }
    }

    fn leave(&mut self, place: usize) -> Option<Owned> {
        let left = self.places.get_mut(place)?.take()?;
        self.free.push(place);
        Some(left)
    }

    fn at(&self, place: usize) -> Option<Owned> {
        self.places.get(place)?.clone()
    }
}

impl Clients {
    /// One more.
    pub(super) fn enter(&self, transport: &Object) -> Result<()> {
        match (transport.exactly::<SocketTransport>(), self.shown.is_empty()) {
            (Some(native), true) => self.enter_native(native),
            _ => call_method1(&*self.show()?, &names().add, transport).map(drop),
        }
    }

    /// One less. Nothing happens if it was none.
    pub(super) fn leave(&self, transport: &Object) -> Result<()> {
        match (self.shown.get(), transport.exactly::<SocketTransport>()) {
            (Some(shown), _) => call_method1(&shown, &names().discard, transport).map(drop),
            (None, Some(native)) => self.forget(native),
            (None, None) => Ok(()),
        }
    }

    /// A native transport is dropped, or lost. The set that was shown notices by itself.
    pub(super) fn forget(&self, transport: &SocketTransport) -> Result<()> {
        if self.is_at_its_place(transport)? {
            let place = transport.place().get();
            drop(self.table.get().and_then(|table| table.with(|table| table.leave(place))));
        }
        Ok(())
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> Result<bool> {
        match self.shown.get() {
            Some(shown) => length(&shown).map(|count| count == 0),
            None => Ok(self
                .table
                .get()
                .is_none_or(|table| table.with(|table| table.places.len() == table.free.len()))),
        }
    }

    /// Calls the method `name` of each that is alive.
    pub(super) fn call_each(&self, name: &Object) -> Result<()> {
        if let Some(shown) = self.shown.get() {
            let transports = list_from(&shown)?;
            return items_of(&transports)?
                .iter()
                .try_for_each(|transport| call_method0(transport, name).map(drop));
        }
        for reference in self.references() {
            if let Some(transport) = weak_target(&reference)? {
                call_method0(&transport, name)?;
            }
        }
        Ok(())
    }

    /// `_clients`: the set, which is made now if nobody has looked before.
    pub(super) fn show(&self) -> Result<Owned> {
        if let Some(shown) = self.shown.get() {
            return Ok(shown);
        }
        let shown = call0(&names().weak_set)?;
        for reference in self.references() {
            if let Some(transport) = weak_target(&reference)? {
                call_method1(&shown, &names().add, &transport)?;
            }
        }
        self.replace(shown.clone());
        Ok(shown)
    }

    /// `_clients = set`.
    pub(super) fn assign(&self, value: Option<&Object>) -> Result<()> {
        self.replace(assigned(value)?.own());
        Ok(())
    }

    fn replace(&self, shown: Owned) {
        self.shown.set(shown);
        drop(self.table.get().map(|table| table.with(std::mem::take)));
    }

    fn enter_native(&self, transport: &SocketTransport) -> Result<()> {
        if self.is_at_its_place(transport)? {
            return Ok(());
        }
        let reference = weak_reference(transport.object())?;
        let place = self.table.get_or_make().with(|table| table.enter(reference));
        transport.place().set(place);
        Ok(())
    }

    /// Whether the place that `transport` remembers is its own here: it may have been entered with another server. The
    /// reference to one that dies is dead already.
    fn is_at_its_place(&self, transport: &SocketTransport) -> Result<bool> {
        let place = transport.place().get();
        let entry = self.table.get().and_then(|table| table.with(|table| table.at(place)));
        let Some(reference) = entry else { return Ok(false) };
        Ok(weak_target(&reference)?.is_none_or(|found| found.is(transport.object())))
    }

    fn references(&self) -> Vec<Owned> {
        let references = self.table.get().map(|table| table.with(|table| table.places.clone()));
        references.unwrap_or_default().into_iter().flatten().collect()
    }
}
