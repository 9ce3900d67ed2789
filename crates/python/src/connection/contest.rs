//! What the tasks of a race share.
//!
//! Each task is told its place in the line only when its time has come: it then takes the next address, after it has made
//! the task that is to follow it. So there is always one task more than attempts, and the last one finds no address.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, given, held};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Layout, Object, Owned, Raised, Result, Slot, failed_assertion, item_at, items_of, length, list_append,
    list_of, none, set_add, set_discard, set_length, set_of,
};
use crate::future::{ObserverObject, add_to_awaited_by, any, discard_from_awaited_by, observer};
use crate::group::{create_future_on, create_task_on};
use crate::sync::EventObject;
use crate::task::{awaiting_task, cancel_any, current_task_of};
use crate::version::race_waits_for_its_end;

use super::attempt::close_quietly;
use super::runner::Runner;

/// The state of a race, and the callback of its tasks.
pub(super) struct Contest {
    event_loop: Slot<LoopObject>,
    /// The list of addresses, and how many of them were taken.
    found: Slot,
    taken: Cell<usize>,
    /// How many attempts have begun.
    begun: Cell<usize>,
    /// The addresses to come from, if that matters.
    local: Slot,
    /// Seconds between the beginnings of two attempts.
    delay: Slot,
    /// The list of the attempts' lists of errors.
    failures: Slot,
    /// The tasks: a set of those that are not done; up to 3.12.7 and in 3.13.0 a list of all.
    tasks: Slot,
    /// The task that waits for the race, for the call graph.
    waiting: Slot,
    /// What it waits for, while it does.
    completed: Slot,
    /// The list of the exceptions of tasks that failed otherwise than their attempts.
    unhandled: Slot,
    /// What the first attempt that succeeded has returned.
    winner: Slot,
    is_won: Cell<bool>,
    /// Whether nobody waits for the race any more.
    is_abandoned: Cell<bool>,
}

observer!(
    Contest,
    shown: "staggered_race.<locals>.task_done",
    type: "staggered_race_callback",
    holds: [event_loop, found, local, delay, failures, tasks, waiting, completed, unhandled, winner]
);

/// What a race is about.
pub(super) struct Course<'a> {
    pub(super) found: &'a Object,
    pub(super) local: &'a Object,
    pub(super) delay: &'a Object,
    pub(super) failures: &'a Object,
}

impl ObserverObject<Contest> {
    /// A race that has not begun.
    pub(super) fn prepare(event_loop: &LoopObject, course: &Course<'_>) -> Result<Owned<Self>> {
        let tasks = if race_waits_for_its_end() { set_of(None)? } else { list_of(std::iter::empty())? };
        let (unhandled, waiting) = (list_of(std::iter::empty())?, awaiting_task(event_loop.object())?);
        Self::new(|contest| {
            contest.event_loop.fill(event_loop.own());
            contest.found.fill(course.found.own());
            contest.local.fill(course.local.own());
            contest.delay.fill(course.delay.own());
            contest.failures.fill(course.failures.own());
            contest.tasks.fill(tasks);
            contest.unhandled.fill(unhandled);
            if let Some(task) = waiting {
                contest.waiting.fill(task);
            }
        })
    }

    /// Makes the next task. It waits until the one before has failed, or the delay is over.
    pub(super) fn make_task(&self, earlier_failed: Option<&EventObject>) -> Result<()> {
        let may_begin = if race_waits_for_its_end() { Some(EventObject::new(false)?) } else { None };
        let coroutine = CoroutineObject::<Runner>::new(|runner| {
            runner.fill(self, may_begin.as_deref(), earlier_failed);
        })?;
        let task = create_task_on(self.state.event_loop()?.object(), coroutine.object())?;
        let tasks = given(&self.state.tasks);
        let Some(may_begin) = may_begin else { return list_append(&tasks, &task) };
        if let Some(waiting) = self.state.waiting.get() {
            add_to_awaited_by(&task, &waiting)?;
        }
        set_add(&tasks, &task)?;
        any::add_observer(&task, self.base())?;
        // It may have begun to run already, and must not find the set without itself.
        may_begin.set()
    }
}

impl Contest {
    /// The loop on which it takes place.
    pub(super) fn event_loop(&self) -> Result<Owned<LoopObject>> {
        held(&self.event_loop)
    }

    pub(super) fn local(&self) -> Owned {
        given(&self.local)
    }

    pub(super) fn delay(&self) -> Owned {
        given(&self.delay)
    }

    pub(super) fn failures(&self) -> Owned {
        given(&self.failures)
    }

    /// The next address, if there is one left.
    pub(super) fn take_address(&self) -> Result<Option<Owned>> {
        let (found, index) = (given(&self.found), self.taken.get());
        if index >= length(&found)? {
            return Ok(None);
        }
        self.taken.set(index + 1);
        item_at(&found, index).map(Some)
    }

    /// What asyncio asserts when the attempt at the address `taken` last is about to begin. Up to 3.12.7 and in 3.13.0 it
    /// does not hold where tasks run eagerly.
    pub(super) fn check_order(&self, taken: usize) -> Result<()> {
        if !race_waits_for_its_end() && length(&given(&self.tasks))? != taken + 1 {
            failed_assertion("")?;
        }
        self.begun.set(self.begun.get() + 1);
        if self.begun.get() == taken { Ok(()) } else { failed_assertion("") }
    }

    /// How many addresses were taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.get()
    }

    /// An attempt has succeeded: the others are cancelled.
    pub(super) fn win(&self, socket: Owned) -> Result<()> {
        if self.is_abandoned.get() {
            close_quietly(&socket);
        } else if self.is_won.replace(true) {
            close_quietly(&socket);
            return failed_assertion("");
        } else {
            self.winner.set(socket);
        }
        let current = current_task_of(self.event_loop()?.object())?;
        for task in items_of(&given(&self.tasks))? {
            if !current.as_deref().is_some_and(|current| current.is(&task)) {
                cancel_any(&task, None)?;
            }
        }
        Ok(())
    }

    /// What stands for the winner: the socket, or `None` when there is none.
    pub(super) fn take_winner(&self) -> Owned {
        self.winner.take().unwrap_or_else(none)
    }

    /// The exceptions of tasks that failed otherwise than their attempts.
    pub(super) fn unhandled(&self) -> Owned {
        given(&self.unhandled)
    }

    /// The tasks.
    pub(super) fn tasks(&self) -> Owned {
        given(&self.tasks)
    }

    /// Who waits for the race gets a future for it; nothing once all tasks are done.
    pub(super) fn completion(&self) -> Result<Option<Owned>> {
        if set_length(&self.tasks())? == 0 {
            self.completed.clear();
            return Ok(None);
        }
        let completed = create_future_on(self.event_loop()?.object())?;
        self.completed.set(completed.clone());
        Ok(Some(completed))
    }

    /// Nobody waits any more: all tasks are cancelled, and a socket that may still come is closed. That the loop is closed
    /// already, or a task of another class refuses, matters less than why nobody waits.
    #[cold]
    pub(super) fn abandon(&self) {
        self.is_abandoned.set(true);
        if let Some(winner) = self.winner.take() {
            close_quietly(&winner);
        }
        let Ok(tasks) = items_of(&self.tasks()).map_err(Raised::forget) else { return };
        for task in &tasks {
            if let Err(raised) = cancel_any(task, None) {
                raised.forget();
            }
        }
    }

    /// A task is done.
    fn on_done(&self, task: &Object) -> Result<()> {
        if let Some(waiting) = self.waiting.get() {
            discard_from_awaited_by(task, &waiting)?;
        }
        let tasks = self.tasks();
        set_discard(&tasks, task)?;
        match self.completed.get() {
            Some(completed) if set_length(&tasks)? == 0 && !any::is_done(&completed)? => {
                any::resolve(&completed, none())?;
            }
            _ => {}
        }
        if any::is_cancelled(task)? {
            return Ok(());
        }
        any::exception_of(task)?.map_or(Ok(()), |exception| list_append(&self.unhandled(), &exception))
    }
}
