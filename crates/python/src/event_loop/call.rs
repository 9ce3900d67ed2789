//! `call_soon`, `call_later`, `call_at`, `call_soon_threadsafe`.

use crate::ffi::{
    Args, CallSignature, IntoOwned, Layout, Object, Owned, Raised, Result, call_keywords, call2, names,
    thread_identity,
};
use crate::handle::{HandleObject, TimerObject};

use super::Ready;
use super::object::LoopObject;

/// `event_loop.call_soon(callback, argument, context=context)`, for a loop of any kind.
pub(crate) fn call_soon(
    event_loop: &Object,
    callback: &Object,
    argument: Option<&Object>,
    context: Option<&Object>,
) -> Result<()> {
    if let Some(ours) = event_loop.cast::<LoopObject>().filter(|ours| ours.has_shortcuts() && !ours.debug()) {
        ours.check_closed()?;
        return ours.queue_call(callback, argument.as_slice(), context).map(drop);
    }
    let method = event_loop.attribute(&names().call_soon)?;
    let mut values = vec![callback];
    values.extend(argument);
    let positional = values.len();
    values.extend(context);
    call_keywords(&method, &values, positional, context.map(|_| &*names().context_keyword)).map(drop)
}

impl LoopObject {
    /// `call_soon(callback, *args, context=None)`.
    #[inline]
    pub(super) fn call_soon(&self, args: Args<'_>) -> Result<Owned<HandleObject>> {
        const SIGNATURE: CallSignature<1> =
            CallSignature { function: "BaseEventLoop.call_soon", first: [c"callback"] };
        let ([callback], arguments, context) = SIGNATURE.bind(args)?;
        self.check_closed()?;
        if self.debug.get() {
            self.check_thread()?;
            check_callback(callback, "call_soon")?;
        }
        self.queue_call(callback, arguments, context)
    }

    /// `call_soon_threadsafe(callback, *args, context=None)`.
    ///
    /// Whoever calls holds the interpreter's lock, so the entry goes straight into the ready queue; the
    /// system call is only made when the loop is parked.
    #[inline]
    pub(super) fn call_soon_threadsafe(&self, args: Args<'_>) -> Result<Owned<HandleObject>> {
        const SIGNATURE: CallSignature<1> =
            CallSignature { function: "BaseEventLoop.call_soon_threadsafe", first: [c"callback"] };
        let ([callback], arguments, context) = SIGNATURE.bind(args)?;
        self.check_closed()?;
        if self.debug.get() {
            check_callback(callback, "call_soon_threadsafe")?;
        }
        let handle = self.queue_call(callback, arguments, context)?;
        handle.note_thread_safe();
        self.wake()?;
        Ok(handle)
    }

    #[inline(always)]
    fn queue_call(
        &self,
        callback: &Object,
        arguments: &[&Object],
        context: Option<&Object>,
    ) -> Result<Owned<HandleObject>> {
        let handle = HandleObject::queued(self, callback, arguments, self.context_for_later(context)?)?;
        self.queue_made(|| Ready::Handle(handle.clone()))?;
        Ok(handle)
    }

    /// Wakes the loop if it is parked.
    #[inline(always)]
    pub(super) fn wake(&self) -> Result<()> {
        let engine = self.engine()?;
        if engine.parked.replace(false) {
            engine.waker.wake();
        }
        Ok(())
    }

    /// `call_later(delay, callback, *args, context=None)`, with the delay in seconds.
    #[inline]
    pub(super) fn call_later(&self, args: Args<'_>) -> Result<Owned<TimerObject>> {
        const SIGNATURE: CallSignature<2> =
            CallSignature { function: "BaseEventLoop.call_later", first: [c"delay", c"callback"] };
        let ([delay, callback], arguments, context) = SIGNATURE.bind(args)?;
        if delay.is_none() {
            return Err(Raised::type_error(format_args!("delay must not be None")));
        }
        let now = self.now()?;
        self.last_time.set(now);
        let (when, given) = match plain_seconds(delay) {
            Some(delay) => (now + delay, None),
            None => {
                // Whatever it is, it has to add up with a float, as in asyncio.
                let when = now.into_owned()?.add(delay)?;
                (when.to_f64()?, Some(when))
            }
        };
        // It is `call_at` that checks the callback in asyncio, and says so.
        self.schedule(when, given, callback, arguments, context)
    }

    /// `call_at(when, callback, *args, context=None)`, with the deadline on the loop's clock.
    pub(super) fn call_at(&self, args: Args<'_>) -> Result<Owned<TimerObject>> {
        const SIGNATURE: CallSignature<2> =
            CallSignature { function: "BaseEventLoop.call_at", first: [c"when", c"callback"] };
        let ([when, callback], arguments, context) = SIGNATURE.bind(args)?;
        if when.is_none() {
            return Err(Raised::type_error(format_args!("when cannot be None")));
        }
        let (seconds, given) = match exact_float(when) {
            Some(seconds) => (seconds, None),
            None => (when.to_f64()?, Some(when.own())),
        };
        self.schedule(seconds, given, callback, arguments, context)
    }

    #[inline(always)]
    fn schedule(
        &self,
        when: f64,
        given: Option<Owned>,
        callback: &Object,
        arguments: &[&Object],
        context: Option<&Object>,
    ) -> Result<Owned<TimerObject>> {
        self.check_closed()?;
        if self.debug.get() {
            self.check_thread()?;
            check_callback(callback, "call_at")?;
        }
        if cfg!(Py_3_13) && when.is_nan() {
            // asyncio takes it and then dies of it in its selector: say so where the mistake is.
            return Err(Raised::value_error(format_args!("Invalid delay: NaN (not a number)")));
        }
        let timer =
            TimerObject::new(self, when, given, callback, arguments, self.context_for_later(context)?)?;
        self.add_timer(when, timer.clone())?;
        Ok(timer)
    }

    /// Puts a timer into the heap.
    #[inline(always)]
    pub(crate) fn add_timer(&self, when: f64, timer: Owned<TimerObject>) -> Result<()> {
        // Up to 3.12 asyncio runs a timer at once whose time is no number.
        let when = if cfg!(not(Py_3_13)) && when.is_nan() { f64::NEG_INFINITY } else { when };
        if when <= self.last_time.get() || !self.own_clock.get() {
            self.timer_is_near.set(true);
        }
        self.engine()?.timers.with(|timers| timers.push(when, timer));
        Ok(())
    }

    /// Raises asyncio's error when another thread than the loop's calls (debug mode).
    pub(crate) fn check_thread(&self) -> Result<()> {
        let owner = self.thread.get();
        if owner != 0 && owner != thread_identity() {
            return Err(Raised::runtime_error(format_args!(
                "Non-thread-safe operation invoked on an event loop other than the current one"
            )));
        }
        Ok(())
    }
}

/// Raises asyncio's error for something that can't be a callback (debug mode).
pub(super) fn check_callback(callback: &Object, method: &str) -> Result<()> {
    call2(&names().check_callback, callback, &*method.into_owned()?).map(drop)
}

/// The value of an exact `float` or a small `int`.
#[inline(always)]
fn plain_seconds(number: &Object) -> Option<f64> {
    exact_float(number).or_else(|| number.exact_int())
}

#[inline(always)]
fn exact_float(number: &Object) -> Option<f64> {
    number.exact_float()
}
