//! Reading: the socket is ready, one receive, one call of the protocol; some more of them while bulk lies there.

use std::io;
use std::mem::MaybeUninit;

use aioxide_core::transport::{Channel, MAX_SIZE, READ_SIZE, READS_IN_A_ROW, ReadSizes, Received, receive};

use crate::event_loop::{Direction, SourceBase};
use crate::ffi::{
    Buffer, IntoOwned, Layout, Object, Owned, Raised, Result, bytes_filled, bytes_of, call_method0,
    call_method1, length, names,
};
use crate::stream::{self, StreamReaderProtocolObject};

use super::socket::{Delivery, SocketTransport};

/// What a receive into a Python object gave.
type Got<T> = Result<T, NoBytes>;

/// Why a receive gave no bytes.
enum NoBytes {
    End,
    Yet,
    Failed(io::Error),
}

/// Receives once into `room`.
#[inline(always)]
fn receive_bytes<'a>(channel: &impl Channel, room: &'a mut [MaybeUninit<u8>]) -> Got<&'a [u8]> {
    match receive(channel, room) {
        Received::Bytes(bytes) => Ok(bytes),
        Received::End => Err(NoBytes::End),
        Received::Nothing => Err(NoBytes::Yet),
        Received::Failed(error) => Err(NoBytes::Failed(error)),
    }
}

impl SocketTransport {
    /// The selector's call.
    #[inline]
    pub(super) fn ready(base: &SourceBase, direction: Direction) -> Result<()> {
        let Some(transport) = base.object().exactly::<Self>() else { return Ok(()) };
        match direction {
            // Paused or closed between the event and its turn.
            Direction::Reading if !transport.with_stream(|stream| stream.is_reading()) => Ok(()),
            Direction::Reading => {
                transport.read_ready()?;
                if transport.sizes.get().has_more() { transport.read_on() } else { Ok(()) }
            }
            Direction::Writing => transport.write_ready(),
        }
    }

    /// Large messages lie there in several receives' worth. Taken one after the other, they are answered while they are
    /// in the core's cache, and the peer goes on with the first while the next is read.
    #[cold]
    fn read_on(&self) -> Result<()> {
        for _ in 1..READS_IN_A_ROW {
            // A protocol may have paused or closed.
            if !self.take_more() || !self.with_stream(|stream| stream.is_reading()) {
                return Ok(());
            }
            self.read_ready()?;
        }
        self.take_more();
        Ok(())
    }

    fn note_read(&self, count: usize, room: usize) {
        let mut sizes = self.sizes.get();
        sizes.note_in(count, room);
        self.sizes.set(sizes);
    }

    fn take_more(&self) -> bool {
        let mut sizes = self.sizes.get();
        let more = sizes.take_more();
        self.sizes.set(sizes);
        more
    }

    /// Receives once and delivers what came.
    #[inline]
    pub(super) fn read_ready(&self) -> Result<()> {
        if self.is_lost() {
            return Ok(());
        }
        match self.delivery.get() {
            Delivery::Objects => self.read_object(),
            Delivery::Buffers => self.read_into_buffer(),
        }
    }

    fn read_object(&self) -> Result<()> {
        if self.sizes.get().expects_bulk() {
            match self.receive_into_frame() {
                Ok(None) => {}
                Ok(Some(got)) => return self.received(got, |()| Ok(())),
                Err(raised) => return self.fatal(raised, &names().data_received_failed),
            }
        }
        let got = self.receive_object()?;
        self.received(got, |data| match self.deliver(&data) {
            Ok(()) => Ok(()),
            Err(raised) => self.fatal(raised, &names().data_received_failed),
        })
    }

    /// Has what came delivered, or does what follows from there being nothing.
    #[inline(always)]
    fn received<T>(&self, got: Got<T>, deliver: impl FnOnce(T) -> Result<()>) -> Result<()> {
        let why = match got {
            Ok(data) => return deliver(data),
            Err(why) => why,
        };
        // Nothing comes after that, whatever the last read said.
        self.take_more();
        match why {
            NoBytes::End => self.end_received(),
            NoBytes::Yet => Ok(()),
            NoBytes::Failed(error) => self.fatal(Raised::os_error(&error), &names().read_failed),
        }
    }

    /// `protocol.data_received(data)`; straight into the reader where the protocol is that of a stream.
    #[inline]
    fn deliver(&self, data: &Object) -> Result<()> {
        let protocol = self.protocol();
        match protocol.exactly::<StreamReaderProtocolObject>() {
            Some(stream) => stream::receive(stream, data),
            None => call_method1(&protocol, &names().data_received, data).map(drop),
        }
    }

    /// Receives into the object that the task behind a stream waits for, if it waits for that many bytes.
    fn receive_into_frame(&self) -> Result<Option<Got<()>>> {
        let protocol = self.protocol();
        let Some(stream) = protocol.exactly::<StreamReaderProtocolObject>() else { return Ok(None) };
        let (channel, most) = (self.channel(), self.at_most(MAX_SIZE)?);
        stream::receive_into_frame(stream, most, |room| {
            let room_size = room.len();
            match receive_bytes(&channel, room) {
                Ok(bytes) => {
                    self.note_read(bytes.len(), room_size);
                    (bytes.len(), Ok(()))
                }
                Err(why) => (0, Err(why)),
            }
        })
    }

    /// Receives into a new `bytes` object.
    fn receive_object(&self) -> Result<Got<Owned>> {
        let sizes = self.sizes.get();
        let size = self.read_size(sizes)?;
        let channel = self.channel();
        let got = if sizes.expects_bulk() {
            bytes_filled(size, |room| receive_bytes(&channel, room).map(<[u8]>::len))?
        } else {
            self.event_loop()?.with_scratch(|room| {
                let room = if size < room.len() { room.get_mut(..size).unwrap_or_default() } else { room };
                Ok(match receive_bytes(&channel, room) {
                    Ok(bytes) => Ok(bytes_of(bytes)?),
                    Err(why) => Err(why),
                })
            })?
        };
        if let Ok(data) = &got {
            self.note_read(data.exact_bytes().map_or(0, <[u8]>::len), size);
        }
        Ok(got)
    }

    /// How much to ask for.
    #[inline]
    fn read_size(&self, sizes: ReadSizes) -> Result<usize> {
        let size = match sizes.next_size() {
            READ_SIZE => READ_SIZE,
            size => self.size_in_bulk(size)?,
        };
        self.at_most(size)
    }

    /// Never more than `max_size`, which a program may have set on the transport.
    #[inline(always)]
    fn at_most(&self, size: usize) -> Result<usize> {
        if self.dict.is_empty() {
            return Ok(size);
        }
        let most = usize::try_from(self.object().attribute(&names().max_size)?.to_u64()?).unwrap_or(MAX_SIZE);
        Ok(if most < MAX_SIZE { most } else { size })
    }

    /// A stream gets no more at a time than it takes without a pause.
    #[cold]
    fn size_in_bulk(&self, size: usize) -> Result<usize> {
        let protocol = self.protocol();
        match protocol.exactly::<StreamReaderProtocolObject>() {
            Some(stream) => Ok(stream::room(stream)?.clamp(READ_SIZE, size)),
            None => Ok(size),
        }
    }

    fn read_into_buffer(&self) -> Result<()> {
        let buffer = match self.protocol_buffer() {
            Ok(buffer) => buffer,
            Err(raised) => return self.fatal(raised, &names().get_buffer_failed),
        };
        match self.receive_into(&buffer) {
            Ok(got) => self.received(got, |count| {
                let count = (count as u64).into_owned()?;
                match call_method1(&self.protocol(), &names().buffer_updated, &count) {
                    Ok(_) => Ok(()),
                    Err(raised) => self.fatal(raised, &names().buffer_updated_failed),
                }
            }),
            Err(raised) => self.fatal(raised, &names().read_failed),
        }
    }

    /// `protocol.get_buffer(-1)`, which must give room.
    fn protocol_buffer(&self) -> Result<Owned> {
        let buffer = call_method1(&self.protocol(), &names().get_buffer, &names().minus_one)?;
        if length(&buffer)? == 0 {
            return Err(Raised::runtime_error(format_args!("get_buffer() returned an empty buffer")));
        }
        Ok(buffer)
    }

    /// Receives into the protocol's own memory.
    fn receive_into(&self, buffer: &Object) -> Result<Got<usize>> {
        let mut view = Buffer::writable(buffer).map_err(|raised| not_writable(raised, buffer))?;
        let room = view.room();
        let room_size = room.len();
        let got = receive_bytes(&self.channel(), room).map(<[u8]>::len);
        if let Ok(count) = got {
            self.note_read(count, room_size);
        }
        Ok(got)
    }

    /// The peer will send nothing more: the protocol says whether writing goes on.
    fn end_received(&self) -> Result<()> {
        if self.debug() {
            self.log(&names().received_eof)?;
        }
        match call_method0(&self.protocol(), &names().eof_received) {
            Err(raised) => self.fatal(raised, &names().eof_received_failed),
            Ok(keep_open) if keep_open.is_true()? => self.unwatch(Direction::Reading),
            Ok(_) => self.close(),
        }
    }

    /// `pause_reading()`.
    pub(super) fn pause_reading(&self) -> Result<()> {
        self.pause(|| self.unwatch(Direction::Reading))
    }

    /// As `pause_reading()`, for somebody who holds the transport and resumes it soon: the kernel goes on watching.
    pub(super) fn rest(&self) -> Result<()> {
        self.pause(|| {
            self.event_loop()?.let_rest(self.fd.get(), &self.base);
            Ok(())
        })
    }

    fn pause(&self, leave: impl FnOnce() -> Result<()>) -> Result<()> {
        if !self.with_stream(|stream| stream.pause()) {
            return Ok(());
        }
        leave()?;
        if self.debug() { self.log(&names().pauses_reading) } else { Ok(()) }
    }

    /// `resume_reading()`.
    pub(super) fn resume_reading(&self) -> Result<()> {
        if !self.with_stream(|stream| stream.resume()) {
            return Ok(());
        }
        self.watch(Direction::Reading)?;
        if self.debug() { self.log(&names().resumes_reading) } else { Ok(()) }
    }
}

/// What `socket.recv_into` says of memory that it can't write to.
#[cold]
fn not_writable(raised: Raised, buffer: &Object) -> Raised {
    raised.forget();
    Raised::type_error(format_args!(
        "recv_into() argument 1 must be read-write bytes-like object, not {}",
        buffer.type_name()
    ))
}
