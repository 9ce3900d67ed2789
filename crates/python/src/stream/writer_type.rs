//! The Python type `StreamWriter`. Its `start_tls` is written in Python: `python/aioxide/streams.py`.

use std::mem::offset_of;

use crate::awaitable::CoroutineObject;
use crate::ffi::{Args, Layout, Object, Result, TypeBuilder, names};
use crate::future::disguise;

use super::drain::{Drain, drain};
use super::wait_closed::{WaitClosed, wait_closed};
use super::writer::StreamWriterObject;

/// Makes the types.
pub(super) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<Drain>::register(module)?;
    CoroutineObject::<WaitClosed>::register(module)?;
    let builder = TypeBuilder::<StreamWriterObject>::new(
        c"aioxide.streams.StreamWriter",
        c"StreamWriter(transport, protocol, reader, loop)\n--\n\nBytes to be sent by coroutines: a transport, and drain() to wait until it takes more.",
    )
    .like_python_class()
    .subclassable(StreamWriterObject::initialise)
    .dies()
    .finalizer(StreamWriterObject::last_words)
    .weak_references(offset_of!(StreamWriterObject, weak), Some(offset_of!(StreamWriterObject, dict)))
    .visible_dict()
    .repr(StreamWriterObject::represent);
    attributes(methods(builder)).add_to(module)
}

fn methods(builder: TypeBuilder<StreamWriterObject>) -> TypeBuilder<StreamWriterObject> {
    builder
        .method_fast(c"write", |writer: &StreamWriterObject, args: Args<'_>| writer.write(args.only("StreamWriter.write", c"data")?), c"write($self, /, data)\n--\n\nSend data, now or as soon as possible.")
        .method_fast(c"writelines", |writer: &StreamWriterObject, args: Args<'_>| writer.write_lines(args.only("StreamWriter.writelines", c"data")?), c"writelines($self, /, data)\n--\n\nSend every item of data, now or as soon as possible.")
        .method(c"drain", drain, c"drain($self, /)\n--\n\nReturn when the transport takes more bytes: at once, unless its buffer is full.\n\nRaises what the connection was lost with, or ConnectionResetError.")
        .method(c"write_eof", |writer: &StreamWriterObject| writer.ask(&names().write_eof), c"write_eof($self, /)\n--\n\nSay that nothing more will be sent, once everything is.")
        .method(c"can_write_eof", |writer: &StreamWriterObject| writer.ask(&names().can_write_eof), c"can_write_eof($self, /)\n--\n\nReturn True if the transport supports write_eof().")
        .method(c"close", |writer: &StreamWriterObject| writer.ask(&names().close), c"close($self, /)\n--\n\nClose the transport once everything is sent.")
        .method(c"is_closing", |writer: &StreamWriterObject| writer.ask(&names().is_closing), c"is_closing($self, /)\n--\n\nReturn True if the transport is closed or about to be.")
        .method(c"wait_closed", wait_closed, c"wait_closed($self, /)\n--\n\nReturn when the connection is gone.\n\nRaises what it was lost with.")
        .method_fast(c"get_extra_info", StreamWriterObject::get_extra_info, c"get_extra_info($self, /, name, default=None)\n--\n\nReturn what the transport knows by that name, such as 'peername', or default.")
}

fn attributes(builder: TypeBuilder<StreamWriterObject>) -> TypeBuilder<StreamWriterObject> {
    builder
        .getter(c"__class__", |writer: &StreamWriterObject| {
            let object = writer.object();
            disguise(object, object.exactly::<StreamWriterObject>().is_some(), &names().stdlib_stream_writer)
        })
        .getter(c"transport", StreamWriterObject::transport)
        .getter(c"_complete_fut", StreamWriterObject::complete)
        .field(c"_transport", |writer: &StreamWriterObject| &writer.transport)
        .field(c"_protocol", |writer: &StreamWriterObject| &writer.protocol)
        .field(c"_reader", |writer: &StreamWriterObject| &writer.reader)
        .field(c"_loop", |writer: &StreamWriterObject| &writer.event_loop)
}
