//! The ways to be done: a result, an exception, a cancellation.

use pyo3::ffi;

use crate::ffi::{Layout, Object, Owned, Raised, Result, exception_cause, is_instance, names, none};

use super::{FutureObject, State};

impl FutureObject {
    /// Raises asyncio's error unless the future is pending and initialised.
    #[inline(always)]
    fn check_pending(&self) -> Result<()> {
        self.get_loop()?;
        if self.is_done() {
            return Err(Raised::new(&names().invalid_state_error, format_args!("invalid state")));
        }
        Ok(())
    }

    /// Makes the future done with a result.
    #[inline]
    pub(crate) fn resolve(&self, result: Owned) -> Result<()> {
        self.check_pending()?;
        self.outcome.fill(result);
        self.state.set(State::Returned);
        self.wake_waiters()
    }

    /// Makes the future done with an exception: an instance, or a class to make one of.
    pub(crate) fn reject(&self, exception: &Object) -> Result<()> {
        self.check_pending()?;
        let exception = as_instance(exception)?;
        // Making the instance ran Python code, which may have finished this future.
        self.check_pending()?;
        self.fail(exception)
    }

    /// Makes the pending future done with an exception instance.
    fn fail(&self, exception: Owned) -> Result<()> {
        // SAFETY: an exception instance; a new reference or null for "has none".
        let traceback = unsafe { Owned::from_pointer(ffi::PyException_GetTraceback(exception.pointer())) };
        if let Some(traceback) = traceback {
            self.rare.get_or_make().exception_traceback.set(traceback);
        }
        self.outcome.set(exception);
        self.state.set(State::Failed);
        let queued = self.wake_waiters();
        self.log_traceback.set(true);
        queued
    }

    /// Cancels the future, as `Future.cancel(msg)`: false when it is done already.
    pub(crate) fn cancel(&self, message: Option<&Object>) -> Result<bool> {
        self.get_loop()?;
        self.log_traceback.set(false);
        if self.is_done() {
            return Ok(false);
        }
        self.state.set(State::Cancelled);
        self.set_cancel_message(message);
        self.wake_waiters()?;
        Ok(true)
    }

    /// The message that the `CancelledError` will carry.
    pub(crate) fn cancel_message(&self) -> Option<Owned> {
        self.rare.get().and_then(|rare| rare.cancel_message.get())
    }

    /// Sets it; `None` for no message.
    pub(crate) fn set_cancel_message(&self, message: Option<&Object>) {
        match message.filter(|message| !message.is_none()) {
            Some(message) => self.rare.get_or_make().cancel_message.set(message.own()),
            None => {
                if let Some(rare) = self.rare.get() {
                    rare.cancel_message.clear();
                }
            }
        }
    }

    /// Keeps the `CancelledError` that ended a task's coroutine, for whoever asks for the result first.
    pub(crate) fn set_cancelled_error(&self, error: Owned) {
        self.rare.get_or_make().cancelled_error.set(error);
    }

    /// The `CancelledError` to raise: the kept one, once, else a new one with the message.
    pub(crate) fn make_cancelled_error(&self) -> Result<Owned> {
        if let Some(kept) = self.rare.get().and_then(|rare| rare.cancelled_error.take()) {
            return Ok(kept);
        }
        match self.cancel_message() {
            Some(message) => crate::ffi::call1(&names().cancelled_error, &message),
            None => crate::ffi::call0(&names().cancelled_error),
        }
    }

    /// The exception or the result, for attributes that show them; `None` where there is none.
    pub(super) fn peek_outcome(&self, state: State) -> Owned {
        if self.state() == state { self.outcome.get().unwrap_or_else(none) } else { none() }
    }
}

/// An exception instance out of an instance or a class, fit to be raised into a coroutine.
fn as_instance(exception: &Object) -> Result<Owned> {
    // SAFETY: type checks on a live object.
    let (is_class, stop) = unsafe {
        (
            ffi::PyExceptionClass_Check(exception.pointer()) != 0,
            Object::from_pointer(ffi::PyExc_StopIteration),
        )
    };
    let instance = if is_class { crate::ffi::call0(exception)? } else { exception.own() };
    // SAFETY: as above.
    if unsafe { ffi::PyExceptionInstance_Check(instance.pointer()) } == 0 {
        return Err(Raised::type_error(format_args!("invalid exception object")));
    }
    if is_instance(&instance, stop) {
        return stop_iteration_replaced(instance);
    }
    Ok(instance)
}

/// What asyncio does with a `StopIteration`, which would end the coroutine instead of failing it.
#[cold]
fn stop_iteration_replaced(stop: Owned) -> Result<Owned> {
    const TEXT: &str = "StopIteration interacts badly with generators and cannot be raised into a Future";
    let raised = if crate::version::replaces_stop_iteration() {
        Raised::runtime_error(format_args!("{TEXT}"))
    } else {
        return Err(Raised::type_error(format_args!("{TEXT}")));
    };
    let replacement = raised.take();
    exception_cause(&replacement, &stop);
    Ok(replacement)
}
