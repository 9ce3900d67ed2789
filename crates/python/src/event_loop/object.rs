//! What a loop consists of.

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU32, Ordering};

use aioxide_core::reactor::{PollPolicy, Reactor, Waker};
use aioxide_core::ready::Queue;
use aioxide_core::sys::Inbox;
use aioxide_core::time::{LastReading, TimerHeap};
use aioxide_core::transport::{ReadSizes, receive_memory};
use pyo3::ffi;

use crate::executor::JobQueue;
use crate::ffi::{
    Collectable, Confined, Here, Layout, Lazily, Native, Object, Owned, Raised, Result, Slot, TypeCell,
    Visitor, adopt_methods, call0, names,
};
use crate::handle::TimerObject;
use crate::task::{CurrentTask, current_task_of, thread_running_loop, thread_running_loop_and_task};

use super::Ready;
use super::contexts::Contexts;
use super::resolver::Lookups;
use super::source::{SourceBase, Watcher};
use super::transports::Transports;

/// How many times this process has come out of a fork as the child.
pub(super) static FORKS: AtomicU32 = AtomicU32::new(0);

/// The native half of a loop.
#[repr(C)]
pub(crate) struct LoopObject {
    head: ffi::PyObject,
    pub(super) engine: Lazily<Engine>,
    pub(super) here: Here,
    pub(super) current: CurrentTask,
    pub(super) contexts: Contexts,
    /// The thread that runs the loop (`threading.get_ident()`), 0 while it does not run.
    pub(super) thread: Cell<u64>,
    /// Whether the loop is in its turns: alive, whatever the collector may think.
    pub(super) turning: Cell<bool>,
    pub(super) stopping: Cell<bool>,
    pub(super) closed: Cell<bool>,
    pub(super) debug: Cell<bool>,
    /// Whether nobody has overridden `call_soon` and its like, so that futures may queue directly.
    pub(super) shortcuts: Cell<bool>,
    /// Both: `shortcuts` and not `debug`.
    pub(super) direct: Cell<bool>,
    /// Whether nobody has overridden `create_task` and `create_future`.
    pub(super) own_makers: Cell<bool>,
    /// Whether nobody has overridden `time`.
    pub(super) own_clock: Cell<bool>,
    /// Whether a timer was set that may be due before the next poll.
    pub(super) timer_is_near: Cell<bool>,
    /// What the clock said when somebody last asked.
    pub(super) last_time: Cell<f64>,
    pub(super) task_factory: Slot,
    pub(super) current_handle: Slot,
    /// `_transports`, for whoever looks.
    pub(super) transports: Slot,
    /// The default executor, once there is one.
    pub(super) executor: Slot,
    /// Its jobs, when it is aioxide's own.
    pub(super) jobs: Slot<JobQueue>,
    /// Whether `shutdown_default_executor` or `close` was called.
    pub(super) executor_shut_down: Cell<bool>,
    /// The pair of sockets that signals wake the loop through. Not shown to the collector, which might finalise
    /// them before the loop: its finaliser has to find them open. They lead nowhere, so no cycle is missed.
    pub(super) signal_receiver: Slot,
    pub(super) signal_sender: Slot,
}

/// What moves a loop: made by `__init__`, gone with the loop.
pub(super) struct Engine {
    pub(super) ready: Confined<Queue<Ready>>,
    pub(super) timers: Confined<TimerHeap<Owned<TimerObject>>>,
    pub(super) reactor: Confined<Reactor<Watcher>>,
    pub(super) policy: Confined<PollPolicy>,
    pub(super) waker: Waker,
    /// What the clock said when the last timeout was made.
    pub(super) reading: Confined<LastReading>,
    /// Whether the loop blocks in its selector. For whoever holds the interpreter's lock, who needs no atomic
    /// operation to see it; threads without the lock ask the waker.
    pub(super) parked: Cell<bool>,
    pub(super) lookups: Confined<Lookups>,
    pub(super) transports: Confined<Transports>,
    /// Room for one read, which all transports share: most reads are small, and are copied out in their exact size.
    pub(super) scratch: Confined<Option<Box<[MaybeUninit<u8>]>>>,
    /// What the program's own sockets have received last.
    pub(super) received: Cell<ReadSizes>,
    /// Room for received datagrams, made when the first ones come.
    pub(super) inbox: Confined<Option<Box<Inbox>>>,
    /// The number of the turn that runs or comes next.
    pub(super) turn: Cell<u32>,
    /// Sources that are called when the turn is over.
    pub(super) after_turn: Confined<Vec<Owned<SourceBase>>>,
    /// The value of [`FORKS`] when the reactor was made, or made anew.
    pub(super) forks: Cell<u32>,
}

impl Engine {
    pub(super) fn new() -> std::io::Result<Self> {
        let reactor = Reactor::new()?;
        let waker = reactor.waker().clone();
        Ok(Self {
            ready: Confined::new(Queue::new()),
            timers: Confined::new(TimerHeap::new()),
            reactor: Confined::new(reactor),
            policy: Confined::new(PollPolicy::new()),
            waker,
            reading: Confined::new(LastReading::new()),
            parked: Cell::new(false),
            lookups: Confined::default(),
            transports: Confined::default(),
            scratch: Confined::new(None),
            received: Cell::new(ReadSizes::default()),
            inbox: Confined::new(None),
            turn: Cell::new(1),
            after_turn: Confined::new(Vec::new()),
            forks: Cell::new(FORKS.load(Ordering::Relaxed)),
        })
    }
}

// SAFETY: repr(C), header first.
unsafe impl Layout for LoopObject {}

static TYPE: TypeCell = TypeCell::new();

/// `aioxide.Loop`, which has the methods of the native half as its own.
static LOOP_CLASS: TypeCell = TypeCell::new();

/// The class of the first loop: `aioxide.Loop`, in most programs the only one.
static USUAL_CLASS: TypeCell = TypeCell::new();

// SAFETY: `methods::register` makes the type with this layout; zero bytes are "no engine", empty slots,
// `false` and zero.
unsafe impl Native for LoopObject {
    fn type_cell() -> &'static TypeCell {
        &TYPE
    }

    #[inline(always)]
    fn usual_subclass() -> *mut ffi::PyTypeObject {
        USUAL_CLASS.get()
    }
}

impl Collectable for LoopObject {
    fn traverse(&self, visitor: &mut Visitor) {
        self.contexts.traverse(visitor);
        visitor.slot(&self.task_factory);
        visitor.slot(&self.current_handle);
        visitor.slot(&self.transports);
        visitor.slot(&self.executor);
        visitor.slot(&self.jobs);
        if let Some(engine) = self.engine.get() {
            engine.ready.with(|ready| ready.iter().for_each(|entry| entry.traverse(visitor)));
            engine.timers.with(|timers| timers.iter().for_each(|(_, timer)| visitor.object(timer.object())));
            engine.lookups.with(|lookups| lookups.traverse(visitor));
            engine.reactor.with(|reactor| {
                reactor.registry().iter().for_each(|(_, watcher)| watcher.traverse(visitor));
            });
        }
    }

    fn clear(&self) {
        self.contexts.clear();
        self.task_factory.clear();
        self.current_handle.clear();
        self.transports.clear();
        self.executor.clear();
        self.jobs.clear();
        self.drop_entries();
        if let Some(engine) = self.engine.get() {
            drop(engine.reactor.with(Reactor::close));
            drop(engine.lookups.with(std::mem::take));
        }
    }
}

impl LoopObject {
    /// The engine, or asyncio's words for a loop whose `__init__` has not run.
    #[inline(always)]
    pub(super) fn engine(&self) -> Result<&Engine> {
        match self.engine.get() {
            Some(engine) => Ok(engine),
            None => Err(Raised::runtime_error(format_args!("the event loop is not initialized"))),
        }
    }

    /// Makes casts of loops of this one's class quick. The first class stays; it lives for ever then.
    pub(super) fn note_class(&self) {
        if USUAL_CLASS.get().is_null() {
            USUAL_CLASS.fill(self.object().type_object().own());
        }
    }

    /// Makes `class` the one whose methods are those of a loop that overrides nothing.
    pub(super) fn note_loop_class(class: &Object) -> Result<()> {
        if let Some(native) = Self::type_cell().object() {
            adopt_methods(class, native)?;
        }
        LOOP_CLASS.fill(class.own());
        Ok(())
    }

    /// A method as loops have it that override nothing.
    pub(super) fn plain_method(name: &Object) -> Result<Option<Owned>> {
        LOOP_CLASS.object().map(|class| class.attribute(name)).transpose()
    }

    /// Puts an entry at the end of the ready queue.
    pub(crate) fn queue(&self, entry: Ready) -> Result<()> {
        self.queue_made(|| entry)
    }

    /// As [`LoopObject::queue`], for an entry that is put together in the queue itself, and for the hottest paths.
    #[inline(always)]
    pub(crate) fn queue_made(&self, make: impl FnOnce() -> Ready) -> Result<()> {
        match self.engine.get() {
            Some(engine) if !self.closed.get() => {
                let entry = make();
                engine.ready.with(|ready| ready.push_back(entry));
                Ok(())
            }
            _ => Err(closed_error()),
        }
    }

    /// Whether futures and tasks of this loop may queue with nothing else to do: no method is overridden, and debug
    /// mode is off.
    #[inline(always)]
    pub(crate) fn is_direct(&self) -> bool {
        self.direct.get()
    }

    /// To be called when what [`LoopObject::is_direct`] tells of has changed.
    pub(super) fn note_directness(&self) {
        self.direct.set(self.shortcuts.get() && !self.debug.get());
    }

    /// Raises asyncio's error when the loop is closed.
    #[inline(always)]
    pub(crate) fn check_closed(&self) -> Result<()> {
        if self.closed.get() { Err(closed_error()) } else { Ok(()) }
    }

    /// Whether the loop is closed. One whose `__init__` has not come to its end has nothing to close.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.get() || self.engine.get().is_none()
    }

    /// Drops everything queued, outside any borrow.
    pub(super) fn drop_entries(&self) {
        if let Some(engine) = self.engine.get() {
            drop(engine.ready.with(Queue::take));
            // In no heap any more: a coroutine that dies with one of them may cancel another.
            let timers = engine.timers.with(TimerHeap::drain);
            timers.iter().for_each(|timer| timer.unschedule());
            drop(timers);
        }
    }

    /// Lends room for one read. Whoever asks while it is lent gets room of his own.
    pub(crate) fn with_scratch<R>(&self, work: impl FnOnce(&mut [MaybeUninit<u8>]) -> R) -> R {
        let kept = self.engine.get().and_then(|engine| engine.scratch.with(Option::take));
        let mut scratch = kept.unwrap_or_else(receive_memory);
        let result = work(&mut scratch);
        if let Some(engine) = self.engine.get() {
            engine.scratch.with(|kept| *kept = Some(scratch));
        }
        result
    }

    /// Whether the next thing that a socket of the program's own receives should go straight to its final place.
    #[inline]
    pub(crate) fn expects_bulk(&self) -> bool {
        self.engine.get().is_some_and(|engine| engine.received.get().expects_bulk())
    }

    /// Remembers how much such a socket has received.
    #[inline]
    pub(crate) fn note_received(&self, count: usize) {
        if let Some(engine) = self.engine.get() {
            let mut sizes = engine.received.get();
            sizes.note(count);
            engine.received.set(sizes);
        }
    }

    /// How many entries are queued.
    #[inline]
    pub(crate) fn ready_length(&self) -> Result<usize> {
        Ok(self.engine()?.ready.with(|ready| ready.len()))
    }

    /// Whether `stop()` was called: the turn that runs is the last one.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Room for a batch of datagrams, which is given back with [`LoopObject::keep_inbox`].
    pub(crate) fn take_inbox(&self) -> Box<Inbox> {
        let kept = self.engine.get().and_then(|engine| engine.inbox.with(Option::take));
        kept.unwrap_or_default()
    }

    /// Keeps room for datagrams for the next batch.
    pub(crate) fn keep_inbox(&self, inbox: Box<Inbox>) {
        if let Some(engine) = self.engine.get() {
            engine.inbox.with(|kept| *kept = Some(inbox));
        }
    }

    /// Whether debug mode is on.
    #[inline(always)]
    pub(crate) fn debug(&self) -> bool {
        self.debug.get()
    }

    /// Whether futures and tasks may queue without going through the Python method `call_soon`.
    #[inline(always)]
    pub(crate) fn has_shortcuts(&self) -> bool {
        self.shortcuts.get()
    }

    /// Whether `create_future` is the native one.
    #[inline(always)]
    pub(crate) fn makes_plain_futures(&self) -> bool {
        self.own_makers.get()
    }

    /// Whether `create_task` is the native one and makes tasks of ours, with no factory.
    #[inline(always)]
    pub(crate) fn makes_plain_tasks(&self) -> bool {
        self.own_makers.get() && self.task_factory.is_empty()
    }

    /// Whether the loop runs.
    pub(crate) fn is_running(&self) -> bool {
        self.thread.get() != 0
    }

    /// Whether the loop is in its turns, so that the collector need not know what it holds.
    #[inline(always)]
    pub(crate) fn is_turning(&self) -> bool {
        self.turning.get()
    }

    /// `timer`, which is in the heap, is cancelled: it leaves at once if it stands last, and is counted
    /// as dead if not.
    #[inline(always)]
    pub(crate) fn drop_cancelled_timer(&self, timer: &TimerObject) {
        let Some(engine) = self.engine.get() else { return };
        match engine.timers.with(|timers| timers.pop_last(|last| std::ptr::eq(&raw const **last, timer))) {
            // The canceller holds it too, and shows it to the collector.
            Some(last) => last.unschedule(),
            None => engine.timers.with(TimerHeap::note_cancelled),
        }
    }

    /// One more of the timers in the heap is cancelled.
    #[inline(always)]
    pub(crate) fn note_cancelled_timer(&self) {
        if let Some(engine) = self.engine.get() {
            engine.timers.with(TimerHeap::note_cancelled);
        }
    }
}

#[cold]
fn closed_error() -> Raised {
    Raised::runtime_error(format_args!("Event loop is closed"))
}

/// The loop that runs in this thread, of whatever kind.
///
/// The standard library's state is the truth (other loops set it too), so it is asked each time: in the
/// thread state where the interpreter says where that is, through `_asyncio` elsewhere.
#[inline]
pub(crate) fn running_loop() -> Result<Owned> {
    match running_loop_if_any()? {
        Some(running) => Ok(running),
        None => Err(Raised::runtime_error(format_args!("no running event loop"))),
    }
}

/// The loop that runs in this thread, of whatever kind, and its current task.
#[inline(always)]
pub(crate) fn running_loop_and_task() -> Result<(Owned, Option<Owned>)> {
    if let Some(found) = thread_running_loop_and_task() {
        return Ok(found);
    }
    let running = running_loop()?;
    let task = current_task_of(&running)?;
    Ok((running, task))
}

/// The loop that runs in this thread, of whatever kind, if one does.
#[inline]
pub(crate) fn running_loop_if_any() -> Result<Option<Owned>> {
    if let Some(running) = thread_running_loop() {
        return Ok(Some(running));
    }
    let running = call0(&names().get_running_loop)?;
    Ok(Some(running).filter(|running| !running.is_none()))
}

/// The loop that runs in this thread, else what `ffi::use_current_loop` was told to ask.
#[inline]
pub(crate) fn current_loop() -> Result<Owned> {
    match running_loop_if_any()? {
        Some(running) => Ok(running),
        None => crate::ffi::current_loop(),
    }
}

/// The loop that runs in this thread when it is ours.
#[inline]
pub(crate) fn running_native_loop() -> Result<Result<Owned<LoopObject>, Owned>> {
    running_loop().map(Owned::<Object>::into_cast::<LoopObject>)
}
