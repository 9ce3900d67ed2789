//! Streams: bytes read and written by coroutines, over a transport of any kind.
//!
//! The end of the journey of BYTES IN, *deliver (stream reader) -> wake the task that waits*, and the
//! beginning of BYTES OUT, *writer.write*. In reading order:
//!
//! * `buffer.rs`: what has arrived and was not read; `limit.rs`: how much that may be; `frame.rs`: a large read that waits
//! * `reader.rs`: what a `StreamReader` consists of, feeding it, stopping and starting its transport
//! * `wait.rs`: waiting for data; `amount.rs`: the number of bytes that was asked for
//! * `read.rs`, `exactly.rs`: `read(n)`, `readexactly(n)`
//! * `until.rs` with `separators.rs`, `line.rs`: `readuntil`, `readline`, `async for`
//! * `flow.rs`, `drain_helper.rs`: `FlowControlMixin`: when writing has to stop, and who waits until it may go on
//! * `protocol.rs`, `connection.rs`: `StreamReaderProtocol`: between transport and reader
//! * `receive.rs`: the way past the protocol's methods, for transports of ours
//! * `writer.rs`, `drain.rs`, `wait_closed.rs`: `StreamWriter`
//! * `reader_type.rs`, `protocol_type.rs`, `writer_type.rs`: the Python types
//!
//! What must always be true:
//!
//! * A coroutine that finds its bytes there returns at its first step and makes no future.
//! * One coroutine waits for data at a time; whoever feeds the reader wakes it, at once.
//! * A byte that was fed is in the buffer until a read has returned it, or has raised it as `partial`.
//! * Every transport may stand behind a stream: what is done past a method is what the method does, and
//!   only for objects of exactly our types that have no attributes of their own.
//!
//! Read next: `python/aioxide/streams.py`, which opens connections.

mod amount;
mod buffer;
mod connection;
mod drain;
mod drain_helper;
mod exactly;
mod flow;
mod frame;
mod limit;
mod line;
mod protocol;
mod protocol_type;
mod read;
mod reader;
mod reader_type;
mod receive;
mod separators;
mod until;
mod wait;
mod wait_closed;
mod writer;
mod writer_type;

pub(crate) use protocol::StreamReaderProtocolObject;
pub(crate) use receive::{receive, receive_into_frame, room};

use crate::ffi::{Object, Result};

/// Makes the types.
pub(crate) fn register(module: &Object) -> Result<()> {
    reader_type::register(module)?;
    protocol_type::register(module)?;
    writer_type::register(module)
}
