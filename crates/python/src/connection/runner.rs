//! One task of a race: asyncio's `run_one_coro`.
//!
//! ```text
//! (is allowed to begin) -> (the one before has failed, or the delay is over) -> makes the next task -> attempts -> wins
//!                                                                                                   \-> lets the next
//! ```

use std::cell::Cell;

use crate::awaitable::{Delegate, held, machine};
use crate::ffi::{Layout, Owned, Raised, Result, Slot, Step, names, none};
use crate::future::ObserverObject;
use crate::scope::wait_for_at_most;
use crate::sync::EventObject;

use super::contest::Contest;
use super::failure::Failures;
use super::one_address::OneAddress;

/// The coroutine of one task.
pub(super) struct Runner {
    contest: Slot<ObserverObject<Contest>>,
    /// Set when this task is one of the race's.
    may_begin: Slot<EventObject>,
    /// Set when the attempt before has failed.
    earlier_failed: Slot<EventObject>,
    /// Set when this one has.
    failed: Slot<EventObject>,
    /// The wait for one of the first two.
    waiting: Delegate,
    failures: Failures,
    attempt: OneAddress,
    stage: Cell<Stage>,
}

#[derive(Clone, Copy, Default)]
#[repr(u8)]
enum Stage {
    /// Nothing was done. Zero, so that a new machine's memory says so.
    #[default]
    Fresh = 0,
    /// Waits to be allowed.
    Allowed = 1,
    /// Waits for the one before to fail, or the delay.
    Waiting = 2,
    Attempting = 3,
}

machine!(
    Runner, qualname: "staggered_race.<locals>.run_one_coro", type: "staggered_race_runner",
    awaits: |runner| runner.waiting.target().or_else(|| runner.attempt.target()),
    callees: |runner| match runner.stage.get() {
        Stage::Attempting => runner.attempt.callees(),
        _ => &[],
    },
    holds: [contest, may_begin, earlier_failed, failed, waiting, failures, attempt]
);

impl Runner {
    /// Fills a new machine.
    pub(super) fn fill(
        &self,
        contest: &ObserverObject<Contest>,
        may_begin: Option<&EventObject>,
        earlier_failed: Option<&EventObject>,
    ) {
        self.contest.fill(contest.own());
        if let Some(event) = may_begin {
            self.may_begin.fill(event.own());
        }
        if let Some(event) = earlier_failed {
            self.earlier_failed.fill(event.own());
        }
    }

    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        match self.stage.get() {
            Stage::Fresh => self.begin(),
            Stage::Allowed => self.allowed(self.waiting.resume(thrown)?),
            Stage::Waiting => self.waited(self.waiting.resume(thrown)),
            Stage::Attempting => self.attempted(self.attempt.resume(&self.failures, thrown)),
        }
    }

    fn begin(&self) -> Result<Step> {
        let Some(may_begin) = self.may_begin.get() else { return self.wait_for_turn() };
        self.stage.set(Stage::Allowed);
        self.waiting.begin_owned(may_begin.wait()?)?;
        self.allowed(self.waiting.resume(None)?)
    }

    fn allowed(&self, step: Step) -> Result<Step> {
        let Step::Return(_) = step else { return Ok(step) };
        self.wait_for_turn()
    }

    fn wait_for_turn(&self) -> Result<Step> {
        let Some(earlier_failed) = self.earlier_failed.get() else { return self.attempt() };
        self.stage.set(Stage::Waiting);
        let delay = held(&self.contest)?.state.delay();
        self.waiting.begin_owned(wait_for_at_most(&*earlier_failed.wait()?, &delay)?)?;
        self.waited(self.waiting.resume(None))
    }

    fn waited(&self, step: Result<Step>) -> Result<Step> {
        match step {
            Ok(Step::Return(_)) => self.attempt(),
            Err(raised) if raised.matches(&names().timeout_error) => {
                raised.forget();
                self.attempt()
            }
            step => step,
        }
    }

    fn attempt(&self) -> Result<Step> {
        let contest = held(&self.contest)?;
        let Some(address) = contest.state.take_address()? else { return Ok(Step::Return(none())) };
        let taken = contest.state.taken();
        let failed = EventObject::new(false)?;
        self.failed.set(failed.clone());
        contest.make_task(Some(&failed))?;
        contest.state.check_order(taken)?;
        self.stage.set(Stage::Attempting);
        self.failures.share(contest.state.failures());
        let (event_loop, local) = (contest.state.event_loop()?, contest.state.local());
        self.attempted(self.attempt.begin(&event_loop, &self.failures, &address, &local))
    }

    fn attempted(&self, step: Result<Step>) -> Result<Step> {
        match step {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(socket)) => {
                held(&self.contest)?.state.win(socket)?;
                Ok(Step::Return(none()))
            }
            Err(raised) => self.lose(raised),
        }
    }

    /// The attempt's exceptions are among the failures, as far as they are told at all.
    fn lose(&self, raised: Raised) -> Result<Step> {
        // Whose coroutine is closed dies with its loop: nobody is left to follow.
        if raised.leaves_the_loop() || raised.matches(&names().generator_exit) {
            return Err(raised);
        }
        raised.forget();
        held(&self.failed)?.set()?;
        Ok(Step::Return(none()))
    }
}
