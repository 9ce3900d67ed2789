//! Accepting connections: from a readable listening socket to a protocol with its transport.
//!
//! asyncio makes a task for each connection, which calls the factory, makes the transport and waits until it is
//! connected. What of that can be seen from outside is kept (each connection has a context of its own; what the factory
//! raises is dropped, except what has to leave the loop). The task is made for the factory, which may ask for it, and
//! dropped if nobody has got hold of it: a plain connection has nothing to wait for. With TLS or a task factory all of
//! it is done by the task. In debug mode (where all of it is logged), for a socket of another class, or where somebody
//! has replaced one of asyncio's methods, asyncio's own code accepts.

use std::cell::Cell;
use std::io;

use aioxide_core::sys::Address;
use aioxide_core::transport::{Accepted, Round};

use crate::event_loop::{Direction, LoopObject, SourceBase};
use crate::ffi::{
    Args, Dict, Entered, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, TypeBuilder,
    allocate, call_keywords, call_method0, call_method1, call_method2, call_positional, call0, call1,
    context_like, copy_context, list_append, list_of, names, native_type, none, send_none, tuple_items,
    tuple_of,
};
use crate::sockets::{SocketObject, address_to_python, as_plain_socket, is_spoken};
use crate::task::TaskObject;

use super::socket_make::{self, Beginning, Peer, begin_transport};

/// A listening socket that a loop accepts from.
#[repr(C)]
pub(crate) struct ListenerObject {
    base: SourceBase,
    event_loop: Slot<LoopObject>,
    factory: Slot,
    socket: Slot,
    server: Slot,
    /// The context of which each connection gets a copy, if not the one in which the listener was made (3.15+).
    connection_context: Slot,
    /// What asyncio's `_accept_connection` is called with.
    arguments: Slot,
    /// What the task of a connection goes on with if somebody has got hold of it, and the list that tells it with what.
    coroutine: Slot,
    begun: Slot,
    fd: Cell<i32>,
    backlog: Cell<usize>,
    has_tls: Cell<bool>,
    /// Whether nobody has replaced the loop's way to make transports.
    makes_plainly: Cell<bool>,
}

native_type!(
    ListenerObject,
    holds: [base, event_loop, factory, socket, server, connection_context, arguments, coroutine, begun]
);

/// Makes the type.
pub(crate) fn register(module: &Object) -> Result<()> {
    TypeBuilder::<ListenerObject>::new(c"aioxide._native.listener", c"Accepts connections for a server.")
        .base::<SourceBase>()
        .internal()
        .dies()
        .method(c"_read_ready", ListenerObject::accept, c"Accept what waits.")
        .method(c"_resume", ListenerObject::resume, c"Listen again after a pause.")
        .add_to(module)
}

/// The methods of the loop.
pub(crate) fn methods(builder: TypeBuilder<LoopObject>) -> TypeBuilder<LoopObject> {
    socket_make::methods(builder).method_fast(
        c"_start_serving",
        start_serving,
        c"Accept connections of a listening socket.",
    )
}

/// `_start_serving(protocol_factory, sock, sslcontext=None, server=None, backlog=100, ssl_handshake_timeout=...,
/// ssl_shutdown_timeout=..., context=None)`, the last one from 3.15 on.
fn start_serving(event_loop: &LoopObject, args: Args<'_>) -> Result<()> {
    const PARAMETERS: usize = if cfg!(Py_3_15) { 8 } else { 7 };
    const SIGNATURE: Signature<8> = Signature {
        function: "BaseSelectorEventLoop._start_serving",
        parameters: [
            c"protocol_factory",
            c"sock",
            c"sslcontext",
            c"server",
            c"backlog",
            c"ssl_handshake_timeout",
            c"ssl_shutdown_timeout",
            c"context",
        ],
        positional: PARAMETERS,
        required: 2,
    };
    let bound = SIGNATURE.bind_method(args)?;
    let is_native = matches!(bound, [_, Some(socket), ..] if socket.exactly::<SocketObject>().is_some());
    if !is_native || is_overridden(event_loop)? {
        return start_serving_by_asyncio(event_loop, args);
    }
    let [Some(factory), Some(socket), tls, server, backlog, handshake, shutdown, context] = bound else {
        return Ok(());
    };
    let nothing = none();
    let default_backlog = 100_u64.into_owned()?;
    let constants = &names().constants;
    let handshake = or_constant(handshake, constants, &names().ssl_handshake_timeout)?;
    let shutdown = or_constant(shutdown, constants, &names().ssl_shutdown_timeout)?;
    let backlog = backlog.unwrap_or(&default_backlog);
    let values = [
        factory,
        socket,
        tls.unwrap_or(&nothing),
        server.unwrap_or(&nothing),
        backlog,
        &*handshake,
        &*shutdown,
        context.unwrap_or(&nothing),
    ];
    let listener = allocate::<ListenerObject>()?;
    listener.base.prepare(ListenerObject::ready)?;
    listener.event_loop.fill(event_loop.own());
    listener.factory.fill(factory.own());
    listener.socket.fill(socket.own());
    listener.server.fill(server.unwrap_or(&nothing).own());
    if let Some(context) = context.filter(|context| !context.is_none()) {
        listener.connection_context.fill(context.own());
    }
    listener.arguments.fill(tuple_of(values.get(..PARAMETERS).unwrap_or_default())?);
    let limit = backlog.int_value().map_or(0, |backlog| usize::try_from(backlog).unwrap_or(0));
    listener.backlog.set(limit);
    listener.has_tls.set(tls.map_or(Ok(false), Object::is_true)?);
    listener.makes_plainly.set(!socket_make::is_overridden(event_loop)?);
    listener.watch(event_loop)
}

/// asyncio's `_start_serving`, which calls `_accept_connection` from a reader.
#[cold]
fn start_serving_by_asyncio(event_loop: &LoopObject, args: Args<'_>) -> Result<()> {
    let start = names().selector_loop.attribute(&names().start_serving)?;
    let mut values = vec![event_loop.object()];
    values.extend_from_slice(args.values());
    call_keywords(&start, &values, args.positional().len() + 1, args.names()).map(drop)
}

fn or_constant(given: Option<&Object>, constants: &Object, name: &Object) -> Result<Owned> {
    given.map_or_else(|| constants.attribute(name), |given| Ok(given.own()))
}

/// Whether the loop's class, or the loop itself, accepts in its own way.
fn is_overridden(event_loop: &LoopObject) -> Result<bool> {
    for name in [&names().accept_connection, &names().accept_connection_task] {
        let method = event_loop.object().attribute(name)?;
        let function = method.optional_attribute(&names().function_attribute)?;
        let own = names().selector_loop.attribute(name)?;
        if !function.is_some_and(|function| function.is(&own)) {
            return Ok(true);
        }
    }
    Ok(false)
}

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
    fn ready(base: &SourceBase, _direction: Direction) -> Result<()> {
        base.object().exactly::<Self>().map_or(Ok(()), Self::accept)
    }

    /// Watches the socket.
    fn watch(&self, event_loop: &LoopObject) -> Result<()> {
        let Some(socket) = self.socket.get() else { return Ok(()) };
        let fd = call_method0(&socket, &names().fileno)?.to_i32()?;
        if fd < 0 {
            return Err(Raised::value_error(format_args!("Invalid file descriptor: {fd}")));
        }
        self.fd.set(fd);
        event_loop.watch_source(fd, Direction::Reading, &self.base)
    }

    /// Accepts every connection that waits, within the bounds of the backlog.
    fn accept(&self) -> Result<()> {
        let (Some(event_loop), Some(socket)) = (self.event_loop.get(), self.socket.get()) else {
            return Ok(());
        };
        let plain = as_plain_socket(&socket).filter(|plain| is_spoken(plain.family()));
        let Some(plain) = plain.filter(|_| !event_loop.debug()) else {
            let Some(arguments) = self.arguments.get() else { return Ok(()) };
            let accept = event_loop.object().attribute(&names().accept_connection)?;
            return call_positional(&accept, &arguments).map(drop);
        };
        let mut round = Round::of(self.backlog.get());
        // A factory may close the server, and with it this socket.
        while plain.fd() == self.fd.get()
            && event_loop.is_watched_by(self.fd.get(), Direction::Reading, &self.base)
        {
            match round.next(plain.fd()) {
                Accepted::Connection(connection, peer) => {
                    let connection = plain.of_accepted(connection)?;
                    self.serve(&event_loop, &connection, &peer)?;
                }
                Accepted::Empty => return Ok(()),
                Accepted::OutOfResources(error) => return self.pause(&event_loop, &socket, &error),
                Accepted::Failed(error) => return Err(Raised::os_error(&error)),
            }
        }
        Ok(())
    }

    /// Gives a connection its protocol and its transport, in a context of its own. What goes wrong is dropped, as
    /// asyncio does outside of debug mode, and the connection with it.
    fn serve(&self, event_loop: &LoopObject, socket: &Object, peer: &Address) -> Result<()> {
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

    /// Nothing can be accepted for now: says so, once, and looks again after a while. The socket stays readable
    /// meanwhile, so it is not watched.
    #[cold]
    fn pause(&self, event_loop: &LoopObject, socket: &Object, error: &io::Error) -> Result<()> {
        event_loop.unwatch_own_source(self.fd.get(), Direction::Reading, &self.base)?;
        let exception = Raised::os_error(error).take();
        let report = Dict::new()?;
        report.set(&names().message, &*"socket.accept() out of system resource".into_owned()?)?;
        report.set(&names().exception, &exception)?;
        report.set(&names().socket, &*call1(&names().transport_socket, socket)?)?;
        call_method1(event_loop.object(), &names().call_exception_handler, report.object())?;
        let delay = names().constants.attribute(&names().accept_retry_delay)?;
        let resume = self.object().attribute(&names().resume)?;
        call_method2(event_loop.object(), &names().call_later, &delay, &resume).map(drop)
    }

    /// Goes on after a pause, unless the socket was closed meanwhile.
    fn resume(&self) -> Result<()> {
        let (Some(event_loop), Some(socket)) = (self.event_loop.get(), self.socket.get()) else {
            return Ok(());
        };
        let is_open = as_plain_socket(&socket).is_some_and(|plain| plain.fd() == self.fd.get());
        if is_open { self.watch(&event_loop) } else { Ok(()) }
    }
}
