//! The way past the protocol's methods.

use std::mem::MaybeUninit;

use crate::ffi::{Layout, Object, Result, call_method1, names, weak_target};

use super::protocol::StreamReaderProtocolObject;
use super::reader::StreamReaderObject;

/// What `protocol.data_received(data)` does, for a transport of ours: the bytes are put into the reader's
/// buffer, and the task that waits for them into the ready queue.
///
/// May call the transport's `pause_reading()` before it returns. A protocol that somebody has given
/// attributes gets the call by name.
#[inline]
pub(crate) fn receive(protocol: &StreamReaderProtocolObject, data: &Object) -> Result<()> {
    if protocol.is_plain() {
        return protocol.data_received(data);
    }
    call_method1(protocol.object(), &names().data_received, data).map(drop)
}

/// As [`receive`], for a task that waits for many bytes at once: `write` puts them into the object that the task will
/// get, `most` at a time, and returns how many. `None`: nobody waits so.
///
/// The transport is not stopped however many they are: asyncio's is, and goes on when the task waits for the rest.
pub(crate) fn receive_into_frame<R>(
    protocol: &StreamReaderProtocolObject,
    most: usize,
    write: impl FnOnce(&mut [MaybeUninit<u8>]) -> (usize, R),
) -> Result<Option<R>> {
    let Some(reference) = protocol.reader.get().filter(|_| protocol.is_plain()) else { return Ok(None) };
    let Some(reader) = weak_target(&reference)? else { return Ok(None) };
    let Some(reader) = reader.exactly::<StreamReaderObject>().filter(|reader| reader.is_plain()) else {
        return Ok(None);
    };
    if reader.waiter.is_empty() || reader.eof.get() {
        return Ok(None);
    }
    let before = reader.buffer.len();
    let outcome = reader.buffer.receive_into_frame(most, write);
    if reader.buffer.len() > before {
        reader.wake_waiter()?;
    }
    Ok(outcome)
}

/// How many bytes the stream's reader may hold before it stops the transport; 0 for a reader of another class.
pub(crate) fn room(protocol: &StreamReaderProtocolObject) -> Result<usize> {
    let Some(reference) = protocol.reader.get() else { return Ok(0) };
    let reader = weak_target(&reference)?;
    let reader = reader.as_deref().and_then(Object::cast::<StreamReaderObject>);
    Ok(reader.map_or(0, |reader| reader.limit.twice()))
}
