//! Happy eyeballs: several addresses, of which the first one that answers is taken.
//!
//! asyncio runs each attempt in a task. Programs see these tasks (`all_tasks()`, a task factory, the context of a
//! `sock_connect` of their own), and the next one's turn comes when asyncio's events and its `wait_for` say so. So there
//! are tasks here too, one for each attempt and one more that waits for its turn, but with native coroutines (`runner.rs`)
//! on native events and timeouts. A `staggered_race` that somebody has put in the place of asyncio's gets called.
//!
//! A race that is cancelled waits until its tasks are done. Up to 3.12.7 and in 3.13.0 it ends at once, and its tasks
//! later; it waits in another way there, by `wait()` for as many tasks as there are.
//!
//! Where asyncio leaves the winner's socket to the collector (a race that is cancelled after it was won, or closed), it is
//! closed here, and a race that is closed cancels its tasks.

use crate::awaitable::Delegate;
use crate::event_loop::LoopObject;
use crate::ffi::{
    Constant, IntoOwned, Layout, Object, Owned, Raised, Result, Slot, Step, asserts, call_keywords,
    call_positional, call2, collectable, item_at, items_of, length, names,
};
use crate::future::{ObserverObject, any};
use crate::group::wait_for_all;
use crate::version::race_waits_for_its_end;

use super::attempt::close_quietly;
use super::contest::{Contest, Course};

/// A race, seen from the task that waits for it. All zero bytes: not begun.
pub(super) struct Race {
    contest: Slot<ObserverObject<Contest>>,
    /// A future that is done when all tasks are; asyncio's race, where that is another one.
    waiting: Delegate,
    /// The `CancelledError` to raise when they are.
    cancelled: Slot,
}

collectable!(Race, holds: [contest, waiting, cancelled]);

impl Race {
    /// Begins. Returns the winner's socket, or `None` when all have failed, or yields until it is known.
    pub(super) fn begin(&self, event_loop: &LoopObject, course: &Course<'_>) -> Result<Step> {
        if is_replaced()? {
            return self.begin_by_other(event_loop, course);
        }
        let contest = ObserverObject::<Contest>::prepare(event_loop, course)?;
        self.contest.set(contest.clone());
        contest.make_task(None)?;
        self.wait(&contest)
    }

    /// Goes on.
    pub(super) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.contest.get() {
            Some(contest) => self.follow(&contest, self.waiting.resume(thrown)),
            None => winner_of(self.waiting.resume(thrown)?),
        }
    }

    /// Whether it has begun and is not over.
    pub(super) fn is_active(&self) -> bool {
        self.waiting.is_active()
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.waiting.target()
    }

    /// The coroutine of asyncio's between the caller and what is awaited, unless it is that.
    pub(super) fn callees(&self) -> &'static [&'static str] {
        if self.contest.is_empty() { &[] } else { &["staggered_race"] }
    }

    fn wait(&self, contest: &ObserverObject<Contest>) -> Result<Step> {
        let awaited = if race_waits_for_its_end() {
            contest.state.completion()?
        } else {
            Some(wait_for_all(&contest.state.tasks())?)
        };
        let Some(awaited) = awaited else { return self.finish(contest) };
        self.waiting.begin_owned(awaited)?;
        self.follow(contest, self.waiting.resume(None))
    }

    fn follow(&self, contest: &ObserverObject<Contest>, step: Result<Step>) -> Result<Step> {
        match step {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(_)) if race_waits_for_its_end() => self.wait(contest),
            Ok(Step::Return(sorted)) => match are_all_done(&contest.state, &sorted) {
                Ok(true) => self.finish(contest),
                Ok(false) => self.wait(contest),
                Err(raised) => Err(abandon(contest, raised)),
            },
            Err(raised) if race_waits_for_its_end() && raised.matches(&names().cancelled_error) => {
                self.cancel(contest, raised.take())
            }
            Err(raised) => Err(abandon(contest, raised)),
        }
    }

    fn cancel(&self, contest: &ObserverObject<Contest>, cancelled: Owned) -> Result<Step> {
        let arguments = cancelled.attribute(&names().args)?;
        self.cancelled.set(cancelled);
        for task in items_of(&contest.state.tasks())? {
            call_positional(&*task.attribute(&names().cancel)?, &arguments)?;
        }
        self.wait(contest)
    }

    /// All tasks are done.
    fn finish(&self, contest: &ObserverObject<Contest>) -> Result<Step> {
        self.contest.clear();
        let (winner, unhandled) = (contest.state.take_winner(), contest.state.unhandled());
        let raised = if length(&unhandled)? > 0 && asserts()? {
            Some(failed(&unhandled))
        } else {
            self.cancelled.take().map(Raised::restore)
        };
        let Some(raised) = raised else { return Ok(Step::Return(winner)) };
        let exception = raised.take();
        close_quietly(&winner);
        Err(Raised::restore(exception))
    }

    #[cold]
    fn begin_by_other(&self, event_loop: &LoopObject, course: &Course<'_>) -> Result<Step> {
        let values = [event_loop.object(), course.failures, course.found, course.local, course.delay];
        self.waiting.begin(&*call_keywords(&names().race, &values, values.len(), None)?)?;
        winner_of(self.waiting.resume(None)?)
    }
}

/// What asyncio looks at whenever all tasks are done that it knew of: the exceptions of those that failed otherwise than
/// their attempts, and whether there are more by now.
fn are_all_done(contest: &Contest, sorted: &Object) -> Result<bool> {
    let done = item_at(sorted, 0)?;
    if asserts()? {
        for task in items_of(&done)? {
            if any::is_cancelled(&task)? {
                continue;
            }
            if let Some(exception) = any::exception_of(&task)? {
                return Err(Raised::raise(&exception));
            }
        }
    }
    Ok(length(&done)? == length(&contest.tasks())?)
}

/// What is raised for the exceptions of tasks that failed otherwise than their attempts.
#[cold]
fn failed(unhandled: &Object) -> Raised {
    let group = "staggered race failed"
        .into_owned()
        .and_then(|text| call2(&names().exception_group, &text, unhandled));
    match group {
        Ok(group) => Raised::raise(&group),
        Err(raised) => raised,
    }
}

/// Ends the race on the way out with an exception.
#[cold]
fn abandon(contest: &ObserverObject<Contest>, raised: Raised) -> Raised {
    let exception = raised.take();
    contest.state.abandon();
    Raised::restore(exception)
}

/// The first of what another race has returned: the socket, its number, the exceptions.
fn winner_of(step: Step) -> Result<Step> {
    match step {
        Step::Return(outcome) => item_at(&outcome, 0).map(Step::Return),
        step => Ok(step),
    }
}

static STAGGERED_RACE: Constant = Constant::new();

/// Keeps asyncio's race, to know it again.
pub(super) fn remember() -> Result<()> {
    STAGGERED_RACE.keep(current_race()?);
    Ok(())
}

fn current_race() -> Result<Owned> {
    names().staggered.attribute(&names().staggered_race)
}

fn is_replaced() -> Result<bool> {
    let current = current_race()?;
    Ok(!STAGGERED_RACE.get().is_some_and(|asyncios| asyncios.is(&current)))
}
