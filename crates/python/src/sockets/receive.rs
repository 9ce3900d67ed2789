//! `sock_recv`, `sock_recv_into`, `sock_recvfrom`, `sock_recvfrom_into`.
//!
//! A plain socket's descriptor is read from directly; any other socket's method is called, and so is a plain one's for
//! arguments out of the ordinary, so that the `socket` module finds the words for what is wrong with them.

use aioxide_core::sys::raw;
use aioxide_core::transport::MAX_SIZE;

use crate::awaitable::{CoroutineObject, machine};
use crate::event_loop::{Direction, LoopObject};
use crate::ffi::{
    Args, Buffer, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, bytes_filled,
    bytes_of, call_method1, call_method2, names, tuple_of,
};

use super::address;
use super::operation::{Operation, Tried, method_outcome, outcome};
use super::socket::{SocketObject, as_plain_socket};

/// `sock_recv(sock, n)`.
pub(super) fn sock_recv(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<2> = Signature {
        function: "BaseSelectorEventLoop.sock_recv",
        parameters: [c"sock", c"n"],
        positional: 2,
        required: 2,
    };
    let [Some(socket), Some(limit)] = SIGNATURE.bind_method(args)? else { return Err(unbound()) };
    let coroutine = CoroutineObject::<Receive>::new(|machine| {
        machine.operation.fill(event_loop, socket);
        machine.limit.fill(limit.own());
    })?;
    Ok(coroutine.into_object())
}

/// `sock_recv_into(sock, buf)`.
pub(super) fn sock_recv_into(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<2> = Signature {
        function: "BaseSelectorEventLoop.sock_recv_into",
        parameters: [c"sock", c"buf"],
        positional: 2,
        required: 2,
    };
    let [Some(socket), Some(buffer)] = SIGNATURE.bind_method(args)? else { return Err(unbound()) };
    let coroutine = CoroutineObject::<ReceiveInto>::new(|machine| {
        machine.operation.fill(event_loop, socket);
        machine.buffer.fill(buffer.own());
    })?;
    Ok(coroutine.into_object())
}

/// `sock_recvfrom(sock, bufsize)`.
pub(super) fn sock_recvfrom(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<2> = Signature {
        function: "BaseSelectorEventLoop.sock_recvfrom",
        parameters: [c"sock", c"bufsize"],
        positional: 2,
        required: 2,
    };
    let [Some(socket), Some(limit)] = SIGNATURE.bind_method(args)? else { return Err(unbound()) };
    let coroutine = CoroutineObject::<ReceiveFrom>::new(|machine| {
        machine.operation.fill(event_loop, socket);
        machine.limit.fill(limit.own());
    })?;
    Ok(coroutine.into_object())
}

/// `sock_recvfrom_into(sock, buf, nbytes=0)`.
pub(super) fn sock_recvfrom_into(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<3> = Signature {
        function: "BaseSelectorEventLoop.sock_recvfrom_into",
        parameters: [c"sock", c"buf", c"nbytes"],
        positional: 3,
        required: 2,
    };
    let [Some(socket), Some(buffer), limit] = SIGNATURE.bind_method(args)? else { return Err(unbound()) };
    let coroutine = CoroutineObject::<ReceiveFromInto>::new(|machine| {
        machine.operation.fill(event_loop, socket);
        machine.buffer.fill(buffer.own());
        if let Some(limit) = limit {
            machine.limit.fill(limit.own());
        }
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that `sock_recv()` returns.
pub(super) struct Receive {
    operation: Operation,
    limit: Slot,
}

machine!(
    Receive, "BaseSelectorEventLoop"."sock_recv",
    awaits: |machine| machine.operation.target(), holds: [operation, limit]
);

impl Receive {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        self.operation.go_on(thrown, Direction::Reading, |event_loop, socket| {
            let limit = held(&self.limit)?;
            match (as_plain_socket(socket), size_of_int(&limit)) {
                (Some(plain), Some(limit)) => receive(event_loop, plain.fd(), limit),
                _ => method_outcome(call_method1(socket, &names().recv, &limit)),
            }
        })
    }
}

/// Receives up to `limit` bytes as a new `bytes` object: into the loop's memory first, from where they are copied in their
/// exact size, unless bulk is expected.
#[inline]
fn receive(event_loop: &LoopObject, fd: i32, limit: usize) -> Result<Tried> {
    if limit == 0 {
        // As the `socket` module: no bytes are there at once, whatever the socket's state.
        return bytes_of(&[]).map(Tried::Done);
    }
    let mut count = 0;
    let received = if limit > MAX_SIZE || event_loop.expects_bulk() {
        unnest(bytes_filled(limit, |room| {
            count = raw::receive(fd, room)?.len();
            Ok(count)
        }))
    } else {
        event_loop.with_scratch(|room| {
            let data = raw::receive(fd, room.get_mut(..limit).unwrap_or_default())?;
            count = data.len();
            Ok(bytes_of(data))
        })
    };
    if received.is_ok() {
        event_loop.note_received(count);
    }
    outcome(received)
}

/// The coroutine that `sock_recv_into()` returns.
pub(super) struct ReceiveInto {
    operation: Operation,
    buffer: Slot,
}

machine!(
    ReceiveInto, "BaseSelectorEventLoop"."sock_recv_into",
    awaits: |machine| machine.operation.target(), holds: [operation, buffer]
);

impl ReceiveInto {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        self.operation.go_on(thrown, Direction::Reading, |_, socket| {
            let object = held(&self.buffer)?;
            if let Some((plain, mut buffer)) = plain_with_room(socket, &object) {
                if buffer.length() == 0 {
                    return 0_u64.into_owned().map(Tried::Done);
                }
                return outcome(raw::receive(plain.fd(), buffer.room()).map(|data| count(data.len())));
            }
            method_outcome(call_method1(socket, &names().recv_into, &object))
        })
    }
}

/// The coroutine that `sock_recvfrom()` returns.
pub(super) struct ReceiveFrom {
    operation: Operation,
    limit: Slot,
}

machine!(
    ReceiveFrom, "BaseSelectorEventLoop"."sock_recvfrom",
    awaits: |machine| machine.operation.target(), holds: [operation, limit]
);

impl ReceiveFrom {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        self.operation.go_on(thrown, Direction::Reading, |event_loop, socket| {
            let limit = held(&self.limit)?;
            match (as_plain_socket(socket), size_of_int(&limit)) {
                (Some(plain), Some(limit)) if address::is_spoken(plain.family()) => {
                    receive_from(event_loop, plain.fd(), limit)
                }
                _ => method_outcome(call_method1(socket, &names().recvfrom, &limit)),
            }
        })
    }
}

/// Receives up to `limit` bytes as a pair of `bytes` and address.
fn receive_from(event_loop: &LoopObject, fd: i32, limit: usize) -> Result<Tried> {
    let mut sender = aioxide_core::sys::Address::none();
    let received = if limit > MAX_SIZE {
        unnest(bytes_filled(limit, |room| {
            let (data, from) = raw::receive_from(fd, room)?;
            sender = from;
            Ok(data.len())
        }))
    } else {
        event_loop.with_scratch(|room| {
            let (data, from) = raw::receive_from(fd, room.get_mut(..limit).unwrap_or_default())?;
            sender = from;
            Ok(bytes_of(data))
        })
    };
    outcome(received.map(|data| tuple_of(&[&*data?, &*address::to_python(&sender)?])))
}

/// The coroutine that `sock_recvfrom_into()` returns.
pub(super) struct ReceiveFromInto {
    operation: Operation,
    buffer: Slot,
    limit: Slot,
}

machine!(
    ReceiveFromInto, "BaseSelectorEventLoop"."sock_recvfrom_into",
    awaits: |machine| machine.operation.target(), holds: [operation, buffer, limit]
);

impl ReceiveFromInto {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        self.operation.go_on(thrown, Direction::Reading, |_, socket| {
            let object = held(&self.buffer)?;
            let limit = self.limit_for(&object)?;
            if let Some((plain, mut buffer)) = plain_with_room(socket, &object) {
                let room = size_of_int(&limit).and_then(|limit| buffer.room().get_mut(..limit));
                if let (Some(room @ [_, ..]), true) = (room, address::is_spoken(plain.family())) {
                    return outcome(raw::receive_from(plain.fd(), room).map(|(data, sender)| {
                        tuple_of(&[&*count(data.len())?, &*address::to_python(&sender)?])
                    }));
                }
            }
            method_outcome(call_method2(socket, &names().recvfrom_into, &object, &limit))
        })
    }

    /// How much is asked for: all that the buffer's length says, if nothing else was said. Decided once.
    fn limit_for(&self, buffer: &Object) -> Result<Owned> {
        match self.limit.get() {
            Some(limit) if limit.is_true()? => Ok(limit),
            _ => {
                let limit = count(crate::ffi::length(buffer)?)?;
                self.limit.set(limit.clone());
                Ok(limit)
            }
        }
    }
}

/// The socket and the buffer, if both are of the kind that is dealt with here.
#[inline]
fn plain_with_room<'a>(socket: &'a Object, buffer: &'a Object) -> Option<(&'a SocketObject, Buffer<'a>)> {
    let plain = as_plain_socket(socket)?;
    match Buffer::writable(buffer) {
        Ok(buffer) => Some((plain, buffer)),
        Err(raised) => {
            raised.forget();
            None
        }
    }
}

/// The value of an `int` that can be a size.
#[inline(always)]
fn size_of_int(object: &Object) -> Option<usize> {
    object.int_value().and_then(|value| usize::try_from(value).ok())
}

fn count(bytes: usize) -> Result<Owned> {
    (bytes as u64).into_owned()
}

/// The argument, which is there until the coroutine has ended.
#[inline(always)]
pub(super) fn held(slot: &Slot) -> Result<Owned> {
    slot.get().ok_or_else(unbound)
}

#[cold]
pub(super) fn unbound() -> Raised {
    Raised::runtime_error(format_args!("the operation is over"))
}

/// From "raised, or failed, or an object" to the order in which [`outcome`] takes it.
fn unnest(filled: Result<std::io::Result<Owned>>) -> std::io::Result<Result<Owned>> {
    match filled {
        Ok(Ok(object)) => Ok(Ok(object)),
        Ok(Err(error)) => Err(error),
        Err(raised) => Ok(Err(raised)),
    }
}
