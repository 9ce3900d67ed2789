//! What a `StreamReader` consists of, and feeding it.

use std::cell::Cell;

use pyo3::ffi;

use crate::event_loop::{LoopObject, current_loop};
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, Slot, call_method0, call0, failed_assertion,
    names, native_type, none,
};
use crate::future::any::{is_cancelled, reject};
use crate::sync::wake;

use super::buffer::Buffer;
use super::limit::Limit;

/// A stream reader.
#[repr(C)]
pub(crate) struct StreamReaderObject {
    head: ffi::PyObject,
    pub(super) event_loop: Slot,
    pub(super) buffer: Buffer,
    pub(super) limit: Limit,
    /// The future of the coroutine that waits for data.
    pub(super) waiter: Slot,
    /// What every read raises.
    pub(super) exception: Slot,
    pub(super) transport: Slot,
    /// The stack where the reader was made (debug mode).
    pub(super) source_traceback: Slot,
    pub(super) dict: Slot,
    pub(super) weak: Slot,
    pub(super) eof: Cell<bool>,
    /// Whether the transport was told to stop reading.
    pub(super) paused: Cell<bool>,
}

native_type!(
    StreamReaderObject,
    holds: [event_loop, buffer, limit, waiter, exception, transport, source_traceback, dict]
);

impl StreamReaderObject {
    /// `__init__(limit=65536, loop=None)`.
    pub(super) fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<2> = Signature {
            function: "StreamReader.__init__",
            parameters: [c"limit", c"loop"],
            positional: 2,
            required: 0,
        };
        let [limit, event_loop] = SIGNATURE.bind_method(args)?;
        self.limit.begin(limit)?;
        let event_loop = loop_or_current(event_loop)?;
        if is_debugged(&event_loop)? {
            self.source_traceback.set(call0(&names().extract_stack)?);
        }
        self.event_loop.set(event_loop);
        self.buffer.empty()?;
        self.waiter.clear();
        self.exception.clear();
        self.transport.clear();
        self.eof.set(false);
        self.paused.set(false);
        Ok(())
    }

    /// Whether nobody can have overridden a method: exactly our type, no attributes of its own.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        self.dict.is_empty() && self.object().exactly::<Self>().is_some()
    }

    /// The loop, or the error of an object whose `__init__` has not run.
    pub(super) fn event_loop(&self) -> Result<Owned> {
        self.event_loop.get().ok_or_else(|| {
            Raised::attribute_error(format_args!("'StreamReader' object has no attribute '_loop'"))
        })
    }

    /// `feed_data(data)`.
    #[inline]
    pub(super) fn feed(&self, data: &Object) -> Result<()> {
        if self.eof.get() {
            failed_assertion("feed_data after feed_eof")?;
        }
        match data.exact_bytes() {
            Some([]) => return Ok(()),
            Some(_) => self.buffer.push_piece(data)?,
            None if !data.is_true()? => return Ok(()),
            None => self.buffer.push_any(data)?,
        }
        self.was_fed()
    }

    /// Wakes who waits, and stops the transport if there is more than enough.
    #[inline(always)]
    fn was_fed(&self) -> Result<()> {
        self.wake()?;
        if !self.paused.get() && !self.transport.is_empty() && self.buffer.len() > self.limit.twice() {
            return self.pause();
        }
        Ok(())
    }

    #[cold]
    fn pause(&self) -> Result<()> {
        let Some(transport) = self.transport.get() else { return Ok(()) };
        match call_method0(&transport, &names().pause_reading) {
            Ok(_) => self.paused.set(true),
            Err(raised) if raised.matches(&names().not_implemented_error) => {
                // It can't be stopped, and is not asked again: all that it sends is kept.
                raised.forget();
                self.transport.clear();
            }
            Err(raised) => return Err(raised),
        }
        Ok(())
    }

    /// `self._wakeup_waiter()`.
    #[inline(always)]
    fn wake(&self) -> Result<()> {
        if self.is_plain() {
            self.wake_waiter()
        } else {
            call_method0(self.object(), &names().wake_reader).map(drop)
        }
    }

    /// `_wakeup_waiter()`: lets the coroutine that waits go on.
    #[inline(always)]
    pub(super) fn wake_waiter(&self) -> Result<()> {
        match self.waiter.take() {
            Some(waiter) if !is_cancelled(&waiter)? => wake(&waiter, none()),
            _ => Ok(()),
        }
    }

    /// `feed_eof()`.
    pub(super) fn feed_eof(&self) -> Result<()> {
        self.eof.set(true);
        self.wake()
    }

    /// `at_eof()`.
    pub(super) fn at_eof(&self) -> bool {
        self.eof.get() && self.buffer.is_empty()
    }

    /// `set_exception(exc)`.
    pub(super) fn set_exception(&self, exception: &Object) -> Result<()> {
        if exception.is_none() {
            self.exception.clear();
        } else {
            self.exception.set(exception.own());
        }
        match self.waiter.take() {
            Some(waiter) if !is_cancelled(&waiter)? => reject(&waiter, exception),
            _ => Ok(()),
        }
    }

    /// Raises the exception that was set, if one was.
    #[inline(always)]
    pub(super) fn check_exception(&self) -> Result<()> {
        match self.exception.peek() {
            None => Ok(()),
            Some(exception) => Err(Raised::raise(&exception.own())),
        }
    }

    /// `set_transport(transport)`.
    pub(super) fn set_transport(&self, transport: &Object) -> Result<()> {
        if !self.transport.is_empty() {
            failed_assertion("Transport already set")?;
        }
        self.transport.set(transport.own());
        Ok(())
    }

    /// `_replace_transport(transport)`.
    #[cfg(Py_3_14)]
    pub(super) fn replace_transport(&self, transport: &Object) -> Result<()> {
        if self.transport.is_empty() {
            failed_assertion("Transport not set")?;
        }
        self.transport.set(transport.own());
        Ok(())
    }

    /// `self._maybe_resume_transport()`, after a read.
    #[inline(always)]
    pub(super) fn resume_if_low(&self) -> Result<()> {
        if self.is_plain() {
            self.maybe_resume()
        } else {
            call_method0(self.object(), &names().maybe_resume_transport).map(drop)
        }
    }

    /// `_maybe_resume_transport()`: a stopped transport goes on once there is little left.
    #[inline(always)]
    pub(super) fn maybe_resume(&self) -> Result<()> {
        if self.paused.get() && self.buffer.len() <= self.limit.bytes() { self.resume() } else { Ok(()) }
    }

    /// Whether a stopped transport goes on once `count` more bytes were read.
    #[inline(always)]
    pub(super) fn resumes_after(&self, count: usize) -> bool {
        self.paused.get() && self.buffer.len() <= self.limit.bytes().saturating_add(count)
    }

    /// Lets the stopped transport go on.
    #[cold]
    pub(super) fn resume(&self) -> Result<()> {
        self.paused.set(false);
        let transport = self.transport.get().unwrap_or_else(none);
        call_method0(&transport, &names().resume_reading).map(drop)
    }
}

/// The loop that an argument names, else the current one.
pub(super) fn loop_or_current(given: Option<&Object>) -> Result<Owned> {
    match given.filter(|given| !given.is_none()) {
        Some(given) => Ok(given.own()),
        None => current_loop(),
    }
}

/// `event_loop.get_debug()`, for a loop of any kind.
pub(super) fn is_debugged(event_loop: &Object) -> Result<bool> {
    match event_loop.cast::<LoopObject>().filter(|ours| ours.has_shortcuts()) {
        Some(ours) => Ok(ours.debug()),
        None => call_method0(event_loop, &names().get_debug)?.is_true(),
    }
}
