//! `sock_connect`.
//!
//! ```text
//! check -> resolve the host (only the internet's families have one) -> begin -> wait until writable -> conclude
//! ```

use std::cell::Cell;
use std::io;

use aioxide_core::sys::family;
use aioxide_core::transport::Connecting;

use crate::awaitable::{CoroutineObject, machine};
use crate::event_loop::{Direction, LoopObject};
use crate::ffi::{
    Args, Collectable, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, audit, call_method1,
    call_method2, call2, item_at, names, none,
};
use crate::resolution::{Hints, Resolving, is_resolved};

use super::address;
use super::operation::{Operation, Tried, check, method_outcome};
use super::receive::{held, unbound};
use super::socket::as_plain_socket;

/// `sock_connect(sock, address)`.
pub(super) fn sock_connect(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<2> = Signature {
        function: "BaseSelectorEventLoop.sock_connect",
        parameters: [c"sock", c"address"],
        positional: 2,
        required: 2,
    };
    let [Some(socket), Some(address)] = SIGNATURE.bind_method(args)? else { return Err(unbound()) };
    let coroutine = CoroutineObject::<Connect>::new(|machine| machine.fill(event_loop, socket, address))?;
    Ok(coroutine.into_object())
}

/// The coroutine that `sock_connect()` returns; also a part of machines that make connections.
pub(crate) struct Connect {
    operation: Operation,
    event_loop: Slot<LoopObject>,
    socket: Slot,
    address: Slot,
    /// The name resolution that it waits for.
    resolving: Resolving,
    progress: Cell<Progress>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Progress {
    /// Nothing was done. Zero, so that a new machine's memory says so.
    Fresh = 0,
    Resolving = 1,
    Resolved = 2,
    /// The kernel connects in the background.
    Connecting = 3,
}

machine!(
    Connect, "BaseSelectorEventLoop"."sock_connect",
    awaits: Connect::target, callees: Connect::callees,
    holds: [operation, event_loop, socket, address, resolving]
);

impl Connect {
    /// Fills what is new or [forgotten](Connect::forget).
    pub(crate) fn fill(&self, event_loop: &LoopObject, socket: &Object, address: &Object) {
        self.operation.fill(event_loop, socket);
        self.event_loop.fill(event_loop.own());
        self.socket.fill(socket.own());
        self.address.fill(address.own());
    }

    /// Goes back to the beginning, once it has returned or raised.
    pub(crate) fn forget(&self) {
        self.clear();
        self.progress.set(Progress::Fresh);
    }

    /// What is being awaited.
    pub(crate) fn target(&self) -> Option<Owned> {
        self.resolving.target().or_else(|| self.operation.target())
    }

    /// The coroutine of asyncio's between this one and what is awaited, unless it is that.
    pub(crate) fn callees(&self) -> &'static [&'static str] {
        self.resolving.callees()
    }

    /// One step.
    pub(crate) fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let progress = self.progress.get();
        if progress == Progress::Fresh {
            self.begin()
        } else if progress == Progress::Resolving {
            self.resolved(self.resolving.resume(thrown)?)
        } else {
            self.connect(thrown)
        }
    }

    fn begin(&self) -> Result<Step> {
        let (event_loop, socket) = (self.event_loop.get().ok_or_else(unbound)?, held(&self.socket)?);
        check(&event_loop, &socket)?;
        let address = held(&self.address)?;
        let is_resolved = match as_plain_socket(&socket) {
            Some(plain) => !is_internet(plain.family()) || is_resolved(&event_loop, &address, plain.hints())?,
            None => !is_internet(socket.attribute(&names().family)?.to_i32()?),
        };
        if is_resolved {
            self.progress.set(Progress::Resolved);
            return self.connect(None);
        }
        let (family, kind, protocol) = (
            socket.attribute(&names().family)?,
            socket.attribute(&names().type_)?,
            socket.attribute(&names().proto)?,
        );
        let hints = Hints { family: &family, kind: &kind, protocol: &protocol, flags: &names().zero };
        self.progress.set(Progress::Resolving);
        self.resolved(self.resolving.begin(&event_loop, &address, &hints)?)
    }

    fn resolved(&self, step: Step) -> Result<Step> {
        let Step::Return(found) = step else { return Ok(step) };
        // The first of (family, type, proto, canonical name, address).
        self.address.set(item_at(&*item_at(&found, 0)?, 4)?);
        self.progress.set(Progress::Resolved);
        self.connect(None)
    }

    fn connect(&self, thrown: Option<Owned>) -> Result<Step> {
        self.operation.go_on(thrown, Direction::Writing, |_, socket| {
            let address = held(&self.address)?;
            if self.progress.replace(Progress::Connecting) == Progress::Connecting {
                return conclude(socket, &address);
            }
            let native = as_plain_socket(socket)
                .and_then(|plain| Some((plain, address::from_python(plain.family(), &address)?)));
            let Some((plain, native)) = native else {
                return method_outcome(call_method1(socket, &names().connect, &address));
            };
            audit(c"socket.connect", socket, &address)?;
            match Connecting::begin(plain.fd(), &native) {
                Connecting::Done => Ok(Tried::Done(none())),
                Connecting::InProgress => Ok(Tried::WouldBlock),
                Connecting::Failed(error) => Err(Raised::os_error(&error)),
            }
        })
    }
}

/// Whether addresses of this family have hosts that may have to be looked up.
fn is_internet(family: i32) -> bool {
    matches!(family, family::INET | family::INET6)
}

/// The socket is writable: it is connected, or has an error to tell.
fn conclude(socket: &Object, address: &Object) -> Result<Tried> {
    let number = match as_plain_socket(socket) {
        Some(plain) => match Connecting::conclude(plain.fd()) {
            Connecting::Done => return Ok(Tried::Done(none())),
            Connecting::InProgress => return Ok(Tried::WouldBlock),
            Connecting::Failed(error) => error_number(&error)?,
        },
        None => {
            let (level, option) = (&names().sol_socket, &names().so_error);
            call_method2(socket, &names().getsockopt, level, option)?
        }
    };
    if !number.is_true()? {
        return Ok(Tried::Done(none()));
    }
    let text = crate::ffi::format_text(c"Connect call failed %S", address, address)?;
    let error = call2(&names().os_error, &number, &text)?;
    method_outcome(Err(Raised::raise(&error)))
}

fn error_number(error: &io::Error) -> Result<Owned> {
    use crate::ffi::IntoOwned;
    match error.raw_os_error() {
        Some(number) => i64::from(number).into_owned(),
        None => Err(Raised::os_error(error)),
    }
}
