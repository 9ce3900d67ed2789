//! What asyncio's own code, tests and libraries reach for behind the public methods of a stream transport.

use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, TypeBuilder, assigned, bytes_of, call_keywords,
    call_positional, call1, list_of, memory_view, names, none, tuple_of,
};

use super::flow::whole_bytes;
use super::socket::SocketTransport;

pub(super) fn internals(builder: TypeBuilder<SocketTransport>) -> TypeBuilder<SocketTransport> {
    builder
        .method(c"_start_reading", SocketTransport::start_reading, c"Begin to receive.")
        .method(c"_read_ready", SocketTransport::read_ready, c"Receive once and deliver what came.")
        .method(c"_write_ready", SocketTransport::write_ready, c"Send what waits.")
        .method_fast(c"_add_reader", SocketTransport::add_reader, c"Watch, unless reading is paused or over.")
        .method1(
            c"_force_close",
            SocketTransport::force_close,
            c"Give the connection up because of an error.",
        )
        .method_fast(
            c"_fatal_error",
            SocketTransport::fatal_error,
            c"Report an error and give the connection up.",
        )
        .method1(
            c"_call_connection_lost",
            SocketTransport::connection_lost,
            c"Tell the protocol, then close the socket.",
        )
        .method(
            c"_maybe_pause_protocol",
            SocketTransport::note_marks,
            c"Ask the protocol to pause if it is time to.",
        )
        .method(
            c"_make_empty_waiter",
            SocketTransport::make_empty_waiter,
            c"Return a future that is done when nothing waits to be sent.",
        )
        .method(
            c"_reset_empty_waiter",
            |transport: &SocketTransport| transport.empty_waiter.clear(),
            c"Allow writing again.",
        )
}

pub(super) fn attributes(builder: TypeBuilder<SocketTransport>) -> TypeBuilder<SocketTransport> {
    state(builder)
        .getter(c"__class__", |_: &SocketTransport| names().stdlib_socket_transport.own())
        .getter(c"_loop", |transport: &SocketTransport| transport.event_loop.get())
        .getter(c"_extra", |transport: &SocketTransport| transport.info.dict())
        .getter(c"_sock_fd", |transport: &SocketTransport| i64::from(transport.fd.get()))
        .getter(c"_empty_waiter", |transport: &SocketTransport| transport.empty_waiter.get())
        .getter(c"_read_ready_cb", |transport: &SocketTransport| {
            if transport.is_closing() {
                return Ok(none());
            }
            transport.object().attribute(&names().read_ready)
        })
        .field(c"_sock", |transport: &SocketTransport| &transport.socket)
        .property(
            c"_protocol",
            |transport: &SocketTransport| transport.protocol.get(),
            |transport: &SocketTransport, protocol: Option<&Object>| {
                transport.set_protocol(protocol.unwrap_or(&none()))
            },
        )
        .field(c"_server", |transport: &SocketTransport| &transport.server)
}

fn state(builder: TypeBuilder<SocketTransport>) -> TypeBuilder<SocketTransport> {
    builder
        .getter(c"_buffer", SocketTransport::shown_queue)
        .getter(c"_buffer_size", SocketTransport::write_buffer_size)
        .getter(c"_closing", |transport: &SocketTransport| transport.is_closing())
        .getter(c"_paused", |transport: &SocketTransport| transport.with_stream(|stream| stream.is_paused()))
        .getter(c"_eof", |transport: &SocketTransport| transport.with_stream(|stream| stream.is_ended()))
        .getter(c"_conn_lost", |transport: &SocketTransport| {
            transport.with_stream(|stream| stream.lost() as u64)
        })
        .getter(c"_protocol_connected", |_: &SocketTransport| true)
        .getter(c"_protocol_paused", |transport: &SocketTransport| {
            transport.with_stream(|stream| stream.marks().is_paused())
        })
        .property(
            c"_high_water",
            |transport: &SocketTransport| transport.with_stream(|stream| stream.marks().high() as u64),
            |transport: &SocketTransport, mark: Option<&Object>| {
                let mark = whole_bytes(assigned(mark)?)?;
                transport.with_stream(|stream| stream.set_high_mark(mark));
                Ok(())
            },
        )
        .property(
            c"_low_water",
            |transport: &SocketTransport| transport.with_stream(|stream| stream.marks().low() as u64),
            |transport: &SocketTransport, mark: Option<&Object>| {
                let mark = whole_bytes(assigned(mark)?)?;
                transport.with_stream(|stream| stream.set_low_mark(mark));
                Ok(())
            },
        )
}

impl SocketTransport {
    /// `_buffer`: what waits, as the running version keeps it.
    fn shown_queue(&self) -> Result<Owned> {
        self.send_gathered()?;
        let waiting: Vec<Vec<u8>> =
            self.with_stream(|stream| stream.queued().waiting().map(<[u8]>::to_vec).collect());
        if cfg!(not(Py_3_12)) {
            return call1(&names().byte_array, &*bytes_of(&waiting.concat())?);
        }
        let views =
            waiting.iter().map(|bytes| memory_view(&*bytes_of(bytes)?)).collect::<Result<Vec<_>>>()?;
        call1(&names().deque, &*list_of(views.into_iter())?)
    }

    fn add_reader(&self, args: Args<'_>) -> Result<()> {
        if !self.with_stream(|stream| stream.is_reading()) {
            return Ok(());
        }
        let add_reader = self.event_loop()?.object().attribute(&names().add_reader)?;
        call_positional(&add_reader, &*tuple_of(args.positional())?).map(drop)
    }

    fn fatal_error(&self, args: Args<'_>) -> Result<()> {
        let (exception, message) = match *args.positional() {
            [exception] => (exception, &*names().fatal_error),
            [exception, message] => (exception, message),
            _ => {
                return Err(Raised::type_error(format_args!(
                    "_fatal_error() takes an exception and a message"
                )));
            }
        };
        call_keywords(&names().socket_fatal_error, &[self.object(), exception, message], 3, None).map(drop)
    }

    /// Asks the protocol to pause if more waits than the high mark allows.
    pub(super) fn note_marks(&self) -> Result<()> {
        if self.with_stream(|stream| stream.rose()) { self.tell(&names().pause_writing) } else { Ok(()) }
    }
}
