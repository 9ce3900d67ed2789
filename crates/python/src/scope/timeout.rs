//! The life of a `Timeout`: created, entered, perhaps expired, left.

use std::cell::Cell;

use pyo3::ffi;

use crate::event_loop::{LoopObject, Ready, running_loop, running_loop_and_task};
use crate::ffi::{
    Constant, Layout, Object, Raised, Result, Slot, call_method0, call_method1, call_method2,
    exception_cause, is_subclass, names, native_type,
};
#[cfg(Py_3_13)]
use crate::ffi::{exception_context, intern, is_instance, set_exception_context, tuple_items};
use crate::handle::{HandleObject, TimerObject};

use super::deadline::Deadline;
use super::parent;

/// Where a timeout stands; asyncio's `_State`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// Not entered yet. Zero, so that a new object's memory says so.
    Created = 0,
    /// The block runs.
    Entered = 1,
    /// The deadline has passed, and the block's task was asked to cancel.
    Expiring = 2,
    /// Left after the deadline.
    Expired = 3,
    /// Left in time.
    Exited = 4,
}

/// A timeout.
#[repr(C)]
pub(crate) struct TimeoutObject {
    head: ffi::PyObject,
    pub(super) deadline: Deadline,
    /// The handle that ends it: a timer or, for a deadline in the past, a plain handle.
    pub(super) handle: Slot,
    /// The task that entered it.
    pub(super) task: Slot,
    pub(super) dict: Slot,
    pub(super) weak: Slot,
    /// The task's `cancelling()` when it entered.
    pub(super) cancelling: Cell<u64>,
    pub(super) state: Cell<State>,
}

native_type!(TimeoutObject, recycled, holds: [deadline, handle, task, dict]);

/// `Timeout._on_timeout`, as the callback of timers: with the timeout as its argument it needs no bound
/// method for each.
pub(super) static ON_TIMEOUT: Constant = Constant::new();

impl TimeoutObject {
    /// `__aenter__()`.
    #[inline]
    pub(super) fn enter(&self) -> Result<()> {
        if self.state.get() != State::Created {
            return Err(Raised::runtime_error(format_args!("Timeout has already been entered")));
        }
        let (event_loop, task) = running_loop_and_task()?;
        let Some(task) = task else {
            return Err(Raised::runtime_error(format_args!("Timeout should be used inside a task")));
        };
        self.state.set(State::Entered);
        self.cancelling.set(parent::cancelling(&task)?);
        self.task.set(task);
        self.set_handle(&event_loop)
    }

    /// `reschedule(when)`.
    pub(super) fn reschedule(&self, when: &Object) -> Result<()> {
        match self.state.get() {
            State::Entered => {}
            State::Created => {
                return Err(Raised::runtime_error(format_args!("Timeout has not been entered")));
            }
            state => {
                return Err(Raised::runtime_error(format_args!(
                    "Cannot change state of {} Timeout",
                    state.word()
                )));
            }
        }
        self.deadline.set(when);
        self.cancel_handle()?;
        if self.deadline.is_never() {
            return Ok(());
        }
        self.set_handle(&*running_loop()?)
    }

    /// Has the loop call [`TimeoutObject::expire`] at the deadline; soon, when that has passed.
    #[inline(always)]
    fn set_handle(&self, event_loop: &Object) -> Result<()> {
        if self.deadline.is_never() {
            return Ok(());
        }
        if let (Some(ours), Some(seconds), Some(callback)) =
            (event_loop.cast::<LoopObject>(), self.deadline.seconds(), ON_TIMEOUT.get())
        {
            if ours.has_shortcuts() {
                return self.set_native_handle(ours, seconds, callback);
            }
        }
        self.set_other_handle(event_loop)
    }

    #[inline(always)]
    fn set_native_handle(&self, event_loop: &LoopObject, seconds: f64, callback: &Object) -> Result<()> {
        let context = event_loop.context_for_later(None)?;
        if event_loop.has_come(seconds)? {
            let handle = HandleObject::queued(event_loop, callback, &[self.object()], context)?;
            event_loop.queue(Ready::Handle(handle.clone()))?;
            self.handle.set(handle.into_object());
        } else {
            let timer = TimerObject::new(event_loop, seconds, None, callback, &[self.object()], context)?;
            event_loop.add_timer(seconds, timer.clone())?;
            self.handle.set(timer.into_object());
        }
        Ok(())
    }

    #[cold]
    fn set_other_handle(&self, event_loop: &Object) -> Result<()> {
        let when = self.deadline.get()?;
        let callback = self.object().attribute(&names().on_timeout)?;
        let handle = if when.less_or_equal(&*call_method0(event_loop, &names().time)?)? {
            call_method1(event_loop, &names().call_soon, &callback)?
        } else {
            call_method2(event_loop, &names().call_at, &when, &callback)?
        };
        self.handle.set(handle);
        Ok(())
    }

    #[inline(always)]
    fn cancel_handle(&self) -> Result<()> {
        let Some(handle) = self.handle.take() else { return Ok(()) };
        match handle.into_exactly::<TimerObject>() {
            Ok(timer) => timer.discard(),
            Err(other) => call_method0(&other, &names().cancel).map(drop),
        }
    }

    /// `_on_timeout()`: the deadline has passed while the block runs.
    pub(super) fn expire(&self) -> Result<()> {
        let (State::Entered, Some(task)) = (self.state.get(), self.task.get()) else {
            return Err(Raised::new(&names().assertion_error, format_args!("")));
        };
        parent::cancel(&task)?;
        self.state.set(State::Expiring);
        self.handle.clear();
        Ok(())
    }

    /// `__aexit__(kind, exception, traceback)`: raises `TimeoutError` if the deadline has passed and the
    /// block ends with the `CancelledError` of nobody else's request.
    #[inline]
    pub(super) fn exit(&self, kind: Option<&Object>, exception: Option<&Object>) -> Result<()> {
        let state = self.state.get();
        if state != State::Entered && state != State::Expiring {
            return Err(Raised::new(&names().assertion_error, format_args!("")));
        }
        self.cancel_handle()?;
        if state == State::Entered {
            self.state.set(State::Exited);
            return Ok(());
        }
        self.exit_expired(kind, exception)
    }

    #[cold]
    fn exit_expired(&self, kind: Option<&Object>, exception: Option<&Object>) -> Result<()> {
        self.state.set(State::Expired);
        let Some(task) = self.task.get() else { return Ok(()) };
        let left = parent::uncancel(&task)?;
        let Some(kind) = kind.filter(|_| left <= self.cancelling.get()) else { return Ok(()) };
        if is_cancelled_error(kind) {
            let error = crate::ffi::call0(&names().timeout_error)?;
            if let Some(exception) = exception {
                exception_cause(&error, exception);
            }
            return Err(Raised::restore(error));
        }
        #[cfg(Py_3_13)]
        if let Some(exception) = exception {
            mark_timeouts(exception)?;
        }
        Ok(())
    }
}

/// Whether `kind` is what a cancellation raises: up to 3.12 the very class, since then subclasses too.
pub(super) fn is_cancelled_error(kind: &Object) -> bool {
    if cfg!(Py_3_13) {
        is_subclass(kind, &names().cancelled_error)
    } else {
        kind.is(&names().cancelled_error)
    }
}

/// The block has replaced our `CancelledError` by an exception of its own: puts a `TimeoutError` into its
/// history, between the two; for a group, into its members' as well.
#[cfg(Py_3_13)]
fn mark_timeouts(exception: &Object) -> Result<()> {
    insert_timeout_error(exception)?;
    if is_instance(exception, &names().exception_group) {
        for member in tuple_items(&*exception.attribute(&*intern(c"exceptions")?)?) {
            insert_timeout_error(member)?;
        }
    }
    Ok(())
}

/// `_insert_timeout_error(exception)`.
#[cfg(Py_3_13)]
pub(super) fn insert_timeout_error(exception: &Object) -> Result<()> {
    let mut exception = exception.own();
    while let Some(context) = exception_context(&exception) {
        if is_instance(&context, &names().cancelled_error) {
            let error = crate::ffi::call0(&names().timeout_error)?;
            exception_cause(&error, &context);
            set_exception_context(&exception, error);
            break;
        }
        exception = context;
    }
    Ok(())
}

impl State {
    /// The value of asyncio's enum member.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Entered => "active",
            Self::Expiring => "expiring",
            Self::Expired => "expired",
            Self::Exited => "finished",
        }
    }
}
