//! Running one entry of the ready queue, and what becomes of its exceptions.

use aioxide_core::ready::Queue;

use crate::ffi::{
    Entered, Layout, Object, Owned, Raised, Result, call1, call2, copy_context, is_context, names,
};
use crate::future::FutureObject;
use crate::handle::HandleObject;
use crate::task::{TaskObject, step_callback};

use super::Ready;
use super::object::{Engine, LoopObject};

impl LoopObject {
    /// Runs one entry. What comes back as an error has to leave the loop.
    #[inline(always)]
    pub(super) fn run_entry(&self, entry: Ready) -> Result<()> {
        match entry {
            Ready::Step(task) => {
                let stepped =
                    self.run_step(&task, |task| task.step(None), |task| self.handle_of_step(task, None));
                task.retire();
                stepped
            }
            Ready::Wake(task, future) => {
                let wake = |task: &TaskObject| task.wake(&future);
                let stepped = self.run_step(&task, wake, |task| self.handle_of_wakeup(task, &future));
                retire_future(future);
                drop(task);
                stepped
            }
            Ready::Throw(task, exception) => {
                let thrown = exception.clone();
                let step = |task: &TaskObject| task.step(Some(exception));
                self.run_step(&task, step, |task| self.handle_of_step(task, Some(thrown)))
            }
            Ready::Handle(handle) => {
                self.current.hide(self.object())?;
                let ran = if handle.is_cancelled() { Ok(()) } else { handle.run(Some(self)) };
                handle.let_go();
                ran
            }
            Ready::Resolve(future, result) => {
                self.finish(&future, result, &names().set_result, FutureObject::resolve)
            }
            Ready::Reject(future, exception) => {
                self.finish(&future, exception, &names().set_exception, |future, exception| {
                    future.reject(&exception)
                })
            }
            Ready::Cancel(future) => self.cancel_future(&future),
            Ready::Timer(timer) => {
                self.current.hide(self.object())?;
                let ran = if timer.is_cancelled() { Ok(()) } else { timer.run(Some(self)) };
                timer.let_go();
                ran
            }
            Ready::Io(source, direction) => {
                self.leave_step()?;
                match source.run(direction) {
                    Ok(()) => Ok(()),
                    Err(raised) => self.source_failed(&source, direction, raised),
                }
            }
            Ready::Done { callback, context, future } => {
                self.leave_step()?;
                let called = Entered::new(&context).and_then(|_entered| call1(&callback, future.object()));
                match called {
                    Ok(_) => Ok(()),
                    Err(raised) => self.done_callback_failed(&callback, || Ok(context), &future, raised),
                }
            }
            Ready::Observe(observer, future) => {
                self.leave_step()?;
                match observer.notify(future.object()) {
                    Ok(()) => Ok(()),
                    Err(raised) => {
                        self.done_callback_failed(observer.object(), copy_context, &future, raised)
                    }
                }
            }
        }
    }

    /// Nothing that follows is a task's, until the next step.
    #[inline(always)]
    pub(super) fn leave_step(&self) -> Result<()> {
        self.contexts.leave();
        self.current.hide(self.object())
    }

    /// Reports the exception of a done-callback, which may be written in Rust, as if a handle had run it. `context`
    /// is asked for once the exception is out of the error indicator.
    #[cold]
    fn done_callback_failed(
        &self,
        callback: &Object,
        context: impl FnOnce() -> Result<Owned>,
        future: &FutureObject,
        raised: Raised,
    ) -> Result<()> {
        let exception = raised.take();
        let handle = HandleObject::new(self, callback, &[future.object()], context()?)?;
        Self::entry_failed(&handle, exception)
    }

    /// Reports what an entry has raised by the handle that stands for it. Where the context is none of the interpreter's
    /// the entry has not run: its handle runs it.
    #[cold]
    fn entry_failed(handle: &HandleObject, exception: Owned) -> Result<()> {
        match handle.get_context()? {
            Some(other) if !is_context(&other) => handle.run(None),
            _ => handle.failed(Raised::restore(exception)),
        }
    }

    /// Steps a task: in its context, as the current one. `handle` makes the handle that stands for this step.
    #[inline(always)]
    fn run_step(
        &self,
        task: &TaskObject,
        step: impl FnOnce(&TaskObject) -> Result<()>,
        handle: impl FnOnce(&TaskObject) -> Result<Owned<HandleObject>>,
    ) -> Result<()> {
        let stepped = match self.enter(task.context(), task.share()) {
            Ok(None) => return Ok(()),
            Ok(Some(stay)) => {
                let stepped = self.as_current_task(task, || step(task));
                self.leave(stay, task.context(), task.share(), stepped)
            }
            Err(raised) => Err(raised),
        };
        match stepped {
            Ok(()) => Ok(()),
            Err(raised) => self.step_failed(raised, || handle(task)),
        }
    }

    /// Does `work` with `task` as the current one: whatever is called next that is no task's hides it again.
    #[inline(always)]
    pub(crate) fn as_current_task<R>(
        &self,
        task: &TaskObject,
        work: impl FnOnce() -> Result<R>,
    ) -> Result<R> {
        self.current.begin(self.object(), task, &self.here)?;
        let done = work();
        self.current.end();
        done
    }

    /// A step failed for a reason that is not its coroutine's.
    #[cold]
    fn step_failed(
        &self,
        raised: Raised,
        handle: impl FnOnce() -> Result<Owned<HandleObject>>,
    ) -> Result<()> {
        let exception = raised.take();
        self.current.hide(self.object())?;
        Self::entry_failed(&*handle()?, exception)
    }

    /// A handle that stands for a task's step, in reports and to run it.
    #[cold]
    fn handle_of_step(&self, task: &TaskObject, exception: Option<Owned>) -> Result<Owned<HandleObject>> {
        HandleObject::new(self, &*step_callback(task, exception)?, &[], task.context_or_none()?)
    }

    /// The same for the step that follows when `future` is done.
    #[cold]
    fn handle_of_wakeup(&self, task: &TaskObject, future: &FutureObject) -> Result<Owned<HandleObject>> {
        HandleObject::new(self, &*task.wakeup_method()?, &[future.object()], task.context_or_none()?)
    }

    /// Debug mode: runs the next entry, shown as `_current_handle`, with a warning when it takes longer than
    /// `slow_callback_duration` seconds.
    #[cold]
    #[inline(never)]
    pub(super) fn run_next_timed(&self, engine: &Engine) -> Result<()> {
        let Some(entry) = engine.ready.with(Queue::pop_front) else { return Ok(()) };
        self.contexts.leave();
        let Some(handle) = self.handle_for_debugging(&entry)? else {
            return self.run_entry(entry);
        };
        self.current_handle.set(handle.clone());
        let began = self.now()?;
        let ran = self.run_entry(entry);
        self.contexts.leave();
        self.current_handle.clear();
        ran?;
        let lasted = self.now()? - began;
        let slow = self.object().attribute(&names().slow_callback_duration)?.to_f64()?;
        if lasted >= slow {
            use crate::ffi::IntoOwned;
            let lasted: Owned = lasted.into_owned()?;
            call2(&names().report_slow_callback, &handle, &lasted)?;
        }
        Ok(())
    }

    /// A handle that shows what `entry` is; `None` for a cancelled one.
    fn handle_for_debugging(&self, entry: &Ready) -> Result<Option<Owned>> {
        let handle = match entry {
            Ready::Handle(handle) if handle.is_cancelled() => return Ok(None),
            Ready::Timer(timer) if timer.is_cancelled() => return Ok(None),
            Ready::Handle(handle) => handle.clone().into_object(),
            Ready::Timer(timer) => timer.clone().into_object(),
            Ready::Io(source, direction) => source.handle(self, *direction)?.into_object(),
            Ready::Step(task) => self.handle_of_step(task, None)?.into_object(),
            Ready::Throw(task, exception) => {
                self.handle_of_step(task, Some(exception.clone()))?.into_object()
            }
            Ready::Wake(task, future) => self.handle_of_wakeup(task, future)?.into_object(),
            Ready::Resolve(future, result) => {
                self.handle_of_outcome(future, &names().set_result, &[result])?.into_object()
            }
            Ready::Reject(future, exception) => {
                self.handle_of_outcome(future, &names().set_exception, &[exception])?.into_object()
            }
            Ready::Cancel(future) => self.handle_of_outcome(future, &names().cancel, &[])?.into_object(),
            Ready::Done { callback, context, future } => {
                HandleObject::new(self, callback, &[future.object()], context.clone())?.into_object()
            }
            Ready::Observe(observer, future) => {
                HandleObject::new(self, observer.object(), &[future.object()], copy_context()?)?.into_object()
            }
        };
        Ok(Some(handle))
    }
}

/// Gives up the future that a task was woken by, which may be a task itself.
#[inline(always)]
fn retire_future(future: Owned<FutureObject>) {
    if !future.is_only() {
        return drop(future);
    }
    if future.object().exactly::<FutureObject>().is_some() {
        return future.retire();
    }
    match future.into_object().into_exactly::<TaskObject>() {
        Ok(task) => task.retire(),
        Err(other) => drop(other),
    }
}
