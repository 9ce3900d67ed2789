//! The way past the protocol's methods.

use crate::ffi::{Layout, Object, Result, call_method1, names};

use super::protocol::StreamReaderProtocolObject;

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
