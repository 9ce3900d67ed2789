//! `Barrier.wait()`, `reset()` and `abort()`: each holds the barrier's condition while it acts.

use std::cell::Cell;

use crate::awaitable::{Delegate, machine};
use crate::ffi::{IntoOwned, Layout, Object, Owned, Raised, Result, Slot, Step, call_method0, names, none};

use super::barrier::{BarrierObject, Standing};
use super::condition::ConditionObject;
use super::context::ENTER;

/// How far a `Barrier.wait()` has come.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Stage {
    /// Takes the condition's lock. Zero, as new memory is.
    Taking = 0,
    /// Waits for the end of the round before.
    Blocked = 1,
    /// Is counted, and waits for the others.
    Inside = 2,
}

/// The coroutine that `Barrier.wait()` returns.
pub(super) struct BarrierWait {
    barrier: Slot<BarrierObject>,
    waiting: Delegate,
    number: Cell<i64>,
    stage: Cell<Stage>,
}

machine!(
    BarrierWait, "Barrier"."wait",
    awaits: |machine| machine.waiting.target(),
    callees: |machine| match machine.stage.get() {
        Stage::Taking => &[ENTER],
        Stage::Blocked => &["Barrier._block", "Condition.wait_for"],
        Stage::Inside => &["Barrier._wait", "Condition.wait_for"],
    },
    holds: [barrier, waiting]
);

impl BarrierWait {
    /// Fills a new machine.
    pub(super) fn begin(&self, barrier: &BarrierObject) {
        self.barrier.fill(barrier.own());
    }

    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(barrier) = self.barrier.get() else { return Ok(Step::Return(none())) };
        let condition = barrier.condition()?;
        if self.stage.get() == Stage::Taking {
            if !self.waiting.is_active() {
                self.waiting.begin(&*condition.take()?)?;
            }
            if let Step::Yield(value) = self.waiting.resume(thrown)? {
                return Ok(Step::Yield(value));
            }
            self.stage.set(Stage::Blocked);
            return self.with_lock(&barrier, &condition, None);
        }
        self.with_lock(&barrier, &condition, thrown)
    }

    /// The part under the lock, which is given back however it ends.
    fn with_lock(
        &self,
        barrier: &BarrierObject,
        condition: &ConditionObject,
        thrown: Option<Owned>,
    ) -> Result<Step> {
        let ended = match self.pass(barrier, condition, thrown) {
            Ok(Step::Yield(value)) => return Ok(Step::Yield(value)),
            Ok(Step::Return(number)) => Ok(number),
            Err(raised) => Err(raised.take()),
        };
        if self.stage.get() == Stage::Inside {
            leave_round(barrier, condition)?;
        }
        condition.give_back()?;
        ended.map(Step::Return).map_err(Raised::restore)
    }

    fn pass(
        &self,
        barrier: &BarrierObject,
        condition: &ConditionObject,
        thrown: Option<Owned>,
    ) -> Result<Step> {
        let mut thrown = thrown;
        if self.stage.get() == Stage::Blocked {
            let blocked = || matches!(barrier.standing.get(), Standing::Draining | Standing::Resetting);
            if let Some(value) = self.wait_while(condition, blocked, thrown.take())? {
                return Ok(Step::Yield(value));
            }
            if barrier.standing.get() == Standing::Broken {
                return Err(broken("Barrier aborted"));
            }
            let number = barrier.count.get();
            self.number.set(number);
            barrier.count.set(number + 1);
            self.stage.set(Stage::Inside);
            if barrier.is_last(number)? {
                barrier.standing.set(Standing::Draining);
                condition.notify_all()?;
                return number.into_owned().map(Step::Return);
            }
        }
        let filling = || barrier.standing.get() == Standing::Filling;
        if let Some(value) = self.wait_while(condition, filling, thrown)? {
            return Ok(Step::Yield(value));
        }
        if matches!(barrier.standing.get(), Standing::Broken | Standing::Resetting) {
            return Err(broken("Abort or reset of barrier"));
        }
        self.number.get().into_owned().map(Step::Return)
    }

    /// Waits for news as long as `holds` is true: what to yield, or nothing when it is over.
    fn wait_while(
        &self,
        condition: &ConditionObject,
        holds: impl Fn() -> bool,
        thrown: Option<Owned>,
    ) -> Result<Option<Owned>> {
        let mut thrown = thrown;
        loop {
            if self.waiting.is_active() {
                if let Step::Yield(value) = self.waiting.resume(thrown.take())? {
                    return Ok(Some(value));
                }
            }
            if !holds() {
                return Ok(None);
            }
            let news: Owned<Object> = call_method0(condition.object(), &names().wait)?;
            self.waiting.begin(&news)?;
        }
    }
}

/// One task less is inside; the last one opens the barrier for those who wait outside.
fn leave_round(barrier: &BarrierObject, condition: &ConditionObject) -> Result<()> {
    barrier.count.set(barrier.count.get() - 1);
    if barrier.count.get() == 0 {
        if matches!(barrier.standing.get(), Standing::Resetting | Standing::Draining) {
            barrier.standing.set(Standing::Filling);
        }
        condition.notify_all()?;
    }
    Ok(())
}

#[cold]
fn broken(text: &str) -> Raised {
    Raised::new(&names().broken_barrier_error, format_args!("{text}"))
}

/// Takes the condition's lock, changes the barrier and tells everybody.
struct Change {
    barrier: Slot<BarrierObject>,
    waiting: Delegate,
}

impl Change {
    fn go_on(&self, thrown: Option<Owned>, change: impl FnOnce(&BarrierObject)) -> Result<Step> {
        let Some(barrier) = self.barrier.get() else { return Ok(Step::Return(none())) };
        let condition = barrier.condition()?;
        if !self.waiting.is_active() {
            self.waiting.begin(&*condition.take()?)?;
        }
        if let Step::Yield(value) = self.waiting.resume(thrown)? {
            return Ok(Step::Yield(value));
        }
        change(&barrier);
        let told = condition.notify_all().map_err(Raised::take);
        condition.give_back()?;
        told.map(|()| Step::Return(none())).map_err(Raised::restore)
    }
}

impl crate::ffi::Collectable for Change {
    fn traverse(&self, visitor: &mut crate::ffi::Visitor) {
        visitor.slot(&self.barrier);
        self.waiting.traverse(visitor);
    }

    fn clear(&self) {
        self.barrier.clear();
        self.waiting.clear();
    }
}

/// The coroutine that `Barrier.reset()` returns.
pub(super) struct BarrierReset {
    change: Change,
}

machine!(
    BarrierReset, "Barrier"."reset",
    awaits: |machine| machine.change.waiting.target(),
    callees: |_| &[ENTER],
    holds: [change]
);

impl BarrierReset {
    /// Fills a new machine.
    pub(super) fn begin(&self, barrier: &BarrierObject) {
        self.change.barrier.fill(barrier.own());
    }

    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        self.change.go_on(thrown, |barrier| {
            let nobody = barrier.count.get() <= 0;
            barrier.standing.set(if nobody { Standing::Filling } else { Standing::Resetting });
        })
    }
}

/// The coroutine that `Barrier.abort()` returns.
pub(super) struct BarrierAbort {
    change: Change,
}

machine!(
    BarrierAbort, "Barrier"."abort",
    awaits: |machine| machine.change.waiting.target(),
    callees: |_| &[ENTER],
    holds: [change]
);

impl BarrierAbort {
    /// Fills a new machine.
    pub(super) fn begin(&self, barrier: &BarrierObject) {
        self.change.barrier.fill(barrier.own());
    }

    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        self.change.go_on(thrown, |barrier| barrier.standing.set(Standing::Broken))
    }
}
