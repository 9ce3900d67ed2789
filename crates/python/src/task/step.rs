//! One step: resume the coroutine once, and see what came of it.

use crate::ffi::{Layout, Owned, Raised, Result, Step, is_instance, names, none, send_none, throw_into};
use crate::future::State;

use super::TaskObject;

impl TaskObject {
    /// Resumes the coroutine, with `exception` thrown into it when there is one. The caller has made
    /// this task the current one and entered its context.
    ///
    /// Fails only with what has to leave the loop (`KeyboardInterrupt`, `SystemExit`) or with errors of
    /// the loop itself: the coroutine's own exceptions become the task's outcome.
    #[inline(always)]
    pub(crate) fn step(&self, exception: Option<Owned>) -> Result<()> {
        match exception {
            None => self.resume(),
            Some(exception) => self.throw(Some(exception)),
        }
    }

    /// A step with nothing to throw, as almost all are.
    #[inline(never)]
    pub(super) fn resume(&self) -> Result<()> {
        if self.state() != State::Pending || self.must_cancel.get() {
            return self.throw(None);
        }
        let coroutine = self.begin_step()?;
        self.follow(send_none(&coroutine))
    }

    /// A step with an exception to throw, or with one that has to be found; or one that must not be.
    #[cold]
    #[inline(never)]
    pub(super) fn throw(&self, exception: Option<Owned>) -> Result<()> {
        if self.state() != State::Pending {
            return Err(self.already_done(exception));
        }
        let exception =
            if self.must_cancel.get() { Some(self.due_cancellation(exception)?) } else { exception };
        let coroutine = self.begin_step()?;
        self.follow(match exception {
            None => send_none(&coroutine),
            Some(exception) => throw_into(&coroutine, exception),
        })
    }

    /// Forgets what was waited for, and gives the coroutine.
    #[inline(always)]
    fn begin_step(&self) -> Result<Owned> {
        let waited_for = self.fut_waiter.take();
        let Some(coroutine) = self.coroutine.get() else {
            return Err(uninitialised());
        };
        drop(waited_for);
        Ok(coroutine)
    }

    #[inline(always)]
    fn follow(&self, resumed: Result<Step>) -> Result<()> {
        match resumed {
            Ok(Step::Yield(yielded)) => self.wait_for(yielded),
            Ok(Step::Return(value)) => self.returned(value),
            Err(raised) => self.raised(raised),
        }
    }

    /// The `CancelledError` that a pending cancellation turns this step into.
    #[cold]
    fn due_cancellation(&self, exception: Option<Owned>) -> Result<Owned> {
        let exception = match exception {
            Some(exception) if is_instance(&exception, &names().cancelled_error) => exception,
            _ => self.make_cancelled_error()?,
        };
        self.must_cancel.set(false);
        Ok(exception)
    }

    /// The coroutine has returned.
    #[inline(always)]
    fn returned(&self, value: Owned) -> Result<()> {
        if self.must_cancel.replace(false) {
            // Cancelled right before the coroutine ended.
            let message = self.cancel_message();
            return self.cancel_as_future(message.as_deref()).map(drop);
        }
        self.resolve(value)
    }

    /// The coroutine has raised.
    #[cold]
    fn raised(&self, raised: Raised) -> Result<()> {
        if raised.matches(&names().cancelled_error) {
            self.set_cancelled_error(raised.take());
            let message = self.cancel_message();
            return self.cancel_as_future(message.as_deref()).map(drop);
        }
        let leaves = raised.leaves_the_loop();
        let exception = raised.take();
        self.reject(&exception)?;
        if leaves { Err(Raised::restore(exception)) } else { Ok(()) }
    }

    #[cold]
    fn already_done(&self, exception: Option<Owned>) -> Raised {
        let exception = exception.unwrap_or_else(none);
        let text = c"__step(): already done: %R %R";
        Raised::formatted(&names().invalid_state_error, text, self.object(), &exception)
    }
}

#[cold]
fn uninitialised() -> Raised {
    Raised::runtime_error(format_args!("uninitialized Task object"))
}
