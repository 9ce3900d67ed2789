//! How a datagram transport begins: `loop._make_datagram_transport`.

use aioxide_core::sys::{coalesce, is_coalescing};

use crate::event_loop::LoopObject;
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, TypeBuilder, allocate, call_keywords, call2,
    dict_get, names, none,
};
use crate::sockets::{SocketObject, is_spoken};

use super::datagram::{DatagramTransport, Traffic};

/// The methods of the loop.
pub(crate) fn methods(builder: TypeBuilder<LoopObject>) -> TypeBuilder<LoopObject> {
    builder.method_fast(
        c"_make_datagram_transport",
        make_datagram_transport,
        c"Return a transport for a datagram socket.",
    )
}

/// `_make_datagram_transport(sock, protocol, address=None, waiter=None, extra=None)`: a native transport, unless the
/// class of the socket sends or receives in its own way, or its family has other addresses than ours.
fn make_datagram_transport(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<5> = Signature {
        function: "BaseSelectorEventLoop._make_datagram_transport",
        parameters: [c"sock", c"protocol", c"address", c"waiter", c"extra"],
        positional: 5,
        required: 2,
    };
    let [Some(socket), Some(protocol), address, waiter, extra] = SIGNATURE.bind_method(args)? else {
        return Err(Raised::type_error(format_args!("a socket and a protocol are required")));
    };
    let Some(known) = socket.exactly::<SocketObject>().filter(|socket| is_spoken(socket.family())) else {
        let make = names().selector_loop.attribute(&names().make_datagram_transport)?;
        let mut values = vec![event_loop.object()];
        values.extend_from_slice(args.values());
        return call_keywords(&make, &values, args.positional().len() + 1, args.names());
    };
    event_loop.ensure_no_transport(known.fd())?;
    let nothing = none();
    let info = call2(&names().complete_socket_info, socket, extra.unwrap_or(&nothing))?;
    let transport = allocate::<DatagramTransport>()?;
    transport.base.prepare(DatagramTransport::ready)?;
    let is_connected = dict_get(&info, &names().peername)?.map_or(Ok(false), |peer| peer.is_true())?;
    transport.traffic.fill(Traffic::new(known.family(), is_connected, is_coalescing(known.fd())));
    if let Some(address) = address {
        if address.is_true()? {
            transport.address.fill(address.own());
        }
    }
    begin(&transport, event_loop, socket, protocol, waiter, info)?;
    Ok(transport.into_object())
}

/// Lets the kernel hand over several datagrams at once to a transport whose socket was made for it. A program that has
/// made the socket itself may read from it elsewhere, with calls that would not tell them apart.
pub(crate) fn take_several(transport: &Object) -> Result<()> {
    let Some(transport) = transport.exactly::<DatagramTransport>() else { return Ok(()) };
    if let (Some(traffic), Some(fd)) = (transport.traffic.get(), transport.attachment.descriptor()?) {
        traffic.coalesces.set(coalesce(fd).is_ok());
    }
    Ok(())
}

fn begin(
    transport: &DatagramTransport,
    event_loop: &LoopObject,
    socket: &Object,
    protocol: &Object,
    waiter: Option<&Object>,
    info: Owned,
) -> Result<()> {
    transport.attachment.attach(event_loop.object(), protocol, socket, info)?;
    transport.attachment.begin(transport.object(), waiter)?;
    event_loop.enter_transport(transport.attachment.watched(), transport.object())
}
