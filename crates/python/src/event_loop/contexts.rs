//! Contexts that are copied only when somebody could tell.
//!
//! Every task, callback and timer runs in a copy of the context in which it was made. In most programs these copies are
//! all alike: what is made while the variables are those of the run's beginning needs no copy of its own. It shares one,
//! the *base*, and for each of its steps it is *lent* a context that was made for this and is used again. A task
//! that waits is 64 bytes smaller for it, and the collector has one object less to look at for each handle.
//!
//! The thread stays inside the lent context from one step to the next, and leaves it before anything else may run Python
//! code: that saves entering and leaving it for each step.
//!
//! What must always be true: nobody runs in the base, or gets to see it. A lent context that has changed, or that
//! somebody else has got hold of, stays with whom it was lent to and is then a context like any other. Base and lent
//! context go with the end of the run: until then the values in them live in the run's own context anyway.

use std::cell::Cell;

use crate::ffi::{
    Collectable, Here, Inside, Layout, Object, Owned, Raised, Result, Slot, Visitor, context_like,
    copy_context, current_variables, enter_context, exit_context, is_current_context, variables_of,
};

use super::object::LoopObject;

/// Whose a context is that a task or a handle holds.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Share {
    /// The holder's own. Zero, so that a new object's memory says so.
    Own = 0,
    /// The base of a run, which others hold too.
    Shared = 1,
    /// Lent for a step that runs right now.
    Lent = 2,
}

/// The context for something that is going to run later.
pub(crate) struct Later {
    context: Owned,
    share: Share,
}

impl Later {
    /// A context of one's own.
    #[inline(always)]
    pub(crate) fn own(context: Owned) -> Self {
        Self { context, share: Share::Own }
    }

    /// Puts it into a new object's fields.
    #[inline(always)]
    pub(crate) fn fill(self, context: &Slot, share: &Cell<Share>) {
        context.fill(self.context);
        share.set(self.share);
    }
}

/// A stay in somebody's context.
pub(crate) struct Stay {
    inside: Inside,
    /// What stands in the context's place otherwise, when it is lent.
    base: Option<Owned>,
}

/// What a loop that runs has for those who share.
#[derive(Default)]
pub(super) struct Contexts {
    base: Slot,
    /// A copy of the base, while it is not lent.
    spare: Slot,
    /// Whether the thread is still inside the spare context, after a step.
    inside: Cell<bool>,
}

impl Collectable for Contexts {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.base);
        visitor.slot(&self.spare);
    }

    fn clear(&self) {
        self.leave();
        self.base.clear();
        self.spare.clear();
    }
}

impl Contexts {
    /// Leaves the spare context, if the thread is still inside it. An exception may be on its way.
    #[inline(always)]
    pub(super) fn leave(&self) {
        if self.inside.replace(false) {
            if let Some(spare) = self.spare.peek() {
                exit_context(spare);
            }
        }
    }

    /// A context with the variables of `base`, which the thread is inside from now on.
    #[inline(always)]
    fn enter_like(&self, base: &Object, here: &Here) -> Result<Owned> {
        let inside = self.inside.replace(false);
        if let Some(spare) = self.spare.take() {
            let is_entered = inside && is_current_context(&spare, here);
            if is_entered == inside && variables_of(&spare) == variables_of(base) {
                if !is_entered {
                    enter_context(&spare)?;
                }
                return Ok(spare);
            }
            if is_entered {
                exit_context(&spare);
            }
        }
        let like = context_like(base)?;
        enter_context(&like)?;
        Ok(like)
    }
}

impl LoopObject {
    /// A run begins, in the context that those who are made in it will share.
    pub(super) fn begin_sharing(&self) -> Result<()> {
        // Copied first: a thread has no context before somebody asks for one.
        let base = copy_context()?;
        if current_variables() == Some(variables_of(&base)) {
            self.contexts.base.set(base);
        }
        Ok(())
    }

    /// The context for what is made now and runs later: the given one, or the current one as it is now.
    #[inline(always)]
    pub(crate) fn context_for_later(&self, given: Option<&Object>) -> Result<Later> {
        if let Some(given) = given {
            return Ok(Later::own(given.own()));
        }
        match self.contexts.base.peek() {
            Some(base) if current_variables() == Some(variables_of(base)) => {
                Ok(Later { context: base.own(), share: Share::Shared })
            }
            _ => copy_context().map(Later::own),
        }
    }

    /// Enters the context of whoever holds it in `context`, until [`LoopObject::leave`]; nothing when there is none.
    #[inline(always)]
    pub(crate) fn enter(&self, context: &Slot, share: &Cell<Share>) -> Result<Option<Stay>> {
        if share.get() == Share::Shared {
            return self.lend(context, share);
        }
        let Some(own) = context.peek() else { return Ok(None) };
        match Inside::enter(own) {
            Ok(inside) => Ok(Some(Stay { inside, base: None })),
            Err(raised) => {
                self.contexts.leave();
                Err(raised)
            }
        }
    }

    /// Leaves the context again. What was `done` in it and has failed is reported outside of it.
    #[inline(always)]
    pub(crate) fn leave(
        &self,
        stay: Stay,
        context: &Slot,
        share: &Cell<Share>,
        done: Result<()>,
    ) -> Result<()> {
        let Stay { inside, base } = stay;
        if let Some(base) = base {
            return self.take_back(inside, base, context, share, done);
        }
        let replaced = inside.exit(context);
        if done.is_err() || replaced.is_some() {
            self.contexts.leave();
            return keep_error(done, || drop(replaced));
        }
        done
    }

    /// Puts a context like the base into the place of the base, and enters it.
    #[inline(always)]
    fn lend(&self, context: &Slot, share: &Cell<Share>) -> Result<Option<Stay>> {
        let Some(base) = context.take() else { return Ok(None) };
        let lent = match self.contexts.enter_like(&base, &self.here) {
            Ok(lent) => lent,
            Err(raised) => {
                context.fill(base);
                return Err(raised);
            }
        };
        let inside = Inside::entered(&lent);
        context.fill(lent);
        share.set(Share::Lent);
        Ok(Some(Stay { inside, base: Some(base) }))
    }

    /// Puts the base back, unless the lent context is no longer like it or is held elsewhere.
    #[inline(always)]
    fn take_back(
        &self,
        inside: Inside,
        base: Owned,
        context: &Slot,
        share: &Cell<Share>,
        done: Result<()>,
    ) -> Result<()> {
        let lent = inside.context();
        // Held by the holder and by the thread that is inside it.
        let is_as_before = share.get() == Share::Lent
            && context.holds(lent)
            && lent.has_references(2)
            && variables_of(lent) == variables_of(&base);
        if !is_as_before || done.is_err() || !self.contexts.spare.is_empty() {
            return self.take_out(inside, base, context, share, done);
        }
        if let Some(lent) = context.take() {
            self.contexts.spare.fill(lent);
            self.contexts.inside.set(true);
        }
        context.fill(base);
        share.set(Share::Shared);
        done
    }

    /// As [`Self::take_back`], and leaves the lent context.
    #[cold]
    #[inline(never)]
    fn take_out(
        &self,
        inside: Inside,
        base: Owned,
        context: &Slot,
        share: &Cell<Share>,
        done: Result<()>,
    ) -> Result<()> {
        let replaced = inside.exit(context);
        if share.get() == Share::Lent && replaced.is_none() {
            let is_as_before = context
                .peek()
                .is_some_and(|lent| lent.has_references(1) && variables_of(lent) == variables_of(&base));
            if is_as_before {
                let lent = context.take();
                context.fill(base);
                share.set(Share::Shared);
                return keep_error(done, || drop(lent));
            }
            share.set(Share::Own);
        }
        keep_error(done, || drop((replaced, base)))
    }
}

/// The context in `context`, as its holder's own from now on: somebody wants to see it.
pub(crate) fn shown_context(context: &Slot, share: &Cell<Share>) -> Result<Option<Owned>> {
    if share.get() == Share::Shared {
        if let Some(base) = context.get() {
            context.set(context_like(&base)?);
        }
    }
    share.set(Share::Own);
    Ok(context.get())
}

/// Does something that may run a finalizer, beside an error that is on its way.
#[cold]
fn keep_error(done: Result<()>, work: impl FnOnce()) -> Result<()> {
    match done {
        Ok(()) => {
            work();
            Ok(())
        }
        Err(raised) => {
            let exception = raised.take();
            work();
            Err(Raised::restore(exception))
        }
    }
}
