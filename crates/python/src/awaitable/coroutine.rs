//! The object: what each coroutine holds beside its [`Machine`], how it is made and where it stands.
//!
//! What must always be true: a coroutine is in one [`Phase`], which only `resume.rs` changes; one that waits and could
//! be in a cycle is known to the collector, and one that was never resumed as `fresh.rs` says; one that has ended and that
//! nobody has any more may begin anew as the next one of its type (`ffi/kept.rs`).

use std::cell::Cell;
use std::ffi::CStr;
use std::mem::offset_of;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;

use crate::ffi::{
    Args, Collectable, FreeList, Kept, Layout, Native, Object, Owned, Recycled, Result, Signature, Slot,
    Step, TypeCell, Visitor, allocate_anew, call0, names, show_to_collector,
};

use super::{Source, fresh};

/// What a native coroutine does. All zero bytes must be a valid value: the one before it is filled.
///
/// # Safety
/// As for [`Native`]: `type_cell` is filled by `CoroutineObject::<Self>::register` only, and zero bytes
/// are a valid `Self`.
pub(crate) unsafe trait Machine: Collectable + Sized + 'static {
    /// The coroutine function's name, with its class if it has one.
    const QUALNAME: &'static str;
    /// Where the machine is written.
    const SOURCE: Source;
    /// The Python type's name, with its module.
    const TYPE: &'static CStr;
    /// Whether a field has memory that `clear` does not free: all others are empty after it, and need not be dropped.
    const HAS_MEMORY: bool = false;

    /// Where the Python type is kept.
    fn type_cell() -> &'static TypeCell;
    /// Where dead coroutines' memory is kept.
    fn free_list() -> &'static FreeList;
    /// Goes on: from the start, or from the last yield, at which `thrown` is raised if there is one.
    fn resume(&self, thrown: Option<Owned>) -> Result<Step>;
    /// What the machine returns at its very start, where it has nothing to wait for and that is quickly told. `None`
    /// leaves it to [`Machine::resume`], and has changed nothing. Must not run Python.
    #[inline(always)]
    fn at_once(&self) -> Option<Result<Owned>> {
        None
    }
    /// What it waits for at the moment.
    fn awaits(&self) -> Option<Owned>;
    /// Whether, suspended, it holds references by which it could keep itself alive.
    #[inline(always)]
    fn can_be_in_a_cycle(&self) -> bool {
        true
    }
    /// As [`Machine::QUALNAME`], for a machine that stands for several coroutine functions.
    fn qualname(&self) -> &'static str {
        Self::QUALNAME
    }
    /// The coroutines that asyncio has between this one and what it waits for, outermost first.
    fn callees(&self) -> &'static [&'static str] {
        &[]
    }
}

/// Where a coroutine stands.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Never resumed. Zero, so that a new object's memory says so.
    Fresh = 0,
    Suspended = 1,
    Running = 2,
    Finished = 3,
}

/// The part that all native coroutines share, and the Python type that they inherit from.
#[repr(C)]
pub(crate) struct CoroutineBase {
    head: ffi::PyObject,
    pub(super) weak: Slot,
    /// Where it was made, while `sys.set_coroutine_origin_tracking_depth` asks for it.
    pub(super) origin: Slot,
    pub(super) phase: Cell<Phase>,
    /// Whether the collector knows it. Most end at their first step, and it has no time to look at them: see
    /// `fresh.rs`.
    seen: Cell<bool>,
}

// SAFETY: repr(C), header first.
unsafe impl Layout for CoroutineBase {}

static BASE: TypeCell = TypeCell::new();

// SAFETY: `register_base` makes the type with this layout; zero bytes are empty slots and `Fresh`.
unsafe impl Native for CoroutineBase {
    fn type_cell() -> &'static TypeCell {
        &BASE
    }
}

impl Collectable for CoroutineBase {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.origin);
    }

    fn clear(&self) {
        self.origin.clear();
    }

    #[inline(always)]
    fn is_seen(&self) -> bool {
        self.seen.get()
    }
}

impl Drop for CoroutineBase {
    #[inline(always)]
    fn drop(&mut self) {
        fresh::settled(self);
    }
}

impl CoroutineBase {
    /// Lets the collector know the coroutine.
    #[inline(always)]
    pub(super) fn show(&self) {
        if !self.seen.replace(true) {
            fresh::settled(self);
            show_to_collector(self.object());
        }
    }
}

/// A native coroutine.
#[repr(C)]
pub(crate) struct CoroutineObject<M: Machine> {
    pub(super) base: CoroutineBase,
    pub(super) machine: M,
}

// SAFETY: repr(C), and the first field is a `Layout` type.
unsafe impl<M: Machine> Layout for CoroutineObject<M> {}

// SAFETY: `register` makes the type with this layout; `Machine` promises that zero bytes are valid.
unsafe impl<M: Machine> Native for CoroutineObject<M> {
    fn type_cell() -> &'static TypeCell {
        M::type_cell()
    }
}

impl<M: Machine> Recycled for CoroutineObject<M> {
    fn free_list() -> &'static FreeList {
        M::free_list()
    }
}

// SAFETY: the machine is where it is, and filled where all its bytes are zero (`Machine`).
unsafe impl<M: Machine> Kept for CoroutineObject<M> {
    type Part = M;
    const PART: usize = offset_of!(Self, machine);
    const HAS_MEMORY: bool = M::HAS_MEMORY;

    #[inline(always)]
    fn is_watched(&self) -> bool {
        !self.base.weak.is_empty() || !self.base.origin.is_empty()
    }
}

impl<M: Machine> Collectable for CoroutineObject<M> {
    fn traverse(&self, visitor: &mut Visitor) {
        self.base.traverse(visitor);
        self.machine.traverse(visitor);
    }

    fn clear(&self) {
        self.base.clear();
        self.machine.clear();
    }

    fn has_last_words(&self) -> bool {
        self.base.phase.get() != Phase::Finished
    }

    #[inline(always)]
    fn is_seen(&self) -> bool {
        self.base.is_seen()
    }
}

impl<M: Machine> CoroutineObject<M> {
    /// A coroutine whose machine is filled by `fill`.
    #[inline(always)]
    pub(crate) fn new(fill: impl FnOnce(&M)) -> Result<Owned<Self>> {
        let coroutine = allocate_anew::<Self>(|coroutine| {
            coroutine.base.phase.set(Phase::Fresh);
            fill(&coroutine.machine);
        })?;
        fresh::made(&coroutine.base);
        if TRACK_ORIGINS.load(Ordering::Relaxed) {
            coroutine.base.origin.set(call0(&names().coroutine_origin)?);
        }
        Ok(coroutine)
    }
}

/// Whether coroutines remember where they were made (`sys.get_coroutine_origin_tracking_depth() > 0`).
static TRACK_ORIGINS: AtomicBool = AtomicBool::new(false);

/// `track_origins(enabled)`: a loop has switched the tracking on or off.
pub(crate) fn track_origins(args: Args<'_>) -> Result<()> {
    const SIGNATURE: Signature<1> =
        Signature { function: "track_origins", parameters: [c"enabled"], positional: 1, required: 1 };
    let [enabled] = SIGNATURE.bind(args)?;
    TRACK_ORIGINS.store(enabled.map_or(Ok(false), Object::is_true)?, Ordering::Relaxed);
    Ok(())
}

/// Whether `object` is a native coroutine.
#[inline(always)]
pub(crate) fn is_native_awaitable(object: &Object) -> bool {
    object.cast::<CoroutineBase>().is_some()
}

/// A task takes `coroutine`, whatever it is, and may keep it for long before its first step.
#[inline(always)]
pub(crate) fn adopt(coroutine: &Object) {
    // SAFETY: a type check on a live object.
    if unsafe { ffi::PyCoro_CheckExact(coroutine.pointer()) } != 0 {
        return;
    }
    if let Some(ours) = coroutine.cast::<CoroutineBase>() {
        ours.show();
    }
}
