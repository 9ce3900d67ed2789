//! `Condition.wait()` and `Condition.wait_for()`: the lock given back, news awaited, the lock taken again.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_method0,
    call_method1, call0, names, none,
};

use super::Wait;
use super::condition::ConditionObject;

/// `wait()`.
pub(super) fn wait(condition: &ConditionObject) -> Result<Owned> {
    CoroutineObject::<ConditionWait>::new(|machine| machine.condition.fill(condition.own()))
        .map(Owned::into_object)
}

/// `wait_for(predicate)`.
pub(super) fn wait_for(condition: &ConditionObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<1> =
        Signature { function: "Condition.wait_for", parameters: [c"predicate"], positional: 1, required: 1 };
    let [predicate] = SIGNATURE.bind_method(args)?;
    let coroutine = CoroutineObject::<ConditionWaitFor>::new(|machine| {
        machine.condition.fill(condition.own());
        if let Some(predicate) = predicate {
            machine.predicate.fill(predicate.own());
        }
    });
    coroutine.map(Owned::into_object)
}

/// The coroutine that `Condition.wait()` returns.
pub(super) struct ConditionWait {
    condition: Slot<ConditionObject>,
    wait: Wait,
    /// The lock's `acquire()`.
    taking: Delegate,
    /// What ended the wait for news.
    failure: Slot,
    /// The last cancellation that came while the lock was being taken.
    cancellation: Slot,
    /// Whether the wait for news is over.
    taking_back: Cell<bool>,
}

machine!(
    ConditionWait, "Condition"."wait",
    awaits: |machine| machine.taking.target().or_else(|| machine.wait.target()),
    holds: [condition, wait, taking, failure, cancellation]
);

impl ConditionWait {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(condition) = self.condition.peek() else { return Ok(Step::Return(none())) };
        if self.taking_back.get() {
            return self.take_back(condition, thrown);
        }
        if !self.wait.is_active() && !self.begin(condition)? {
            return self.take_back(condition, None);
        }
        match self.wait.resume(thrown) {
            Ok(Step::Yield(future)) => return Ok(Step::Yield(future)),
            Ok(Step::Return(_)) => {}
            Err(raised) => self.failure.set(raised.take()),
        }
        self.wait.leave(&condition.waiters)?;
        self.take_back(condition, None)
    }

    /// Gives the lock back and gets in line. False when that failed with the lock given back already,
    /// so that it has to be taken again.
    fn begin(&self, condition: &ConditionObject) -> Result<bool> {
        if !condition.is_locked()? {
            return Err(Raised::runtime_error(format_args!("cannot wait on un-acquired lock")));
        }
        if cfg!(Py_3_13) {
            let future = condition.bound.create_future(condition.object())?;
            condition.give_back()?;
            condition.waiters.push(future.clone())?;
            self.wait.begin_with(future)?;
            return Ok(true);
        }
        condition.give_back()?;
        match self.wait.begin(condition.object(), &condition.bound, &condition.waiters) {
            Ok(()) => Ok(true),
            Err(raised) => {
                self.failure.set(raised.take());
                Ok(false)
            }
        }
    }

    /// Takes the lock, however often that is cancelled.
    fn take_back(&self, condition: &ConditionObject, thrown: Option<Owned>) -> Result<Step> {
        self.taking_back.set(true);
        let mut thrown = thrown;
        loop {
            match self.take_once(condition, thrown.take()) {
                Ok(Step::Yield(value)) => return Ok(Step::Yield(value)),
                Ok(Step::Return(_)) => break,
                Err(raised) if raised.matches(&names().cancelled_error) => {
                    self.cancellation.set(raised.take())
                }
                Err(raised) => return Err(self.failed(condition, raised.take())),
            }
        }
        let failure = self.failure.take();
        match self.cancellation.take() {
            Some(cancellation) if cfg!(Py_3_13) => Err(self.failed(condition, cancellation)),
            Some(_) => Err(Raised::without_message(&names().cancelled_error)),
            None => match failure {
                Some(failure) => Err(self.failed(condition, failure)),
                None => true.into_owned().map(Step::Return),
            },
        }
    }

    /// One attempt to take the lock, begun or gone on with.
    fn take_once(&self, condition: &ConditionObject, thrown: Option<Owned>) -> Result<Step> {
        if !self.taking.is_active() {
            if let Some(lock) = condition.plain_lock() {
                if lock.try_acquire()? {
                    return Ok(Step::Return(none()));
                }
            }
            self.taking.begin(&*condition.take()?)?;
        }
        self.taking.resume(thrown)
    }

    /// The news may have been meant for this task: somebody else gets it, from 3.13 on.
    #[cold]
    fn failed(&self, condition: &ConditionObject, exception: Owned) -> Raised {
        let told = match (cfg!(Py_3_13), condition.plain_lock()) {
            (false, _) => Ok(()),
            (true, Some(_)) => condition.notify_first(1),
            (true, None) => 1_u64
                .into_owned()
                .and_then(|one| call_method1(condition.object(), &names().notify_some, &one))
                .map(drop),
        };
        told.err().unwrap_or_else(|| Raised::restore(exception))
    }
}

/// The coroutine that `Condition.wait_for()` returns.
pub(super) struct ConditionWaitFor {
    condition: Slot<ConditionObject>,
    predicate: Slot,
    waiting: Delegate,
}

machine!(
    ConditionWaitFor, "Condition"."wait_for",
    awaits: |machine| machine.waiting.target(),
    holds: [condition, predicate, waiting]
);

impl ConditionWaitFor {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let (Some(condition), Some(predicate)) = (self.condition.get(), self.predicate.get()) else {
            return Ok(Step::Return(none()));
        };
        let mut thrown = thrown;
        loop {
            if self.waiting.is_active() {
                if let Step::Yield(value) = self.waiting.resume(thrown.take())? {
                    return Ok(Step::Yield(value));
                }
            }
            let result: Owned = call0(&predicate)?;
            if result.is_true()? {
                return Ok(Step::Return(result));
            }
            let waiting: Owned<Object> = call_method0(condition.object(), &names().wait)?;
            self.waiting.begin(&waiting)?;
        }
    }
}
