//! State machines of bytes on their way: what is queued, what is sent when, when a writer has to pause.
//!
//! BYTES OUT wait here when the kernel does not take them at once. Nothing in here makes a system call by itself: a state
//! machine is handed something to send with (a socket, or in tests a scripted peer), and returns what happened.
//!
//! * [`WaterMarks`]: when the writer pauses and when it goes on
//! * [`DatagramQueue`]: datagrams that wait for room in the socket's buffer
//!
//! What must always be true: nothing is lost or sent twice, order is kept, and what was queued can be dropped by the
//! caller, outside the state machine's borrow.

mod datagram;
mod flow;

pub use datagram::{DatagramQueue, Destination, Flushed, Outgoing, SendDatagrams};
pub use flow::WaterMarks;
