//! The way past the protocol's methods.

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

/// How many bytes the stream's reader may hold before it stops the transport; 0 for a reader of another class.
pub(crate) fn room(protocol: &StreamReaderProtocolObject) -> Result<usize> {
    let Some(reference) = protocol.reader.get() else { return Ok(0) };
    let reader = weak_target(&reference)?;
    let reader = reader.as_deref().and_then(Object::cast::<StreamReaderObject>);
    Ok(reader.map_or(0, |reader| reader.limit.twice()))
}
