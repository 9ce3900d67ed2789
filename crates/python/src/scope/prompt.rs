//! Coroutines that never wait: they do their work at their first step and end with it.
//!
//! `async with` awaits what `__aenter__` and `__aexit__` return. For a timeout there is nothing to wait
//! for, so this costs an object from a free list and one call.

use std::ffi::CStr;
use std::marker::PhantomData;

use crate::awaitable::{CoroutineObject, Machine, Source};
use crate::ffi::{
    Collectable, FreeList, Native, Object, Owned, Raised, Result, Slot, Step, TypeCell, Visitor, none,
};

/// The one step of such a coroutine.
pub(super) trait Work: Sized + 'static {
    /// Whose method it is.
    type Owner: Native;
    /// The method's name, with its class.
    const QUALNAME: &'static str;
    /// Where it is written.
    const SOURCE: Source;
    /// The coroutine type's name, with its module.
    const TYPE: &'static CStr;

    /// Where the Python type is kept. Each implementation has its own.
    fn type_cell() -> &'static TypeCell;
    /// Where dead coroutines' memory is kept. Each implementation has its own.
    fn free_list() -> &'static FreeList;
    /// Does the work. `kind` and `exception` are what `__aexit__` was given, if anything.
    fn run(owner: &Owned<Self::Owner>, kind: Option<&Object>, exception: Option<&Object>) -> Result<Owned>;
}

/// Declares `$work`, whose one step is its function `work(owner, kind, exception)`.
macro_rules! work {
    ($work:ident, $class:literal . $name:literal, of: $owner:ty) => {
        #[doc = concat!("`", $class, ".", $name, "`, when it is awaited.")]
        struct $work;

        const _: () = {
            static TYPE: $crate::ffi::TypeCell = $crate::ffi::TypeCell::new();
            static FREE: $crate::ffi::FreeList = $crate::ffi::FreeList::new();

            impl $crate::scope::prompt::Work for $work {
                type Owner = $owner;
                const QUALNAME: &'static str = concat!($class, ".", $name);
                const SOURCE: $crate::awaitable::Source = $crate::awaitable::source!();
                const TYPE: &'static std::ffi::CStr =
                    $crate::ffi::c_text(concat!("aioxide._native.", $class, "_", $name, "_coroutine\0"));

                fn type_cell() -> &'static $crate::ffi::TypeCell {
                    &TYPE
                }

                fn free_list() -> &'static $crate::ffi::FreeList {
                    &FREE
                }

                #[inline(always)]
                fn run(
                    owner: &$crate::ffi::Owned<$owner>,
                    kind: Option<&$crate::ffi::Object>,
                    exception: Option<&$crate::ffi::Object>,
                ) -> $crate::ffi::Result<$crate::ffi::Owned> {
                    Self::work(owner, kind, exception)
                }
            }
        };
    };
}

pub(super) use work;

/// A coroutine that does `W` at its first step.
pub(super) struct Prompt<W: Work> {
    owner: Slot<W::Owner>,
    kind: Slot,
    exception: Slot,
    work: PhantomData<W>,
}

// SAFETY: each `Work` has a type cell of its own, which `register` fills; zero bytes are empty slots.
unsafe impl<W: Work> Machine for Prompt<W> {
    const QUALNAME: &'static str = W::QUALNAME;
    const SOURCE: Source = W::SOURCE;
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
