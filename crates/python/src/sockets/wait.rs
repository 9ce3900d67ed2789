//! Waiting until a descriptor is ready, inside a machine.
//!
//! What wakes the machine says only "ready": nothing is read or written before the machine runs, so a task that is
//! cancelled between the two has lost no data.

use std::cell::Cell;

use crate::awaitable::Delegate;
use crate::event_loop::{Direction, LoopObject, SourceBase};
use crate::ffi::{
    Collectable, FreeList, Layout, Native, Object, Owned, Raised, Recycled, Result, Slot, Step, TypeBuilder,
    TypeCell, Visitor, allocate_recycled, none,
};
use crate::future::FutureObject;

/// What the selector calls: it wakes who waits, once.
#[repr(C)]
struct Wakeup {
    base: SourceBase,
    /// Whom to wake. Empty while nobody waits.
    future: Slot<FutureObject>,
}

// SAFETY: repr(C), and the first field is a `Layout` type.
unsafe impl Layout for Wakeup {}

static TYPE: TypeCell = TypeCell::new();
static FREE: FreeList = FreeList::new();

// SAFETY: `register` makes the type with this layout; zero bytes are empty slots.
unsafe impl Native for Wakeup {
    fn type_cell() -> &'static TypeCell {
        &TYPE
    }
}

impl Recycled for Wakeup {
    fn free_list() -> &'static FreeList {
        &FREE
    }
}

impl Collectable for Wakeup {
    fn traverse(&self, visitor: &mut Visitor) {
        self.base.traverse(visitor);
        self.future.traverse(visitor);
    }

    fn clear(&self) {
        self.base.clear();
        self.future.clear();
    }
}

/// Makes the type.
pub(super) fn register(module: &Object) -> Result<()> {
    TypeBuilder::<Wakeup>::new(c"aioxide._native.wakeup", c"Wakes a task when its socket is ready.")
        .base::<SourceBase>()
        .internal()
        .dies_recycled()
        .method(c"_read_ready", Wakeup::wake, c"Wake the task that waits to read.")
        .method(c"_write_ready", Wakeup::wake, c"Wake the task that waits to write.")
        .add_to(module)
}

impl Wakeup {
    fn new() -> Result<Owned<Self>> {
        allocate_recycled::<Self>(|wakeup| wakeup.base.prepare_without_context(Self::ready))
    }

    fn ready(base: &SourceBase, _direction: Direction) -> Result<()> {
        base.object().exactly::<Self>().map_or(Ok(()), Self::wake)
    }

    fn wake(&self) -> Result<()> {
        match self.future.take() {
            Some(future) if !future.is_done() => future.resolve(none()),
            _ => Ok(()),
        }
    }
}

/// What a machine waits for: that a descriptor becomes ready. All zero bytes mean nothing.
pub(super) struct Wait {
    /// What the selector calls. There until the wait is [over](Wait::end).
    wakeup: Slot<Wakeup>,
    waiting: Delegate,
    fd: Cell<i32>,
    is_writing: Cell<bool>,
}

impl Wait {
    /// Waits (again) until `fd` is ready in `direction`: gives what has to be yielded.
    pub(super) fn begin(&self, event_loop: &LoopObject, fd: i32, direction: Direction) -> Result<Step> {
        if self.fd.get() != fd {
            self.end(event_loop)?;
        }
        let future = event_loop.create_future()?;
        match self.wakeup.peek() {
            Some(wakeup) => wakeup.future.set(future.clone()),
            None => {
                let wakeup = Wakeup::new()?;
                wakeup.future.fill(future.clone());
                event_loop.watch_source(fd, direction, &wakeup.base)?;
                self.fd.set(fd);
                self.is_writing.set(direction == Direction::Writing);
                self.wakeup.fill(wakeup);
            }
        }
        self.waiting.begin_future(future);
        self.waiting.resume(None)
    }

    /// Whether `fd` is watched for this wait.
    pub(super) fn is_watching(&self, fd: i32) -> bool {
        !self.wakeup.is_empty() && self.fd.get() == fd
    }

    /// Whether something is being waited for.
    #[inline(always)]
    pub(super) fn is_active(&self) -> bool {
        self.waiting.is_active()
    }

    /// Goes on waiting: yields, returns when the descriptor is ready, or lets what was thrown through.
    #[inline(always)]
    pub(super) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        self.waiting.resume(thrown)
    }

    /// Stops watching the descriptor, unless somebody else watches it by now.
    pub(super) fn end(&self, event_loop: &LoopObject) -> Result<()> {
        let Some(wakeup) = self.wakeup.take() else { return Ok(()) };
        wakeup.future.clear();
        let direction = if self.is_writing.get() { Direction::Writing } else { Direction::Reading };
        event_loop.unwatch_own_source(self.fd.get(), direction, &wakeup.base)
    }

    /// As [`Wait::end`] on the way out with an exception, which stays the one that leaves.
    #[cold]
    pub(super) fn end_with(&self, event_loop: &LoopObject, raised: Raised) -> Raised {
        if self.wakeup.is_empty() {
            return raised;
        }
        let exception = raised.take();
        if let Err(raised) = self.end(event_loop) {
            raised.forget();
        }
        Raised::restore(exception)
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.waiting.target()
    }
}

impl Collectable for Wait {
    fn traverse(&self, visitor: &mut Visitor) {
        self.wakeup.traverse(visitor);
        self.waiting.traverse(visitor);
    }

    fn clear(&self) {
        self.wakeup.clear();
        self.waiting.clear();
    }
}
