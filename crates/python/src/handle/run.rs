//! Calling a handle's callback.

use crate::event_loop::LoopObject;
use crate::ffi::Dict;
use crate::ffi::{
    Entered, Layout, Owned, Raised, Result, call_method1, call_positional, call0, call1, names,
    while_handling,
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
        let call = || match self.shape.get() {
            Shape::Nothing => call0(&callback),
            Shape::One => {
                self.arguments.get().map_or_else(|| call0(&callback), |only| call1(&callback, &only))
            }
            Shape::Many => self
                .arguments
                .get()
                .map_or_else(|| call0(&callback), |tuple| call_positional(&callback, &tuple)),
        };
        let called = match event_loop {
            Some(ours) => ours.within(&self.context, &self.share, || call().map(drop)),
            None => match self.get_context()? {
                Some(context) => Entered::new(&context).and_then(|_entered| call().map(drop)),
                None => Ok(()),
            },
        };
        match called {
            Ok(()) => Ok(()),
            Err(raised) => self.failed(raised),
        }
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
