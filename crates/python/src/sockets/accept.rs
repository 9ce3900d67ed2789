//! `sock_accept`.

use aioxide_core::sys::raw;

use crate::awaitable::{CoroutineObject, machine};
use crate::event_loop::{Direction, LoopObject};
use crate::ffi::{Args, Object, Owned, Result, Signature, Step, call_method0, item_at, names, tuple_of};

use super::address;
use super::operation::{Operation, Tried, method_outcome, outcome};
use super::receive::unbound;
use super::socket::{as_plain_socket, unblock};

/// `sock_accept(sock)`.
pub(super) fn sock_accept(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<1> = Signature {
        function: "BaseSelectorEventLoop.sock_accept",
        parameters: [c"sock"],
        positional: 1,
        required: 1,
    };
    let [Some(socket)] = SIGNATURE.bind_method(args)? else { return Err(unbound()) };
    CoroutineObject::<Accept>::new(|machine| machine.operation.fill(event_loop, socket))
        .map(Owned::into_object)
}

/// The coroutine that `sock_accept()` returns.
pub(super) struct Accept {
    operation: Operation,
}

machine!(
    Accept, "BaseSelectorEventLoop"."sock_accept",
    awaits: |machine| machine.operation.target(), holds: [operation]
);

impl Accept {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        self.operation.go_on(thrown, Direction::Reading, |_, socket| match as_plain_socket(socket) {
            Some(plain) if address::is_spoken(plain.family()) => {
                outcome(raw::accept(plain.fd()).map(|(connection, peer)| {
                    let peer = address::to_python(&peer)?;
                    tuple_of(&[&*plain.of_accepted(connection)?, &*peer])
                }))
            }
            _ => accept_by_method(socket),
        })
    }
}

fn accept_by_method(socket: &Object) -> Result<Tried> {
    // What is no socket at all is refused by its first missing method.
    call_method0(socket, &names().fileno)?;
    let accepted = match method_outcome(call_method0(socket, &names().accept))? {
        Tried::Done(accepted) => accepted,
        Tried::WouldBlock => return Ok(Tried::WouldBlock),
    };
    let (connection, peer) = (item_at(&accepted, 0)?, item_at(&accepted, 1)?);
    unblock(&connection)?;
    tuple_of(&[&*connection, &*peer]).map(Tried::Done)
}
