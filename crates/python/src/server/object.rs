//! The server: what it consists of, and how it is made.

use std::cell::Cell;

use pyo3::ffi;

use crate::awaitable::given;
use crate::event_loop::LoopObject;
use crate::ffi::{Layout, Object, Owned, Result, Slot, allocate, call_method0, native_type};

#[cfg(Py_3_13)]
use super::clients::Clients;
#[cfg(not(Py_3_13))]
use super::count::Clients;
use super::opening::Settings;

/// `asyncio.base_events.Server`, written in Rust.
///
/// The fields that are slots are asyncio's attributes of these names; an empty one is `None`.
#[repr(C)]
pub(crate) struct ServerObject {
    head: ffi::PyObject,
    pub(super) event_loop: Slot,
    /// A list of the sockets that listen, or will. Empty once the server is closed.
    pub(super) sockets: Slot,
    /// A list of the futures of those who wait for the end. Empty once it has come.
    pub(super) waiters: Slot,
    pub(super) factory: Slot,
    pub(super) backlog: Slot,
    pub(super) ssl: Slot,
    pub(super) handshake_timeout: Slot,
    pub(super) shutdown_timeout: Slot,
    /// What `serve_forever()` waits for.
    pub(super) forever: Slot,
    /// The context of which each connection gets a copy (3.15+).
    pub(super) context: Slot,
    pub(super) clients: Clients,
    pub(super) serving: Cell<bool>,
    pub(super) weak: Slot,
    pub(super) dict: Slot,
}

native_type!(
    ServerObject,
    holds: [
        event_loop, sockets, waiters, factory, backlog, ssl, handshake_timeout, shutdown_timeout, forever,
        context, clients, dict
    ]
);

impl ServerObject {
    /// A server of `sockets`, a list, that does not listen yet.
    pub(super) fn new(
        event_loop: &LoopObject,
        sockets: Owned,
        factory: &Object,
        settings: &Settings,
    ) -> Result<Owned<Self>> {
        let server = allocate::<Self>()?;
        server.event_loop.fill(event_loop.object().own());
        server.sockets.fill(sockets);
        server.waiters.fill(crate::ffi::list_of(std::iter::empty())?);
        server.factory.fill(factory.own());
        server.backlog.fill(settings.backlog()?);
        let [ssl, handshake_timeout, shutdown_timeout] = settings.tls.values();
        server.ssl.fill(ssl);
        server.handshake_timeout.fill(handshake_timeout);
        server.shutdown_timeout.fill(shutdown_timeout);
        #[cfg(Py_3_15)]
        server.context.fill(crate::ffi::copy_context()?);
        Ok(server)
    }

    /// Whether no method can have been replaced by an attribute of the server's own.
    pub(crate) fn is_plain(&self) -> bool {
        self.dict.is_empty()
    }

    /// `self.name()`: what `plain` does, unless somebody has put another function there.
    pub(super) fn call(&self, name: &Object, plain: impl FnOnce(&Self) -> Result<()>) -> Result<()> {
        if self.is_plain() { plain(self) } else { call_method0(self.object(), name).map(drop) }
    }

    /// The loop, or what a program has put in its place.
    pub(super) fn event_loop(&self) -> Owned {
        given(&self.event_loop)
    }
}
