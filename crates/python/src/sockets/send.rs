//! `sock_sendall`, `sock_sendto`.

use std::cell::Cell;
use std::io::ErrorKind;

use aioxide_core::sys::{Address, raw, socket};

use crate::awaitable::{CoroutineObject, machine};
use crate::event_loop::{Direction, LoopObject};
use crate::ffi::{
    Args, Buffer, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, audit,
    call_keywords, call_method1, call_method2, length, memory_view, names, none, slice_from,
};

use super::address;
use super::operation::{Operation, Tried, method_outcome, outcome};
use super::receive::{held, unbound};
use super::socket::as_plain_socket;

/// `sock_sendall(sock, data)`.
pub(super) fn sock_sendall(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<2> = Signature {
        function: "BaseSelectorEventLoop.sock_sendall",
        parameters: [c"sock", c"data"],
        positional: 2,
        required: 2,
    };
    let [Some(socket), Some(data)] = SIGNATURE.bind_method(args)? else { return Err(unbound()) };
    let coroutine = CoroutineObject::<SendAll>::new(|machine| {
        machine.operation.fill(event_loop, socket);
        machine.data.fill(data.own());
    })?;
    Ok(coroutine.into_object())
}

/// `sock_sendto(sock, data, address)`.
pub(super) fn sock_sendto(event_loop: &LoopObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<3> = Signature {
        function: "BaseSelectorEventLoop.sock_sendto",
        parameters: [c"sock", c"data", c"address"],
        positional: 3,
        required: 3,
    };
    let [Some(socket), Some(data), Some(address)] = SIGNATURE.bind_method(args)? else {
        return Err(unbound());
    };
    let coroutine = CoroutineObject::<SendTo>::new(|machine| {
        machine.operation.fill(event_loop, socket);
        machine.data.fill(data.own());
        machine.address.fill(address.own());
    })?;
    Ok(coroutine.into_object())
}

/// The coroutine that `sock_sendall()` returns.
pub(super) struct SendAll {
    operation: Operation,
    /// The data; from the first wait on a view of it, which keeps its size.
    data: Slot,
    /// How many bytes have been sent.
    sent: Cell<usize>,
    is_held: Cell<bool>,
}

machine!(
    SendAll, "BaseSelectorEventLoop"."sock_sendall",
    awaits: |machine| machine.operation.target(), holds: [operation, data]
);

impl SendAll {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        self.operation.go_on(thrown, Direction::Writing, |_, socket| {
            let data = held(&self.data)?;
            let tried = match as_plain_socket(socket) {
                Some(plain) => match data.exact_bytes() {
                    Some(bytes) => self.send(plain.fd(), bytes)?,
                    None => match Buffer::readable(&data) {
                        Ok(buffer) => self.send(plain.fd(), buffer.bytes())?,
                        Err(raised) => {
                            raised.forget();
                            self.send_by_method(socket, &data)?
                        }
                    },
                },
                None => self.send_by_method(socket, &data)?,
            };
            if matches!(tried, Tried::WouldBlock) && !self.is_held.replace(true) {
                self.data.set(memory_view(&data)?);
            }
            Ok(tried)
        })
    }

    /// Sends what is left of `data`, as far as the socket takes it.
    #[inline]
    fn send(&self, fd: i32, data: &[u8]) -> Result<Tried> {
        let rest = data.get(self.sent.get()..).unwrap_or_default();
        match socket::send(fd, rest) {
            Ok(count) if count == rest.len() => Ok(Tried::Done(none())),
            Ok(count) => {
                self.sent.set(self.sent.get() + count);
                Ok(Tried::WouldBlock)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Tried::WouldBlock),
            Err(error) => Err(Raised::os_error(&error)),
        }
    }

    /// The same by the socket's own `send`, which gets the data itself first and views of the rest then.
    fn send_by_method(&self, socket: &Object, data: &Object) -> Result<Tried> {
        let sent = self.sent.get();
        let rest = if self.is_held.get() { slice_from(data, sent)? } else { data.own() };
        match method_outcome(call_method1(socket, &names().send, &rest))? {
            Tried::WouldBlock => Ok(Tried::WouldBlock),
            Tried::Done(count) => {
                let sent = sent + usize::try_from(count.to_i32()?).unwrap_or(0);
                self.sent.set(sent);
                if sent == length(data)? { Ok(Tried::Done(none())) } else { Ok(Tried::WouldBlock) }
            }
        }
    }
}

/// The coroutine that `sock_sendto()` returns.
pub(super) struct SendTo {
    operation: Operation,
    data: Slot,
    address: Slot,
    has_tried: Cell<bool>,
}

machine!(
    SendTo, "BaseSelectorEventLoop"."sock_sendto",
    awaits: |machine| machine.operation.target(), holds: [operation, data, address]
);

impl SendTo {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        self.operation.go_on(thrown, Direction::Writing, |_, socket| {
            let (data, given) = (held(&self.data)?, held(&self.address)?);
            let plain = as_plain_socket(socket);
            if let Some(plain) = plain {
                if let Some(address) = address::from_python(plain.family(), &given) {
                    if let Some(tried) = send_to(socket, plain.fd(), &data, &given, &address) {
                        return tried;
                    }
                }
            }
            self.send_by_method(socket, &data, &given)
        })
    }

    /// asyncio gives the flags from the second attempt on.
    fn send_by_method(&self, socket: &Object, data: &Object, address: &Object) -> Result<Tried> {
        if !self.has_tried.replace(true) {
            return method_outcome(call_method2(socket, &names().sendto, data, address));
        }
        let send = socket.attribute(&names().sendto)?;
        method_outcome(call_keywords(&send, &[data, &*names().zero, address], 3, None))
    }
}

/// Sends one datagram; `None` when `data` has no bytes to send, which the socket's method has to say.
fn send_to(
    socket: &Object,
    fd: i32,
    data: &Object,
    given: &Object,
    address: &Address,
) -> Option<Result<Tried>> {
    let buffer = match Buffer::readable(data) {
        Ok(buffer) => buffer,
        Err(raised) => {
            raised.forget();
            return None;
        }
    };
    if let Err(raised) = audit(c"socket.sendto", socket, given) {
        return Some(Err(raised));
    }
    Some(outcome(raw::send_to(fd, buffer.bytes(), address).map(|count| (count as u64).into_owned())))
}
