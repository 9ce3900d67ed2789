//! `sock_sendfile`: by the kernel, else block by block; and what it refuses before.

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Slot, Step, call_keywords, call_method0, call1, names,
};
use crate::sockets::as_plain_socket;

use super::request::{Given, Request};

/// `sock_sendfile(sock, file, offset=0, count=None, *, fallback=True)`.
pub(super) fn sock_sendfile(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    let given = Given::public(args, "BaseEventLoop.sock_sendfile", c"sock")?;
    let coroutine = CoroutineObject::<SockSendfile>::new(|machine| {
        machine.request.fill(event_loop, &given);
        machine.fallback.fill(given.fallback.unwrap_or(&names().true_).own());
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that `sock_sendfile()` returns.
pub(super) struct SockSendfile {
    request: Request,
    /// Whether blocks will do, as it was given.
    fallback: Slot,
    by_kernel: Delegate,
    by_copying: Delegate,
}

machine!(
    SockSendfile, "BaseEventLoop"."sock_sendfile",
    awaits: |machine| machine.by_kernel.target().or_else(|| machine.by_copying.target()),
    holds: [request, fallback, by_kernel, by_copying]
);

impl SockSendfile {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if self.by_copying.is_active() {
            return self.by_copying.resume(thrown);
        }
        if !self.by_kernel.is_active() {
            check(&*self.request.event_loop()?, &*self.request.target()?)?;
            self.request.call_method(&names().check_sendfile_params)?;
            self.request.begin(&self.by_kernel, &names().sock_sendfile_native)?;
        }
        match self.by_kernel.resume(thrown) {
            Err(raised) if raised.matches(&names().sendfile_not_available) => self.fall_back(raised),
            resumed => resumed,
        }
    }

    fn fall_back(&self, raised: Raised) -> Result<Step> {
        let unavailable = raised.take();
        if !self.fallback.get().map_or(Ok(false), |fallback| fallback.is_true())? {
            return Err(Raised::restore(unavailable));
        }
        drop(unavailable);
        self.request.begin(&self.by_copying, &names().sock_sendfile_fallback)?;
        self.by_copying.resume(None)
    }
}

/// Refuses sockets in blocking mode, which it looks for in debug mode only, and those of `ssl`.
fn check(event_loop: &LoopObject, socket: &Object) -> Result<()> {
    if as_plain_socket(socket).is_some() {
        return Ok(());
    }
    if event_loop.debug() && !call_method0(socket, &names().gettimeout)?.equals(&names().zero)? {
        return Err(Raised::value_error(format_args!("the socket must be non-blocking")));
    }
    call1(&names().check_ssl_socket, socket).map(drop)
}

/// `_check_sendfile_params(sock, file, offset, count)`. What is not plainly right is asyncio's to judge.
pub(super) fn check_parameters(event_loop: &LoopObject, args: Args<'_>) -> Result<()> {
    let given = Given::private(args, "BaseEventLoop._check_sendfile_params", c"sock")?;
    let is_stream = as_plain_socket(given.target).is_some_and(|socket| socket.is_stream());
    if is_stream && are_plain_numbers(&given) && is_binary(given.file)? {
        return Ok(());
    }
    let function = names().stdlib_loop.attribute(&names().check_sendfile_params)?;
    let mut values = vec![event_loop.object()];
    values.extend_from_slice(args.values());
    call_keywords(&function, &values, args.positional().len() + 1, args.names()).map(drop)
}

fn are_plain_numbers(given: &Given<'_>) -> bool {
    given.numbers().is_some_and(|(_, count)| count > 0 || given.is_without_count())
}

/// Whether the file says that it was opened for bytes, or says nothing.
fn is_binary(file: &Object) -> Result<bool> {
    let mode = file.optional_attribute(&names().mode)?;
    Ok(mode.is_none_or(|mode| mode.exact_ascii().is_some_and(|mode| mode.contains('b'))))
}
