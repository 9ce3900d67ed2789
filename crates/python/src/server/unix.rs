//! `create_unix_server`.

use std::cell::Cell;
use std::ffi::CStr;

use crate::awaitable::{CoroutineObject, held, keep, machine, over};
use crate::connection::{Tls, check_unix_socket};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_keywords, call_method0,
    call_method1, call1, call2, format_text, list_of, names, suppress_context, while_handling,
};
use crate::sockets::unix_file;

use super::opening::{Opening, Settings};

#[cfg(Py_3_13)]
pub(super) const TEXT: &CStr = c"create_unix_server($self, /, protocol_factory, path=None, *, sock=None, backlog=100, ssl=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, start_serving=True, cleanup_socket=True)\n--\n\nListen at a Unix socket. Return a Server.";
#[cfg(not(Py_3_13))]
pub(super) const TEXT: &CStr = c"create_unix_server($self, /, protocol_factory, path=None, *, sock=None, backlog=100, ssl=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, start_serving=True)\n--\n\nListen at a Unix socket. Return a Server.";

/// `create_unix_server(protocol_factory, path=None, *, ...)`, with `cleanup_socket` from 3.13 on.
pub(super) fn create_unix_server(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const PARAMETERS: usize = if cfg!(Py_3_13) { 9 } else { 8 };
    const SIGNATURE: Signature<PARAMETERS> = Signature {
        function: "_UnixSelectorEventLoop.create_unix_server",
        parameters: [
            c"protocol_factory",
            c"path",
            c"sock",
            c"backlog",
            c"ssl",
            c"ssl_handshake_timeout",
            c"ssl_shutdown_timeout",
            c"start_serving",
            #[cfg(Py_3_13)]
            c"cleanup_socket",
        ],
        positional: 2,
        required: 1,
    };
    let bound = SIGNATURE.bind_method(args)?;
    let [Some(factory), path, socket, backlog, ssl, handshake, shutdown, start_serving, cleanup @ ..] =
        bound.as_slice()
    else {
        return Err(over());
    };
    let coroutine = CoroutineObject::<CreateUnixServer>::new(|machine| {
        machine.event_loop.fill(event_loop.own());
        machine.factory.fill(factory.own());
        keep(&machine.path, *path);
        keep(&machine.socket, *socket);
        machine.settings.fill([*ssl, *backlog, *handshake, *shutdown, *start_serving]);
        let cleanup = cleanup.first().copied().flatten();
        machine.cleanup.fill(cleanup.unwrap_or(&names().true_).own());
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that it returns.
pub(super) struct CreateUnixServer {
    event_loop: Slot<LoopObject>,
    factory: Slot,
    path: Slot,
    socket: Slot,
    settings: Settings,
    cleanup: Slot,
    opening: Opening,
    begun: Cell<bool>,
}

machine!(
    CreateUnixServer, "_UnixSelectorEventLoop"."create_unix_server",
    awaits: |_| None,
    holds: [event_loop, factory, path, socket, settings, cleanup, opening]
);

impl CreateUnixServer {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if self.begun.replace(true) {
            return self.opening.resume(thrown);
        }
        self.settings.check(Tls::is_wanted)?;
        let socket = match (self.path.get(), self.socket.get()) {
            (Some(_), Some(_)) => {
                Err(Raised::value_error(format_args!("path and sock can not be specified at the same time")))
            }
            (Some(path), None) => bind(&path),
            (None, Some(socket)) => check_unix_socket(&socket).map(|()| socket),
            (None, None) => {
                Err(Raised::value_error(format_args!("path was not specified, and no sock specified")))
            }
        }?;
        let (event_loop, factory) = (held(&self.event_loop)?, held(&self.factory)?);
        #[cfg(Py_3_13)]
        if held(&self.cleanup)?.is_true()? {
            unix_file::note(&event_loop, &socket)?;
        }
        let sockets = list_of([socket].into_iter())?;
        self.opening.begin(&event_loop, sockets, &factory, &self.settings)
    }
}

/// A socket bound to `path`, of which a stale one is removed.
fn bind(path: &Object) -> Result<Owned> {
    let path = call1(&names().fspath, path)?;
    let module = names().unix_events.attribute(&names().socket)?;
    let class = module.attribute(&names().socket)?;
    let values = [&*names().unix_family, &*names().sock_stream];
    let socket = call_keywords(&class, &values, values.len(), None)?;
    unix_file::remove_stale(&path, &names().unix_events)?;
    match call_method1(&socket, &names().bind, &path) {
        Ok(_) => Ok(socket),
        Err(raised) => Err(not_bound(raised, &socket, &path)),
    }
}

/// Closes the socket on the way out with an exception, of which that the address is in use is said more clearly.
#[cold]
fn not_bound(raised: Raised, socket: &Object, path: &Object) -> Raised {
    let is_os_error = raised.matches(&names().os_error);
    let exception = raised.take();
    let clearer = while_handling(&exception, || {
        call_method0(socket, &names().close)?;
        if !is_os_error || !exception.attribute(&names().errno)?.equals(&names().address_in_use)? {
            return Ok(None);
        }
        let text = format_text(c"Address %R is already in use", path, path)?;
        let error = call2(&names().os_error, &names().address_in_use, &text)?;
        suppress_context(&error);
        Ok(Some(Raised::raise(&error)))
    });
    match clearer {
        Ok(None) => Raised::restore(exception),
        Ok(Some(raised)) | Err(raised) => raised,
    }
}
