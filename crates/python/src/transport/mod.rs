//! Transports: the objects through which protocols send and receive.
//!
//! BYTES IN end here: a transport is a source (`event_loop/source.rs`), is told that its descriptor is ready, reads, and
//! calls its protocol. BYTES OUT begin here: what the kernel does not take at once waits in a state machine of core,
//! and the transport has itself called when there is room.
//!
//! * `socket.rs`: the stream transport of TCP and Unix sockets: what it consists of
//! * `socket_make.rs`: how it begins; `socket_info.rs`: what it knows of its socket
//! * `socket_read.rs`, `socket_write.rs`: its two directions
//! * `socket_gather.rs`: writes that leave together at the end of a turn
//! * `socket_close.rs`: its ends, good and bad
//! * `socket_lend.rs`: lending the socket to `sendfile`
//! * `socket_type.rs`, `socket_attributes.rs`: what Python sees of it
//! * `listening.rs`: how a server begins to listen; `listener.rs`: accepting; `accepted.rs`: a connection's beginning
//! * `attachment.rs`: what ties the transports below to their loop, protocol and file, until the connection is lost
//! * `attached.rs`: what Python sees of that
//! * `life.rs`: how every transport begins, fails, and is forgotten
//! * `flow.rs`: asking the protocol to pause and to resume
//! * `datagram.rs`: the datagram transport: what it consists of; `datagram_make.rs`: how it begins
//! * `datagram_receive.rs`, `datagram_send.rs`: its two directions; `datagram_gather.rs`: answers to a batch
//! * `datagram_type.rs`: what Python sees of it
//! * `pipe.rs`, `pipe_read.rs`, `pipe_write.rs`, `pipe_write_type.rs`: the two ends of a pipe, with what Python sees of
//!   them
//!
//! What runs once per transport or only when something goes wrong (extra information, reports, warnings,
//! representations) is asyncio's own code, called through `python/aioxide/_transports.py`.
//!
//! What must always be true:
//!
//! * A protocol's calls come in asyncio's order: `connection_made`, then what was received, then `eof_received`, then
//!   `connection_lost`, once, from the loop and never from inside `close()`.
//! * After each call into Python everything may have changed: the transport may be paused, closed, or have
//!   another protocol.
//! * The socket object owns the descriptor; its number is asked of it for each operation, so that a closed
//!   socket is an error and never somebody else's file.

mod accepted;
mod attached;
mod attachment;
mod datagram;
mod datagram_gather;
mod datagram_make;
mod datagram_receive;
mod datagram_send;
mod datagram_type;
mod flow;
mod life;
mod listener;
mod listening;
mod pipe;
mod pipe_read;
mod pipe_write;
mod pipe_write_type;
mod socket;
mod socket_attributes;
mod socket_close;
mod socket_gather;
mod socket_info;
mod socket_lend;
mod socket_make;
mod socket_read;
mod socket_type;
mod socket_write;

pub(crate) use datagram_make::{methods as datagram_methods, take_several};
pub(crate) use listener::register as register_listener;
pub(crate) use listening::methods;
pub(crate) use socket::SocketTransport;
pub(crate) use socket_make::make_transport;

use crate::ffi::{Object, Result};

/// Makes the types, and the functions that make their instances.
pub(crate) fn register(module: &Object) -> Result<()> {
    socket_type::register(module)?;
    datagram_type::register(module)?;
    pipe_read::register(module)?;
    pipe_write_type::register(module)
}
