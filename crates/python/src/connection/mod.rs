//! Making connections: `loop.create_connection()`, `create_unix_connection()`, `connect_accepted_socket()`,
//! `create_datagram_endpoint()`.
//!
//! What stands before BYTES IN and BYTES OUT:
//!
//! ```text
//! check -> resolve -> attempt each address -> (connected) -> protocol -> transport -> (protocol knows it) -> return
//! ```
//!
//! In reading order:
//!
//! * `internet.rs`: `create_connection`, which has all of the steps
//! * `unix.rs`, `accepted.rs`: two others, which have some
//! * `endpoint.rs`: `create_datagram_endpoint`, with a socket for each of `pairs.rs` until one can be opened
//! * `options.rs`: what the first three and servers are told about TLS, and which of it they refuse
//! * `addresses.rs`: several addresses, one after the other or in a race
//! * `one_address.rs`: one of them, from which local address; `attempt.rs`: one socket on its way
//! * `race.rs`: happy eyeballs, seen from who waits; `runner.rs`: one of its tasks; `contest.rs`: what these share
//! * `failure.rs`: what is raised when no address has answered
//! * `handover.rs`: from a connected socket to a protocol with its transport
//!
//! A client makes a connection with no task and two futures: one until the socket is writable, one until the protocol
//! knows its transport. One step is left to asyncio's own coroutine, which is awaited here: TLS
//! (`_create_connection_transport`). So is each step whose method somebody has replaced, by a subclass or on the loop: it
//! gets called.
//!
//! What must always be true:
//!
//! * A socket that was made here is closed unless its transport has it, whatever ends the coroutine (up to 3.13 one
//!   whose factory has raised is left to the collector, as asyncio leaves it); by then nothing watches its descriptor.
//! * The program's calls come in asyncio's order: factory, `connection_made`, and then the coroutine goes on.
//! * Errors are those of the running version: types, texts, which of several.
//!
//! Read next: `transport/socket_make.rs`.

mod accepted;
mod addresses;
mod attempt;
mod contest;
mod endpoint;
mod failure;
mod handover;
mod internet;
mod one_address;
mod options;
mod pairs;
mod race;
mod runner;
mod unix;

pub(crate) use accepted::{check_not_wrapped, check_stream_socket};
pub(crate) use one_address::unbindable;
pub(crate) use options::Tls;
pub(crate) use unix::check_unix_socket;

use crate::awaitable::CoroutineObject;
use crate::event_loop::LoopObject;
use crate::ffi::{Object, Result, TypeBuilder};
use crate::future::ObserverObject;

/// Makes the types.
pub(crate) fn register(module: &Object) -> Result<()> {
    failure::remember()?;
    one_address::remember()?;
    race::remember()?;
    handover::remember()?;
    ObserverObject::<contest::Contest>::register(module)?;
    CoroutineObject::<runner::Runner>::register(module)?;
    CoroutineObject::<internet::CreateConnection>::register(module)?;
    CoroutineObject::<unix::CreateUnixConnection>::register(module)?;
    CoroutineObject::<accepted::ConnectAccepted>::register(module)?;
    CoroutineObject::<endpoint::CreateEndpoint>::register(module)
}

/// The methods of the loop.
pub(crate) fn methods(builder: TypeBuilder<LoopObject>) -> TypeBuilder<LoopObject> {
    builder
        .method_fast(c"create_connection", internet::create_connection, internet::TEXT)
        .method_fast(c"create_datagram_endpoint", endpoint::create_datagram_endpoint, endpoint::TEXT)
        .method_fast(c"create_unix_connection", unix::create_unix_connection, c"create_unix_connection($self, /, protocol_factory, path=None, *, ssl=None, sock=None, server_hostname=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None)\n--\n\nConnect to a Unix socket. Return (transport, protocol).")
        .method_fast(c"connect_accepted_socket", accepted::connect_accepted_socket, c"connect_accepted_socket($self, /, protocol_factory, sock, *, ssl=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None)\n--\n\nTake over a connection that was accepted elsewhere. Return (transport, protocol).")
}
