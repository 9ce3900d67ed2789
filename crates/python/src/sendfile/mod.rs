//! Sending files: `loop.sock_sendfile()` into a socket, `loop.sendfile()` through a transport.
//!
//! BYTES OUT that Python never sees. Both methods are coroutines that try the kernel's `sendfile` and fall back on
//! reading the file in a thread, each by a method of the loop, under the name that asyncio gives it: subclasses and tests
//! replace these. In reading order:
//!
//! ```text
//! sendfile -> _sendfile_native -> sock_sendfile -> _sock_sendfile_native     the kernel sends
//!          |                                   `-> _sock_sendfile_fallback   blocks, through the socket
//!          `-> _sendfile_fallback                                            blocks, through the transport
//! ```
//!
//! * `request.rs`: what each of these gets, and how each calls the next
//! * `into_socket.rs`: `sock_sendfile`, and what it refuses
//! * `by_kernel.rs`: `_sock_sendfile_native`, on [`aioxide_core::transport::FileSending`]
//! * `copying.rs`: block by block; `by_copying.rs`: `_sock_sendfile_fallback`
//! * `through_transport.rs`: `sendfile`
//! * `lent_socket.rs`: `_sendfile_native`, which takes a transport's socket for a while
//! * `beside_protocol.rs`: `_sendfile_fallback`, which writes to the transport in its protocol's place
//!
//! What must always be true:
//!
//! * A file's position is where asyncio leaves it: behind the last byte sent, whether that was all or an error came; where
//!   it was, when the task is cancelled while the kernel sends.
//! * The file's number is asked for anew before each call of the kernel: a file that was closed meanwhile is an error, and
//!   never somebody else's file.
//! * What is out of the ordinary (a number that is none, an `os.sendfile` that was replaced, a transport of another class)
//!   is asyncio's own code's, inherited.
//!
//! Read next: `transport/`, which lends its socket.

mod beside_protocol;
mod by_copying;
mod by_kernel;
mod copying;
mod into_socket;
mod lent_socket;
mod request;
mod through_transport;

use crate::awaitable::CoroutineObject;
use crate::event_loop::LoopObject;
use crate::ffi::{Object, Result, TypeBuilder};

/// Makes the types.
pub(crate) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<into_socket::SockSendfile>::register(module)?;
    CoroutineObject::<by_kernel::SockSendfileNative>::register(module)?;
    CoroutineObject::<by_copying::SockSendfileFallback>::register(module)?;
    CoroutineObject::<through_transport::Sendfile>::register(module)?;
    CoroutineObject::<lent_socket::SendfileNative>::register(module)?;
    CoroutineObject::<beside_protocol::SendfileFallback>::register(module)
}

/// The methods of the loop.
pub(crate) fn methods(builder: TypeBuilder<LoopObject>) -> TypeBuilder<LoopObject> {
    builder
        .method_fast(c"sock_sendfile", into_socket::sock_sendfile, c"sock_sendfile($self, /, sock, file, offset=0, count=None, *, fallback=True)\n--\n\nSend a file from offset on, up to its end or count bytes. Return how many bytes went.")
        .method_fast(c"sendfile", through_transport::sendfile, c"sendfile($self, /, transport, file, offset=0, count=None, *, fallback=True)\n--\n\nSend a file through a transport, from offset on, up to its end or count bytes. Return how many bytes went.")
        .method_fast(c"_check_sendfile_params", into_socket::check_parameters, c"Raise for what can't be sent, or not there.")
        .method_fast(c"_sock_sendfile_native", by_kernel::sock_sendfile_native, c"Have the kernel send a file.")
        .method_fast(c"_sock_sendfile_fallback", by_copying::sock_sendfile_fallback, c"Send a file block by block.")
        .method_fast(c"_sendfile_native", lent_socket::sendfile_native, c"Have the kernel send a file into a transport's socket.")
        .method_fast(c"_sendfile_fallback", beside_protocol::sendfile_fallback, c"Write a file to a transport block by block.")
}
