//! Calling a handle's callback.

use crate::event_loop::LoopObject;
use crate::ffi::Dict;
use crate::ffi::{
    Entered, Layout, Object, Owned, Raised, Result, call_keywords, call_method1, call_positional, call0,
    call1, is_context, names, tuple_items, while_handling,
};

use super::HandleObject;
use super::layout::Shape;

impl HandleObject {
    /// Calls the callback in its context, for the loop that runs it; `None` when somebody else calls `_run()`. Its
    /// exceptions go to the loop's exception handler; what comes back as an error has to leave the loop.
    #[inline]
    pub(crate) fn run(&self, event_loop: Option<&LoopObject>) -> Result<()> {
        #[cfg(Py_3_14)]
        if self.thread_safe.get() {
            return self.run_alone(event_loop);
        }
        self.call(event_loop)
    }

    #[inline(always)]
    pub(super) fn call(&self, event_loop: Option<&LoopObject>) -> Result<()> {
        let Some(callback) = self.callback.get() else { return Ok(()) };
        let called = match event_loop {
            Some(ours) => self.call_inside(ours, &callback),
            None => self.call_anywhere(&callback),
        };
        match called {
            Ok(()) => Ok(()),
            Err(raised) => self.not_called(&callback, raised),
        }
    }

    #[inline(always)]
    fn call_inside(&self, event_loop: &LoopObject, callback: &Object) -> Result<()> {
        let Some(stay) = event_loop.enter(&self.context, &self.share)? else { return Ok(()) };
        let called = self.call_now(callback);
        event_loop.leave(stay, &self.context, &self.share, called)
    }

    #[cold]
    fn call_anywhere(&self, callback: &Object) -> Result<()> {
        let Some(context) = self.get_context()? else { return Ok(()) };
        let _entered = Entered::new(&context)?;
        self.call_now(callback)
    }

    #[inline(always)]
    fn call_now(&self, callback: &Object) -> Result<()> {
        let called = match (self.shape.get(), self.arguments.get()) {
            (Shape::One, Some(only)) => call1(callback, &only),
            (Shape::Many, Some(tuple)) => call_positional(callback, &tuple),
            _ => call0(callback),
        };
        called.map(drop)
    }

    /// The callback has raised, unless it was never called: a context may be anything with a method `run`, which can't
    /// be entered.
    #[cold]
    fn not_called(&self, callback: &Object, raised: Raised) -> Result<()> {
        match self.context.get() {
            Some(other) if !is_context(&other) => {
                raised.forget();
                self.call_by(&other, callback).or_else(|raised| self.failed(raised))
            }
            _ => self.failed(raised),
        }
    }

    /// `context.run(callback, *arguments)`.
    #[cold]
    fn call_by(&self, context: &Object, callback: &Object) -> Result<()> {
        let run = context.attribute(&names().run)?;
        let arguments = self.arguments.get();
        let mut values = vec![callback];
        match (self.shape.get(), &arguments) {
            (Shape::One, Some(only)) => values.push(only),
            (Shape::Many, Some(tuple)) => values.extend(tuple_items(tuple)),
            _ => {}
        }
        call_keywords(&run, &values, values.len(), None).map(drop)
    }

    /// Reports a callback's exception.
    #[cold]
    pub(crate) fn failed(&self, raised: Raised) -> Result<()> {
        if raised.leaves_the_loop() {
            return Err(raised);
        }
        let exception = raised.take();
        let Some(event_loop) = self.event_loop.get() else { return Ok(()) };
        let message = call1(&names().describe_failure, self.object())?;
        let context = Dict::new()?;
        context.set(&names().message, &message)?;
        context.set(&names().exception, &exception)?;
        context.set(&names().handle, self.object())?;
        if let Some(stack) = self.source_traceback() {
            context.set(&names().source_traceback, &stack)?;
        }
        while_handling(&exception, || {
            call_method1(&event_loop, &names().call_exception_handler, context.object()).map(drop)
        })
    }

    /// The stack where the handle was made, in debug mode.
    pub(super) fn source_traceback(&self) -> Option<Owned> {
        self.rare.get().and_then(|rare| rare.source_traceback.get())
    }

    /// `repr(handle)`: what it was before it was cancelled, or what it is.
    pub(super) fn represent(&self) -> Result<Owned> {
        match self.rare.get().and_then(|rare| rare.representation.get()) {
            Some(kept) => Ok(kept),
            None => call1(&names().describe_handle, self.object()),
        }
    }
}
