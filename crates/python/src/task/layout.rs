//! What a task consists of, on top of a future.

use std::cell::Cell;
use std::ops::Deref;

use crate::event_loop::{Share, shown_context};
use crate::ffi::{Layout, Object, Owned, Result, Slot, names, native_type, none, report_unraisable};
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
    /// Whose the context is.
    pub(super) share: Cell<Share>,
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

native_type!(
    TaskObject, recycled,
    holds: [future, fut_waiter, awaiters, coroutine, name, context],
    speaks: |task: &Self| task.future.has_last_words() || task.dies_pending()
);

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

    /// Where the task keeps its context, or what it shares with others; for [`LoopObject::enter`].
    #[inline(always)]
    pub(crate) fn context(&self) -> &Slot {
        &self.context
    }

    /// What the task keeps there.
    #[inline(always)]
    pub(crate) fn share(&self) -> &Cell<Share> {
        &self.share
    }

    /// The task's own context, or `None` for one whose `__init__` has not run.
    pub(crate) fn context_or_none(&self) -> Result<Owned> {
        Ok(shown_context(&self.context, &self.share)?.unwrap_or_else(none))
    }
}
