//! Writing: at once if nothing waits, else behind what waits, as soon as the selector says that there is room.

use aioxide_core::sys::socket::shut_down_writing;
use aioxide_core::transport::{Drained, EndStep, Progress, Queued, ReadSizes, Refusal, Written};

use crate::event_loop::Direction;
use crate::ffi::{
    Buffer, Layout, Object, Owned, Raised, Result, call_method0, call_method1, call0, names, none,
};
#[cfg(Py_3_12)]
use crate::ffi::{items_of, memory_view};
use crate::group::create_future_on;

use super::flow::tell;
use super::socket::{Piece, SocketTransport};

impl SocketTransport {
    /// `write(data)`.
    pub(crate) fn write(&self, data: &Object) -> Result<()> {
        if let Some(bytes) = data.exact_bytes() {
            self.check_writable("write")?;
            return self.send(bytes, || Piece::Object(data.own()));
        }
        if !data.is_bytes_like() {
            return Err(not_bytes(data));
        }
        self.check_writable("write")?;
        match Buffer::readable(data) {
            Ok(view) => self.send(view.bytes(), || Piece::Copy(view.bytes().into())),
            Err(raised) => self.fatal(raised, &names().write_failed),
        }
    }

    /// Sends what the kernel takes; the rest of what `whole` keeps is queued.
    #[inline]
    fn send(&self, bytes: &[u8], whole: impl FnOnce() -> Piece) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if ReadSizes::is_bulk(bytes.len()) {
            self.note_bulk(bytes.len());
        }
        if self.gathers(bytes.len()) {
            return self.gather(whole());
        }
        let channel = self.channel();
        match self.with_stream(|stream| Some(stream.write(&channel, bytes))) {
            Some(Written::Whole) => {
                self.note_alone();
                Ok(())
            }
            None => Ok(()),
            Some(Written::Partly(begun)) => self.queue(whole(), begun),
            Some(Written::Lost { warn: false }) => Ok(()),
            Some(Written::Lost { warn: true }) => call0(&names().warn_late_write).map(drop),
            Some(Written::Failed(error)) => self.fatal(Raised::os_error(&error), &names().write_failed),
        }
    }

    /// Reads may be larger from here on.
    #[cold]
    fn note_bulk(&self, count: usize) {
        let mut sizes = self.sizes.get();
        sizes.note_sent(count);
        self.sizes.set(sizes);
    }

    fn queue(&self, piece: Piece, begun: usize) -> Result<()> {
        let queued = self.with_stream(|stream| Some(stream.queue(piece, begun)));
        let Some(Queued { watch, pause }) = queued else { return Ok(()) };
        if watch {
            self.watch(Direction::Writing)?;
        }
        if pause { self.tell(&names().pause_writing) } else { Ok(()) }
    }

    /// `writelines(list_of_data)`: everything in one system call.
    #[cfg(Py_3_12)]
    pub(super) fn write_lines(&self, lines: &Object) -> Result<()> {
        self.check_writable("writelines")?;
        if !lines.is_true()? {
            return Ok(());
        }
        match self.with_stream(|stream| stream.note_late_write()) {
            Some(true) => return call0(&names().warn_late_write).map(drop),
            Some(false) => return Ok(()),
            None => {}
        }
        let pieces = items_of(lines)?.iter().map(|line| piece_of(line)).collect::<Result<Vec<_>>>()?;
        self.with_stream(|stream| pieces.into_iter().for_each(|piece| stream.gather(piece)));
        if self.is_empty() {
            return Ok(());
        }
        self.forget_gathering();
        self.flush_or_wait()
    }

    /// `writelines(list_of_data)`: one write of all of it.
    #[cfg(not(Py_3_12))]
    pub(super) fn write_lines(&self, lines: &Object) -> Result<()> {
        let joined = call_method1(&*crate::ffi::bytes_of(b"")?, &names().join, lines)?;
        self.write(&joined)
    }

    /// There is room, or the turn is over: sends what waits.
    pub(super) fn write_ready(&self) -> Result<()> {
        if self.is_lost() {
            Ok(())
        } else if self.has_gathered() {
            self.send_gathered()
        } else {
            self.flush()
        }
    }

    /// Sends what waits, in one call, and does what follows from it.
    pub(super) fn flush(&self) -> Result<()> {
        let channel = self.channel();
        match self.with_stream(|stream| Some(stream.flush(&channel))) {
            Some(Progress::Nothing) | None => Ok(()),
            Some(Progress::Made { resume }) => {
                if resume {
                    self.tell(&names().resume_writing)?;
                }
                self.after_flush()
            }
            Some(Progress::Failed(error)) => {
                self.unwatch(Direction::Writing)?;
                let exception = Raised::os_error(&error).take();
                self.fatal(Raised::restore(exception.clone()), &names().write_failed)?;
                self.finish_empty_waiter(&names().set_exception, &exception)
            }
        }
    }

    /// Something has left, and the protocol has perhaps written more.
    fn after_flush(&self) -> Result<()> {
        let drained = self.with_stream(|stream| Some(stream.drained())).unwrap_or(Drained::NotYet);
        if drained == Drained::NotYet {
            return Ok(());
        }
        self.unwatch(Direction::Writing)?;
        self.finish_empty_waiter(&names().set_result, &none())?;
        match drained {
            Drained::NotYet | Drained::Open => Ok(()),
            Drained::ShutDown => self.shut_down(),
            Drained::Lost => self.connection_lost(&none()),
        }
    }

    /// `write_eof()`.
    pub(super) fn write_eof(&self) -> Result<()> {
        self.send_gathered()?;
        match self.with_stream(|stream| Some(stream.end_writing())) {
            Some(EndStep::ShutDown) => self.shut_down(),
            Some(EndStep::Nothing) | None => Ok(()),
        }
    }

    fn shut_down(&self) -> Result<()> {
        shut_down_writing(self.channel().0).map_err(|error| Raised::os_error(&error))
    }

    /// Raises asyncio's errors when nothing may be written.
    #[inline]
    fn check_writable(&self, method: &str) -> Result<()> {
        let refused = self.with_stream(|stream| stream.check_writable().err());
        match refused {
            Some(Refusal::Ended) => {
                Err(Raised::runtime_error(format_args!("Cannot call {method}() after write_eof()")))
            }
            None if self.empty_waiter.is_empty() => Ok(()),
            None => Err(Raised::runtime_error(format_args!("unable to {method}; sendfile is in progress"))),
        }
    }

    /// Whether nothing waits to be sent.
    pub(super) fn is_empty(&self) -> bool {
        self.with_stream(|stream| stream.queued().is_empty())
    }

    /// Asks the protocol to pause or tells it to resume.
    pub(super) fn tell(&self, method: &Object) -> Result<()> {
        tell(self.object(), &self.protocol(), method)
    }

    /// `_make_empty_waiter()`: a future that is done as soon as nothing waits to be sent.
    pub(super) fn make_empty_waiter(&self) -> Result<Owned> {
        if !self.empty_waiter.is_empty() {
            return Err(Raised::runtime_error(format_args!("Empty waiter is already set")));
        }
        self.send_gathered()?;
        let waiter = create_future_on(self.event_loop()?.object())?;
        self.empty_waiter.set(waiter.clone());
        if self.is_empty() {
            self.finish_empty_waiter(&names().set_result, &none())?;
        }
        Ok(waiter)
    }

    /// Tells whoever waits for the queue to be empty, unless it was told or has given up.
    pub(super) fn finish_empty_waiter(&self, method: &Object, outcome: &Object) -> Result<()> {
        let Some(waiter) = self.empty_waiter.get() else { return Ok(()) };
        if call_method0(&waiter, &names().done)?.is_true()? {
            return Ok(());
        }
        call_method1(&waiter, method, outcome).map(drop)
    }
}

/// What `writelines` keeps of one line. Anything with memory to show will do, as for `memoryview`.
#[cfg(Py_3_12)]
fn piece_of(line: &Object) -> Result<Piece> {
    if line.exact_bytes().is_some() {
        return Ok(Piece::Object(line.own()));
    }
    if cfg!(Py_3_14) && !line.is_true()? {
        return Ok(Piece::Copy(Box::default()));
    }
    let view = memory_view(line)?;
    match Buffer::readable(&view) {
        Ok(view) => Ok(Piece::Copy(view.bytes().into())),
        Err(raised) => {
            // In pieces: what they add up to.
            raised.forget();
            let bytes = call_method0(&view, &names().to_bytes)?;
            Ok(Piece::Object(bytes))
        }
    }
}

#[cold]
fn not_bytes(data: &Object) -> Raised {
    let expected = if cfg!(Py_3_13) { "bytes, bytearray, or memoryview object" } else { "bytes-like object" };
    let name = data.type_object().attribute(&names().name_attribute).and_then(|name| name.to_text());
    match name {
        Ok(name) => Raised::type_error(format_args!("data argument must be a {expected}, not '{name}'")),
        Err(raised) => raised,
    }
}
