//! The Python type `Server`: what programs call, and what asyncio's own code and libraries read.

use std::mem::offset_of;

use crate::ffi::{Args, Layout, Object, Result, TypeBuilder, names};

use super::object::ServerObject;

/// Makes the type.
pub(super) fn register(module: &Object) -> Result<()> {
    let builder = TypeBuilder::<ServerObject>::new(
        c"aioxide._native.Server",
        c"Accepts connections; see asyncio.Server.",
    )
    .like_python_class()
    .internal()
    .dies()
    .weak_references(offset_of!(ServerObject, weak), Some(offset_of!(ServerObject, dict)))
    .visible_dict()
    .repr(ServerObject::describe)
    .getter(c"__class__", |_: &ServerObject| names().stdlib_server.own());
    connections(attributes(internals(methods(builder)))).add_to(module)
}

fn methods(builder: TypeBuilder<ServerObject>) -> TypeBuilder<ServerObject> {
    builder
        .method(c"get_loop", ServerObject::event_loop, c"get_loop($self, /)\n--\n\nReturn the loop.")
        .method(c"is_serving", |server: &ServerObject| server.serving.get(), c"is_serving($self, /)\n--\n\nReturn True while connections are accepted.")
        .getter(c"sockets", ServerObject::shown_sockets)
        .method(c"start_serving", ServerObject::start_serving_soon, c"start_serving($self, /)\n--\n\nAccept connections from now on.")
        .method(c"serve_forever", ServerObject::serve_forever, c"serve_forever($self, /)\n--\n\nAccept connections until cancelled; then close the server.\n\nRaises RuntimeError when the server is closed, or somebody awaits this already.")
        .method(c"close", ServerObject::close, c"close($self, /)\n--\n\nAccept no more connections and close the sockets that listen. Connections live on.")
        .method(c"wait_closed", ServerObject::wait_closed, c"wait_closed($self, /)\n--\n\nWait until the server is closed and its last connection is lost.")
        .method(c"__aenter__", ServerObject::enter, c"__aenter__($self, /)\n--\n\nReturn the server.")
        .method_fast(c"__aexit__", |server: &ServerObject, _: Args<'_>| server.leave(), c"__aexit__($self, /, *exc)\n--\n\nClose the server and wait until it is.")
}

/// What asyncio's transports call.
fn internals(builder: TypeBuilder<ServerObject>) -> TypeBuilder<ServerObject> {
    builder
        .method(c"_start_serving", ServerObject::start_serving, c"Listen, and have the loop accept.")
        .method(c"_wakeup", ServerObject::wake_waiters, c"Wake those who wait for the end.")
}

fn attributes(builder: TypeBuilder<ServerObject>) -> TypeBuilder<ServerObject> {
    let builder = builder
        .field(c"_loop", |server: &ServerObject| &server.event_loop)
        .field(c"_sockets", |server: &ServerObject| &server.sockets)
        .field(c"_waiters", |server: &ServerObject| &server.waiters)
        .field(c"_protocol_factory", |server: &ServerObject| &server.factory)
        .field(c"_backlog", |server: &ServerObject| &server.backlog)
        .field(c"_ssl_context", |server: &ServerObject| &server.ssl)
        .field(c"_ssl_handshake_timeout", |server: &ServerObject| &server.handshake_timeout)
        .field(c"_ssl_shutdown_timeout", |server: &ServerObject| &server.shutdown_timeout)
        .field(c"_serving_forever_fut", |server: &ServerObject| &server.forever)
        .flag(c"_serving", |server: &ServerObject| &server.serving);
    #[cfg(Py_3_15)]
    let builder = builder.field(c"_context", |server: &ServerObject| &server.context);
    builder
}

#[cfg(Py_3_13)]
fn connections(builder: TypeBuilder<ServerObject>) -> TypeBuilder<ServerObject> {
    builder
        .method(
            c"close_clients",
            ServerObject::close_clients,
            c"close_clients($self, /)\n--\n\nClose every connection when everything queued is sent.",
        )
        .method(
            c"abort_clients",
            ServerObject::abort_clients,
            c"abort_clients($self, /)\n--\n\nClose every connection at once.",
        )
        .method1(c"_attach", ServerObject::attach, c"A transport was made for the server.")
        .method1(c"_detach", ServerObject::detach, c"The connection of a transport is lost.")
        .property(
            c"_clients",
            |server: &ServerObject| server.clients.show(),
            |server: &ServerObject, value| server.clients.assign(value),
        )
}

#[cfg(not(Py_3_13))]
fn connections(builder: TypeBuilder<ServerObject>) -> TypeBuilder<ServerObject> {
    builder
        .method(
            c"_attach",
            |server: &ServerObject| server.attach(server.object()),
            c"A transport was made for the server.",
        )
        .method(
            c"_detach",
            |server: &ServerObject| server.detach(server.object()),
            c"The connection of a transport is lost.",
        )
        .property(
            c"_active_count",
            |server: &ServerObject| server.clients.show(),
            |server: &ServerObject, value| server.clients.assign(value),
        )
}
