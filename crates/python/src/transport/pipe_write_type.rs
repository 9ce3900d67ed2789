//! The Python type of the writing end of a pipe.

use std::mem::offset_of;

use crate::event_loop::SourceBase;
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, TypeBuilder, add_function, bytes_of, call1, call2, names,
};

use super::flow::flow_controlled;
use super::pipe::{PipeEnd, common};
use super::pipe_write::{WritePipe, make};

/// Makes the type and the function that makes its instances.
pub(super) fn register(module: &Object) -> Result<()> {
    let builder = TypeBuilder::<WritePipe>::new(
        c"aioxide._native._UnixWritePipeTransport",
        c"Writes to a pipe; see asyncio.WriteTransport.",
    )
    .base::<SourceBase>()
    .internal()
    .dies()
    .weak_references(offset_of!(WritePipe, weak), Some(offset_of!(WritePipe, dict)))
    .visible_dict()
    .repr(|end: &WritePipe| call1(&names().describe_write_pipe, end.object()));
    attributes(methods(flow_controlled(common(builder)))).add_to(module)?;
    add_function(module, c"make_write_pipe", make, c"Return a transport for the writing end of a pipe.")
}

fn methods(builder: TypeBuilder<WritePipe>) -> TypeBuilder<WritePipe> {
    builder
        .method_fast(
            c"write",
            |end: &WritePipe, args: Args<'_>| end.write(args.only("write", c"data")?),
            c"write($self, /, data)\n--\n\nWrite data; what the pipe does not take at once is queued.",
        )
        .method_fast(
            c"writelines",
            |end: &WritePipe, args: Args<'_>| {
                call2(&names().write_lines, end.object(), args.only("writelines", c"list_of_data")?)
            },
            c"writelines($self, /, list_of_data)\n--\n\nWrite each item of an iterable.",
        )
        .method(
            c"write_eof",
            WritePipe::write_eof,
            c"write_eof($self, /)\n--\n\nClose the pipe when everything queued is written.",
        )
        .method(c"can_write_eof", |_: &WritePipe| true, c"can_write_eof($self, /)\n--\n\nReturn True.")
        .method(
            c"close",
            WritePipe::close,
            c"close($self, /)\n--\n\nClose the pipe when everything queued is written.",
        )
        .method(
            c"abort",
            |end: &WritePipe| end.give_up(None),
            c"abort($self, /)\n--\n\nClose the pipe and drop what is queued.",
        )
        .method(
            c"is_reading",
            not_for_reading,
            c"is_reading($self, /)\n--\n\nRaise NotImplementedError: the transport only writes.",
        )
        .method(
            c"pause_reading",
            not_for_reading,
            c"pause_reading($self, /)\n--\n\nRaise NotImplementedError: the transport only writes.",
        )
        .method(
            c"resume_reading",
            not_for_reading,
            c"resume_reading($self, /)\n--\n\nRaise NotImplementedError: the transport only writes.",
        )
        .method(c"_start_reading", WritePipe::start_watching, c"Begin to notice that the reader is gone.")
        .method(c"_read_ready", WritePipe::peer_gone, c"The reader is gone.")
        .method(c"_write_ready", WritePipe::write_ready, c"Write what waits.")
}

/// What asyncio's transport, which has the methods of both directions, says of the one it lacks.
fn not_for_reading(_: &WritePipe) -> Result<()> {
    Err(Raised::not_implemented())
}

fn attributes(builder: TypeBuilder<WritePipe>) -> TypeBuilder<WritePipe> {
    builder
        .getter(c"__class__", |_: &WritePipe| names().stdlib_write_pipe.own())
        .getter(c"_buffer", WritePipe::shown_queue)
        .getter(c"_conn_lost", |end: &WritePipe| u64::from(end.attachment.lost_count()))
}

impl WritePipe {
    /// `_buffer`: a bytearray of what waits.
    fn shown_queue(&self) -> Result<Owned> {
        let waiting: Vec<u8> = self.outgoing.get().map_or_else(Vec::new, |outgoing| {
            outgoing.queue.with(|queue| queue.waiting().flatten().copied().collect())
        });
        call1(&names().byte_array, &*bytes_of(&waiting)?)
    }
}
