//! The Python types `FlowControlMixin` and `StreamReaderProtocol`.

use std::mem::offset_of;

use crate::awaitable::CoroutineObject;
use crate::ffi::{Args, Layout, Object, Raised, Result, TypeBuilder, names};
use crate::future::disguise;

use super::drain_helper::{DrainHelper, drain_helper};
use super::flow::FlowControlObject;
use super::protocol::StreamReaderProtocolObject;

/// Makes the types.
pub(super) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<DrainHelper>::register(module)?;
    let mixin = TypeBuilder::<FlowControlObject>::new(
        c"aioxide.streams.FlowControlMixin",
        c"FlowControlMixin(loop=None)\n--\n\nA protocol that knows whether its transport takes more bytes, for StreamWriter.drain().",
    )
    .python_base(&names().protocol)
    .like_python_class()
    .subclassable(FlowControlObject::initialise)
    .dies()
    .weak_references(offset_of!(FlowControlObject, weak), Some(offset_of!(FlowControlObject, dict)))
    .visible_dict()
    .method(c"pause_writing", FlowControlObject::pause_writing, c"pause_writing($self, /)\n--\n\nThe transport's buffer is full.")
    .method(c"resume_writing", FlowControlObject::resume_writing, c"resume_writing($self, /)\n--\n\nThe transport's buffer has room again: wake who waits for that.")
    .method_fast(c"connection_lost", |flow: &FlowControlObject, args: Args<'_>| flow.lose_connection(args.only("FlowControlMixin.connection_lost", c"exc")?), c"connection_lost($self, /, exc)\n--\n\nThe connection is gone: wake who waits to write.")
    .method(c"_drain_helper", drain_helper, c"_drain_helper($self, /)\n--\n\nReturn when the transport takes more bytes.\n\nRaises ConnectionResetError when it never will.")
    .method1(c"_get_close_waiter", |_: &FlowControlObject, _: &Object| Err::<(), _>(Raised::not_implemented()), c"_get_close_waiter($self, stream, /)\n--\n\nReturn what wait_closed() waits for. For subclasses to provide.")
    .field(c"_loop", |flow: &FlowControlObject| &flow.event_loop)
    .flag(c"_paused", |flow: &FlowControlObject| &flow.paused)
    .flag(c"_connection_lost", |flow: &FlowControlObject| &flow.connection_lost)
    .property(
        c"_drain_waiters",
        |flow: &FlowControlObject| flow.drain_waiters.show(),
        |flow: &FlowControlObject, value| flow.drain_waiters.assign(value),
    );
    mixin.add_to(module)?;
    let protocol = TypeBuilder::<StreamReaderProtocolObject>::new(
        c"aioxide.streams.StreamReaderProtocol",
        c"StreamReaderProtocol(stream_reader, client_connected_cb=None, loop=None)\n--\n\nThe protocol that feeds a StreamReader; for a server it calls client_connected_cb(reader, writer)\nfor each connection, and makes a task of the coroutine that this may return.",
    )
    .base::<FlowControlObject>()
    .like_python_class()
    .subclassable(StreamReaderProtocolObject::initialise)
    .dies()
    .finalizer(StreamReaderProtocolObject::last_words);
    attributes(methods(protocol)).add_to(module)
}

fn methods(builder: TypeBuilder<StreamReaderProtocolObject>) -> TypeBuilder<StreamReaderProtocolObject> {
    let builder = builder
        .method_fast(c"connection_made", |protocol: &StreamReaderProtocolObject, args: Args<'_>| protocol.connection_made(args.only("StreamReaderProtocol.connection_made", c"transport")?), c"connection_made($self, /, transport)\n--\n\nA transport is there.")
        .method_fast(c"connection_lost", |protocol: &StreamReaderProtocolObject, args: Args<'_>| protocol.lose_stream(args.only("StreamReaderProtocol.connection_lost", c"exc")?), c"connection_lost($self, /, exc)\n--\n\nThe transport is gone: feed the reader the end, or exc.")
        .method_fast(c"data_received", |protocol: &StreamReaderProtocolObject, args: Args<'_>| protocol.data_received(args.only("StreamReaderProtocol.data_received", c"data")?), c"data_received($self, /, data)\n--\n\nFeed the reader.")
        .method(c"eof_received", StreamReaderProtocolObject::eof_received, c"eof_received($self, /)\n--\n\nFeed the reader the end. Return True if the transport may stay open for writing.")
        .method1(c"_get_close_waiter", |protocol: &StreamReaderProtocolObject, _: &Object| protocol.closed.get(), c"_get_close_waiter($self, stream, /)\n--\n\nReturn the future that is done when the connection is gone.")
        .method1(c"_replace_transport", StreamReaderProtocolObject::replace_transport, c"_replace_transport($self, transport, /)\n--\n\nTake another transport, as TLS puts it on top of the first.");
    #[cfg(not(Py_3_13))]
    let builder = builder.method1(
        c"_replace_writer",
        StreamReaderProtocolObject::replace_writer,
        c"_replace_writer($self, writer, /)\n--\n\nTake the writer's transport.",
    );
    builder
}

fn attributes(builder: TypeBuilder<StreamReaderProtocolObject>) -> TypeBuilder<StreamReaderProtocolObject> {
    builder
        .getter(c"__class__", |protocol: &StreamReaderProtocolObject| {
            let object = protocol.object();
            let exact = object.exactly::<StreamReaderProtocolObject>().is_some();
            disguise(object, exact, &names().stdlib_stream_reader_protocol)
        })
        .getter(c"_stream_reader", StreamReaderProtocolObject::get_reader)
        .field(c"_stream_reader_wr", |protocol: &StreamReaderProtocolObject| &protocol.reader)
        .field(c"_strong_reader", |protocol: &StreamReaderProtocolObject| &protocol.strong_reader)
        .field(c"_source_traceback", |protocol: &StreamReaderProtocolObject| &protocol.source_traceback)
        .field(c"_client_connected_cb", |protocol: &StreamReaderProtocolObject| &protocol.client_connected)
        .field(c"_task", |protocol: &StreamReaderProtocolObject| &protocol.task)
        .field(c"_transport", |protocol: &StreamReaderProtocolObject| &protocol.transport)
        .field(c"_closed", |protocol: &StreamReaderProtocolObject| &protocol.closed)
        .flag(c"_reject_connection", |protocol: &StreamReaderProtocolObject| &protocol.rejects)
        .field(c"_stream_writer", |protocol: &StreamReaderProtocolObject| &protocol.writer)
        .flag(c"_over_ssl", |protocol: &StreamReaderProtocolObject| &protocol.over_ssl)
}
