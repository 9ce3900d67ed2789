//! Several addresses, of which one is to answer: tried one after the other, or in a race.

use std::cell::Cell;

use crate::awaitable::{given, held};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Object, Owned, Raised, Result, Slot, Step, call2, collectable, item_at, length, list_from, names,
};

use super::contest::Course;
use super::failure::Failures;
use super::one_address::OneAddress;
use super::race::Race;

/// Addresses on the way to a connected socket. All zero bytes: none yet.
pub(super) struct Addresses {
    /// asyncio's tuples of family, type, protocol, canonical name and address.
    found: Slot,
    next: Cell<usize>,
    /// The addresses to come from, if that matters.
    local: Slot,
    failures: Failures,
    current: OneAddress,
    race: Race,
}

collectable!(Addresses, holds: [found, local, failures, current, race]);

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
        let (found, local) = (list_from(&*held(&self.found)?)?, given(&self.local));
        let failures = self.failures.list()?;
        let course = Course { found: &found, local: &local, delay, failures: &failures };
        self.raced(self.race.begin(event_loop, &course)?)
    }

    /// Goes on.
    pub(super) fn resume(&self, event_loop: &LoopObject, thrown: Option<Owned>) -> Result<Step> {
        if self.race.is_active() {
            return self.raced(self.race.resume(thrown)?);
        }
        match self.current.resume(&self.failures, thrown) {
            Err(raised) => {
                forget_failure(raised)?;
                self.try_next(event_loop)
            }
            step => step,
        }
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.race.target().or_else(|| self.current.target())
    }

    /// The coroutines of asyncio's between the caller and what is awaited, unless it is one of them.
    pub(super) fn callees(&self) -> &'static [&'static str] {
        if self.race.is_active() { self.race.callees() } else { self.current.callees() }
    }

    fn try_next(&self, event_loop: &LoopObject) -> Result<Step> {
        let (found, local) = (held(&self.found)?, given(&self.local));
        while self.next.get() < length(&found)? {
            let address = item_at(&found, self.next.replace(self.next.get() + 1))?;
            match self.current.begin(event_loop, &self.failures, &address, &local) {
                Err(raised) => forget_failure(raised)?,
                step => return step,
            }
        }
        Err(self.failures.raise())
    }

    fn raced(&self, step: Step) -> Result<Step> {
        match step {
            Step::Return(winner) if winner.is_none() => Err(self.failures.raise()),
            step => Ok(step),
        }
    }
}

/// An attempt has failed: with an `OSError`, which is among the failures, or for good.
fn forget_failure(raised: Raised) -> Result<()> {
    if !raised.matches(&names().os_error) {
        return Err(raised);
    }
    raised.forget();
    Ok(())
}

/// What was found, which is something.
pub(super) fn unless_empty(found: Owned) -> Result<Owned> {
    if found.is_true()? {
        return Ok(found);
    }
    Err(Raised::new(&names().os_error, format_args!("getaddrinfo() returned empty list")))
}
