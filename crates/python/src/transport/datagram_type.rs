//! The Python type of datagram transports.

use std::mem::offset_of;

use aioxide_core::transport::{Destination, Outgoing};

use crate::event_loop::{Direction, SourceBase};
use crate::ffi::{
    Bytes, IntoOwned, Layout, Object, Owned, Raised, Result, TypeBuilder, call1, list_of, names, none,
    tuple_of,
};
use crate::sockets::address_to_python;

use super::attached::{Attached, attached, reading};
use super::attachment::Attachment;
use super::datagram::DatagramTransport;
use super::flow::{FlowControlled, WriteLimits, flow_controlled};
use super::life::fatal;

/// What asyncio passes to `recvfrom`; nothing here depends on it.
const MAX_SIZE: u64 = aioxide_core::transport::MAX_SIZE as u64;

/// Makes the type.
pub(crate) fn register(module: &Object) -> Result<()> {
    let builder = TypeBuilder::<DatagramTransport>::new(
        c"aioxide._native._SelectorDatagramTransport",
        c"Sends and receives datagrams; see asyncio.DatagramTransport.",
    )
    .base::<SourceBase>()
    .internal()
    .dies()
    .weak_references(offset_of!(DatagramTransport, weak), Some(offset_of!(DatagramTransport, dict)))
    .visible_dict()
    .repr(|transport: &DatagramTransport| call1(&names().describe_socket_transport, transport.object()));
    attributes(internals(methods(flow_controlled(reading(attached(builder)))))).add_to(module)
}

fn methods(builder: TypeBuilder<DatagramTransport>) -> TypeBuilder<DatagramTransport> {
    builder
        .method_fast(c"sendto", DatagramTransport::send_to, c"sendto($self, /, data, addr=None)\n--\n\nSend data to addr, or to the peer; it is queued if the socket has no room.")
        .method(c"close", DatagramTransport::close, c"close($self, /)\n--\n\nClose the transport when everything queued is sent.")
        .method(c"abort", |transport: &DatagramTransport| transport.force_close(None), c"abort($self, /)\n--\n\nClose the transport and drop what is queued.")
}

/// What asyncio's own code and the loop call.
fn internals(builder: TypeBuilder<DatagramTransport>) -> TypeBuilder<DatagramTransport> {
    builder
        .method(c"_read_ready", DatagramTransport::continue_reading, c"Receive and deliver what waits.")
        .method(c"_write_ready", DatagramTransport::write_ready, c"Send what waits.")
        .method(c"_sendto_ready", DatagramTransport::write_ready, c"Send what waits.")
        .method1(
            c"_force_close",
            |transport: &DatagramTransport, exception: &Object| transport.force_close(Some(exception)),
            c"Close the transport because of an error.",
        )
}

fn attributes(builder: TypeBuilder<DatagramTransport>) -> TypeBuilder<DatagramTransport> {
    builder
        .getter(c"__class__", |_: &DatagramTransport| names().stdlib_datagram_transport.own())
        .getter(c"max_size", |_: &DatagramTransport| MAX_SIZE)
        .getter(c"_protocol_connected", |_: &DatagramTransport| true)
        .field(c"_sock", |transport: &DatagramTransport| transport.attachment.file())
        .getter(c"_sock_fd", |transport: &DatagramTransport| i64::from(transport.attachment.watched()))
        .getter(c"_server", |_: &DatagramTransport| none())
        .getter(c"_address", |transport: &DatagramTransport| transport.address.get())
        .getter(c"_buffer", DatagramTransport::shown_queue)
        .getter(c"_buffer_size", |transport: &DatagramTransport| transport.queued() as u64)
        .getter(c"_conn_lost", |transport: &DatagramTransport| u64::from(transport.attachment.lost_count()))
}

impl Attached for DatagramTransport {
    fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    fn base(&self) -> &SourceBase {
        &self.base
    }

    fn destructor() -> &'static Object {
        &names().warn_unclosed_socket
    }

    /// Datagrams that were received before may wait in the transport.
    fn resumed(&self) -> Result<()> {
        match (self.traffic.get(), self.attachment.event_loop_if_any()) {
            (Some(traffic), Some(event_loop)) => self.continue_later(traffic, &event_loop),
            _ => Ok(()),
        }
    }
}

impl FlowControlled for DatagramTransport {
    fn limits(&self) -> Option<&WriteLimits> {
        self.traffic.get().map(|traffic| &traffic.limits)
    }

    fn queued(&self) -> usize {
        let waiting = self.traffic.get().filter(|traffic| !traffic.gathering.is_begun());
        waiting.map_or(0, |traffic| traffic.queue.with(|queue| queue.size()))
    }
}

impl DatagramTransport {
    fn close(&self) -> Result<()> {
        self.send_gathered()?;
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
        self.send_gathered()?;
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

    fn is_queue_empty(&self) -> bool {
        self.traffic.get().is_none_or(|traffic| traffic.queue.with(|queue| queue.is_empty()))
    }

    /// `_buffer`: a deque of (data, address) pairs.
    fn shown_queue(&self) -> Result<Owned> {
        self.send_gathered()?;
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
}
