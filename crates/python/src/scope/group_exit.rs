//! `TaskGroup.__aexit__`: waiting for the children, and what then becomes of everybody's exceptions.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::ffi::{
    IntoOwned, Layout, Object, Owned, Raised, Result, Slot, Step, call2, is_subclass, list_append,
    list_length, names, none, suppress_context,
};
use crate::group::create_future_on;

use super::parent;
use super::task_group::TaskGroupObject;
use super::timeout::is_cancelled_error;

/// The coroutine that `__aexit__` returns.
pub(super) struct GroupExit {
    group: Slot<TaskGroupObject>,
    /// The class of the body's exception.
    kind: Slot,
    /// The body's exception.
    exception: Slot,
    /// The `CancelledError` to raise at the end, unless it turns out to be the group's own.
    propagate: Slot,
    /// The last `CancelledError` that came during the wait (3.15).
    pending: Slot,
    waiting: Delegate,
    begun: Cell<bool>,
}

machine!(
    GroupExit, "TaskGroup"."__aexit__",
    awaits: |machine| machine.waiting.target(),
    callees: |_| if cfg!(Py_3_13) { &["TaskGroup._aexit"] } else { &[] },
    holds: [group, kind, exception, propagate, pending, waiting]
);

/// From 3.12 on a group that was left holds neither its parent nor any exception: exceptions hold frames,
/// and those would hold the group.
fn forget(group: &TaskGroupObject) {
    if cfg!(Py_3_12) {
        group.parent.clear();
        group.errors.clear();
        group.base_error.clear();
    }
}

impl GroupExit {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(group) = self.group.get() else { return Ok(Step::Return(none())) };
        match self.advance(&group, thrown) {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(value)) => {
                forget(&group);
                Ok(Step::Return(value))
            }
            Err(raised) => {
                let exception = raised.take();
                forget(&group);
                Err(Raised::restore(exception))
            }
        }
    }

    /// The coroutine, not yet started.
    pub(super) fn coroutine(
        group: Owned<TaskGroupObject>,
        kind: Option<&Object>,
        exception: Option<&Object>,
    ) -> Result<Owned> {
        let coroutine = CoroutineObject::<Self>::new(|exit| {
            exit.group.fill(group);
            if let Some(kind) = kind {
                exit.kind.fill(kind.own());
            }
            if let Some(exception) = exception {
                exit.exception.fill(exception.own());
            }
        })?;
        Ok(coroutine.into_object())
    }

    /// Waits until there is no child left, however often that is interrupted by a cancellation.
    fn advance(&self, group: &TaskGroupObject, mut thrown: Option<Owned>) -> Result<Step> {
        if !self.begun.replace(true) {
            self.begin(group)?;
        }
        loop {
            if !self.waiting.is_active() {
                if group.count_children()? == 0 {
                    return self.finish(group).map(Step::Return);
                }
                self.begin_wait(group)?;
            }
            match self.waiting.resume(thrown.take()) {
                Ok(Step::Yield(value)) => return Ok(Step::Yield(value)),
                Ok(Step::Return(_)) => {}
                Err(raised) if raised.matches(&names().cancelled_error) => {
                    self.cancelled(group, raised.take())?
                }
                Err(raised) => return Err(raised),
            }
            group.on_completed.clear();
        }
    }

    fn begin(&self, group: &TaskGroupObject) -> Result<()> {
        group.exiting.set(true);
        let (kind, exception) = (self.kind.get(), self.exception.get());
        if let Some(exception) = &exception {
            if group.is_base_error(exception)? && group.base_error.is_empty() {
                group.base_error.set(exception.clone());
            }
            if kind.as_deref().is_some_and(is_cancelled_error) {
                self.propagate.set(exception.clone());
            }
        }
        if cfg!(not(Py_3_13)) && group.parent_cancel_requested.get() {
            self.take_request_back(group)?;
        }
        if kind.is_some() && !group.aborting.get() { group.abort() } else { Ok(()) }
    }

    fn begin_wait(&self, group: &TaskGroupObject) -> Result<()> {
        let waiter = match group.on_completed.get() {
            Some(waiter) => waiter,
            None => {
                let event_loop = group.event_loop.get().unwrap_or_else(none);
                let waiter = create_future_on(&event_loop)?;
                group.on_completed.set(waiter.clone());
                waiter
            }
        };
        self.waiting.begin(&waiter)
    }

    /// The parent was cancelled during the wait. Unless the group is ending anyway, somebody else did it:
    /// the children are cancelled too, and the error goes on.
    #[cold]
    fn cancelled(&self, group: &TaskGroupObject, error: Owned) -> Result<()> {
        self.pending.set(error.clone());
        if group.aborting.get() {
            return Ok(());
        }
        self.propagate.set(error);
        group.abort()
    }

    /// Takes the request back that the group has made to its parent: when no other is left, the
    /// cancellation was the group's own and ends here.
    fn take_request_back(&self, group: &TaskGroupObject) -> Result<()> {
        let parent = group.parent.get().unwrap_or_else(none);
        if parent::uncancel(&parent)? == 0 {
            self.propagate.clear();
        } else if cfg!(Py_3_15) && self.propagate.is_empty() {
            if let Some(pending) = self.pending.take() {
                self.propagate.set(pending);
            }
        }
        Ok(())
    }

    /// All children are done.
    fn finish(&self, group: &TaskGroupObject) -> Result<Owned> {
        if let Some(error) = group.base_error.get() {
            return Err(Raised::raise(&error));
        }
        if cfg!(Py_3_13) && group.parent_cancel_requested.get() {
            self.take_request_back(group)?;
        }
        let errors = group.errors.get().unwrap_or_else(none);
        if let Some(cancelled) = self.propagate.take() {
            if list_length(&errors) == 0 {
                return Err(Raised::raise(&cancelled));
            }
        }
        let (kind, exception) = (self.kind.take(), self.exception.take());
        if let Some(kind) = &kind {
            if !is_cancelled_error(kind) {
                list_append(&errors, &exception.clone().unwrap_or_else(none))?;
            }
        }
        if list_length(&errors) > 0 {
            return Err(self.fail(group, &errors, kind, exception));
        }
        // Python 3.15 ends a group that was cancelled by its own `cancel()` without an exception.
        cfg!(Py_3_15).then_some(true).map_or_else(|| Ok(none()), IntoOwned::into_owned)
    }

    /// The exception of a group with errors.
    #[cold]
    fn fail(
        &self,
        group: &TaskGroupObject,
        errors: &Object,
        kind: Option<Owned>,
        exception: Option<Owned>,
    ) -> Raised {
        match self.exception_to_raise(group, errors, kind, exception) {
            Ok(exception) => Raised::raise(&exception),
            Err(raised) => raised,
        }
    }

    fn exception_to_raise(
        &self,
        group: &TaskGroupObject,
        errors: &Object,
        kind: Option<Owned>,
        exception: Option<Owned>,
    ) -> Result<Owned> {
        if cfg!(Py_3_13) {
            let parent = group.parent.get().unwrap_or_else(none);
            if parent::cancelling(&parent)? > 0 {
                // The CancelledError that the errors replace was somebody else's: it comes again, at the
                // parent's next wait, and the count of requests stays what it was.
                parent::uncancel(&parent)?;
                parent::cancel(&parent)?;
            }
        }
        if cfg!(Py_3_15) && list_length(errors) == 1 {
            if let (Some(kind), Some(exception)) = (kind, exception) {
                if is_subclass(&kind, &names().generator_exit) {
                    return Ok(exception);
                }
            }
        }
        let raised = call2(&names().base_exception_group, &names().group_errors, errors);
        group.errors.clear();
        let raised = raised?;
        suppress_context(&raised);
        Ok(raised)
    }
}
