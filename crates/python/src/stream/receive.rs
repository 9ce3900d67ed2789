//! The way past the protocol's methods.

use crate::ffi::{Layout, Result, bytes_of, call_method1, names};

use super::protocol::{StreamReaderProtocolObject, plain_reader};

/// What `protocol.data_received(bytes)` does, for a transport of ours: the bytes go into the reader's
/// buffer, and the task that waits for them into the ready queue.
///
/// May call the transport's `pause_reading()`, by name, before it returns. A protocol or a reader that
/// somebody has given attributes gets the call by name, too.
#[inline]
#[allow(dead_code, reason = "for transports of ours, which call past the protocol's methods")]
pub(crate) fn receive(protocol: &StreamReaderProtocolObject, bytes: &[u8]) -> Result<()> {
    if protocol.is_plain() {
        match protocol.get_reader()? {
            None => return Ok(()),
            Some(reader) => {
                if let Some(ours) = plain_reader(&reader) {
                    return ours.feed_bytes(bytes);
                }
            }
        }
    }
    call_method1(protocol.object(), &names().data_received, &*bytes_of(bytes)?).map(drop)
}
