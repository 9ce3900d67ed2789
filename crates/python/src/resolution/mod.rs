//! `loop.getaddrinfo()` and `loop.getnameinfo()`.
//!
//! A THREAD's journey, for questions that may take long: the question leaves as plain data, a thread that never
//! touches the interpreter asks the C library, and the answer comes back through the loop's inbox. In reading order:
//!
//! * `question.rs`: what is asked; numeric hosts are answered there
//! * `lookup.rs`: the two coroutines
//! * `answer.rs`: the objects that the `socket` module would have made
//! * `ensured.rs`: the addresses of a host that may be one already, for whoever connects; `named.rs`: one that is none
//!
//! What must always be true: results and exceptions are those of the `socket` module's functions, and whoever has
//! replaced one of those gets it called, in the executor, as asyncio does.
//!
//! Read next: `event_loop/resolver.rs`.

mod answer;
mod ensured;
mod lookup;
mod named;
mod question;

use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use answer::to_python as answer_to_python;
pub(crate) use ensured::{Hints, Resolving, found_at_once, is_resolved};

use crate::awaitable::CoroutineObject;
use crate::event_loop::LoopObject;
use crate::ffi::{Object, Result, TypeBuilder, names};

/// Whether somebody had replaced the `socket` module's functions before aioxide was imported.
static PATCHED: AtomicBool = AtomicBool::new(false);

fn patched() -> bool {
    PATCHED.load(Ordering::Relaxed)
}

/// Makes the types.
pub(crate) fn register(module: &Object) -> Result<()> {
    let home = names().socket_getaddrinfo.attribute(&names().module_attribute)?;
    PATCHED.store(!home.is(&names().socket) && !home.equals(&names().socket)?, Ordering::Relaxed);
    ensured::remember()?;
    answer::prepare()?;
    CoroutineObject::<lookup::AddressLookup>::register(module)?;
    CoroutineObject::<lookup::NameLookup>::register(module)
}

/// The methods of the loop.
pub(crate) fn methods(builder: TypeBuilder<LoopObject>) -> TypeBuilder<LoopObject> {
    builder
        .method_fast(c"getaddrinfo", lookup::getaddrinfo, c"getaddrinfo($self, /, host, port, *, family=0, type=0, proto=0, flags=0)\n--\n\nReturn what socket.getaddrinfo does, without blocking the loop.")
        .method_fast(c"getnameinfo", lookup::getnameinfo, c"getnameinfo($self, /, sockaddr, flags=0)\n--\n\nReturn what socket.getnameinfo does, without blocking the loop.")
}
