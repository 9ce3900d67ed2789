//! The Python type of datagram transports.

use std::mem::offset_of;

use aioxide_core::transport::{Destination, Outgoing};

use crate::event_loop::Direction;
use crate::ffi::{
    Args, Bytes, IntoOwned, Layout, Object, Owned, Raised, Result, Signature, TypeBuilder, add_function,
    call1, list_of, names, none, tuple_of,
};
use crate::sockets::address_to_python;

use super::attachment::fatal;
use super::datagram::{DatagramTransport, make};
use super::flow::set_limits;

/// What asyncio passes to `recvfrom`; nothing here depends on it.
const MAX_SIZE: u64 = 256 * 1024;

/// Makes the type and the function that makes its instances.
pub(crate) fn register(module: &Object) -> Result<()> {
    let builder = TypeBuilder::<DatagramTransport>::new(
        c"aioxide._native._SelectorDatagramTransport",
        c"Sends and receives datagrams; see asyncio.DatagramTransport.",
    )
    .base::<crate::event_loop::SourceBase>()
    .internal()
    .dies()
    .finalizer(DatagramTransport::last_words)
    .weak_references(offset_of!(DatagramTransport, weak), Some(offset_of!(DatagramTransport, dict)))
    .visible_dict()
    .repr(|transport: &DatagramTransport| call1(&names().describe_socket_transport, transport.object()));
    attributes(internals(methods(builder))).add_to(module)?;
    add_function(module, c"make_datagram_transport", make, c"Return a transport for a datagram socket.")
}

fn methods(builder: TypeBuilder<DatagramTransport>) -> TypeBuilder<DatagramTransport> {
    builder
        .method_fast(c"sendto", DatagramTransport::send_to, c"sendto($self, /, data, addr=None)\n--\n\nSend data to addr, or to the peer; it is queued if the socket has no room.")
        .method(c"close", DatagramTransport::close, c"close($self, /)\n--\n\nClose the transport when everything queued is sent.")
        .method(c"abort", |transport: &DatagramTransport| transport.force_close(None), c"abort($self, /)\n--\n\nClose the transport and drop what is queued.")
        .method(c"is_closing", |transport: &DatagramTransport| transport.attachment.is_closing(), c"is_closing($self, /)\n--\n\nReturn True if the transport is closing or closed.")
        .method(c"is_reading", |transport: &DatagramTransport| transport.attachment.is_reading(), c"is_reading($self, /)\n--\n\nReturn True if the transport receives.")
        .method(c"pause_reading", DatagramTransport::pause_reading, c"pause_reading($self, /)\n--\n\nDeliver nothing until resume_reading() is called.")
        .method(c"resume_reading", DatagramTransport::resume_reading, c"resume_reading($self, /)\n--\n\nDeliver again.")
        .method_fast(c"get_extra_info", |transport: &DatagramTransport, args: Args<'_>| transport.attachment.get_extra_info(args), c"get_extra_info($self, /, name, default=None)\n--\n\nReturn what is known under name, or default.")
        .method(c"get_protocol", |transport: &DatagramTransport| transport.attachment.protocol(), c"get_protocol($self, /)\n--\n\nReturn the protocol.")
        .method1(c"set_protocol", |transport: &DatagramTransport, protocol: &Object| transport.attachment.set_protocol(protocol), c"set_protocol($self, protocol, /)\n--\n\nCall another protocol from now on.")
        .method(c"get_write_buffer_size", DatagramTransport::queued, c"get_write_buffer_size($self, /)\n--\n\nReturn how many bytes wait to be sent, with what each datagram counts for besides.")
        .method(c"get_write_buffer_limits", DatagramTransport::write_limits, c"get_write_buffer_limits($self, /)\n--\n\nReturn the low and the high water mark, in bytes.")
        .method_fast(c"set_write_buffer_limits", DatagramTransport::set_write_limits, c"set_write_buffer_limits($self, /, high=None, low=None)\n--\n\nSet the water marks, in bytes: when the protocol pauses writing and when it resumes.")
}

/// What asyncio's own code and the loop call.
fn internals(builder: TypeBuilder<DatagramTransport>) -> TypeBuilder<DatagramTransport> {
    builder
        .method(
            c"_start_reading",
            |transport: &DatagramTransport| transport.attachment.start_reading(&transport.base),
            c"Begin to receive.",
        )
        .method(c"_read_ready", DatagramTransport::continue_reading, c"Receive and deliver what waits.")
        .method(c"_write_ready", DatagramTransport::write_ready, c"Send what waits.")
        .method(c"_sendto_ready", DatagramTransport::write_ready, c"Send what waits.")
        .method1(
            c"_force_close",
            |transport: &DatagramTransport, exception: &Object| transport.force_close(Some(exception)),
            c"Close the transport because of an error.",
        )
        .method1(
            c"_call_connection_lost",
            |transport: &DatagramTransport, exception: &Object| transport.attachment.lose(exception),
            c"Tell the protocol, then close the socket.",
        )
}

fn attributes(builder: TypeBuilder<DatagramTransport>) -> TypeBuilder<DatagramTransport> {
    builder
        .getter(c"__class__", |_: &DatagramTransport| names().stdlib_datagram_transport.own())
        .getter(c"max_size", |_: &DatagramTransport| MAX_SIZE)
        .getter(c"_loop", |transport: &DatagramTransport| transport.attachment.event_loop_if_any())
        .getter(c"_protocol", |transport: &DatagramTransport| transport.attachment.protocol())
        .getter(c"_protocol_connected", |_: &DatagramTransport| true)
        .property(
            c"_sock",
            |transport: &DatagramTransport| transport.attachment.file(),
            |transport: &DatagramTransport, socket: Option<&Object>| {
                transport.attachment.set_file(socket);
                Ok(())
            },
        )
        .getter(c"_sock_fd", |transport: &DatagramTransport| i64::from(transport.attachment.watched()))
        .getter(c"_extra", |transport: &DatagramTransport| transport.attachment.extra())
        .getter(c"_server", |_: &DatagramTransport| none())
        .getter(c"_address", |transport: &DatagramTransport| transport.address.get())
        .getter(c"_buffer", DatagramTransport::shown_queue)
        .getter(c"_buffer_size", DatagramTransport::queued)
        .getter(c"_closing", |transport: &DatagramTransport| transport.attachment.is_closing())
        .getter(c"_paused", |transport: &DatagramTransport| transport.attachment.is_paused())
        .getter(c"_conn_lost", |transport: &DatagramTransport| u64::from(transport.attachment.lost_count()))
        .property(
            c"_protocol_paused",
            |transport: &DatagramTransport| {
                transport.traffic.get().is_some_and(|traffic| traffic.limits.is_paused())
            },
            |transport: &DatagramTransport, paused: Option<&Object>| {
                transport.traffic.get().map_or(Ok(()), |traffic| traffic.limits.set_paused(paused))
            },
        )
        .property(
            c"_high_water",
            |transport: &DatagramTransport| {
                transport.traffic.get().map(|traffic| traffic.limits.high()).transpose()
            },
            |transport: &DatagramTransport, mark: Option<&Object>| {
                transport.traffic.get().map_or(Ok(()), |traffic| traffic.limits.set_high(mark))
            },
        )
        .property(
            c"_low_water",
            |transport: &DatagramTransport| {
                transport.traffic.get().map(|traffic| traffic.limits.low()).transpose()
            },
            |transport: &DatagramTransport, mark: Option<&Object>| {
                transport.traffic.get().map_or(Ok(()), |traffic| traffic.limits.set_low(mark))
            },
        )
}

impl DatagramTransport {
    fn close(&self) -> Result<()> {
        if !self.attachment.start_closing() {
            return Ok(());
        }
        self.drop_pending();
        self.attachment.unwatch(&self.base, Direction::Reading)?;
        if !self.is_queue_empty() {
            return Ok(());
        }
        self.attachment.unwatch(&self.base, Direction::Writing)?;
        self.attachment.count_lost();
        self.attachment.schedule_loss(self.object(), None)
    }

    fn force_close(&self, exception: Option<&Object>) -> Result<()> {
        if self.attachment.is_loss_scheduled() {
            return Ok(());
        }
        self.drop_pending();
        if !self.is_queue_empty() {
            self.drop_queue();
            self.attachment.unwatch(&self.base, Direction::Writing)?;
        }
        if self.attachment.start_closing() {
            self.attachment.unwatch(&self.base, Direction::Reading)?;
        }
        self.attachment.count_lost();
        self.attachment.schedule_loss(self.object(), exception)
    }

    /// Reports an error that ends the transport.
    pub(super) fn fatal_error(&self, raised: Raised, message: &Object) -> Result<()> {
        fatal(self.object(), &names().socket_fatal_error, raised, message)
    }

    fn pause_reading(&self) -> Result<()> {
        if !self.attachment.pause(&self.base)? {
            return Ok(());
        }
        self.attachment.note(self.object(), &names().pauses_reading)
    }

    fn resume_reading(&self) -> Result<()> {
        if !self.attachment.resume(&self.base)? {
            return Ok(());
        }
        if let (Some(traffic), Some(event_loop)) = (self.traffic.get(), self.attachment.event_loop_if_any()) {
            self.continue_later(traffic, &event_loop)?;
        }
        self.attachment.note(self.object(), &names().resumes_reading)
    }

    fn queued(&self) -> u64 {
        self.traffic.get().map_or(0, |traffic| traffic.queue.with(|queue| queue.size() as u64))
    }

    fn is_queue_empty(&self) -> bool {
        self.traffic.get().is_none_or(|traffic| traffic.queue.with(|queue| queue.is_empty()))
    }

    fn write_limits(&self) -> Result<Owned> {
        let Some(traffic) = self.traffic.get() else { return Ok(none()) };
        tuple_of(&[&*traffic.limits.low()?, &*traffic.limits.high()?])
    }

    fn set_write_limits(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<2> = Signature {
            function: "_FlowControlMixin.set_write_buffer_limits",
            parameters: [c"high", c"low"],
            positional: 2,
            required: 0,
        };
        let [high, low] = SIGNATURE.bind_method(args)?;
        set_limits(self.object(), high, low)?;
        let Some(traffic) = self.traffic.get() else { return Ok(()) };
        let size = traffic.queue.with(|queue| queue.size());
        traffic.limits.rise(size, self.object(), &self.attachment.protocol())
    }

    /// `_buffer`: a deque of (data, address) pairs.
    fn shown_queue(&self) -> Result<Owned> {
        let Some(traffic) = self.traffic.get() else { return call1(&names().deque, &*tuple_of(&[])?) };
        let waiting: Vec<Outgoing<Bytes, Owned>> =
            traffic.queue.with(|queue| queue.iter().map(Outgoing::clone).collect());
        let mut pairs = Vec::with_capacity(waiting.len());
        for Outgoing { data, destination } in &waiting {
            let address = match destination {
                Destination::Peer => self.address.get().into_owned()?,
                Destination::Address(address) => address_to_python(address)?,
                Destination::Foreign(address) => address.clone(),
            };
            pairs.push(tuple_of(&[data.object(), &address])?);
        }
        call1(&names().deque, &*list_of(pairs.into_iter())?)
    }

    /// Warns about a transport that was not closed, and closes its socket.
    fn last_words(&self) {
        if !self.attachment.holds_file() {
            return;
        }
        if let Err(raised) = call1(&names().warn_unclosed_socket, self.object()) {
            crate::ffi::report_unraisable(raised, self.object());
        }
    }
}
