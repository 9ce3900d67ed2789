//! `FlowControlMixin`: when writing has to stop, and when it may go on.

use std::cell::Cell;

use pyo3::ffi;

use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, Slot, call_method2, failed_assertion, names,
    native_type, none,
};
use crate::future::any::{is_done, reject};
use crate::sync::{Line, wake};

use super::reader::{is_debugged, loop_or_current};

/// The half of a stream's protocol that the writer needs, and the class that such protocols inherit from.
#[repr(C)]
pub(crate) struct FlowControlObject {
    head: ffi::PyObject,
    pub(super) event_loop: Slot,
    /// The futures of those who wait in `drain()`.
    pub(super) drain_waiters: Line,
    pub(super) dict: Slot,
    pub(super) weak: Slot,
    /// Whether the transport's buffer is full.
    pub(super) paused: Cell<bool>,
    pub(super) connection_lost: Cell<bool>,
}

native_type!(FlowControlObject, holds: [event_loop, drain_waiters, dict]);

impl FlowControlObject {
    /// `__init__(loop=None)`.
    pub(super) fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<1> = Signature {
            function: "FlowControlMixin.__init__",
            parameters: [c"loop"],
            positional: 1,
            required: 0,
        };
        let [event_loop] = SIGNATURE.bind_method(args)?;
        self.begin(event_loop)
    }

    /// The part of `__init__` that the protocol shares.
    pub(super) fn begin(&self, event_loop: Option<&Object>) -> Result<()> {
        self.event_loop.set(loop_or_current(event_loop)?);
        self.paused.set(false);
        self.drain_waiters.replace(None);
        self.connection_lost.set(false);
        Ok(())
    }

    /// The loop, or the error of an object whose `__init__` has not run.
    pub(super) fn event_loop(&self) -> Result<Owned> {
        self.event_loop.get().ok_or_else(|| {
            Raised::attribute_error(format_args!(
                "'{}' object has no attribute '_loop'",
                self.object().type_name()
            ))
        })
    }

    /// `pause_writing()`.
    pub(super) fn pause_writing(&self) -> Result<()> {
        if self.paused.get() {
            failed_assertion("")?;
        }
        self.paused.set(true);
        self.log(&names().pauses_writing)
    }

    /// `resume_writing()`.
    pub(super) fn resume_writing(&self) -> Result<()> {
        if !self.paused.get() {
            failed_assertion("")?;
        }
        self.paused.set(false);
        self.log(&names().resumes_writing)?;
        self.tell_waiters(None)
    }

    /// `connection_lost(exc)`.
    pub(super) fn lose_connection(&self, exception: &Object) -> Result<()> {
        self.connection_lost.set(true);
        if !self.paused.get() {
            return Ok(());
        }
        self.tell_waiters(Some(exception).filter(|exception| !exception.is_none()))
    }

    /// Wakes everybody who waits to write, with an exception if there is one. They leave the line themselves.
    fn tell_waiters(&self, exception: Option<&Object>) -> Result<()> {
        let mut index = 0;
        while let Some(waiter) = self.drain_waiters.at(index)? {
            if !is_done(&waiter)? {
                match exception {
                    None => wake(&waiter, none())?,
                    Some(exception) => reject(&waiter, exception)?,
                }
            }
            index += 1;
        }
        Ok(())
    }

    fn log(&self, message: &Object) -> Result<()> {
        if !is_debugged(&*self.event_loop()?)? {
            return Ok(());
        }
        call_method2(&names().logger, &names().debug, message, self.object()).map(drop)
    }
}
