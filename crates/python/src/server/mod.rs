//! Servers: `loop.create_server()`, `create_unix_server()`, and the `Server` that they return.
//!
//! What stands before a connection's beginning:
//!
//! ```text
//! check -> look hosts up -> bind a socket to each address -> Server -> listen -> (one turn) -> return
//!                                                               \-> close -> (last connection lost) -> wait_closed
//! ```
//!
//! In reading order:
//!
//! * `internet.rs`: `create_server`, which has all of the steps
//! * `hosts.rs`: which hosts, and their addresses; `bind.rs`: a socket for each address
//! * `unix.rs`: `create_unix_server`, whose file `sockets/unix_file.rs` takes away
//! * `opening.rs`: what both end with: the server is made, and listens
//! * `object.rs`: the server: what it consists of; `clients.rs`: its connections (`count.rs` up to 3.12)
//! * `serving.rs`: how it begins and ends to listen, and tells who waits for its end
//! * `coroutines.rs`: `start_serving`, `wait_closed` and `async with`; `forever.rs`: `serve_forever`
//! * `server_type.rs`: what Python sees of it
//!
//! A host in digits is bound to with no task and no future. Names are looked up by a task for each host, as asyncio does,
//! through the loop's `_create_server_getaddrinfo`. Sockets are made, set up and bound through the `socket` module that
//! asyncio's own code would use; whatever of it, or of the loop's methods, somebody has replaced gets called.
//!
//! What must always be true:
//!
//! * A socket that was made here is closed unless somebody gets its server, whatever ends the coroutine. The two that may
//!   go on listening after it was cancelled in its last turn are asyncio's too: a given one, and one at a path.
//! * A server knows its connections only weakly. Each is entered when its transport is made, and left when it is lost or
//!   dropped unclosed.
//! * Whoever waits for the end of a server is woken once: when it is closed and its last connection is lost, in either
//!   order.
//!
//! Read next: `transport/listening.rs`.

mod bind;
#[cfg(Py_3_13)]
mod clients;
mod coroutines;
#[cfg(not(Py_3_13))]
mod count;
mod forever;
mod hosts;
mod internet;
mod object;
mod opening;
mod server_type;
mod serving;
mod unix;

pub(crate) use object::ServerObject;

use crate::awaitable::CoroutineObject;
use crate::event_loop::LoopObject;
use crate::ffi::{Object, Result, TypeBuilder};

/// Makes the types.
pub(crate) fn register(module: &Object) -> Result<()> {
    server_type::register(module)?;
    bind::remember()?;
    #[cfg(Py_3_13)]
    forever::remember()?;
    CoroutineObject::<hosts::AddressesOfHost>::register(module)?;
    CoroutineObject::<internet::CreateServer>::register(module)?;
    CoroutineObject::<unix::CreateUnixServer>::register(module)?;
    CoroutineObject::<forever::ServeForever>::register(module)?;
    coroutines::register(module)
}

/// The methods of the loop.
pub(crate) fn methods(builder: TypeBuilder<LoopObject>) -> TypeBuilder<LoopObject> {
    builder
        .method_fast(c"create_server", internet::create_server, internet::TEXT)
        .method_fast(c"create_unix_server", unix::create_unix_server, unix::TEXT)
        .method_fast(
            c"_create_server_getaddrinfo",
            hosts::addresses_of_host,
            c"Return the addresses of one host to listen at.",
        )
        .method1(c"_stop_serving", serving::stop_serving, c"Stop listening, and close the socket.")
}
