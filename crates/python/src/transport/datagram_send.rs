//! Sending: at once while nothing waits, else in batches when the socket has room again.

use std::io;

use aioxide_core::sys::{Address, Segmentation, send_datagram, send_datagrams};
use aioxide_core::transport::{Destination, Flushed, Outgoing, SendDatagrams, is_temporary};

use crate::event_loop::Direction;
use crate::ffi::{
    Args, Buffer, Bytes, Layout, Object, Owned, Raised, Result, Signature, call_keywords, call0, names, none,
    repr_of,
};
use crate::sockets::address_from_python;

use super::attachment::SILENT_WRITES;
use super::datagram::{DatagramTransport, Traffic};

/// A socket's descriptor, and what is known of how it sends.
struct Socket<'a> {
    fd: i32,
    segmentation: &'a Segmentation,
}

impl SendDatagrams for Socket<'_> {
    fn send<'a>(&self, messages: impl Iterator<Item = (&'a [u8], Option<&'a Address>)>) -> io::Result<usize> {
        send_datagrams(self.fd, messages, self.segmentation)
    }
}

impl Traffic {
    /// Sends what waits, until something needs the transport.
    pub(super) fn flush(&self, fd: i32) -> Flushed<Bytes, Owned> {
        let mut sent = Vec::new();
        let socket = Socket { fd, segmentation: &self.segmentation };
        let flushed = self.queue.with(|queue| queue.flush(&socket, &mut sent));
        // Outside of the queue: what drops it may be anything.
        drop(sent);
        flushed
    }
}

/// What became of a datagram.
enum Sent {
    Gone,
    /// The socket has no room.
    Blocked,
    /// An error of the socket: the protocol's.
    Refused(Raised),
    /// Anything else, which ends the transport.
    Failed(Raised),
}

impl DatagramTransport {
    /// `sendto(data, addr=None)`.
    pub(super) fn send_to(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<2> = Signature {
            function: "_SelectorDatagramTransport.sendto",
            parameters: [c"data", c"addr"],
            positional: 2,
            required: 1,
        };
        let [Some(data), address] = SIGNATURE.bind_method(args)? else { return Ok(()) };
        let Some(traffic) = self.traffic.get() else { return Ok(()) };
        if !data.is_bytes_like() {
            return Err(refuse_type(data));
        }
        #[cfg(not(Py_3_13))]
        if !data.is_true()? {
            return Ok(());
        }
        let nothing = none();
        let mut address = address.unwrap_or(&nothing);
        let only = self.address.get();
        if let Some(only) = &only {
            if !address.is_none() && !address.is(only) && !address.equals(only)? {
                return Err(refuse_address(only));
            }
            if self.attachment.is_loss_scheduled() {
                return self.write_to_lost();
            }
            address = only;
        } else if !self.attachment.holds_file() {
            // asyncio's trips over its missing socket.
            return self.write_to_lost();
        }
        let destination = destination(traffic, address);
        if let Destination::Address(_) = destination {
            // What `socket.sendto` tells audit hooks.
            if let Err(raised) = self.attachment.audit(c"socket.sendto", address) {
                return self.fatal_error(raised, &names().fatal_write_error);
            }
        }
        if traffic.may_gather(data, &destination) {
            let datagram = Outgoing { data: Bytes::from_object(data)?, destination };
            traffic.queue.with(|queue| queue.push(datagram));
            return self.note_gathered(traffic);
        }
        self.send_gathered()?;
        if traffic.queue.with(|queue| queue.is_empty()) {
            match self.send_now(data, &destination)? {
                Sent::Gone => return Ok(()),
                Sent::Blocked => self.attachment.watch(&self.base, Direction::Writing)?,
                Sent::Refused(raised) => return self.error_received(raised),
                Sent::Failed(raised) => return self.fatal_error(raised, &names().fatal_write_error),
            }
        }
        let datagram = Outgoing { data: Bytes::from_object(data)?, destination };
        let size = traffic.queue.with(|queue| {
            queue.push(datagram);
            queue.size()
        });
        traffic.limits.rise(size, self.object(), &self.attachment.protocol())
    }

    /// Tries to send one datagram.
    #[inline]
    fn send_now(&self, data: &Object, destination: &Destination<Owned>) -> Result<Sent> {
        let address = match destination {
            Destination::Peer => None,
            Destination::Address(address) => Some(address),
            Destination::Foreign(address) => return Ok(self.send_foreign(data, address)),
        };
        let Some(fd) = self.attachment.descriptor()? else {
            return Ok(self.send_foreign(data, &none()));
        };
        let buffer;
        let bytes = match data.exact_bytes() {
            Some(bytes) => bytes,
            None => match Buffer::readable(data) {
                Ok(view) => {
                    buffer = view;
                    buffer.bytes()
                }
                Err(raised) => return Ok(Sent::Failed(raised)),
            },
        };
        Ok(match send_datagram(fd, bytes, address) {
            Ok(()) => Sent::Gone,
            Err(error) if is_temporary(&error) => Sent::Blocked,
            Err(error) => Sent::Refused(Raised::os_error(&error)),
        })
    }

    /// Sends by the socket object itself, which knows every address and every error there is.
    #[cold]
    fn send_foreign(&self, data: &Object, address: &Object) -> Sent {
        match call_keywords(&names().send_datagram, &[self.object(), data, address], 3, None) {
            Ok(_) => Sent::Gone,
            Err(raised)
                if raised.matches(&names().blocking_io_error)
                    || raised.matches(&names().interrupted_error) =>
            {
                raised.forget();
                Sent::Blocked
            }
            Err(raised) if raised.matches(&names().os_error) => Sent::Refused(raised),
            Err(raised) => Sent::Failed(raised),
        }
    }

    /// The socket has room: sends what waits.
    pub(super) fn write_ready(&self) -> Result<()> {
        let Some(traffic) = self.traffic.get() else { return Ok(()) };
        if self.attachment.is_loss_scheduled() {
            return Ok(());
        }
        loop {
            let Some(fd) = self.attachment.descriptor()? else { return Ok(()) };
            let outcome = match traffic.flush(fd) {
                Flushed::Empty | Flushed::Blocked => break,
                Flushed::Failed(_, error) => Sent::Refused(Raised::os_error(&error)),
                Flushed::Foreign(data, address) => {
                    let outcome = self.send_foreign(data.object(), &address);
                    if matches!(outcome, Sent::Blocked) {
                        let datagram = Outgoing { data, destination: Destination::Foreign(address) };
                        traffic.queue.with(|queue| queue.put_back(datagram));
                    }
                    outcome
                }
            };
            match outcome {
                Sent::Gone => {}
                Sent::Blocked => break,
                Sent::Refused(raised) => return self.error_received(raised),
                Sent::Failed(raised) => return self.fatal_error(raised, &names().fatal_write_error),
            }
        }
        let size = traffic.queue.with(|queue| queue.size());
        // The protocol may send more, or close the transport.
        traffic.limits.fall(size, self.object(), &self.attachment.protocol())?;
        if !traffic.queue.with(|queue| queue.is_empty()) || self.attachment.is_loss_scheduled() {
            return Ok(());
        }
        self.attachment.unwatch(&self.base, Direction::Writing)?;
        if self.attachment.is_closing() { self.attachment.lose(&none()) } else { Ok(()) }
    }

    /// Drops what waits to be sent.
    pub(super) fn drop_queue(&self) {
        if let Some(traffic) = self.traffic.get() {
            drop(traffic.queue.with(|queue| queue.drain()));
        }
    }

    /// The connection is lost: counts, and after a few times warns.
    #[cold]
    fn write_to_lost(&self) -> Result<()> {
        if self.attachment.count_lost() >= SILENT_WRITES {
            call0(&names().warn_late_write).map(drop)
        } else {
            Ok(())
        }
    }
}

/// Where a datagram for `address` goes.
#[inline]
fn destination(traffic: &Traffic, address: &Object) -> Destination<Owned> {
    if traffic.connected {
        return Destination::Peer;
    }
    if address.is_none() {
        // Also what a sender without a name is called.
        return Destination::Foreign(none());
    }
    let known = traffic.last_sender.read(address).or_else(|| traffic.last_destination.read(address));
    if let Some(known) = known {
        return Destination::Address(known);
    }
    match address_from_python(traffic.family, address) {
        Some(read) => {
            traffic.last_destination.keep(address.own(), &read);
            Destination::Address(read)
        }
        None => Destination::Foreign(address.own()),
    }
}

#[cold]
fn refuse_type(data: &Object) -> Raised {
    let name = data.type_object().attribute(&names().name_attribute).and_then(|name| repr_of(&name));
    match name.and_then(|name| name.to_text()) {
        Ok(name) => Raised::type_error(format_args!("data argument must be a bytes-like object, not {name}")),
        Err(raised) => raised,
    }
}

#[cold]
fn refuse_address(only: &Object) -> Raised {
    match only.to_text() {
        Ok(only) => Raised::value_error(format_args!("Invalid address: must be None or {only}")),
        Err(raised) => raised,
    }
}
