//! The Python type of stream transports: the methods that programs call.

use std::mem::offset_of;

use aioxide_core::transport::MAX_SIZE;

use crate::event_loop::SourceBase;
use crate::ffi::{
    Args, IntoOwned, Layout, Native, Object, Owned, Result, TypeBuilder, call1, names, none, tuple_of,
};

use super::attachment::get_extra_info;
use super::flow::{SET_LIMITS_TEXT, set_limits};
use super::socket::SocketTransport;
use super::socket_attributes::{attributes, internals};

/// Makes the type and the function that makes its instances.
pub(crate) fn register(module: &Object) -> Result<()> {
    let builder = TypeBuilder::<SocketTransport>::new(
        c"aioxide._native.SocketTransport",
        c"Sends and receives over a connected socket; see asyncio.Transport.",
    )
    .base::<SourceBase>()
    .internal()
    .dies()
    .finalizer(SocketTransport::last_words)
    .weak_references(offset_of!(SocketTransport, weak), Some(offset_of!(SocketTransport, dict)))
    .visible_dict()
    .repr(|transport: &SocketTransport| call1(&names().describe_socket_transport, transport.object()));
    attributes(internals(control(traffic(builder)))).add_to(module)?;
    set_defaults()
}

/// Attributes of the class that a program may set on an instance.
fn set_defaults() -> Result<()> {
    let Some(class) = SocketTransport::type_cell().object() else { return Ok(()) };
    class.set_attribute(&names().max_size, &*(MAX_SIZE as u64).into_owned()?)?;
    class.set_attribute(&names().start_tls_compatible, &names().true_)?;
    class.set_attribute(&names().sendfile_compatible, &*names().sendfile_mode.attribute(&names().try_native)?)
}

fn traffic(builder: TypeBuilder<SocketTransport>) -> TypeBuilder<SocketTransport> {
    builder
        .method_fast(
            c"write",
            |transport: &SocketTransport, args: Args<'_>| transport.write(args.only("write", c"data")?),
            c"write($self, /, data)\n--\n\nSend data; what the socket does not take at once is queued.",
        )
        .method_fast(
            c"writelines",
            |transport: &SocketTransport, args: Args<'_>| {
                transport.write_lines(args.only("writelines", c"list_of_data")?)
            },
            c"writelines($self, /, list_of_data)\n--\n\nSend each item of an iterable, in one go.",
        )
        .method(
            c"write_eof",
            SocketTransport::write_eof,
            c"write_eof($self, /)\n--\n\nTell the peer, after what is queued, that nothing more will be sent.",
        )
        .method(
            c"can_write_eof",
            |_: &SocketTransport| true,
            c"can_write_eof($self, /)\n--\n\nReturn True: sockets have write_eof().",
        )
        .method(
            c"pause_reading",
            SocketTransport::pause_reading,
            c"pause_reading($self, /)\n--\n\nDeliver nothing until resume_reading() is called.",
        )
        .method(
            c"resume_reading",
            SocketTransport::resume_reading,
            c"resume_reading($self, /)\n--\n\nDeliver again.",
        )
        .method(
            c"is_reading",
            |transport: &SocketTransport| transport.with_stream(|stream| stream.is_reading()),
            c"is_reading($self, /)\n--\n\nReturn True if the transport receives.",
        )
        .method(
            c"close",
            SocketTransport::close,
            c"close($self, /)\n--\n\nClose the connection when everything queued is sent.",
        )
        .method(
            c"abort",
            |transport: &SocketTransport| transport.force_close(&none()),
            c"abort($self, /)\n--\n\nClose the connection and drop what is queued.",
        )
        .method(
            c"is_closing",
            SocketTransport::is_closing,
            c"is_closing($self, /)\n--\n\nReturn True if the connection is closing or closed.",
        )
}

fn control(builder: TypeBuilder<SocketTransport>) -> TypeBuilder<SocketTransport> {
    builder
        .method_fast(
            c"set_protocol",
            |transport: &SocketTransport, args: Args<'_>| {
                transport.set_protocol(args.only("set_protocol", c"protocol")?)
            },
            c"set_protocol($self, /, protocol)\n--\n\nCall another protocol from now on.",
        )
        .method(
            c"get_protocol",
            SocketTransport::protocol,
            c"get_protocol($self, /)\n--\n\nReturn the protocol.",
        )
        .method_fast(
            c"get_extra_info",
            |transport: &SocketTransport, args: Args<'_>| get_extra_info(transport.info.dict()?, args),
            c"get_extra_info($self, /, name, default=None)\n--\n\nReturn what is known under name, or default.",
        )
        .method(
            c"get_write_buffer_size",
            SocketTransport::write_buffer_size,
            c"get_write_buffer_size($self, /)\n--\n\nReturn how many bytes wait to be sent.",
        )
        .method(
            c"get_write_buffer_limits",
            SocketTransport::write_limits,
            c"get_write_buffer_limits($self, /)\n--\n\nReturn the low and the high water mark, in bytes.",
        )
        .method_fast(
            c"set_write_buffer_limits",
            SocketTransport::set_write_limits,
            SET_LIMITS_TEXT,
        )
}

impl SocketTransport {
    /// `get_write_buffer_size()`.
    pub(super) fn write_buffer_size(&self) -> Result<u64> {
        self.send_gathered()?;
        Ok(self.with_stream(|stream| stream.queued().size() as u64))
    }

    fn write_limits(&self) -> Result<Owned> {
        let (low, high) = self.with_stream(|stream| (stream.marks().low(), stream.marks().high()));
        tuple_of(&[&*(low as u64).into_owned()?, &*(high as u64).into_owned()?])
    }

    fn set_write_limits(&self, args: Args<'_>) -> Result<()> {
        self.send_gathered()?;
        set_limits(self.object(), args)?;
        self.note_marks()
    }
}
