//! From `_start_serving` to a listener: a server says on which socket, with which factory and how.
//!
//! Where somebody has replaced one of asyncio's methods that accept, asyncio's own code serves.

use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, IntoOwned, Layout, Object, Owned, Result, Signature, TypeBuilder, allocate, call_keywords, names,
    none, tuple_of,
};
use crate::sockets::SocketObject;

use super::listener::ListenerObject;
use super::socket_make;

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
