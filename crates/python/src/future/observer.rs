//! Done-callbacks written in Rust.
//!
//! `gather`, `wait` and their like register one object with every future that they wait for. For Python
//! it is a callable like any other (`_callbacks` shows it, `remove_done_callback` finds it, a loop or a
//! future of another class calls it); between our own futures and loops it is a plain entry of the
//! waiters and of the ready queue, with no call and no context.

use std::cell::Cell;
use std::ffi::CStr;

use pyo3::ffi;

use crate::ffi::{
    Args, Collectable, FreeList, IntoOwned, Layout, Native, Object, Owned, Raised, Recycled, Result,
    TypeBuilder, TypeCell, Visitor, allocate_recycled,
};

/// What an observer does. All zero bytes must be a valid value: the one before it is filled.
///
/// # Safety
/// As for [`Native`]: `type_cell` is filled by `ObserverObject::<Self>::register` only, and zero bytes
/// are a valid `Self`.
pub(crate) unsafe trait Observe: Collectable + Sized + 'static {
    /// What asyncio calls its own callback, for representations.
    const NAME: &'static str;
    /// The Python type's name, with its module.
    const TYPE: &'static CStr;

    /// Where the Python type is kept.
    fn type_cell() -> &'static TypeCell;
    /// Where dead observers' memory is kept.
    fn free_list() -> &'static FreeList;
    /// `future`, of any class, is done.
    fn completed(observer: &ObserverObject<Self>, future: &Object) -> Result<()>;
}

/// Makes a struct an [`Observe`] whose method `on_done(future)` is told that a future is done.
///
/// The struct consists of slots and cells, whose zero bytes are empty. `shown` is what asyncio calls its
/// own callback, `type` names the Python type, and `holds` every field with references.
macro_rules! observer {
    ($observer:ty, shown: $shown:expr, type: $type:literal, holds: [$($field:ident),*]) => {
        const _: () = {
            static TYPE: $crate::ffi::TypeCell = $crate::ffi::TypeCell::new();
            static FREE: $crate::ffi::FreeList = $crate::ffi::FreeList::new();

            // SAFETY: registered once, by its folder's `register`; zero bytes are empty slots and cells.
            unsafe impl $crate::future::Observe for $observer {
                const NAME: &'static str = $shown;
                const TYPE: &'static std::ffi::CStr =
                    $crate::ffi::c_text(concat!("aioxide._native.", $type, "\0"));

                fn type_cell() -> &'static $crate::ffi::TypeCell {
                    &TYPE
                }

                fn free_list() -> &'static $crate::ffi::FreeList {
                    &FREE
                }

                #[inline(always)]
                fn completed(
                    observer: &$crate::future::ObserverObject<Self>,
                    future: &$crate::ffi::Object,
                ) -> $crate::ffi::Result<()> {
                    observer.state.on_done(future)
                }
            }
        };

        $crate::ffi::collectable!($observer, holds: [$($field),*]);
    };
}

pub(crate) use observer;

/// Tells one kind of observer that a future is done.
type Notify = fn(&ObserverBase, &Object) -> Result<()>;

/// The part that all observers share, and the Python type that they inherit from.
#[repr(C)]
pub(crate) struct ObserverBase {
    head: ffi::PyObject,
    /// Set for good when the observer is made.
    notify: Cell<Option<Notify>>,
}

// SAFETY: repr(C), header first.
unsafe impl Layout for ObserverBase {}

static BASE: TypeCell = TypeCell::new();

// SAFETY: `register_observers` makes the type with this layout; zero bytes are "no function".
unsafe impl Native for ObserverBase {
    fn type_cell() -> &'static TypeCell {
        &BASE
    }
}

impl Collectable for ObserverBase {
    fn traverse(&self, _visitor: &mut Visitor) {}

    fn clear(&self) {}
}

/// An observer.
#[repr(C)]
pub(crate) struct ObserverObject<O: Observe> {
    base: ObserverBase,
    pub(crate) state: O,
}

// SAFETY: repr(C), and the first field is a `Layout` type.
unsafe impl<O: Observe> Layout for ObserverObject<O> {}

// SAFETY: `register` makes the type with this layout; `Observe` promises that zero bytes are valid.
unsafe impl<O: Observe> Native for ObserverObject<O> {
    fn type_cell() -> &'static TypeCell {
        O::type_cell()
    }
}

impl<O: Observe> Recycled for ObserverObject<O> {
    fn free_list() -> &'static FreeList {
        O::free_list()
    }
}

impl<O: Observe> Collectable for ObserverObject<O> {
    fn traverse(&self, visitor: &mut Visitor) {
        self.state.traverse(visitor);
    }

    fn clear(&self) {
        self.state.clear();
    }
}

/// Makes the type that all observers inherit from.
pub(crate) fn register_observers(module: &Object) -> Result<()> {
    TypeBuilder::<ObserverBase>::new(c"aioxide._native.observer", c"A done-callback written in Rust.")
        .internal_base()
        .dies()
        .add_to(module)
}

impl ObserverBase {
    /// `future` is done.
    #[inline(always)]
    pub(crate) fn notify(&self, future: &Object) -> Result<()> {
        self.notify.get().map_or(Ok(()), |notify| notify(self, future))
    }
}

impl<O: Observe> ObserverObject<O> {
    /// Makes the observer's type.
    pub(crate) fn register(module: &Object) -> Result<()> {
        TypeBuilder::<Self>::new(O::TYPE, c"A done-callback written in Rust.")
            .base::<ObserverBase>()
            .internal()
            .dies_recycled()
            .called(Self::call)
            .getter(c"__name__", |_: &Self| O::NAME)
            .getter(c"__qualname__", |_: &Self| O::NAME)
            .repr(|observer: &Self| {
                format!("<function {} at {:?}>", O::NAME, observer.pointer()).as_str().into_owned()
            })
            .add_to(module)
    }

    /// An observer whose state is filled by `fill`.
    #[inline(always)]
    pub(crate) fn new(fill: impl FnOnce(&O)) -> Result<Owned<Self>> {
        allocate_recycled::<Self>(|observer| {
            observer.base.notify.set(Some(Self::notified));
            fill(&observer.state);
        })
    }

    /// As futures keep it.
    #[inline(always)]
    pub(crate) fn base(&self) -> &ObserverBase {
        &self.base
    }

    #[inline]
    fn notified(base: &ObserverBase, future: &Object) -> Result<()> {
        base.object().exactly::<Self>().map_or(Ok(()), |observer| O::completed(observer, future))
    }

    fn call(&self, args: Args<'_>) -> Result<()> {
        let ([future], None) = (args.positional(), args.names()) else {
            return Err(Raised::type_error(format_args!("{} takes a done future", O::NAME)));
        };
        O::completed(self, future)
    }
}
