//! From an accepted connection to a protocol with its transport.
//!
//! asyncio makes a task for each connection, which calls the factory, makes the transport and waits until it is
//! connected. What of that can be seen from outside is kept (each connection has a context of its own; what the factory
//! raises is dropped, except what has to leave the loop). The task is made for the factory, which may ask for it, and
//! dropped if nobody has got hold of it: a plain connection has nothing to wait for. With TLS or a task factory all of
//! it is done by the task.

use aioxide_core::sys::Address;

use crate::event_loop::LoopObject;
use crate::ffi::{
    Dict, Entered, Layout, Object, Owned, Result, call_keywords, call0, call1, context_like, copy_context,
    list_append, list_of, names, none, send_none, tuple_items, tuple_of,
};
use crate::sockets::address_to_python;
use crate::task::TaskObject;

use super::listener::ListenerObject;
use super::socket_make::{Beginning, Peer, begin_transport};

/// A connection that was just accepted.
struct Connection<'a> {
    socket: &'a Object,
    peer: &'a Address,
    /// The context for its calls, or `None` (3.15+).
    context: Owned,
}

impl Connection<'_> {
    /// What the transport's `get_extra_info` knows from the beginning.
    fn extra(&self) -> Result<Dict> {
        let extra = Dict::new()?;
        extra.set(&names().peername, &*address_to_python(self.peer)?)?;
        Ok(extra)
    }
}

impl ListenerObject {
    /// Gives a connection its protocol and its transport, in a context of its own. What goes wrong is dropped, as
    /// asyncio does outside of debug mode, and the connection with it.
    pub(super) fn serve(&self, event_loop: &LoopObject, socket: &Object, peer: &Address) -> Result<()> {
        let given = self.connection_context.get().map(|context| context_like(&context)).transpose()?;
        let connection = Connection { socket, peer, context: given.unwrap_or_else(none) };
        if self.has_tls.get() || !event_loop.makes_plain_tasks() {
            return self.begin_task(event_loop, &connection);
        }
        let context = if connection.context.is_none() { copy_context()? } else { connection.context.clone() };
        match Entered::new(&context).and_then(|_entered| self.connect(event_loop, &connection, &context)) {
            Err(raised) if raised.leaves_the_loop() => Err(raised),
            Err(raised) => {
                raised.forget();
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Calls the factory as a task, which goes on if somebody has got hold of it.
    fn connect(&self, event_loop: &LoopObject, connection: &Connection<'_>, context: &Object) -> Result<()> {
        let Some(factory) = self.factory.get() else { return Ok(()) };
        let coroutine = self.coroutine()?;
        let task = TaskObject::standing(event_loop, &coroutine, context)?;
        let protocol = event_loop.as_current_task(&task, || call0(&factory));
        // The task's own reference, the listener's, and this one.
        if TaskObject::is_noticed(&task, 3) {
            return self.go_on_as_task(event_loop, connection, &task, protocol);
        }
        self.begin(event_loop, connection, &*protocol?, None).map(drop)
    }

    /// A coroutine that waits for `begun`; the last one, if nobody has got hold of it.
    fn coroutine(&self) -> Result<Owned> {
        if let Some(coroutine) = self.coroutine.get() {
            return Ok(coroutine);
        }
        let begun = list_of(std::iter::empty())?;
        let coroutine = call1(&names().accepted_connection, &begun)?;
        drop(send_none(&coroutine)?);
        self.begun.set(begun);
        self.coroutine.set(coroutine.clone());
        Ok(coroutine)
    }

    /// As asyncio's task does: it is done when the protocol knows its transport, or there is none.
    #[cold]
    fn go_on_as_task(
        &self,
        event_loop: &LoopObject,
        connection: &Connection<'_>,
        task: &TaskObject,
        protocol: Result<Owned>,
    ) -> Result<()> {
        self.coroutine.clear();
        let begun = self.begun.take();
        let connected = protocol.and_then(|protocol| {
            let waiter = event_loop.create_future()?;
            let transport = self.begin(event_loop, connection, &protocol, Some(waiter.object()))?;
            tuple_of(&[&*transport, waiter.object()])
        });
        match (connected, begun) {
            (Ok(connected), Some(begun)) => list_append(&begun, &connected)?,
            (Err(raised), _) if raised.leaves_the_loop() => return task.end_with(raised),
            (Err(raised), _) => raised.forget(),
            (Ok(_), None) => {}
        }
        task.go_on(event_loop)
    }

    /// Makes the transport.
    fn begin(
        &self,
        event_loop: &LoopObject,
        connection: &Connection<'_>,
        protocol: &Object,
        waiter: Option<&Object>,
    ) -> Result<Owned> {
        let Some(server) = self.server.get() else { return Ok(none()) };
        if self.makes_plainly.get() {
            let beginning = Beginning {
                socket: connection.socket,
                protocol,
                waiter,
                server: Some(&*server).filter(|server| !server.is_none()),
                context: Some(&*connection.context).filter(|context| !context.is_none()),
                peer: Peer::Address(connection.peer),
            };
            return begin_transport(event_loop, &beginning).map(Owned::into_object);
        }
        let make = event_loop.object().attribute(&names().make_socket_transport)?;
        let extra = connection.extra()?;
        let Connection { socket, context, .. } = connection;
        let nothing = none();
        let waiter = waiter.unwrap_or(&nothing);
        let values = [*socket, protocol, waiter, extra.object(), &*server, &**context];
        let keywords = &names().transport_keywords;
        let values = if cfg!(Py_3_15) { &values[..] } else { values.get(..5).unwrap_or_default() };
        call_keywords(&make, values, 3, Some(keywords))
    }

    /// A task does the same, where there is something to wait for (TLS) or somebody who wants to see the task.
    fn begin_task(&self, event_loop: &LoopObject, connection: &Connection<'_>) -> Result<()> {
        let Some(arguments) = self.arguments.get() else { return Ok(()) };
        let [factory, _, tls, server, _, handshake, shutdown, ..] = *tuple_items(&arguments) else {
            return Ok(());
        };
        let serve = event_loop.object().attribute(&names().accept_connection_task)?;
        let create_task = event_loop.object().attribute(&names().create_task)?;
        let extra = connection.extra()?;
        let Connection { socket, context, .. } = connection;
        let values = [factory, *socket, extra.object(), tls, server, handshake, shutdown, &**context];
        if cfg!(Py_3_15) {
            let keywords = &names().context_keyword;
            let coroutine = call_keywords(&serve, &values, 7, Some(keywords))?;
            return call_keywords(&create_task, &[&*coroutine, &**context], 1, Some(keywords)).map(drop);
        }
        let coroutine = call_keywords(&serve, values.get(..7).unwrap_or_default(), 7, None)?;
        call1(&create_task, &coroutine).map(drop)
    }
}
