//! `run_in_executor`: the way into the loop's own threads, and the way of their outcomes back.

use aioxide_core::reactor::Waker;

use crate::executor::{Call, JobQueue};
use crate::ffi::{Args, Layout, Object, Owned, Raised, Result, call_keywords, call_method0, names};
use crate::future::{FutureObject, State};
use crate::handle::HandleObject;

use super::Ready;
use super::call::check_callback;
use super::object::LoopObject;

impl LoopObject {
    /// `run_in_executor(executor, func, *args)`.
    ///
    /// What is not a plain call into the loop's own executor is Python's to do: `loops.py` has it.
    pub(super) fn run_in_executor(&self, args: Args<'_>) -> Result<Owned> {
        if let ([executor, function, arguments @ ..], None) = (args.positional(), args.names()) {
            if executor.is_none() && !self.closed.get() && !self.executor_shut_down.get() {
                if let (Some(own), Some(jobs)) = (self.executor.get(), self.jobs.get()) {
                    if self.has_shortcuts() && self.makes_plain_futures() && jobs.takes_calls(&own)? {
                        return self.call_in_thread(&own, &jobs, function, arguments);
                    }
                }
            }
        }
        let method = self.object().attribute(&names().run_in_any_executor)?;
        call_keywords(&method, args.values(), args.positional().len(), args.names())
    }

    fn call_in_thread(
        &self,
        executor: &Object,
        jobs: &JobQueue,
        function: &Object,
        arguments: &[&Object],
    ) -> Result<Owned> {
        if self.debug() {
            check_callback(function, "run_in_executor")?;
        }
        let future = self.create_future()?;
        if jobs.add_call(Call::new(function, arguments, future.clone())?) {
            if let Err(raised) = call_method0(executor, &names().start_worker) {
                let exception = raised.take();
                jobs.withdraw(&future);
                return Err(Raised::restore(exception));
            }
        }
        Ok(future.into_object())
    }

    /// Takes an entry from another thread, which holds the interpreter's lock. Gives the waker when the
    /// loop is parked and the caller has to wake it. A closed loop takes nothing.
    pub(crate) fn queue_from_thread(&self, entry: Ready) -> Option<Waker> {
        let engine = self.engine.get().filter(|_| !self.closed.get())?;
        engine.ready.with(|ready| ready.push_back(entry));
        engine.parked.replace(false).then(|| engine.waker.clone())
    }

    /// Finishes a future by an outcome that came from a thread. One that was cancelled meanwhile stays so.
    pub(super) fn finish(
        &self,
        future: &FutureObject,
        outcome: Owned,
        name: &Object,
        set: impl FnOnce(&FutureObject, Owned) -> Result<()>,
    ) -> Result<()> {
        self.leave_step()?;
        if future.state() == State::Cancelled {
            return Ok(());
        }
        match set(future, outcome.clone()) {
            Ok(()) => Ok(()),
            Err(raised) => {
                let exception = raised.take();
                let handle = self.handle_of_outcome(future, name, &[&outcome])?;
                handle.failed(Raised::restore(exception))
            }
        }
    }

    /// A handle that stands for an outcome in reports.
    pub(super) fn handle_of_outcome(
        &self,
        future: &FutureObject,
        method: &Object,
        arguments: &[&Object],
    ) -> Result<Owned<HandleObject>> {
        let callback = future.object().attribute(method)?;
        HandleObject::new(self, &callback, arguments, crate::ffi::copy_context()?)
    }

    /// `_default_executor = executor`.
    pub(super) fn set_executor(&self, executor: Option<&Object>) -> Result<()> {
        let Some(executor) = executor.filter(|executor| !executor.is_none()) else {
            self.jobs.clear();
            self.executor.clear();
            return Ok(());
        };
        let jobs = executor.optional_attribute(&names().work_queue)?;
        match jobs.and_then(|jobs| jobs.into_exactly::<JobQueue>().ok()) {
            Some(jobs) => self.jobs.set(jobs),
            None => self.jobs.clear(),
        }
        self.executor.set(executor.own());
        Ok(())
    }

    /// The cancellation of a future, by a thread.
    pub(super) fn cancel_future(&self, future: &FutureObject) -> Result<()> {
        self.leave_step()?;
        future.cancel(None).map(drop)
    }
}
