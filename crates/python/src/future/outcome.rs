//! Reading a done future back.

use pyo3::ffi;

use crate::ffi::{Layout, Object, Owned, Raised, Result, names, none};

use super::layout::UNINITIALISED;
use super::{FutureObject, State};

impl FutureObject {
    /// `Future.result()`.
    #[inline]
    pub(crate) fn result(&self) -> Result<Owned> {
        match self.state() {
            State::Returned => self.outcome.get().ok_or_else(|| self.not_ready("Result is not set.")),
            _ => Err(self.result_error()),
        }
    }

    #[cold]
    fn result_error(&self) -> Raised {
        match self.failure() {
            Ok(Some(exception)) => Raised::restore(exception),
            Ok(None) => self.not_ready("Result is not set."),
            Err(raised) => raised,
        }
    }

    /// The exception that reading the result raises; `None` when there is a result, or nothing yet.
    /// Counts as retrieving it.
    pub(crate) fn failure(&self) -> Result<Option<Owned>> {
        match self.state() {
            State::Pending | State::Returned => Ok(None),
            State::Cancelled => self.make_cancelled_error().map(Some),
            State::Failed => {
                self.log_traceback.set(false);
                let exception = self.outcome.get();
                if let Some(exception) = &exception {
                    self.rewind_traceback(exception);
                }
                Ok(exception)
            }
        }
    }

    /// Puts the traceback back that the exception had when it was set: each raise would lengthen it. As
    /// asyncio's, it is given out once.
    fn rewind_traceback(&self, exception: &Object) {
        let traceback = self.rare.get().and_then(|rare| rare.exception_traceback.take()).unwrap_or_else(none);
        // SAFETY: an exception instance, and a traceback or `None`.
        unsafe { ffi::PyException_SetTraceback(exception.pointer(), traceback.pointer()) };
    }

    /// `Future.exception()`: `None` when there is a result.
    pub(crate) fn exception(&self) -> Result<Option<Owned>> {
        match self.state() {
            State::Pending => Err(self.not_ready("Exception is not set.")),
            State::Cancelled => Err(Raised::restore(self.make_cancelled_error()?)),
            State::Returned => Ok(None),
            State::Failed => {
                self.log_traceback.set(false);
                Ok(self.outcome.get())
            }
        }
    }

    #[cold]
    fn not_ready(&self, text: &str) -> Raised {
        let text = if self.event_loop.is_empty() { UNINITIALISED } else { text };
        Raised::new(&names().invalid_state_error, format_args!("{text}"))
    }
}
