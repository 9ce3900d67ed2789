//! The object, its phases and its Python methods, over any [`Machine`].

use std::cell::Cell;
use std::ffi::CStr;
use std::mem::offset_of;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;

use crate::ffi::{
    Args, Collectable, FreeList, IntoOwned, Layout, Native, Object, Owned, Raised, Recycled, Result,
    Signature, Slot, Step, Thrower, TypeBuilder, TypeCell, Visitor, allocate_unseen, call0, call1, names,
    report_unraisable, show_to_collector, thrown,
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

    /// Where the Python type is kept.
    fn type_cell() -> &'static TypeCell;
    /// Where dead coroutines' memory is kept.
    fn free_list() -> &'static FreeList;
    /// Goes on: from the start, or from the last yield, at which `thrown` is raised if there is one.
    fn resume(&self, thrown: Option<Owned>) -> Result<Step>;
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
enum Phase {
    /// Never resumed. Zero, so that a new object's memory says so.
    Fresh = 0,
    Suspended = 1,
    Running = 2,
    Finished = 3,
}

#[cfg(Py_3_15)]
impl Phase {
    /// What `inspect` calls it.
    fn word(self) -> &'static str {
        match self {
            Self::Fresh => "CORO_CREATED",
            Self::Suspended => "CORO_SUSPENDED",
            Self::Running => "CORO_RUNNING",
            Self::Finished => "CORO_CLOSED",
        }
    }
}

/// The part that all native coroutines share, and the Python type that they inherit from.
#[repr(C)]
pub(crate) struct CoroutineBase {
    head: ffi::PyObject,
    weak: Slot,
    /// Where it was made, while `sys.set_coroutine_origin_tracking_depth` asks for it.
    origin: Slot,
    phase: Cell<Phase>,
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
    base: CoroutineBase,
    machine: M,
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

/// Makes the type that all native coroutines inherit from.
pub(crate) fn register_base(module: &Object) -> Result<()> {
    let builder =
        TypeBuilder::<CoroutineBase>::new(c"aioxide._native.coroutine", c"A coroutine written in Rust.")
            .internal_base()
            .dies()
            .weak_references(offset_of!(CoroutineBase, weak), None)
            .getter(c"cr_running", |base: &CoroutineBase| base.phase.get() == Phase::Running)
            .getter(c"cr_suspended", |base: &CoroutineBase| base.phase.get() == Phase::Suspended)
            .getter(c"cr_origin", |base: &CoroutineBase| base.origin.get());
    #[cfg(Py_3_15)]
    let builder = builder.getter(c"cr_state", |base: &CoroutineBase| base.phase.get().word());
    builder.add_to(module)
}

impl<M: Machine> CoroutineObject<M> {
    /// Makes the machine's type.
    pub(crate) fn register(module: &Object) -> Result<()> {
        TypeBuilder::<Self>::new(M::TYPE, c"A coroutine written in Rust.")
            .base::<CoroutineBase>()
            .internal()
            .dies_recycled()
            .finalizer(Self::last_words)
            .awaitable(|coroutine: &Self| coroutine.own())
            .resumable(Self::resume)
            .method1(
                c"send",
                |coroutine: &Self, _value: &Object| coroutine.resume_once(None),
                c"send($self, value, /)\n--\n\nGo on; the value is ignored.",
            )
            .method_fast(c"throw", Self::throw, c"Raise an exception where the coroutine waits.")
            .method(c"close", Self::close, c"close($self, /)\n--\n\nEnd the coroutine with a GeneratorExit.")
            .getter(c"__name__", |coroutine: &Self| last_name(coroutine.machine.qualname()))
            .getter(c"__qualname__", |coroutine: &Self| coroutine.machine.qualname())
            .getter(c"cr_code", |coroutine: &Self| M::SOURCE.code(coroutine.machine.qualname()))
            .getter(c"cr_frame", Self::frame)
            .getter(c"cr_await", Self::awaited)
            .repr(|coroutine: &Self| {
                format!("<coroutine object {} at {:?}>", coroutine.machine.qualname(), coroutine.pointer())
                    .as_str()
                    .into_owned()
            })
            .add_to(module)
    }

    /// A coroutine whose machine is filled by `fill`.
    #[inline(always)]
    pub(crate) fn new(fill: impl FnOnce(&M)) -> Result<Owned<Self>> {
        let coroutine = allocate_unseen::<Self>(|coroutine| fill(&coroutine.machine))?;
        fresh::made(&coroutine.base);
        if TRACK_ORIGINS.load(Ordering::Relaxed) {
            coroutine.base.origin.set(call0(&names().coroutine_origin)?);
        }
        Ok(coroutine)
    }

    /// `cr_frame`: none once it has ended.
    fn frame(&self) -> Result<Option<Owned>> {
        match self.base.phase.get() {
            Phase::Finished => Ok(None),
            _ => M::SOURCE.frame(self.object(), self.machine.qualname()).map(Some),
        }
    }

    /// `cr_await`.
    fn awaited(&self) -> Result<Option<Owned>> {
        match self.machine.awaits() {
            None => Ok(None),
            awaited => M::SOURCE.through(self.object(), self.machine.callees(), awaited),
        }
    }

    /// Resumes with nothing thrown, which is what `await` does.
    #[inline(always)]
    fn resume(&self) -> Result<Step> {
        self.go_on(None)
    }

    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.base.phase.get() {
            Phase::Fresh | Phase::Suspended => {}
            phase => return Err(misused(phase)),
        }
        if self.base.phase.replace(Phase::Running) == Phase::Fresh {
            fresh::settled(&self.base);
            if let Some(exception) = thrown {
                // Raised before the first line: there is nothing yet that could catch it.
                self.finish();
                return Err(Raised::restore(exception));
            }
            self.follow(self.machine.resume(None))
        } else {
            self.follow(self.machine.resume(thrown))
        }
    }

    #[inline(always)]
    fn follow(&self, resumed: Result<Step>) -> Result<Step> {
        match resumed {
            Ok(Step::Yield(value)) => {
                self.base.phase.set(Phase::Suspended);
                if self.machine.can_be_in_a_cycle() {
                    self.base.show();
                }
                Ok(Step::Yield(value))
            }
            Ok(Step::Return(value)) => {
                self.finish();
                Ok(Step::Return(value))
            }
            Err(raised) => Err(self.finish_with(raised)),
        }
    }

    #[inline(always)]
    fn finish(&self) {
        self.base.phase.set(Phase::Finished);
        self.machine.clear();
    }

    /// As [`CoroutineObject::finish`], with the exception kept safe from what dying references run.
    #[cold]
    fn finish_with(&self, raised: Raised) -> Raised {
        let exception = raised.take();
        self.finish();
        Raised::restore(exception)
    }

    /// `send(None)`, where the end is always an exception.
    fn resume_once(&self, thrown: Option<Owned>) -> Result<Owned> {
        self.go_on(thrown)?.yielded()
    }

    /// `throw(type_or_exception, value=None, traceback=None)`.
    fn throw(&self, args: Args<'_>) -> Result<Owned> {
        self.resume_once(Some(thrown(Thrower::Coroutine, args)?))
    }

    /// `close()`.
    fn close(&self) -> Result<()> {
        match self.base.phase.get() {
            Phase::Fresh | Phase::Finished => {
                fresh::settled(&self.base);
                self.finish();
                return Ok(());
            }
            Phase::Running => return Err(misused(Phase::Running)),
            Phase::Suspended => {}
        }
        let exit = call0(&names().generator_exit)?;
        match self.go_on(Some(exit)) {
            Ok(Step::Yield(_)) => Err(Raised::runtime_error(format_args!("coroutine ignored GeneratorExit"))),
            Ok(Step::Return(_)) => Ok(()),
            Err(raised)
                if raised.matches(&names().generator_exit) || raised.matches(&names().stop_iteration) =>
            {
                raised.forget();
                Ok(())
            }
            Err(raised) => Err(raised),
        }
    }

    /// Runs when the coroutine dies: warns if nobody ever awaited it, ends it if it waits.
    fn last_words(&self) {
        // Whoever gets the warning may keep the coroutine; and what the collector has seen is asked, when it dies, whether
        // its finalizer has run (`deallocate_recycled`).
        self.base.show();
        let said = match self.base.phase.get() {
            Phase::Fresh => call1(&names().warn_unawaited, self.object()).map(drop),
            Phase::Suspended => self.close(),
            Phase::Running | Phase::Finished => Ok(()),
        };
        if let Err(raised) = said {
            report_unraisable(raised, self.object());
        }
        self.base.phase.set(Phase::Finished);
    }
}

/// The name without that of its class.
fn last_name(qualname: &'static str) -> &'static str {
    qualname.rsplit('.').next().unwrap_or(qualname)
}

#[cold]
fn misused(phase: Phase) -> Raised {
    if phase == Phase::Running {
        return Raised::value_error(format_args!("coroutine already executing"));
    }
    Raised::runtime_error(format_args!("cannot reuse already awaited coroutine"))
}
