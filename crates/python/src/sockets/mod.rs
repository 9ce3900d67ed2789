//! The operations on sockets that the program owns: `loop.sock_recv()` and its like.
//!
//! BYTES IN and BYTES OUT without a transport: the task that awaits reads and writes by itself, and the loop only
//! says when. In reading order:
//!
//! * `socket.rs`: what a `socket.socket` is, seen from here
//! * `address.rs`: addresses, in both directions
//! * `wait.rs`: waiting until a descriptor is ready
//! * `operation.rs`: check, try, wait, try again
//! * `receive.rs`, `send.rs`, `connect.rs`, `accept.rs`: the operations
//! * `unix_file.rs`: the file that a Unix socket leaves, which is no operation's: servers and endpoints take it away
//!
//! What must always be true:
//!
//! * A step tries first and waits only for what would block; what is there is never left for a later turn.
//! * Data leaves the kernel in the step that returns it: whenever a task is cancelled, nothing is lost.
//! * Whatever ends an operation, its descriptor is watched no more, unless somebody else watches it by then.
//! * A socket that is not [plain](as_plain_socket) is used through its methods only.
//!
//! Read next: `sendfile/`, one more operation; `transport/`, which does all this for a protocol.

mod accept;
mod address;
mod connect;
mod operation;
mod receive;
mod send;
mod socket;
pub(crate) mod unix_file;
mod wait;

pub(crate) use address::{from_python as address_from_python, is_spoken, to_python as address_to_python};
pub(crate) use connect::Connect;
pub(crate) use operation::{Operation, Tried};
pub(crate) use socket::{SocketObject, as_plain_socket, descriptor_of, know_sockets, unblock};

use crate::awaitable::CoroutineObject;
use crate::event_loop::LoopObject;
use crate::ffi::{Object, Result, TypeBuilder, add_function};

/// Makes the types.
pub(crate) fn register(module: &Object) -> Result<()> {
    wait::register(module)?;
    CoroutineObject::<receive::Receive>::register(module)?;
    CoroutineObject::<receive::ReceiveInto>::register(module)?;
    CoroutineObject::<receive::ReceiveFrom>::register(module)?;
    CoroutineObject::<receive::ReceiveFromInto>::register(module)?;
    CoroutineObject::<send::SendAll>::register(module)?;
    CoroutineObject::<send::SendTo>::register(module)?;
    CoroutineObject::<connect::Connect>::register(module)?;
    CoroutineObject::<accept::Accept>::register(module)?;
    add_function(
        module,
        c"know_sockets",
        know_sockets,
        c"Compare a socket's layout with what it says of itself.",
    )
}

/// The methods of the loop.
pub(crate) fn methods(builder: TypeBuilder<LoopObject>) -> TypeBuilder<LoopObject> {
    builder
        .method_fast(c"sock_recv", receive::sock_recv, c"sock_recv($self, /, sock, n)\n--\n\nReceive up to n bytes. Return them: b'' at the end of the stream.")
        .method_fast(c"sock_recv_into", receive::sock_recv_into, c"sock_recv_into($self, /, sock, buf)\n--\n\nReceive into a writable buffer. Return how many bytes came.")
        .method_fast(c"sock_recvfrom", receive::sock_recvfrom, c"sock_recvfrom($self, /, sock, bufsize)\n--\n\nReceive a datagram of up to bufsize bytes. Return it with its sender's address.")
        .method_fast(c"sock_recvfrom_into", receive::sock_recvfrom_into, c"sock_recvfrom_into($self, /, sock, buf, nbytes=0)\n--\n\nReceive a datagram into a writable buffer. Return its length and its sender's address.")
        .method_fast(c"sock_sendall", send::sock_sendall, c"sock_sendall($self, /, sock, data)\n--\n\nSend all of data.")
        .method_fast(c"sock_sendto", send::sock_sendto, c"sock_sendto($self, /, sock, data, address)\n--\n\nSend a datagram. Return how many bytes went.")
        .method_fast(c"sock_connect", connect::sock_connect, c"sock_connect($self, /, sock, address)\n--\n\nConnect to address, whose host is resolved if it is a name.")
        .method_fast(c"sock_accept", accept::sock_accept, c"sock_accept($self, /, sock)\n--\n\nAccept a connection. Return its socket, in non-blocking mode, and its peer's address.")
}
