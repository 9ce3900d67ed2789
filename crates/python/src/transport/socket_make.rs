//! How a stream transport begins: `loop._make_socket_transport`.

use aioxide_core::sys::Address;
use aioxide_core::sys::socket::set_no_delay;

use crate::event_loop::{Direction, LoopObject};
use crate::ffi::{
    Args, Confined, Layout, Object, Owned, Raised, Result, Signature, TypeBuilder, allocate, call_keywords,
    call_method0, call1, call2, names, none,
};
use crate::sockets::SocketObject;
use aioxide_core::transport::Stream;

use super::life::begin;
use super::socket::SocketTransport;

/// The methods of the loop.
pub(super) fn methods(builder: TypeBuilder<LoopObject>) -> TypeBuilder<LoopObject> {
    builder.method_fast(
        c"_make_socket_transport",
        make_socket_transport,
        c"Return a transport for a connected socket.",
    )
}

/// What a transport is made with.
pub(super) struct Beginning<'a> {
    pub(super) socket: &'a Object,
    pub(super) protocol: &'a Object,
    /// A future that is done when the protocol knows its transport.
    pub(super) waiter: Option<&'a Object>,
    pub(super) server: Option<&'a Object>,
    /// The context for the protocol's calls, if it was chosen.
    pub(super) context: Option<&'a Object>,
    pub(super) peer: Peer<'a>,
}

/// What is known of the peer.
pub(super) enum Peer<'a> {
    /// Nothing: the socket is asked.
    Unknown,
    /// Its address, as the kernel has told.
    Address(&'a Address),
    /// A dict of extra information, which is completed.
    Extra(&'a Object),
}

/// `_make_socket_transport(sock, protocol, waiter=None, *, extra=None, server=None, context=None)`: a native transport,
/// unless the class of the socket sends or receives in its own way.
fn make_socket_transport(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<6> = Signature {
        function: "_make_socket_transport",
        parameters: [c"sock", c"protocol", c"waiter", c"extra", c"server", c"context"],
        positional: 3,
        required: 2,
    };
    let [Some(socket), Some(protocol), waiter, extra, server, context] = SIGNATURE.bind_method(args)? else {
        return Err(Raised::type_error(format_args!("a socket and a protocol are required")));
    };
    if socket.exactly::<SocketObject>().is_none() && !call1(&names().is_plain_socket, socket)?.is_true()? {
        let make = names().selector_loop.attribute(&names().make_socket_transport)?;
        let mut values = vec![event_loop.object()];
        values.extend_from_slice(args.values());
        return call_keywords(&make, &values, args.positional().len() + 1, args.names());
    }
    let given = |object: Option<&'_ Object>| object.filter(|object| !object.is_none()).is_some();
    let beginning = Beginning {
        socket,
        protocol,
        waiter,
        server: server.filter(|_| given(server)),
        context: context.filter(|_| given(context)),
        peer: extra.filter(|_| given(extra)).map_or(Peer::Unknown, Peer::Extra),
    };
    begin_transport(event_loop, &beginning).map(Owned::into_object)
}

/// Makes a transport for a socket that is of no class of its own.
pub(super) fn begin_transport(
    event_loop: &LoopObject,
    beginning: &Beginning<'_>,
) -> Result<Owned<SocketTransport>> {
    let Beginning { socket, protocol, waiter, server, context, .. } = beginning;
    let fd = match socket.exactly::<SocketObject>() {
        Some(socket) => socket.fd(),
        None => call_method0(socket, &names().fileno)?.to_i32()?,
    };
    event_loop.ensure_no_transport(fd)?;
    event_loop.forget_resting(fd)?;
    let transport = allocate::<SocketTransport>()?;
    transport.base.prepare(SocketTransport::ready)?;
    transport.stream.fill(Confined::new(Stream::new()));
    if let Some(context) = context {
        transport.base.set_context(Direction::Reading, context.own());
        transport.context.fill(context.own());
    }
    transport.fd.set(fd);
    transport.event_loop.fill(event_loop.own());
    transport.inform(beginning)?;
    transport.socket.fill(socket.own());
    transport.set_protocol(protocol)?;
    if let Some(server) = server {
        transport.attach(server)?;
    }
    // Only TCP knows it; for the others there is nothing to switch off.
    let _ = set_no_delay(fd);
    begin(event_loop, transport.object(), protocol, *waiter, *context)?;
    event_loop.enter_transport(fd, transport.object())?;
    Ok(transport)
}

impl SocketTransport {
    /// Gathers what `get_extra_info` will be asked for.
    fn inform(&self, beginning: &Beginning<'_>) -> Result<()> {
        let socket = beginning.socket;
        let asked = match beginning.peer {
            Peer::Unknown => self.info.ask(socket, None),
            Peer::Address(address) => self.info.ask(socket, Some(address)),
            Peer::Extra(_) => false,
        };
        if asked {
            return Ok(());
        }
        let extra = match beginning.peer {
            Peer::Extra(extra) => extra.own(),
            Peer::Unknown | Peer::Address(_) => none(),
        };
        self.info.fill(call2(&names().complete_socket_info, socket, &extra)?);
        Ok(())
    }
}

/// Makes the transport of a connection, in whichever way `event_loop` makes them. `waiter` is done when the protocol
/// knows its transport; a `context` for the protocol's calls comes from 3.15 on.
pub(crate) fn make_transport(
    event_loop: &LoopObject,
    socket: &Object,
    protocol: &Object,
    waiter: &Object,
    context: Option<&Object>,
) -> Result<Owned> {
    if socket.exactly::<SocketObject>().is_some() && !is_overridden(event_loop)? {
        let (waiter, peer) = (Some(waiter), Peer::Unknown);
        let beginning = Beginning { socket, protocol, waiter, server: None, context, peer };
        return begin_transport(event_loop, &beginning).map(Owned::into_object);
    }
    let make = event_loop.object().attribute(&names().make_socket_transport)?;
    match context {
        None => call_keywords(&make, &[socket, protocol, waiter], 3, None),
        Some(context) => {
            let keyword = Some(&*names().context_keyword);
            call_keywords(&make, &[socket, protocol, waiter, context], 3, keyword)
        }
    }
}

/// Whether the loop's class, or the loop itself, makes transports in its own way.
pub(super) fn is_overridden(event_loop: &LoopObject) -> Result<bool> {
    event_loop.replaces_native(&names().make_socket_transport)
}
