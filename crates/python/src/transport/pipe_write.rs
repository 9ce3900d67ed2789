//! The writing end of a pipe: at once while nothing waits, else when there is room again.
//!
//! A pipe tells its writer that the reader is gone by becoming readable: the selector watches it for that. A terminal
//! says nothing of the kind, and is readable when somebody types.

use std::cell::Cell;

use aioxide_core::transport::{Channel, Chunk, Pipe, Sent, WriteQueue, is_temporary};

use crate::event_loop::{Direction, SourceBase};
use crate::ffi::{
    Args, Buffer, Bytes, Confined, Layout, Lazily, Object, Owned, Raised, Result, Slot, allocate, call0,
    collectable, names, native_type, none, repr_of,
};

use super::attached::Attached;
use super::attachment::{Attachment, SILENT_WRITES};
use super::flow::{FlowControlled, WriteLimits};
use super::life::fatal;
use super::pipe::{PipeEnd, begin, note_closed_by_peer};

/// `asyncio.unix_events._UnixWritePipeTransport`, written in Rust.
#[repr(C)]
pub(crate) struct WritePipe {
    base: SourceBase,
    pub(super) attachment: Attachment,
    pub(super) outgoing: Lazily<Outgoing>,
    /// Whether becoming readable means that the reader is gone.
    notices_peer: Cell<bool>,
    pub(super) weak: Slot,
    pub(super) dict: Slot,
}

native_type!(
    WritePipe,
    holds: [base, attachment, outgoing, dict],
    speaks: |end: &Self| end.attachment.holds_file()
);

/// What waits to be written.
pub(super) struct Outgoing {
    pub(super) queue: Confined<WriteQueue<Bytes>>,
    limits: WriteLimits,
}

collectable!(Outgoing, holds: [limits]);

impl Chunk for Bytes {
    fn bytes(&self) -> &[u8] {
        self.as_ref()
    }
}

/// `make_write_pipe(notices_peer, loop, pipe, protocol, waiter, extra)`, of a pipe in non-blocking mode.
pub(super) fn make(args: Args<'_>) -> Result<Owned<WritePipe>> {
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
    pub(super) fn start_watching(&self) -> Result<()> {
        if self.notices_peer.get() && !self.attachment.is_closing() {
            self.attachment.watch(&self.base, Direction::Reading)
        } else {
            Ok(())
        }
    }

    /// The reader is gone: what waits is lost.
    pub(super) fn peer_gone(&self) -> Result<()> {
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
    pub(super) fn write(&self, data: &Object) -> Result<()> {
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
    pub(super) fn write_ready(&self) -> Result<()> {
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

    pub(super) fn write_eof(&self) -> Result<()> {
        if !self.attachment.start_closing() || self.queued() > 0 {
            return Ok(());
        }
        self.attachment.unwatch(&self.base, Direction::Reading)?;
        self.attachment.schedule_loss(self.object(), None)
    }

    pub(super) fn close(&self) -> Result<()> {
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
}

#[cold]
fn refuse_type(data: &Object) -> Raised {
    match repr_of(data).and_then(|shown| shown.to_text()) {
        Ok(shown) => Raised::new(&names().assertion_error, format_args!("{shown}")),
        Err(raised) => raised,
    }
}
