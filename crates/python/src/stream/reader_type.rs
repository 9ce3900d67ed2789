//! The Python type `StreamReader`.

use std::mem::offset_of;

use crate::awaitable::CoroutineObject;
use crate::ffi::{Args, Layout, Object, Owned, Raised, Result, TypeBuilder, names, repr_of};
use crate::future::disguise;

use super::exactly::{ReadExactly, read_exactly};
use super::limit::DEFAULT;
use super::line::{ReadLine, next_line, read_line};
use super::read::{Read, read};
use super::reader::StreamReaderObject;
use super::until::{ReadUntil, read_until};
use super::wait::{WaitForData, wait_for_data};

/// Makes the types.
pub(super) fn register(module: &Object) -> Result<()> {
    super::separators::prepare()?;
    CoroutineObject::<Read>::register(module)?;
    CoroutineObject::<ReadExactly>::register(module)?;
    CoroutineObject::<ReadUntil>::register(module)?;
    CoroutineObject::<ReadLine>::register(module)?;
    CoroutineObject::<WaitForData>::register(module)?;
    let builder = TypeBuilder::<StreamReaderObject>::new(
        c"aioxide.streams.StreamReader",
        c"StreamReader(limit=65536, loop=None)\n--\n\nBytes that arrive, to be read by coroutines: whoever has them feeds them.\n\nLines may be limit bytes long; the transport is stopped when twice as many wait to be read.",
    )
    .like_python_class()
    .subclassable(StreamReaderObject::initialise)
    .dies()
    .weak_references(offset_of!(StreamReaderObject, weak), Some(offset_of!(StreamReaderObject, dict)))
    .visible_dict()
    .async_iterator(next_line)
    .repr(StreamReaderObject::represent);
    attributes(feeding(reading(builder))).add_to(module)
}

fn reading(builder: TypeBuilder<StreamReaderObject>) -> TypeBuilder<StreamReaderObject> {
    builder
        .method_fast(c"read", read, c"read($self, /, n=-1)\n--\n\nReturn up to n bytes as soon as there are any, b'' at the end; everything up to the end if n is\nnegative.")
        .method_fast(c"readexactly", read_exactly, c"readexactly($self, /, n)\n--\n\nReturn n bytes as soon as they are there.\n\nRaises IncompleteReadError, with what there is as partial, if the end comes first; ValueError if\nn is negative.")
        .method(c"readline", read_line, c"readline($self, /)\n--\n\nReturn a line with its newline; at the end what is left, which may be b''.\n\nRaises ValueError if the line is longer than the limit, and drops it.")
        .method_fast(c"readuntil", read_until, c"readuntil($self, /, separator=b'\\n')\n--\n\nReturn the bytes up to the separator, and it. From Python 3.13 on a tuple of separators may be\ngiven, of which the one counts that ends first.\n\nRaises IncompleteReadError, with what there is as partial, if the end comes first;\nLimitOverrunError if more bytes than the limit come before the separator, which then stay.")
        .method(c"at_eof", StreamReaderObject::at_eof, c"at_eof($self, /)\n--\n\nReturn True if everything was read and nothing more will come.")
        .method_fast(c"_wait_for_data", wait_for_data, c"_wait_for_data($self, /, func_name)\n--\n\nReturn when more has arrived, or the end.")
        .method(c"_maybe_resume_transport", StreamReaderObject::maybe_resume, c"_maybe_resume_transport($self, /)\n--\n\nLet a stopped transport go on if little is left to be read.")
}

fn feeding(builder: TypeBuilder<StreamReaderObject>) -> TypeBuilder<StreamReaderObject> {
    let builder = builder
        .method_fast(c"feed_data", |reader: &StreamReaderObject, args: Args<'_>| reader.feed(args.only("StreamReader.feed_data", c"data")?), c"feed_data($self, /, data)\n--\n\nAdd bytes, and wake the coroutine that waits for them.")
        .method(c"feed_eof", StreamReaderObject::feed_eof, c"feed_eof($self, /)\n--\n\nSay that nothing more will come.")
        .method(c"exception", |reader: &StreamReaderObject| reader.exception.get(), c"exception($self, /)\n--\n\nReturn the exception that was set, or None.")
        .method_fast(c"set_exception", |reader: &StreamReaderObject, args: Args<'_>| reader.set_exception(args.only("StreamReader.set_exception", c"exc")?), c"set_exception($self, /, exc)\n--\n\nLet every read raise exc, also the one that waits.")
        .method_fast(c"set_transport", |reader: &StreamReaderObject, args: Args<'_>| reader.set_transport(args.only("StreamReader.set_transport", c"transport")?), c"set_transport($self, /, transport)\n--\n\nSay which transport to stop when too much waits to be read.")
        .method(c"_wakeup_waiter", StreamReaderObject::wake_waiter, c"_wakeup_waiter($self, /)\n--\n\nWake the coroutine that waits for data.");
    #[cfg(Py_3_14)]
    let builder = builder.method1(c"_replace_transport", StreamReaderObject::replace_transport, c"_replace_transport($self, transport, /)\n--\n\nTake another transport, as TLS puts it on top of the first.");
    builder
}

fn attributes(builder: TypeBuilder<StreamReaderObject>) -> TypeBuilder<StreamReaderObject> {
    builder
        .getter(c"__class__", |reader: &StreamReaderObject| {
            let object = reader.object();
            disguise(object, object.exactly::<StreamReaderObject>().is_some(), &names().stdlib_stream_reader)
        })
        .property(
            c"_buffer",
            |reader: &StreamReaderObject| reader.buffer.show(),
            |reader: &StreamReaderObject, value| reader.buffer.assign(value),
        )
        .property(
            c"_limit",
            |reader: &StreamReaderObject| reader.limit.get(),
            |reader: &StreamReaderObject, value| reader.limit.assign(value),
        )
        .field(c"_loop", |reader: &StreamReaderObject| &reader.event_loop)
        .field(c"_waiter", |reader: &StreamReaderObject| &reader.waiter)
        .field(c"_exception", |reader: &StreamReaderObject| &reader.exception)
        .field(c"_transport", |reader: &StreamReaderObject| &reader.transport)
        .field(c"_source_traceback", |reader: &StreamReaderObject| &reader.source_traceback)
        .flag(c"_eof", |reader: &StreamReaderObject| &reader.eof)
        .flag(c"_paused", |reader: &StreamReaderObject| &reader.paused)
}

impl StreamReaderObject {
    /// `__repr__`.
    fn represent(&self) -> Result<String> {
        let mut parts = vec![String::from("StreamReader")];
        if !self.buffer.is_empty() {
            parts.push(format!("{} bytes", self.buffer.len()));
        }
        if self.eof.get() {
            parts.push(String::from("eof"));
        }
        if self.limit.bytes() != DEFAULT {
            parts.push(format!("limit={}", repr_of(&*self.limit.get()?)?.to_text()?));
        }
        parts.extend(named("waiter", self.waiter.get())?);
        parts.extend(named("exception", self.exception.get())?);
        parts.extend(named("transport", self.transport.get())?);
        if self.paused.get() {
            parts.push(String::from("paused"));
        }
        Ok(format!("<{}>", parts.join(" ")))
    }
}

/// `name=value`, if there is a value and it is not false.
fn named(name: &str, value: Option<Owned>) -> Result<Option<String>, Raised> {
    match value {
        Some(value) if value.is_true()? => Ok(Some(format!("{name}={}", repr_of(&value)?.to_text()?))),
        _ => Ok(None),
    }
}
