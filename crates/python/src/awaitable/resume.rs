//! The life of a coroutine: resumed, thrown into, closed, and what it says when it dies.
//!
//! What must always be true: the machine runs in the phase `Running` only, so that it is never entered twice; once it
//! has returned or raised, the phase is `Finished` and its references are gone before anybody sees the outcome. What
//! these references run as they die finds no exception in the error indicator, and leaves the one on its way alone.

use crate::ffi::{
    Args, Layout, Owned, Raised, Result, Step, Thrower, call0, call1, keep, names, report_unraisable, thrown,
};

use super::coroutine::{CoroutineObject, Machine, Phase};
use super::fresh;

impl<M: Machine> CoroutineObject<M> {
    /// Resumes with nothing thrown, which is what `await` does.
    #[inline(always)]
    pub(super) fn resume(&self) -> Result<Step> {
        let at_once = if self.base.phase.get() == Phase::Fresh { self.machine.at_once() } else { None };
        let Some(returned) = at_once else { return self.resume_in_full() };
        fresh::settled(&self.base);
        let value = returned.map_err(|raised| self.finish_with(raised))?;
        self.finish();
        keep(self);
        Ok(Step::Return(value))
    }

    /// As [`CoroutineObject::resume`], on the long way, which would burden the short one with the registers it needs.
    #[inline(never)]
    pub(super) fn resume_in_full(&self) -> Result<Step> {
        let resumed = self.go_on(None);
        if let Ok(Step::Return(_)) = resumed {
            keep(self);
        }
        resumed
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
    pub(super) fn resume_once(&self, thrown: Option<Owned>) -> Result<Owned> {
        self.go_on(thrown)?.yielded()
    }

    /// `throw(type_or_exception, value=None, traceback=None)`.
    pub(super) fn throw(&self, args: Args<'_>) -> Result<Owned> {
        self.resume_once(Some(thrown(Thrower::Coroutine, args)?))
    }

    /// `close()`.
    pub(super) fn close(&self) -> Result<()> {
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
    pub(super) fn last_words(&self) {
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

#[cold]
fn misused(phase: Phase) -> Raised {
    if phase == Phase::Running {
        return Raised::value_error(format_args!("coroutine already executing"));
    }
    Raised::runtime_error(format_args!("cannot reuse already awaited coroutine"))
}
