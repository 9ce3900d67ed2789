//! What the coroutine yielded, and waiting for that.

use pyo3::ffi;

use crate::event_loop::{Ready, call_soon};
use crate::ffi::{Layout, Object, Owned, Raised, Result, call_keywords, call_method0, names};
use crate::future::{as_future, as_plain_future};

use super::TaskObject;
use super::methods::step_callback;

impl TaskObject {
    /// Goes on when `yielded` is done; soon, when it is `None` (a bare yield). Everything else is a
    /// mistake of the program, which the coroutine gets as an exception with the next step.
    #[inline(always)]
    pub(super) fn wait_for(&self, yielded: Owned) -> Result<()> {
        if yielded.is_none() {
            return self.queue_step(None);
        }
        let Some(future) = as_plain_future(&yielded) else {
            return self.wait_for_other(&yielded);
        };
        if !self.event_loop.peek().is_some_and(|ours| future.event_loop.holds(ours)) {
            return self.refuse(c"Task %R got Future %R attached to a different loop", future.object());
        }
        if !future.blocking.replace(false) {
            return self.refuse(c"yield was used instead of yield from in task %R with %R", future.object());
        }
        if future.object().is(self.object()) {
            return self.refuse(c"Task cannot await on itself: %R", future.object());
        }
        if cfg!(Py_3_14) {
            if let Some(task) = future.object().exactly::<TaskObject>() {
                task.add_awaiter(self.object())?;
            }
        }
        future.add_task(self)?;
        self.fut_waiter.set(yielded);
        if self.must_cancel.get() { self.cancel_what_is_awaited() } else { Ok(()) }
    }

    /// A future of another class, or no future at all.
    #[cold]
    fn wait_for_other(&self, yielded: &Object) -> Result<()> {
        let blocking = yielded.optional_attribute(&names().asyncio_future_blocking)?;
        let Some(blocking) = blocking.filter(|blocking| !blocking.is_none()) else {
            // SAFETY: a type check on a live object.
            if unsafe { ffi::PyGen_CheckExact(yielded.pointer()) } != 0 {
                let text = c"yield was used instead of yield from for generator in task %R with %R";
                return self.refuse(text, yielded);
            }
            return self.refuse_bad_yield(yielded);
        };
        if !self.event_loop.holds(&*loop_of(yielded)?) {
            return self.refuse(c"Task %R got Future %R attached to a different loop", yielded);
        }
        if !blocking.is_true()? {
            return self.refuse(c"yield was used instead of yield from in task %R with %R", yielded);
        }
        if yielded.is(self.object()) {
            return self.refuse(c"Task cannot await on itself: %R", yielded);
        }
        yielded.set_attribute(&names().asyncio_future_blocking, &names().false_)?;
        let wakeup = self.wakeup_method()?;
        let add = yielded.attribute(&names().add_done_callback)?;
        let context = self.context_or_none()?;
        call_keywords(&add, &[&wakeup, &context], 1, Some(&names().context_keyword))?;
        self.fut_waiter.set(yielded.own());
        if self.must_cancel.get() { self.cancel_what_is_awaited() } else { Ok(()) }
    }

    /// Throws a `RuntimeError` that says why `yielded` can't be awaited into the coroutine, soon.
    #[cold]
    fn refuse(&self, text: &std::ffi::CStr, yielded: &Object) -> Result<()> {
        let error = Raised::formatted(&names().runtime_error, text, self.object(), yielded).take();
        self.queue_step(Some(error))
    }

    #[cold]
    fn refuse_bad_yield(&self, yielded: &Object) -> Result<()> {
        let error =
            Raised::formatted(&names().runtime_error, c"Task got bad yield: %R", yielded, yielded).take();
        self.queue_step(Some(error))
    }

    /// Queues the next step, with `exception` to throw when there is one.
    #[inline(always)]
    pub(super) fn queue_step(&self, exception: Option<Owned>) -> Result<()> {
        if let Some(event_loop) = self.get_native_loop() {
            if event_loop.is_direct() && exception.is_none() {
                return event_loop.queue_made(|| Ready::Step(self.own()));
            }
        }
        self.queue_unusual_step(exception)
    }

    /// The same in debug mode, with an exception, or on a loop that is not ours or not wholly.
    #[cold]
    #[inline(never)]
    fn queue_unusual_step(&self, exception: Option<Owned>) -> Result<()> {
        if let Some(event_loop) = self.get_native_loop() {
            if event_loop.has_shortcuts() {
                if event_loop.debug() {
                    event_loop.check_thread()?;
                }
                return event_loop.queue(match exception {
                    None => Ready::Step(self.own()),
                    Some(exception) => Ready::Throw(self.own(), exception),
                });
            }
        }
        let callback = step_callback(self, exception)?;
        let event_loop = self.get_loop()?.own();
        call_soon(&event_loop, &callback, None, Some(&*self.context_or_none()?))
    }
}

/// The loop of any object that passes for a future.
pub(crate) fn loop_of(future: &Object) -> Result<Owned> {
    if let Some(ours) = as_future(future) {
        return ours.get_loop().map(Object::own);
    }
    match future.optional_attribute(&names().get_loop)? {
        Some(_) => call_method0(future, &names().get_loop),
        None => future.attribute(&names().loop_attribute),
    }
}
