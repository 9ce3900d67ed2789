//! The writing end of a pipe: at once while nothing waits, else when there is room again.
//!
//! A pipe tells its writer that the reader is gone by becoming readable: the selector watches it for that. A terminal
//! says nothing of the kind, and is readable when somebody types.

use std::cell::Cell;
use std::mem::offset_of;

use aioxide_core::transport::{Channel, Chunk, Pipe, Sent, WriteQueue, is_temporary};

use crate::event_loop::{Direction, SourceBase};
use crate::ffi::{
    Args, Buffer, Bytes, Collectable, Confined, Layout, Lazily, Object, Owned, Raised, Result, Slot,
    TypeBuilder, Visitor, add_function, allocate, bytes_of, call0, call1, call2, names, native_type, none,
    repr_of,
};

use super::attached::Attached;
use super::attachment::{Attachment, SILENT_WRITES, fatal};
use super::flow::{FlowControlled, WriteLimits, flow_controlled};
use super::pipe::{PipeEnd, begin, common, note_closed_by_peer};

/// `asyncio.unix_events._UnixWritePipeTransport`, written in Rust.
#[repr(C)]
pub(crate) struct WritePipe {
    base: SourceBase,
    attachment: Attachment,
    outgoing: Lazily<Outgoing>,
    /// Whether becoming readable means that the reader is gone.
    notices_peer: Cell<bool>,
    weak: Slot,
    dict: Slot,
}

native_type!(
    WritePipe,
    holds: [base, attachment, outgoing, dict],
    speaks: |end: &Self| end.attachment.holds_file()
);

/// What waits to be written.
struct Outgoing {
    queue: Confined<WriteQueue<Bytes>>,
    limits: WriteLimits,
}

impl Collectable for Outgoing {
    fn traverse(&self, visitor: &mut Visitor) {
        self.limits.traverse(visitor);
    }

    fn clear(&self) {
        self.limits.clear();
    }
}

impl Chunk for Bytes {
    fn bytes(&self) -> &[u8] {
        self.as_ref()
    }
}

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
        .method1(
            c"write",
            WritePipe::write,
            c"write($self, data, /)\n--\n\nWrite data; what the pipe does not take at once is queued.",
        )
        .method1(
            c"writelines",
            |end: &WritePipe, list: &Object| call2(&names().write_lines, end.object(), list),
            c"writelines($self, list_of_data, /)\n--\n\nWrite each item of an iterable.",
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

/// `make_write_pipe(notices_peer, loop, pipe, protocol, waiter, extra)`, of a pipe in non-blocking mode.
fn make(args: Args<'_>) -> Result<Owned<WritePipe>> {
    let [notices_peer, event_loop, pipe, protocol, waiter, extra] = args.positional() else {
        return Err(Raised::type_error(format_args!("make_write_pipe() takes 6 positional arguments")));
    };
    let end = allocate::<WritePipe>()?;
    end.base.prepare(WritePipe::ready)?;
    end.outgoing.fill(Outgoing { queue: Confined::new(WriteQueue::new()), limits: WriteLimits::new() });
    end.notices_peer.set(notices_peer.is_true()?);
    begin(&*end, [event_loop, pipe, protocol, waiter, extra])?;
    Ok(end)
}

impl Attached for WritePipe {
    fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    fn base(&self) -> &SourceBase {
        &self.base
    }

    fn destructor() -> &'static Object {
        &names().warn_unclosed_write_pipe
    }
}

impl FlowControlled for WritePipe {
    fn limits(&self) -> Option<&WriteLimits> {
        self.outgoing.get().map(|outgoing| &outgoing.limits)
    }

    fn queued(&self) -> usize {
        self.outgoing.get().map_or(0, |outgoing| outgoing.queue.with(|queue| queue.size()))
    }
}

impl PipeEnd for WritePipe {
    fn give_up(&self, exception: Option<&Object>) -> Result<()> {
        if !self.attachment.holds_file() {
            return Ok(());
        }
        self.attachment.start_closing();
        if self.queued() > 0 {
            self.attachment.unwatch(&self.base, Direction::Writing)?;
        }
        self.drop_queue();
        self.attachment.unwatch(&self.base, Direction::Reading)?;
        self.attachment.schedule_loss(self.object(), exception)
    }
}

impl WritePipe {
    /// What the selector calls for.
    fn ready(source: &SourceBase, direction: Direction) -> Result<()> {
        match (source.object().exactly::<Self>(), direction) {
            (Some(end), Direction::Reading) => end.peer_gone(),
            (Some(end), Direction::Writing) => end.write_ready(),
            (None, _) => Ok(()),
        }
    }

    /// Begins to notice the reader, unless the transport was closed meanwhile.
    fn start_watching(&self) -> Result<()> {
        if self.notices_peer.get() && !self.attachment.is_closing() {
            self.attachment.watch(&self.base, Direction::Reading)
        } else {
            Ok(())
        }
    }

    /// The reader is gone: what waits is lost.
    fn peer_gone(&self) -> Result<()> {
        if !self.attachment.holds_file() || self.attachment.is_loss_scheduled() {
            return Ok(());
        }
        note_closed_by_peer(self)?;
        if self.queued() == 0 {
            return self.give_up(None);
        }
        let broken = call0(&names().broken_pipe_error)?;
        self.give_up(Some(&broken))
    }

    /// `write(data)`.
    fn write(&self, data: &Object) -> Result<()> {
        if !data.is_bytes_like() {
            return Err(refuse_type(data));
        }
        let Some(outgoing) = self.outgoing.get() else { return Ok(()) };
        if !data.is_true()? {
            return Ok(());
        }
        if self.attachment.is_closing() || self.attachment.lost_count() > 0 {
            return self.write_to_lost();
        }
        let mut written = 0;
        if outgoing.queue.with(|queue| queue.is_empty()) {
            let (count, length) = match self.write_now(data) {
                Ok(counts) => counts,
                Err(raised) => {
                    self.attachment.count_lost();
                    return self.failed(raised);
                }
            };
            if count == length {
                return Ok(());
            }
            self.attachment.watch(&self.base, Direction::Writing)?;
            written = count;
        }
        let (rest, begun) = match data.exact_bytes() {
            Some(_) => (Bytes::from_object(data)?, written),
            None => {
                let buffer = Buffer::readable(data)?;
                (Bytes::copy_of(buffer.bytes().get(written..).unwrap_or_default())?, 0)
            }
        };
        let size = outgoing.queue.with(|queue| {
            queue.push(rest, begun);
            queue.size()
        });
        outgoing.limits.rise(size, self.object(), &self.attachment.protocol())
    }

    /// Writes what the pipe takes at once. Returns how much of how much.
    fn write_now(&self, data: &Object) -> Result<(usize, usize)> {
        let pipe = Pipe(self.attachment.descriptor()?.unwrap_or(-1));
        let buffer = Buffer::readable(data)?;
        match pipe.send(buffer.bytes()) {
            Ok(count) => Ok((count, buffer.length())),
            Err(error) if is_temporary(&error) => Ok((0, buffer.length())),
            Err(error) => Err(Raised::os_error(&error)),
        }
    }

    /// The pipe has room: writes what waits.
    fn write_ready(&self) -> Result<()> {
        let Some(outgoing) = self.outgoing.get() else { return Ok(()) };
        let Some(fd) = self.attachment.descriptor()? else { return Ok(()) };
        if self.queued() == 0 {
            return Ok(());
        }
        if let Sent::Failed(error) = outgoing.queue.with(|queue| queue.flush(&Pipe(fd))) {
            self.drop_queue();
            self.attachment.count_lost();
            self.attachment.unwatch(&self.base, Direction::Writing)?;
            return self.failed(Raised::os_error(&error));
        }
        if self.queued() > 0 {
            return Ok(());
        }
        self.attachment.unwatch(&self.base, Direction::Writing)?;
        // Unlike a socket's, a pipe's writer goes on when all is written. It may write more, or give up.
        outgoing.limits.fall(0, self.object(), &self.attachment.protocol())?;
        if !self.attachment.is_closing() || self.attachment.is_loss_scheduled() {
            return Ok(());
        }
        self.attachment.unwatch(&self.base, Direction::Reading)?;
        self.attachment.lose(&none())
    }

    fn write_eof(&self) -> Result<()> {
        if !self.attachment.start_closing() || self.queued() > 0 {
            return Ok(());
        }
        self.attachment.unwatch(&self.base, Direction::Reading)?;
        self.attachment.schedule_loss(self.object(), None)
    }

    fn close(&self) -> Result<()> {
        if self.attachment.holds_file() { self.write_eof() } else { Ok(()) }
    }

    fn failed(&self, raised: Raised) -> Result<()> {
        fatal(self.object(), &names().write_pipe_fatal_error, raised, &names().pipe_write_failed)
    }

    /// The pipe is closed or broken: counts, and after a few times warns.
    #[cold]
    fn write_to_lost(&self) -> Result<()> {
        if self.attachment.count_lost() >= SILENT_WRITES {
            call0(&names().warn_late_pipe_write).map(drop)
        } else {
            Ok(())
        }
    }

    fn drop_queue(&self) {
        if let Some(outgoing) = self.outgoing.get() {
            drop(outgoing.queue.with(|queue| queue.take()));
        }
    }

    /// `_buffer`: a bytearray of what waits.
    fn shown_queue(&self) -> Result<Owned> {
        let waiting: Vec<u8> = self.outgoing.get().map_or_else(Vec::new, |outgoing| {
            outgoing.queue.with(|queue| queue.waiting().flatten().copied().collect())
        });
        call1(&names().byte_array, &*bytes_of(&waiting)?)
    }
}

#[cold]
fn refuse_type(data: &Object) -> Raised {
    match repr_of(data).and_then(|shown| shown.to_text()) {
        Ok(shown) => Raised::new(&names().assertion_error, format_args!("{shown}")),
        Err(raised) => raised,
    }
}
