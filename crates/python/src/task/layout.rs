//! What a task consists of, on top of a future.

use std::cell::Cell;
use std::ops::Deref;

use crate::ffi::{
    Collectable, FreeList, Layout, Native, Object, Owned, Recycled, Result, Slot, TypeCell, Visitor, names,
    none, report_unraisable,
};
use crate::future::FutureObject;

use super::name::Name;
use super::registry::Link;
use super::visible::Awaiters;

/// A task.
///
/// From Python 3.14 on, `python -m asyncio ps` and profilers read tasks out of a process's memory, at
/// the offsets that the interpreter publishes for its own `Task`. Ours keeps its coroutine, name,
/// awaiters and list links at those offsets (`visible.rs` checks them when the module is imported), so
/// it shows there. Earlier Pythons have no such readers, and a smaller task.
#[repr(C)]
pub(crate) struct TaskObject {
    future: FutureObject,
    /// What the task waits for; `_fut_waiter` of asyncio.
    pub(super) fut_waiter: Slot,
    /// How often `cancel()` was called without an `uncancel()`.
    pub(super) cancel_requests: Cell<u32>,
    /// Whether the next step has to throw a `CancelledError`.
    pub(super) must_cancel: Cell<bool>,
    /// Whether the task says nothing when it dies pending (`_log_destroy_pending = False`).
    pub(super) quiet: Cell<bool>,
    pub(super) awaiters: Awaiters,
    pub(super) coroutine: Slot,
    pub(super) name: Name,
    pub(super) context: Slot,
    pub(super) link: Link,
}

impl Deref for TaskObject {
    type Target = FutureObject;

    #[inline(always)]
    fn deref(&self) -> &FutureObject {
        &self.future
    }
}

// SAFETY: repr(C), and the first field is a `Layout` type.
unsafe impl Layout for TaskObject {}

static TYPE: TypeCell = TypeCell::new();
static FREE: FreeList = FreeList::new();

// SAFETY: `methods::register` makes the type with this layout, as a subclass of the future's; zero bytes
// are empty slots, counts of zero, `false`, and a link that is in no list.
unsafe impl Native for TaskObject {
    fn type_cell() -> &'static TypeCell {
        &TYPE
    }
}

impl Recycled for TaskObject {
    fn free_list() -> &'static FreeList {
        &FREE
    }
}

impl Collectable for TaskObject {
    fn traverse(&self, visitor: &mut Visitor) {
        self.future.traverse(visitor);
        visitor.slot(&self.fut_waiter);
        self.awaiters.traverse(visitor);
        visitor.slot(&self.coroutine);
        self.name.traverse(visitor);
        visitor.slot(&self.context);
    }

    fn clear(&self) {
        self.future.clear();
        self.fut_waiter.clear();
        self.awaiters.clear();
        self.coroutine.clear();
        self.name.clear();
        self.context.clear();
    }

    fn has_last_words(&self) -> bool {
        self.future.has_last_words() || self.dies_pending()
    }
}

impl TaskObject {
    /// Whether the task would be destroyed while it is pending, and says so.
    fn dies_pending(&self) -> bool {
        !self.is_done() && !self.quiet.get() && !self.event_loop.is_empty() && !self.coroutine.is_empty()
    }

    /// Reports what gets lost with the task. Runs when it dies.
    pub(super) fn last_words(&self) {
        if self.dies_pending() {
            self.quiet.set(true);
            // Whoever gets the report may keep the task alive; it is gone for `all_tasks()` all the same.
            self.link.leave();
            if let Err(raised) = self.report(&names().destroyed_pending, &names().task, None) {
                report_unraisable(raised, self.object());
            }
        }
        self.future.last_words();
    }

    /// `_log_destroy_pending = False`: the task says nothing when it dies pending.
    #[inline(always)]
    pub(crate) fn silence(&self) {
        self.quiet.set(true);
    }

    /// `set_name(value)`.
    pub(crate) fn set_name(&self, value: &Object) -> Result<()> {
        self.name.set(value)
    }

    /// The task's context. The task keeps it for good once it is set.
    #[inline(always)]
    pub(crate) fn peek_context(&self) -> Option<&Object> {
        self.context.peek()
    }

    /// The task's context, or `None` for one whose `__init__` has not run.
    pub(crate) fn context_or_none(&self) -> Owned {
        self.context.get().unwrap_or_else(none)
    }
}
