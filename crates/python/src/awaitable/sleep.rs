//! `sleep(delay, result=None)`.

use std::cell::Cell;

use crate::event_loop::{LoopObject, running_native_loop};
use crate::ffi::{
    Args, Constant, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_keywords,
    call_method0, names, none,
};
use crate::future::as_future;
use crate::handle::TimerObject;

use super::{CoroutineObject, Delegate, machine};

/// The coroutine that `sleep()` returns.
pub(crate) struct Sleep {
    delay: Slot,
    result: Slot,
    /// The timer that ends it: a handle of whichever loop runs.
    timer: Slot,
    waiting: Delegate,
    /// Whether this is `sleep(0)`, which has yielded once.
    yielded: Cell<bool>,
}

machine!(
    Sleep, "sleep",
    awaits: |machine| machine.waiting.target(),
    in_cycles: |machine| machine.waiting.is_active() || !machine.result.is_empty(),
    holds: [delay, result, timer, waiting]
);

/// `sleep(delay, result=None)`: a coroutine that returns `result` after `delay` seconds; after one turn
/// of the loop when the delay is not positive.
#[inline]
pub(crate) fn sleep(args: Args<'_>) -> Result<Owned> {
    let (delay, result) = match (args.positional(), args.names()) {
        ([delay], None) => (*delay, None),
        _ => {
            const SIGNATURE: Signature<2> = Signature {
                function: "sleep",
                parameters: [c"delay", c"result"],
                positional: 2,
                required: 1,
            };
            let [delay, result] = SIGNATURE.bind(args)?;
            let Some(delay) = delay else { return Ok(none()) };
            (delay, result)
        }
    };
    let coroutine = CoroutineObject::<Sleep>::new(|machine| {
        machine.delay.fill(delay.own());
        if let Some(result) = result {
            machine.result.fill(result.own());
        }
    })?;
    Ok(coroutine.into_object())
}

impl Sleep {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if self.waiting.is_active() {
            return self.waited(thrown);
        }
        if let Some(exception) = thrown {
            return Err(Raised::restore(exception));
        }
        if self.yielded.get() {
            return Ok(Step::Return(self.result.take().unwrap_or_else(none)));
        }
        self.begin()
    }

    /// The first step.
    #[inline(always)]
    fn begin(&self) -> Result<Step> {
        let Some(delay) = self.delay.take() else { return Ok(Step::Return(none())) };
        if is_not_positive(&delay)? {
            self.yielded.set(true);
            return Ok(Step::Yield(none()));
        }
        self.set_timer(&delay)?;
        self.waiting.resume(None)
    }

    /// Makes the future to wait for and the timer that resolves it.
    fn set_timer(&self, delay: &Object) -> Result<()> {
        // asyncio compares with a plain float, so that anything that compares can be a delay.
        let seconds = delay.to_f64()?;
        if cfg!(Py_3_13) && seconds.is_nan() {
            return Err(Raised::value_error(format_args!("Invalid delay: NaN (not a number)")));
        }
        match running_native_loop()? {
            Ok(event_loop) if event_loop.has_shortcuts() => self.set_native_timer(&event_loop, seconds),
            Ok(event_loop) => self.set_other_timer(event_loop.object(), delay),
            Err(other) => self.set_other_timer(&other, delay),
        }
    }

    fn set_native_timer(&self, event_loop: &LoopObject, seconds: f64) -> Result<()> {
        let future = event_loop.create_future()?;
        let result = self.result.get().unwrap_or_else(none);
        let when = event_loop.now()? + seconds;
        let callback = result_setter();
        let context = event_loop.context_for_later(None)?;
        let timer = TimerObject::new(event_loop, when, None, callback, &[future.object(), &result], context)?;
        event_loop.add_timer(when, timer.clone())?;
        self.timer.set(timer.into_object());
        self.waiting.begin_future(future);
        Ok(())
    }

    #[cold]
    fn set_other_timer(&self, event_loop: &Object, delay: &Object) -> Result<()> {
        let future = call_method0(event_loop, &names().create_future)?;
        let result = self.result.get().unwrap_or_else(none);
        let call_later = event_loop.attribute(&names().call_later)?;
        let values = [delay, result_setter(), &*future, &*result];
        self.timer.set(call_keywords(&call_later, &values, 4, None)?);
        self.waiting.begin(&future)
    }

    /// A step after the first one.
    fn waited(&self, thrown: Option<Owned>) -> Result<Step> {
        let resumed = self.waiting.resume(thrown);
        match resumed {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(value)) => self.cancel_timer().map(|()| Step::Return(value)),
            Err(raised) => {
                let exception = raised.take();
                self.cancel_timer()?;
                Err(Raised::restore(exception))
            }
        }
    }

    fn cancel_timer(&self) -> Result<()> {
        let Some(timer) = self.timer.take() else { return Ok(()) };
        match timer.into_exactly::<TimerObject>() {
            Ok(ours) => ours.discard(),
            Err(other) => call_method0(&other, &names().cancel).map(drop),
        }
    }
}

static RESULT_SETTER: Constant = Constant::new();

/// Keeps the function that timers call to end a sleep.
pub(crate) fn keep_result_setter(function: Owned) {
    RESULT_SETTER.keep(function);
}

/// `_set_result_unless_cancelled`: ours, which runs no Python.
pub(crate) fn result_setter() -> &'static Object {
    RESULT_SETTER.get().unwrap_or(&names().set_result_unless_cancelled)
}

/// `delay <= 0`, without a Python call for plain numbers.
#[inline(always)]
pub(crate) fn is_not_positive(delay: &Object) -> Result<bool> {
    if let Some(seconds) = delay.exact_int().or_else(|| delay.exact_float()) {
        return Ok(seconds <= 0.0);
    }
    delay.less_or_equal(&names().zero)
}

/// `future.set_result(result)` unless the future is done: what a sleeper's timer calls.
pub(crate) fn set_result_unless_cancelled(args: Args<'_>) -> Result<()> {
    let [future, result] = args.positional() else {
        return Err(Raised::type_error(format_args!("a future and a result are required")));
    };
    match as_future(future) {
        Some(ours) if ours.is_done() => Ok(()),
        Some(ours) => ours.resolve(result.own()),
        None if call_method0(future, &names().cancelled)?.is_true()? => Ok(()),
        None => crate::ffi::call_method1(future, &names().set_result, result).map(drop),
    }
}
