//! One attempt to connect: a socket on its way to an address.

use crate::awaitable::{Delegate, over};
use crate::event_loop::LoopObject;
use crate::ffi::{
    Layout, Object, Owned, Raised, Result, Slot, Step, call_method0, call_method2, collectable, names, none,
    while_handling,
};
use crate::sockets::Connect;

/// A socket that is being connected, and is closed if it does not get there. All zero bytes: none.
pub(super) struct Attempt {
    socket: Slot,
    connect: Connect,
    /// What a `sock_connect` of the program's own has returned.
    replaced: Delegate,
}

collectable!(Attempt, holds: [socket, connect, replaced]);

impl Attempt {
    /// Has `prepare` make `socket`, which is new, non-blocking and whatever else is wanted of it, then takes it to
    /// `address`. Returns it, connected, or yields until it is. Without an address it is returned as prepared.
    pub(super) fn begin(
        &self,
        event_loop: &LoopObject,
        socket: Owned,
        prepare: impl FnOnce(&Object) -> Result<()>,
        address: Option<&Object>,
    ) -> Result<Step> {
        self.socket.set(socket.clone());
        self.follow(prepare(&socket).and_then(|()| match address {
            Some(address) => self.start(event_loop, &socket, address),
            None => Ok(Step::Return(none())),
        }))
    }

    /// Goes on.
    pub(super) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        self.follow(if self.replaced.is_active() {
            self.replaced.resume(thrown)
        } else {
            self.connect.go_on(thrown)
        })
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.replaced.target().or_else(|| self.connect.target())
    }

    /// The coroutines of asyncio's between the caller and what is awaited, unless it is one of them.
    pub(super) fn callees(&self) -> &'static [&'static str] {
        match (self.replaced.is_active(), self.connect.callees()) {
            (true, _) => &[],
            (false, []) => &["BaseSelectorEventLoop.sock_connect"],
            (false, _) => &["BaseSelectorEventLoop.sock_connect", "BaseEventLoop._ensure_resolved"],
        }
    }

    fn start(&self, event_loop: &LoopObject, socket: &Object, address: &Object) -> Result<Step> {
        if event_loop.replaces_native(&names().sock_connect)? {
            let connecting = call_method2(event_loop.object(), &names().sock_connect, socket, address)?;
            self.replaced.begin(&connecting)?;
            return self.replaced.resume(None);
        }
        self.connect.fill(event_loop, socket, address);
        self.connect.go_on(None)
    }

    fn follow(&self, step: Result<Step>) -> Result<Step> {
        match step {
            Ok(Step::Yield(value)) => Ok(Step::Yield(value)),
            Ok(Step::Return(_)) => {
                self.connect.forget();
                self.socket.take().map(Step::Return).ok_or_else(over)
            }
            Err(raised) => Err(self.abandon(raised)),
        }
    }

    /// Closes the socket on the way out with an exception.
    #[cold]
    fn abandon(&self, raised: Raised) -> Raised {
        let exception = raised.take();
        self.connect.forget();
        let Some(socket) = self.socket.take() else { return Raised::restore(exception) };
        match while_handling(&exception, || call_method0(&socket, &names().close)) {
            Err(raised) if !raised.matches(&names().os_error) => return raised,
            // A socket that is new and can't be closed matters less than why it is.
            Err(raised) => raised.forget(),
            Ok(_) => {}
        }
        Raised::restore(exception)
    }
}

/// Closes what an attempt has returned and nobody wants.
#[cold]
pub(super) fn close_quietly(socket: &Object) {
    if let Err(raised) = call_method0(socket, &names().close) {
        raised.forget();
    }
}
