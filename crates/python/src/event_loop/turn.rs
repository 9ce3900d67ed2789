//! One turn of the loop.

use std::time::Duration;

use aioxide_core::reactor::PollPolicy;
use aioxide_core::ready::Queue;
use aioxide_core::sys::clock;
use aioxide_core::time::{due_limit, timeout_until};

use crate::ffi::{Layout, Result, call_method0, names};

use super::Ready;
use super::object::{Engine, LoopObject};

impl LoopObject {
    /// Runs turns until `stop()` is called or something leaves the loop.
    pub(super) fn run_turns(&self) -> Result<()> {
        self.engine()?.policy.with(PollPolicy::begin_run);
        let outcome = loop {
            if let Err(raised) = self.run_turn() {
                break Err(raised);
            }
            if self.stopping.get() {
                break Ok(());
            }
        };
        match outcome {
            Ok(()) => self.current.hide(self.object()),
            Err(raised) => {
                let exception = raised.take();
                self.current.hide(self.object())?;
                Err(crate::ffi::Raised::restore(exception))
            }
        }
    }

    /// `_run_once()`: a run of one turn.
    pub(super) fn run_once(&self) -> Result<()> {
        self.engine()?.policy.with(PollPolicy::begin_run);
        self.run_turn()
    }

    /// One turn: poll if it is time to, collect the timers that are due, run what is ready by then.
    fn run_turn(&self) -> Result<()> {
        let engine = self.engine()?;
        let has_work = self.stopping.get() || engine.ready.with(|ready| !ready.is_empty());
        if has_work {
            if engine.policy.with(|policy| policy.must_poll()) || self.debug.get() {
                self.poll(engine, Some(Duration::ZERO))?;
                self.collect_due_timers(engine)?;
            } else if self.timer_is_near.get() {
                self.collect_due_timers(engine)?;
            }
        } else {
            let timeout = self.time_to_wait(engine)?;
            self.poll(engine, timeout)?;
            self.collect_due_timers(engine)?;
        }
        let count = engine.ready.with(|ready| ready.len());
        for _ in 0..count {
            let Some(entry) = engine.ready.with(|ready| ready.pop_front()) else { break };
            self.run_entry(entry)?;
        }
        engine.policy.with(|policy: &mut PollPolicy| policy.note_run(count));
        engine.ready.with(Queue::give_back_room);
        Ok(())
    }

    /// How long the loop may block: until the first deadline, for ever without one.
    fn time_to_wait(&self, engine: &Engine) -> Result<Option<Duration>> {
        self.drop_cancelled_timers(engine);
        match engine.timers.with(|timers| timers.next_deadline()) {
            None => Ok(None),
            Some(when) => Ok(Some(timeout_until(when, self.now()?))),
        }
    }

    /// Takes cancelled timers off the top of the heap; all of them, when they have become the majority.
    fn drop_cancelled_timers(&self, engine: &Engine) {
        if engine.timers.with(|timers| timers.needs_compaction()) {
            let dropped = engine.timers.with(|timers| timers.compact(|timer| timer.is_cancelled()));
            dropped.iter().for_each(|timer| timer.unschedule());
        }
        while let Some(timer) =
            engine.timers.with(|timers| timers.pop_cancelled(|timer| timer.is_cancelled()))
        {
            timer.unschedule();
        }
    }

    /// Moves the timers that are due to the ready queue, in the order of their deadlines.
    fn collect_due_timers(&self, engine: &Engine) -> Result<()> {
        self.timer_is_near.set(false);
        if engine.timers.with(|timers| timers.is_empty()) {
            return Ok(());
        }
        self.drop_cancelled_timers(engine);
        let limit = due_limit(self.now()?, clock::resolution());
        while let Some(timer) =
            engine.timers.with(|timers| timers.pop_due(limit, |timer| timer.is_cancelled()))
        {
            timer.unschedule();
            if !timer.is_cancelled() {
                engine.ready.with(|ready| ready.push_back(Ready::Timer(timer)));
            }
        }
        Ok(())
    }

    /// The loop's clock, in seconds. A subclass may have its own.
    #[inline]
    pub(crate) fn now(&self) -> Result<f64> {
        if self.own_clock.get() {
            return Ok(clock::monotonic());
        }
        call_method0(self.object(), &names().time)?.to_f64()
    }
}
