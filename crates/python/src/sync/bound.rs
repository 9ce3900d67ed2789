//! Which loop a primitive belongs to: the one in which somebody first waited.

use crate::event_loop::{LoopObject, running_loop_if_any};
use crate::ffi::{Layout, Object, Owned, Raised, Result, Slot, collectable, names, none};
use crate::group::create_future_on;

/// The loop that a primitive is bound to; none until somebody waits.
pub(crate) struct LoopBound(Slot);

collectable!(LoopBound, holds: [0]);

impl LoopBound {
    /// The loop.
    pub(crate) fn get(&self) -> Option<Owned> {
        self.0.get()
    }

    /// `_loop = value`, which asyncio's tests and a few libraries do.
    pub(crate) fn assign(&self, value: Option<&Object>) -> Result<()> {
        match value.filter(|value| !value.is_none()) {
            Some(event_loop) => self.0.set(event_loop.own()),
            None => self.0.clear(),
        }
        Ok(())
    }

    /// The running loop (`None` where none runs), to which `owner` is bound from now on.
    ///
    /// Raises `RuntimeError` when it is bound to another one.
    #[inline(always)]
    pub(crate) fn get_loop(&self, owner: &Object) -> Result<Owned> {
        let running = running_loop_if_any()?.unwrap_or_else(none);
        if self.0.holds(&running) {
            return Ok(running);
        }
        self.bind(owner, running)
    }

    #[cold]
    fn bind(&self, owner: &Object, running: Owned) -> Result<Owned> {
        if self.0.is_empty() {
            if !running.is_none() {
                self.0.set(running.clone());
            }
            return Ok(running);
        }
        Err(Raised::formatted(&names().runtime_error, c"%R is bound to a different event loop", owner, owner))
    }

    /// `self._get_loop().create_future()`.
    #[inline(always)]
    pub(crate) fn create_future(&self, owner: &Object) -> Result<Owned> {
        create_future_on(&*self.get_loop(owner)?)
    }

    /// Raises asyncio's error when another thread than the loop's changes the primitive, in debug mode.
    /// A loop that is not ours says so itself, when somebody is woken.
    #[inline(always)]
    pub(crate) fn check_thread(&self) -> Result<()> {
        match self.0.peek().and_then(|event_loop| event_loop.cast::<LoopObject>()) {
            Some(ours) if ours.debug() => ours.check_thread(),
            _ => Ok(()),
        }
    }

    /// Whether [`LoopBound::check_thread`] has nothing to check, for certain.
    #[inline(always)]
    pub(crate) fn is_unchecked(&self) -> bool {
        match self.0.peek() {
            None => true,
            Some(event_loop) => event_loop.cast::<LoopObject>().is_some_and(|ours| !ours.debug()),
        }
    }
}
