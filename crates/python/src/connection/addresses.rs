//! Several addresses, of which one is to answer.
//!
//! They are tried one after the other, each by an [`Attempt`], or race each other, which is asyncio's code. So is an
//! attempt from a local address, since asyncio's texts of what can't be bound differ from patch to patch, and one
//! for which somebody has replaced the loop's `_connect_sock`.

use std::cell::Cell;

use crate::awaitable::Delegate;
use crate::event_loop::LoopObject;
use crate::ffi::{
    Collectable, Constant, Layout, Object, Owned, Raised, Result, Slot, Step, Visitor, call_keywords, call2,
    item_at, length, list_from, names, tuple_items,
};

use super::attempt::Attempt;
use super::failure::Failures;
use super::{given, held};

/// Addresses on the way to a connected socket. All zero bytes: none yet.
pub(super) struct Addresses {
    /// asyncio's tuples of family, type, protocol, canonical name and address.
    found: Slot,
    next: Cell<usize>,
    /// The addresses to come from, if that matters.
    local: Slot,
    failures: Failures,
    attempt: Attempt,
    /// asyncio's attempt, or race.
    inherited: Delegate,
    trying: Cell<Trying>,
}

/// What is under way.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
enum Trying {
    /// An attempt of ours. Zero, so that a new machine's memory says something.
    #[default]
    Natively = 0,
    /// An attempt of asyncio's.
    ByAsyncio = 1,
    /// A race.
    Together = 2,
}

impl Addresses {
    /// Keeps the argument `all_errors` of a new coroutine.
    pub(super) fn fill(&self, all_errors: Option<&Object>) {
        self.failures.fill(all_errors);
    }

    /// Takes what was found for the host.
    pub(super) fn go_to(&self, found: Owned) -> Result<()> {
        self.found.set(unless_empty(found)?);
        Ok(())
    }

    /// Takes what was found for the local host.
    pub(super) fn come_from(&self, found: Owned) -> Result<()> {
        self.local.set(unless_empty(found)?);
        Ok(())
    }

    /// Puts addresses of another family between those of the first, of which `first` stand before them.
    pub(super) fn interleave(&self, first: &Object) -> Result<()> {
        self.found.set(call2(&names().interleave, &*held(&self.found)?, first)?);
        Ok(())
    }

    /// Tries one after the other. Returns a connected socket, or yields until there is one.
    pub(super) fn try_in_turn(&self, event_loop: &LoopObject) -> Result<Step> {
        self.found.set(list_from(&*held(&self.found)?)?);
        self.try_next(event_loop)
    }

    /// Has them race, each `delay` seconds after the one before.
    pub(super) fn race(&self, event_loop: &LoopObject, delay: &Object) -> Result<Step> {
        let (failures, found, local) = (self.failures.list()?, held(&self.found)?, given(&self.local));
        let values = [event_loop.object(), &*failures, &*found, &*local, delay];
        self.trying.set(Trying::Together);
        self.inherited.begin(&*call_keywords(&names().race, &values, values.len(), None)?)?;
        self.raced(self.inherited.resume(None)?)
    }

    /// Goes on.
    pub(super) fn resume(&self, event_loop: &LoopObject, thrown: Option<Owned>) -> Result<Step> {
        let step = match self.trying.get() {
            Trying::Natively => self.attempt.resume(thrown),
            Trying::ByAsyncio => self.inherited.resume(thrown),
            Trying::Together => return self.raced(self.inherited.resume(thrown)?),
        };
        match step {
            Ok(step) => Ok(step),
            Err(raised) => {
                self.note_failure(raised)?;
                self.try_next(event_loop)
            }
        }
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.inherited.target().or_else(|| self.attempt.target())
    }

    /// The coroutines of asyncio's between the caller and what is awaited, unless it is one of them.
    pub(super) fn callees(&self) -> &'static [&'static str] {
        match (self.trying.get(), self.attempt.callees()) {
            (Trying::Natively, []) => &["BaseEventLoop._connect_sock"],
            (Trying::Natively, _) => &["BaseEventLoop._connect_sock", "BaseSelectorEventLoop.sock_connect"],
            _ => &[],
        }
    }

    fn try_next(&self, event_loop: &LoopObject) -> Result<Step> {
        let found = held(&self.found)?;
        while self.next.get() < length(&found)? {
            let address = item_at(&found, self.next.replace(self.next.get() + 1))?;
            match self.attempt(event_loop, &address) {
                Ok(step) => return Ok(step),
                Err(raised) => self.note_failure(raised)?,
            }
        }
        Err(self.failures.raise())
    }

    fn attempt(&self, event_loop: &LoopObject, address: &Object) -> Result<Step> {
        let items = tuple_items(address);
        let ([family, kind, protocol, _, address], true) =
            (items.as_slice(), self.local.is_empty() && !is_replaced(event_loop)?)
        else {
            return self.attempt_by_asyncio(event_loop, address);
        };
        self.trying.set(Trying::Natively);
        let class = names().base_events.attribute(&names().socket)?.attribute(&names().socket)?;
        let socket = call_keywords(&class, &[family, kind, protocol], 0, Some(&names().socket_keywords))?;
        self.attempt.begin(event_loop, socket, address)
    }

    fn attempt_by_asyncio(&self, event_loop: &LoopObject, address: &Object) -> Result<Step> {
        self.trying.set(Trying::ByAsyncio);
        let connect = event_loop.object().attribute(&names().connect_socket)?;
        let (failures, local) = (self.failures.list()?, given(&self.local));
        self.inherited.begin(&*call_keywords(&connect, &[&failures, address, &local], 3, None)?)?;
        self.inherited.resume(None)
    }

    /// An attempt has failed: with an `OSError`, of which asyncio's own attempts have made a note, or for good.
    fn note_failure(&self, raised: Raised) -> Result<()> {
        if !raised.matches(&names().os_error) {
            return Err(raised);
        }
        if self.trying.get() == Trying::Natively {
            return self.failures.add(raised);
        }
        raised.forget();
        Ok(())
    }

    fn raced(&self, step: Step) -> Result<Step> {
        let Step::Return(outcome) = step else { return Ok(step) };
        let winner = item_at(&outcome, 0)?;
        if winner.is_none() { Err(self.failures.raise()) } else { Ok(Step::Return(winner)) }
    }
}

fn unless_empty(found: Owned) -> Result<Owned> {
    if found.is_true()? {
        return Ok(found);
    }
    Err(Raised::new(&names().os_error, format_args!("getaddrinfo() returned empty list")))
}

static CONNECT_SOCKET: Constant = Constant::new();

/// Keeps asyncio's method for one attempt, to know it again.
pub(super) fn remember() -> Result<()> {
    CONNECT_SOCKET.keep(names().base_event_loop.attribute(&names().connect_socket)?);
    Ok(())
}

fn is_replaced(event_loop: &LoopObject) -> Result<bool> {
    event_loop.replaces(&names().connect_socket, CONNECT_SOCKET.get())
}

impl Collectable for Addresses {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.found);
        visitor.slot(&self.local);
        self.failures.traverse(visitor);
        self.attempt.traverse(visitor);
        self.inherited.traverse(visitor);
    }

    fn clear(&self) {
        self.found.clear();
        self.local.clear();
        self.failures.clear();
        self.attempt.clear();
        self.inherited.clear();
    }
}
