//! Coroutines that never wait: they do their work at their first step and end with it.
//!
//! `async with` awaits what `__aenter__` and `__aexit__` return. For a timeout there is nothing to wait
//! for, so this costs an object from a free list and one call.

use std::ffi::CStr;
use std::marker::PhantomData;

use crate::awaitable::{CoroutineObject, Machine};
use crate::ffi::{
    Collectable, FreeList, Native, Object, Owned, Raised, Result, Slot, Step, TypeCell, Visitor, none,
};

/// The one step of such a coroutine.
pub(super) trait Work: Sized + 'static {
    /// Whose method it is.
    type Owner: Native;
    /// The method's name.
    const NAME: &'static str;
    /// The coroutine type's name, with its module.
    const TYPE: &'static CStr;

    /// Where the Python type is kept. Each implementation has its own.
    fn type_cell() -> &'static TypeCell;
    /// Where dead coroutines' memory is kept. Each implementation has its own.
    fn free_list() -> &'static FreeList;
    /// Does the work. `kind` and `exception` are what `__aexit__` was given, if anything.
    fn run(owner: &Owned<Self::Owner>, kind: Option<&Object>, exception: Option<&Object>) -> Result<Owned>;
}

/// A coroutine that does `W` at its first step.
pub(super) struct Prompt<W: Work> {
    owner: Slot<W::Owner>,
    kind: Slot,
    exception: Slot,
    work: PhantomData<W>,
}

// SAFETY: each `Work` has a type cell of its own, which `register` fills; zero bytes are empty slots.
unsafe impl<W: Work> Machine for Prompt<W> {
    const NAME: &'static str = W::NAME;
    const TYPE: &'static CStr = W::TYPE;

    fn type_cell() -> &'static TypeCell {
        W::type_cell()
    }

    fn free_list() -> &'static FreeList {
        W::free_list()
    }

    #[inline(always)]
    fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        if let Some(exception) = thrown {
            return Err(Raised::restore(exception));
        }
        let Some(owner) = self.owner.take() else { return Ok(Step::Return(none())) };
        let (kind, exception) = (self.kind.take(), self.exception.take());
        W::run(&owner, kind.as_deref(), exception.as_deref()).map(Step::Return)
    }

    fn awaits(&self) -> Option<Owned> {
        None
    }
}

impl<W: Work> Collectable for Prompt<W> {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.owner);
        visitor.slot(&self.kind);
        visitor.slot(&self.exception);
    }

    fn clear(&self) {
        self.owner.clear();
        self.kind.clear();
        self.exception.clear();
    }
}

impl<W: Work> Prompt<W> {
    /// The coroutine, not yet started.
    #[inline(always)]
    pub(super) fn coroutine(
        owner: Owned<W::Owner>,
        kind: Option<&Object>,
        exception: Option<&Object>,
    ) -> Result<Owned> {
        use crate::ffi::Layout;
        let coroutine = CoroutineObject::<Self>::new(|prompt| {
            prompt.owner.fill(owner);
            if let Some(kind) = kind {
                prompt.kind.fill(kind.own());
            }
            if let Some(exception) = exception {
                prompt.exception.fill(exception.own());
            }
        })?;
        Ok(coroutine.into_object())
    }
}
