//! BYTES IN and BYTES OUT as state machines: what has arrived, what is sent when, when a writer has to pause, who has
//! closed. Nothing in here calls Python or the selector, and the kernel only through what it is handed (a socket, or in
//! tests a scripted peer).
//!
//! * [`Channel`] (here): what a connected socket can do
//! * `read.rs`: one read for each readiness, and what it can mean
//! * `write.rs`: the queue of bytes that the kernel has not taken yet
//! * `flow.rs`: when the writer pauses and when it goes on
//! * `stream.rs`: one connection: who may read, write and close at which moment
//! * `stream_write.rs`: its way out: what is sent at once, what is queued, when the queue is flushed
//! * `habit.rs`: whether what is written next should wait for what is written after it
//! * `connect.rs`, `listener.rs`: an attempt to connect; accepting connections
//! * `pipe.rs`: the same channel over a pipe
//! * `sendfile.rs`: a file's way into a socket
//! * `datagram.rs`: datagrams that wait for room in the socket's buffer
//! * `scripted.rs`: for tests, a peer that follows a script
//!
//! What must always be true:
//!
//! * Nothing is lost or sent twice, and order is kept: a write goes to the kernel directly only when nothing is queued.
//! * A method returns what happened or what to do next; it never does it. Whoever owns the machine calls the
//!   protocol, the selector and the loop, and the state is settled before: those calls may come back here.
//! * A connection is lost once. From then on nothing is sent and nothing is read.
//!
//! Read next: `transport/` of the binding, which owns one machine for each transport.

mod connect;
mod datagram;
mod flow;
mod habit;
mod listener;
mod pipe;
mod read;
mod sendfile;
mod stream;
mod stream_write;
mod write;

#[cfg(test)]
mod scripted;

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use crate::sys::socket;

pub use connect::Connecting;
pub use datagram::{DatagramQueue, Destination, Flushed, Outgoing, SendDatagrams};
pub use flow::WaterMarks;
pub use habit::WriteHabit;
pub use listener::{Accepted, Round};
pub use pipe::Pipe;
pub use read::{
    MAX_SIZE, READ_SIZE, READS_IN_A_ROW, ReadSizes, Received, expect_frames, is_temporary, receive,
    receive_memory,
};
pub use sendfile::{FileChannel, FileSending, FileToSocket, SendfileStep};
pub use stream::{Abandoned, CloseStep, EndStep, Refusal, Stream};
pub use stream_write::{Drained, Progress, Queued, Written};
pub use write::{Chunk, Sent, WriteQueue};

/// A connected byte stream, as far as a transport uses it. No call blocks.
pub trait Channel {
    /// Receives what is there, as much as `room` takes; nothing is the end of the stream.
    fn receive<'a>(&self, room: &'a mut [MaybeUninit<u8>]) -> io::Result<&'a [u8]>;
    /// Sends the beginning of `bytes` and returns how much of it.
    fn send(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Sends the beginning of `slices` laid end to end and returns how much of it.
    fn send_gathered(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
}

/// A socket of the kernel's, by its descriptor, which somebody else owns and closes.
#[derive(Clone, Copy, Debug)]
pub struct Socket(pub RawFd);

impl Channel for Socket {
    #[inline]
    fn receive<'a>(&self, room: &'a mut [MaybeUninit<u8>]) -> io::Result<&'a [u8]> {
        socket::receive(self.0, room)
    }

    #[inline]
    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        socket::send(self.0, bytes)
    }

    fn send_gathered(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        socket::send_gathered(self.0, slices)
    }
}
