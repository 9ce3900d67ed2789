//! The reading end of a pipe.

use std::mem::offset_of;

use aioxide_core::transport::{Pipe, Received, receive};

use crate::event_loop::{Direction, SourceBase, call_soon};
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Slot, TypeBuilder, add_function, allocate, bytes_of,
    call_method1, call1, names, native_type,
};

use super::attached::{Attached, reading};
use super::attachment::Attachment;
use super::life::fatal;
use super::pipe::{PipeEnd, begin, common, note_closed_by_peer};

/// What asyncio asks for in one read.
const MAX_SIZE: u64 = aioxide_core::transport::MAX_SIZE as u64;

/// `asyncio.unix_events._UnixReadPipeTransport`, written in Rust.
#[repr(C)]
pub(crate) struct ReadPipe {
    base: SourceBase,
    attachment: Attachment,
    weak: Slot,
    dict: Slot,
}

native_type!(ReadPipe, holds: [base, attachment, dict], speaks: |end: &Self| end.attachment.holds_file());

/// What a read gave.
enum Came {
    Data(Owned),
    Nothing,
    End,
}

/// Makes the type and the function that makes its instances.
pub(super) fn register(module: &Object) -> Result<()> {
    let builder = TypeBuilder::<ReadPipe>::new(
        c"aioxide._native._UnixReadPipeTransport",
        c"Reads from a pipe; see asyncio.ReadTransport.",
    )
    .base::<SourceBase>()
    .internal()
    .dies()
    .weak_references(offset_of!(ReadPipe, weak), Some(offset_of!(ReadPipe, dict)))
    .visible_dict()
    .repr(|end: &ReadPipe| call1(&names().describe_read_pipe, end.object()))
    .method(c"close", ReadPipe::close, c"close($self, /)\n--\n\nClose the transport.")
    .method(c"_read_ready", ReadPipe::read_ready, c"Read and deliver what is there.")
    .getter(c"__class__", |_: &ReadPipe| names().stdlib_read_pipe.own())
    .getter(c"max_size", |_: &ReadPipe| MAX_SIZE);
    reading(common(builder)).add_to(module)?;
    add_function(module, c"make_read_pipe", make, c"Return a transport for the reading end of a pipe.")
}

/// `make_read_pipe(loop, pipe, protocol, waiter, extra)`, of a pipe in non-blocking mode.
fn make(args: Args<'_>) -> Result<Owned<ReadPipe>> {
    let [event_loop, pipe, protocol, waiter, extra] = args.positional() else {
        return Err(Raised::type_error(format_args!("make_read_pipe() takes 5 positional arguments")));
    };
    let end = allocate::<ReadPipe>()?;
    end.base.prepare(ReadPipe::ready)?;
    begin(&*end, [event_loop, pipe, protocol, waiter, extra])?;
    Ok(end)
}

impl Attached for ReadPipe {
    fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    fn base(&self) -> &SourceBase {
        &self.base
    }

    fn destructor() -> &'static Object {
        &names().warn_unclosed_read_pipe
    }
}

impl PipeEnd for ReadPipe {
    fn give_up(&self, exception: Option<&Object>) -> Result<()> {
        self.attachment.start_closing();
        self.attachment.unwatch(&self.base, Direction::Reading)?;
        self.attachment.schedule_loss(self.object(), exception)
    }
}

impl ReadPipe {
    /// What the selector calls for.
    fn ready(source: &SourceBase, direction: Direction) -> Result<()> {
        match (source.object().exactly::<Self>(), direction) {
            (Some(end), Direction::Reading) => end.read_ready(),
            _ => Ok(()),
        }
    }

    /// Reads once and delivers what came.
    fn read_ready(&self) -> Result<()> {
        if !self.attachment.is_reading() {
            return Ok(());
        }
        let Some(fd) = self.attachment.descriptor()? else { return Ok(()) };
        let came = self.attachment.event_loop()?.with_scratch(|room| match receive(&Pipe(fd), room) {
            Received::Bytes(bytes) => bytes_of(bytes).map(Came::Data),
            Received::Nothing => Ok(Came::Nothing),
            Received::End => Ok(Came::End),
            Received::Failed(error) => Err(Raised::os_error(&error)),
        });
        match came {
            Ok(Came::Nothing) => Ok(()),
            Ok(Came::End) => self.end(),
            Ok(Came::Data(data)) => {
                call_method1(&self.attachment.protocol(), &names().data_received, &data).map(drop)
            }
            Err(raised) => {
                fatal(self.object(), &names().read_pipe_fatal_error, raised, &names().pipe_read_failed)
            }
        }
    }

    /// Nobody holds the other end any more.
    fn end(&self) -> Result<()> {
        note_closed_by_peer(self)?;
        self.attachment.start_closing();
        self.attachment.unwatch(&self.base, Direction::Reading)?;
        let eof_received = self.attachment.protocol().attribute(&names().eof_received)?;
        call_soon(self.attachment.event_loop()?.object(), &eof_received, None, None)?;
        self.attachment.schedule_loss(self.object(), None)
    }

    fn close(&self) -> Result<()> {
        if self.attachment.is_closing() { Ok(()) } else { self.give_up(None) }
    }
}
