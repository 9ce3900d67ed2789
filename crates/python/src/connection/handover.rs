//! From a connected socket to a protocol that knows its transport: asyncio's `_create_connection_transport`.

use crate::awaitable::Delegate;
use crate::event_loop::LoopObject;
use crate::ffi::{
    Constant, IntoOwned, Layout, Object, Owned, Raised, Result, Slot, Step, call_keywords, call_method0,
    call0, collectable, copy_context, names, none, tuple_of, while_handling,
};
use crate::group::create_future_on;
use crate::sockets::{as_plain_socket, unblock};
use crate::transport::make_transport;

use super::options::Tls;

/// The last part of each coroutine: it returns `(transport, protocol)`. All zero bytes: not begun.
#[derive(Default)]
pub(super) struct Handover {
    transport: Slot,
    protocol: Slot,
    /// A future that is done when the protocol knows its transport; asyncio's coroutine where that does it all.
    waiting: Delegate,
}

collectable!(Handover, holds: [transport, protocol, waiting]);

/// Which end of the connection this is, for TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Handover {
    /// Hands `socket`, which is connected, over to what `factory` returns.
    pub(super) fn begin(
        &self,
        event_loop: &LoopObject,
        socket: &Object,
        factory: &Object,
        tls: &Tls,
        side: Side,
    ) -> Result<Step> {
        let awaited = if tls.is_wanted()? || is_replaced(event_loop)? {
            by_asyncio(event_loop, socket, factory, tls, side)?
        } else {
            self.connect(event_loop, socket, factory).map_err(|raised| lost(socket, raised))?
        };
        self.follow(self.waiting.begin(&awaited).and_then(|()| self.waiting.resume(None)))
    }

    /// Waits until `protocol` knows `transport`, which is when `waiter` is done.
    pub(super) fn wait(&self, transport: Owned, protocol: Owned, waiter: &Object) -> Result<Step> {
        self.transport.set(transport);
        self.protocol.set(protocol);
        self.follow(self.waiting.begin(waiter).and_then(|()| self.waiting.resume(None)))
    }

    /// Goes on.
    pub(super) fn resume(&self, thrown: Option<Owned>) -> Result<Step> {
        self.follow(self.waiting.resume(thrown))
    }

    fn follow(&self, step: Result<Step>) -> Result<Step> {
        match (step, self.transport.get(), self.protocol.get()) {
            (Ok(Step::Return(_)), Some(transport), Some(protocol)) => {
                tuple_of(&[&*transport, &*protocol]).map(Step::Return)
            }
            (Err(raised), Some(transport), _) => {
                let exception = raised.take();
                while_handling(&exception, || call_method0(&transport, &names().close))?;
                Err(Raised::restore(exception))
            }
            (step, ..) => step,
        }
    }

    /// What is being awaited.
    pub(super) fn target(&self) -> Option<Owned> {
        self.waiting.target()
    }

    /// The coroutine of asyncio's between the caller and what is awaited, unless it is that.
    pub(super) fn callees(&self) -> &'static [&'static str] {
        if self.transport.is_empty() { &[] } else { &["BaseEventLoop._create_connection_transport"] }
    }

    /// Makes protocol and transport, and returns the future that has to be waited for.
    fn connect(&self, event_loop: &LoopObject, socket: &Object, factory: &Object) -> Result<Owned> {
        // A closed one says so itself.
        if as_plain_socket(socket).is_none_or(|plain| plain.fd() < 0) {
            unblock(socket)?;
        }
        let context = if cfg!(Py_3_15) { Some(copy_context()?) } else { None };
        let protocol = call0(factory)?;
        let waiter = create_future_on(event_loop.object())?;
        self.transport.set(make_transport(event_loop, socket, &protocol, &waiter, context.as_deref())?);
        self.protocol.set(protocol);
        Ok(waiter)
    }
}

/// A socket that got no transport is closed from 3.14 on, and left to its owner before.
#[cold]
fn lost(socket: &Object, raised: Raised) -> Raised {
    if cfg!(not(Py_3_14)) {
        return raised;
    }
    let exception = raised.take();
    match while_handling(&exception, || call_method0(socket, &names().close)) {
        Ok(_) => Raised::restore(exception),
        Err(raised) => raised,
    }
}

static CREATE_TRANSPORT: Constant = Constant::new();

/// Keeps asyncio's method, to know it again.
pub(super) fn remember() -> Result<()> {
    CREATE_TRANSPORT.keep(names().base_event_loop.attribute(&names().create_transport)?);
    Ok(())
}

fn is_replaced(event_loop: &LoopObject) -> Result<bool> {
    event_loop.replaces(&names().create_transport, CREATE_TRANSPORT.get())
}

fn by_asyncio(
    event_loop: &LoopObject,
    socket: &Object,
    factory: &Object,
    tls: &Tls,
    side: Side,
) -> Result<Owned> {
    let create = event_loop.object().attribute(&names().create_transport)?;
    let [ssl, handshake, shutdown] = tls.values();
    let hostname = match tls.hostname() {
        Some(hostname) => hostname,
        None if side == Side::Server => names().empty.own(),
        None => none(),
    };
    let server_side = (side == Side::Server).into_owned()?;
    let values = [socket, factory, &*ssl, &*hostname, &*server_side, &*handshake, &*shutdown];
    call_keywords(&create, &values, 4, Some(&names().handover_keywords))
}
