//! How a server begins and ends to listen, and tells those who wait for its end.

use crate::awaitable::given;
use crate::event_loop::LoopObject;
use crate::ffi::{
    Layout, Object, Owned, Result, call_keywords, call_method0, call_method1, call1, failed_assertion,
    format_text, items_of, names, none, tuple_of,
};
use crate::future::any::{is_done, resolve};

use super::object::ServerObject;

impl ServerObject {
    /// `_start_serving()`: every socket listens, and the loop accepts.
    pub(super) fn start_serving(&self) -> Result<()> {
        if self.serving.replace(true) {
            return Ok(());
        }
        let event_loop = self.event_loop();
        for socket in items_of(&given(&self.sockets))? {
            call_method1(&socket, &names().listen, &given(&self.backlog))?;
            let start = event_loop.attribute(&names().start_serving)?;
            let (factory, ssl, backlog) = (given(&self.factory), given(&self.ssl), given(&self.backlog));
            let (handshake, shutdown) = (given(&self.handshake_timeout), given(&self.shutdown_timeout));
            let (own, context) = (self.object(), given(&self.context));
            let values = [&*factory, &*socket, &*ssl, own, &*backlog, &*handshake, &*shutdown, &*context];
            if cfg!(Py_3_15) {
                call_keywords(&start, &values, 7, Some(&names().context_keyword))?;
            } else {
                call_keywords(&start, values.get(..7).unwrap_or_default(), 7, None)?;
            }
        }
        Ok(())
    }

    /// `close()`: nothing is accepted any more; connections live on.
    pub(super) fn close(&self) -> Result<()> {
        let Some(sockets) = self.sockets.take() else { return Ok(()) };
        let event_loop = self.event_loop();
        for socket in items_of(&sockets)? {
            call_method1(&event_loop, &names().stop_serving, &socket)?;
        }
        self.serving.set(false);
        if let Some(forever) = self.forever.get() {
            if !is_done(&forever)? {
                call_method0(&forever, &names().cancel)?;
                self.forever.clear();
            }
        }
        if self.clients.is_empty()? { self.wake() } else { Ok(()) }
    }

    /// `self._wakeup()`.
    fn wake(&self) -> Result<()> {
        self.call(&names().wakeup, Self::wake_waiters)
    }

    /// `_wakeup()`: the end has come.
    pub(super) fn wake_waiters(&self) -> Result<()> {
        let waiters = self.waiters.take().unwrap_or_else(none);
        for waiter in items_of(&waiters)? {
            if !is_done(&waiter)? {
                let result = if cfg!(Py_3_12) { none() } else { waiter.clone() };
                resolve(&waiter, result)?;
            }
        }
        Ok(())
    }

    /// `_attach(transport)`: one more connection. Refused once the server is closed.
    pub(crate) fn attach(&self, transport: &Object) -> Result<()> {
        if self.sockets.is_empty() {
            failed_assertion("")?;
        }
        self.clients.enter(transport)
    }

    /// `_detach(transport)`: a connection is lost.
    pub(crate) fn detach(&self, transport: &Object) -> Result<()> {
        self.clients.leave(transport)?;
        if self.sockets.is_empty() && self.clients.is_empty()? { self.wake() } else { Ok(()) }
    }

    /// A transport is dropped while its connection is open. As with a weak set, nobody is woken.
    #[cfg(Py_3_13)]
    pub(crate) fn forget(&self, transport: &crate::transport::SocketTransport) {
        if let Err(raised) = self.clients.forget(transport) {
            raised.forget();
        }
    }

    /// `close_clients()`.
    #[cfg(Py_3_13)]
    pub(super) fn close_clients(&self) -> Result<()> {
        self.clients.call_each(&names().close)
    }

    /// `abort_clients()`.
    #[cfg(Py_3_13)]
    pub(super) fn abort_clients(&self) -> Result<()> {
        self.clients.call_each(&names().abort_transport)
    }

    /// `sockets`: a tuple of what listens.
    pub(super) fn shown_sockets(&self) -> Result<Owned> {
        let Some(sockets) = self.sockets.get() else { return tuple_of(&[]) };
        let wrapped: Result<Vec<Owned>> =
            items_of(&sockets)?.iter().map(|socket| call1(&names().transport_socket, socket)).collect();
        let wrapped = wrapped?;
        let borrowed: Vec<&Object> = wrapped.iter().map(|socket| &**socket).collect();
        tuple_of(&borrowed)
    }

    /// `repr(server)`.
    pub(super) fn describe(&self) -> Result<Owned> {
        let sockets = self.object().attribute(&names().sockets)?;
        format_text(c"<Server sockets=%R>", &sockets, &sockets)
    }
}

/// `loop._stop_serving(sock)`: a socket of a server is closed, and the file that it leaves is removed.
pub(super) fn stop_serving(event_loop: &LoopObject, socket: &Object) -> Result<()> {
    #[cfg(Py_3_13)]
    let left = crate::sockets::unix_file::Left::by(event_loop, socket)?;
    let fd = call_method0(socket, &names().fileno)?;
    call_method1(event_loop.object(), &names().remove_reader, &fd)?;
    call_method0(socket, &names().close)?;
    #[cfg(Py_3_13)]
    if let Some(left) = left {
        left.remove(event_loop, socket)?;
    }
    Ok(())
}
