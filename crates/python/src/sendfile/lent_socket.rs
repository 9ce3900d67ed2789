//! `_sendfile_native`: the kernel sends into a transport's socket, which the transport lends.
//!
//! ```text
//! lend -> (what was written before has left) -> sock_sendfile -> give back, however that ended
//! ```

use std::cell::Cell;

use crate::awaitable::{CoroutineObject, Delegate, machine, over};
use crate::event_loop::LoopObject;
use crate::ffi::{Args, Owned, Raised, Result, Step, names, while_handling};
use crate::transport::SocketTransport;

use super::request::{Given, Request};

/// `_sendfile_native(transp, file, offset, count)`.
pub(super) fn sendfile_native(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    let given = Given::private(args, "BaseSelectorEventLoop._sendfile_native", c"transp")?;
    CoroutineObject::<SendfileNative>::new(|machine| machine.request.fill(event_loop, &given))
        .map(Owned::into_object)
}

/// The coroutine that `_sendfile_native()` returns.
pub(super) struct SendfileNative {
    request: Request,
    /// The transport's future that is done when what was written before has left.
    emptying: Delegate,
    sending: Delegate,
    inherited: Delegate,
    /// Whether the transport goes on reading afterwards.
    was_reading: Cell<bool>,
}

machine!(
    SendfileNative, "BaseSelectorEventLoop"."_sendfile_native",
    awaits: |machine| machine.emptying.target().or_else(|| machine.sending.target())
        .or_else(|| machine.inherited.target()),
    holds: [request, emptying, sending, inherited]
);

impl SendfileNative {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        if self.inherited.is_active() {
            return self.inherited.resume(thrown);
        }
        let transport = self.request.target()?;
        let transport = transport.exactly::<SocketTransport>();
        let has_begun = self.emptying.is_active() || self.sending.is_active();
        // A transport that got attributes of its own may have other methods than ours.
        let Some(transport) = transport.filter(|ours| has_begun || ours.is_plain()) else {
            self.request.begin_inherited(&self.inherited, &names().sendfile_native)?;
            return self.inherited.resume(None);
        };
        if !has_begun {
            let lent = transport.lend_socket(&*self.request.event_loop()?)?;
            self.was_reading.set(lent.was_reading);
            self.emptying.begin(&lent.emptied)?;
        }
        match self.send(transport, thrown) {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(sent)) => self.give_back(transport).map(|()| Step::Return(sent)),
            Err(raised) => {
                let exception = raised.take();
                while_handling(&exception, || self.give_back(transport))?;
                Err(Raised::restore(exception))
            }
        }
    }

    fn send(&self, transport: &SocketTransport, mut thrown: Option<Owned>) -> Result<Step> {
        if self.emptying.is_active() {
            if let Step::Yield(value) = self.emptying.resume(thrown.take())? {
                return Ok(Step::Yield(value));
            }
            let socket = transport.lent_socket().ok_or_else(over)?;
            self.request.begin_in_socket(&self.sending, &socket)?;
        }
        self.sending.resume(thrown)
    }

    fn give_back(&self, transport: &SocketTransport) -> Result<()> {
        transport.take_socket_back(&*self.request.event_loop()?, self.was_reading.get())
    }
}
