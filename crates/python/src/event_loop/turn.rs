//! One turn of the loop.

use std::time::Duration;

use aioxide_core::reactor::PollPolicy;
use aioxide_core::ready::Queue;
use aioxide_core::sys::clock;
use aioxide_core::time::{due_limit, timeout_until};

use crate::ffi::{
    Collectable, Layout, Owned, Raised, Result, call_method0, names, prefetch, report_unraisable,
};
use crate::handle::TimerObject;

use super::Ready;
use super::object::{Engine, LoopObject};
use super::source::Direction;

/// In a turn of more entries than this, what they are about may have left the cache since they were queued.
const CROWD: usize = 64;

/// The turns of one run, while which nobody but the loop has to know its handles.
struct Turns<'a>(&'a LoopObject);

impl<'a> Turns<'a> {
    fn begin(event_loop: &'a LoopObject) -> Result<Self> {
        event_loop.begin_sharing()?;
        event_loop.turning.set(true);
        event_loop.here.begin();
        Ok(Self(event_loop))
    }
}

impl Drop for Turns<'_> {
    /// From here on the loop may be garbage, and what it holds with it.
    fn drop(&mut self) {
        self.0.turning.set(false);
        self.0.here.end();
        self.0.contexts.clear();
        let Some(engine) = self.0.engine.get() else { return };
        engine.ready.with(|ready| ready.iter().for_each(Ready::show));
        engine.timers.with(|timers| timers.iter().for_each(|(_, timer)| timer.show()));
    }
}

/// A timer is due and has left the heap.
#[inline(always)]
fn make_ready(engine: &Engine, timer: Owned<TimerObject>) {
    if timer.is_cancelled() {
        return leave_heap(timer);
    }
    timer.unschedule();
    engine.ready.with(|ready| ready.push_back(Ready::Timer(timer)));
}

/// A timer has left the heap and will not be run.
fn leave_heap(timer: Owned<TimerObject>) {
    timer.unschedule();
    timer.let_go();
}

impl LoopObject {
    /// Runs turns until `stop()` is called or something leaves the loop.
    pub(super) fn run_turns(&self) -> Result<()> {
        let engine = self.engine()?;
        engine.policy.with(PollPolicy::begin_run);
        let turns = Turns::begin(self)?;
        let outcome = loop {
            if let Err(raised) = self.run_turn() {
                break Err(raised);
            }
            if self.stopping.get() {
                break Ok(());
            }
        };
        self.end_turns(engine, outcome, Some(turns))
    }

    /// `_run_once()`: a run of one turn.
    pub(super) fn run_once(&self) -> Result<()> {
        let engine = self.engine()?;
        engine.policy.with(PollPolicy::begin_run);
        let outcome = self.run_turn();
        self.end_turns(engine, outcome, None)
    }

    /// What follows is no step any more, whatever came of the turns.
    fn end_turns(&self, engine: &Engine, outcome: Result<()>, turns: Option<Turns<'_>>) -> Result<()> {
        match outcome {
            Ok(()) => {
                drop(turns);
                self.leave_step()
            }
            Err(raised) => {
                let exception = raised.take();
                if let Err(second) = self.finish_turn(engine) {
                    report_unraisable(second, self.object());
                }
                drop(turns);
                self.leave_step()?;
                Err(Raised::restore(exception))
            }
        }
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
        let crowded = count > CROWD;
        for _ in 0..count {
            if self.debug.get() {
                self.run_next_timed(engine)?;
                continue;
            }
            let Some(entry) = engine.ready.with(Queue::pop_front) else { break };
            if crowded {
                engine.ready.with(|ready| ready.next().map(Ready::prefetch));
            }
            self.run_entry(entry)?;
        }
        engine.policy.with(|policy: &mut PollPolicy| policy.note_run(count));
        engine.ready.with(|ready| ready.give_back_room(count));
        engine.turn.set(engine.turn.get().wrapping_add(1));
        self.finish_turn(engine)
    }

    /// Calls those who wait for the end of the turn, all of them, whatever they raise.
    #[inline]
    fn finish_turn(&self, engine: &Engine) -> Result<()> {
        if engine.after_turn.with(|sources| sources.is_empty()) { Ok(()) } else { self.run_sources(engine) }
    }

    #[inline(never)]
    fn run_sources(&self, engine: &Engine) -> Result<()> {
        self.leave_step()?;
        let mut failure = None;
        // Whoever is called may have others called.
        loop {
            let sources = engine.after_turn.with(std::mem::take);
            if sources.is_empty() {
                return failure.map_or(Ok(()), |exception| Err(Raised::restore(exception)));
            }
            for source in sources {
                let ran = source.run(Direction::Writing);
                let reported = ran.or_else(|raised| self.source_failed(&source, Direction::Writing, raised));
                if let Err(raised) = reported {
                    failure.get_or_insert(raised.take());
                }
            }
        }
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
            dropped.into_iter().for_each(leave_heap);
        }
        while let Some(timer) =
            engine.timers.with(|timers| timers.pop_cancelled(|timer| timer.is_cancelled()))
        {
            leave_heap(timer);
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
        let mut taken = 0;
        while let Some(timer) =
            engine.timers.with(|timers| timers.pop_due(limit, |timer| timer.is_cancelled()))
        {
            make_ready(engine, timer);
            taken += 1;
            if engine.timers.with(|timers| timers.prefers_bulk(taken)) {
                let others = engine.timers.with(|timers| {
                    timers.take_due(limit, |timer| timer.is_cancelled(), |timer| prefetch(timer.object()))
                });
                others.for_each(|timer| make_ready(engine, timer));
                break;
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

    /// As [`LoopObject::now`], for a deadline that [`LoopObject::has_come`] is going to be asked about.
    #[inline(always)]
    pub(crate) fn now_for_deadline(&self) -> Result<f64> {
        let now = self.now()?;
        if let Some(engine) = self.engine.get() {
            engine.reading.with(|reading| reading.note(now));
        }
        Ok(now)
    }

    /// Whether the loop's clock has come to `when`.
    #[inline(always)]
    pub(crate) fn has_come(&self, when: f64) -> Result<bool> {
        let is_before = |engine: &Engine| engine.reading.with(|reading| reading.is_before(when));
        if self.own_clock.get() && self.engine.get().is_some_and(is_before) {
            return Ok(false);
        }
        Ok(when <= self.now()?)
    }
}
