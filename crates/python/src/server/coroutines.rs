//! The coroutines of a server that are short: `start_serving`, `wait_closed` and `async with`.

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, given, held, machine};
use crate::ffi::{Layout, Object, Owned, Raised, Result, Slot, Step, call_method0, list_append, names, none};
use crate::group::create_future_on;
use crate::version;

use super::object::ServerObject;

/// Makes the types.
pub(super) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<StartServing>::register(module)?;
    CoroutineObject::<WaitClosed>::register(module)?;
    CoroutineObject::<Enter>::register(module)?;
    CoroutineObject::<Leave>::register(module)
}

impl ServerObject {
    /// `start_serving()`.
    pub(super) fn start_serving_soon(&self) -> Result<Owned> {
        CoroutineObject::<StartServing>::new(|machine| machine.server.fill(self.own()))
            .map(Owned::into_object)
    }

    /// `wait_closed()`.
    pub(super) fn wait_closed(&self) -> Result<Owned> {
        CoroutineObject::<WaitClosed>::new(|machine| machine.server.fill(self.own())).map(Owned::into_object)
    }

    /// `__aenter__()`.
    pub(super) fn enter(&self) -> Result<Owned> {
        CoroutineObject::<Enter>::new(|machine| machine.server.fill(self.own())).map(Owned::into_object)
    }

    /// `__aexit__()`.
    pub(super) fn leave(&self) -> Result<Owned> {
        CoroutineObject::<Leave>::new(|machine| machine.server.fill(self.own())).map(Owned::into_object)
    }

    /// Whether there is nothing to wait for, as the running version sees it.
    fn has_ended(&self) -> Result<bool> {
        if self.waiters.is_empty() {
            return Ok(true);
        }
        if cfg!(not(Py_3_12)) {
            return Ok(self.sockets.is_empty());
        }
        if version::server_without_clients_has_ended() { self.clients.is_empty() } else { Ok(false) }
    }
}

/// The coroutine that `start_serving()` returns.
struct StartServing {
    server: Slot<ServerObject>,
    begun: Cell<bool>,
}

machine!(StartServing, "Server"."start_serving", awaits: |_| None, holds: [server]);

impl StartServing {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if let Some(exception) = thrown {
            return Err(Raised::restore(exception));
        }
        if self.begun.replace(true) {
            return Ok(Step::Return(none()));
        }
        let server = held(&self.server)?;
        server.call(&names().start_serving, ServerObject::start_serving)?;
        Ok(Step::Yield(none()))
    }
}

/// The coroutine that `wait_closed()` returns.
struct WaitClosed {
    server: Slot<ServerObject>,
    waiting: Delegate,
}

machine!(WaitClosed, "Server"."wait_closed", awaits: |machine| machine.waiting.target(), holds: [server, waiting]);

impl WaitClosed {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if !self.waiting.is_active() {
            let server = held(&self.server)?;
            if server.has_ended()? {
                return Ok(Step::Return(none()));
            }
            let waiter = create_future_on(&server.event_loop())?;
            list_append(&given(&server.waiters), &waiter)?;
            self.waiting.begin(&waiter)?;
        }
        match self.waiting.resume(thrown)? {
            Step::Return(_) => Ok(Step::Return(none())),
            step => Ok(step),
        }
    }
}

/// The coroutine that `__aenter__()` returns.
struct Enter {
    server: Slot<ServerObject>,
}

machine!(
    Enter, "AbstractServer"."__aenter__",
    at_once: |machine| machine.server.get().map(|server| Ok(server.into_object())),
    awaits: |_| None,
    holds: [server]
);

impl Enter {
    fn go_on(&self, _thrown: Option<Owned>) -> Result<Step> {
        held(&self.server).map(|server| Step::Return(server.into_object()))
    }
}

/// The coroutine that `__aexit__()` returns.
struct Leave {
    server: Slot<ServerObject>,
    waiting: Delegate,
}

machine!(
    Leave, "AbstractServer"."__aexit__",
    awaits: |machine| machine.waiting.target(),
    holds: [server, waiting]
);

impl Leave {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if !self.waiting.is_active() {
            let server = held(&self.server)?;
            server.call(&names().close, ServerObject::close)?;
            self.waiting.begin(&*call_method0(server.object(), &names().wait_closed)?)?;
        }
        match self.waiting.resume(thrown)? {
            Step::Return(_) => Ok(Step::Return(none())),
            step => Ok(step),
        }
    }
}
