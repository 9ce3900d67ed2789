//! `_sock_sendfile_fallback`: the file goes block by block through `sock_sendall`.

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::event_loop::LoopObject;
use crate::ffi::{Args, Layout, Owned, Result, Step, call_method2, names};

use super::copying::Copying;
use super::request::{Given, Request};

/// `_sock_sendfile_fallback(sock, file, offset, count)`.
pub(super) fn sock_sendfile_fallback(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    let given = Given::private(args, "BaseEventLoop._sock_sendfile_fallback", c"sock")?;
    CoroutineObject::<SockSendfileFallback>::new(|machine| machine.request.fill(event_loop, &given))
        .map(Owned::into_object)
}

/// The coroutine that `_sock_sendfile_fallback()` returns.
pub(super) struct SockSendfileFallback {
    request: Request,
    copying: Copying,
    inherited: Delegate,
}

machine!(
    SockSendfileFallback, "BaseEventLoop"."_sock_sendfile_fallback",
    awaits: |machine| machine.copying.target().or_else(|| machine.inherited.target()),
    holds: [request, copying, inherited]
);

impl SockSendfileFallback {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if self.inherited.is_active() {
            return self.inherited.resume(thrown);
        }
        if !self.copying.has_begun() {
            let Some((_, count)) = self.request.numbers() else {
                self.request.begin_inherited(&self.inherited, &names().sock_sendfile_fallback)?;
                return self.inherited.resume(None);
            };
            let limit = names().constants.attribute(&names().sendfile_block_size)?.to_u64()?;
            self.copying.begin(&self.request, limit, count)?;
        }
        let (event_loop, socket) = (self.request.event_loop()?, self.request.target()?);
        self.copying.go_on(&self.request, thrown, |block| {
            call_method2(event_loop.object(), &names().sock_sendall, &socket, block)
        })
    }
}
