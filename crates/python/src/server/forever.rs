//! `serve_forever`: accepts until it is cancelled, and then closes the server.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, held, machine};
use crate::ffi::{
    Layout, Owned, Raised, Result, Slot, Step, call_method0, exception_context, names, none,
    set_exception_context, while_handling,
};
use crate::group::create_future_on;
#[cfg(Py_3_13)]
use crate::version::Fix;

use super::object::ServerObject;

/// The coroutine that `serve_forever()` returns.
pub(super) struct ServeForever {
    server: Slot<ServerObject>,
    waiting: Delegate,
    /// The exception by which it was cancelled, once it was.
    cancellation: Slot,
    begun: Cell<bool>,
}

machine!(
    ServeForever, "Server"."serve_forever",
    awaits: |machine| machine.waiting.target(),
    holds: [server, waiting, cancellation]
);

impl ServerObject {
    /// `serve_forever()`.
    pub(super) fn serve_forever(&self) -> Result<Owned> {
        CoroutineObject::<ServeForever>::new(|machine| machine.server.fill(self.own()))
            .map(Owned::into_object)
    }
}

impl ServeForever {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if !self.begun.replace(true) {
            return self.begin();
        }
        match self.cancellation.get() {
            None => self.waited(self.waiting.resume(thrown)),
            Some(cancellation) => {
                let step = while_handling(&cancellation, || self.waiting.resume(thrown));
                self.closed(step.map_err(|raised| after(cancellation, raised)))
            }
        }
    }

    fn begin(&self) -> Result<Step> {
        let server = held(&self.server)?;
        if !server.forever.is_empty() {
            let text = c"server %R is already being awaited on serve_forever()";
            return Err(Raised::formatted(&names().runtime_error, text, server.object(), server.object()));
        }
        if server.sockets.is_empty() {
            let text = c"server %R is closed";
            return Err(Raised::formatted(&names().runtime_error, text, server.object(), server.object()));
        }
        server.call(&names().start_serving, ServerObject::start_serving)?;
        let future = create_future_on(&server.event_loop())?;
        server.forever.set(future.clone());
        self.waited(self.waiting.begin_owned(future).and_then(|()| self.waiting.resume(None)))
    }

    fn waited(&self, step: Result<Step>) -> Result<Step> {
        match step {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(_)) => self.end(Ok(Step::Return(none()))),
            Err(raised) if raised.matches(&names().cancelled_error) => {
                let cancellation = raised.take();
                self.cancellation.set(cancellation.clone());
                let step = while_handling(&cancellation, || self.close());
                self.closed(step)
            }
            Err(raised) => self.end(Err(raised)),
        }
    }

    /// Closes the server and waits for its end.
    fn close(&self) -> Result<Step> {
        let server = held(&self.server)?;
        server.call(&names().close, ServerObject::close)?;
        #[cfg(Py_3_13)]
        if CLOSES_CLIENTS.is_there() {
            server.call(&names().close_clients, ServerObject::close_clients)?;
        }
        self.waiting.begin(&*call_method0(server.object(), &names().wait_closed)?)?;
        self.waiting.resume(None)
    }

    /// What goes wrong while the server is closed takes the place of the cancellation.
    fn closed(&self, step: Result<Step>) -> Result<Step> {
        match step {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(_)) => {
                self.end(Err(Raised::restore(self.cancellation.take().unwrap_or_else(none))))
            }
            Err(raised) => self.end(Err(raised)),
        }
    }

    /// Lets the next `serve_forever()` in, which finds the server closed if this one has closed it.
    fn end(&self, outcome: Result<Step>) -> Result<Step> {
        let exception = outcome.map_err(Raised::take);
        held(&self.server)?.forever.clear();
        exception.map_err(Raised::restore)
    }
}

/// What was thrown in while `cancellation` was handled has that as its context, unless it has one already.
#[cold]
fn after(cancellation: Owned, raised: Raised) -> Raised {
    let exception = raised.take();
    if exception_context(&exception).is_none() && !exception.is(&cancellation) {
        set_exception_context(&exception, cancellation);
    }
    Raised::restore(exception)
}

/// Whether connections are closed with the server: without it, one that lives on would never let it end.
#[cfg(Py_3_13)]
static CLOSES_CLIENTS: Fix = Fix::new();

/// Looks how the running version ends.
#[cfg(Py_3_13)]
pub(super) fn remember() -> Result<()> {
    let serve_forever = names().stdlib_server.attribute(&*crate::ffi::intern(c"serve_forever")?)?;
    CLOSES_CLIENTS.shows_by(&serve_forever, c"close_clients")
}
