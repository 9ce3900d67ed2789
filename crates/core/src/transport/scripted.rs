//! A peer that follows a script, and a writer that does what transports do, for tests.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;

use super::Channel;
use super::stream::Stream;
use super::stream_write::{Queued, Written};

/// How one call ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A receive gives these bytes, or the end for none of them.
    Bytes(&'static [u8]),
    /// A send takes so many bytes at most.
    Take(usize),
    /// The call fails with this error number.
    Error(i32),
}

/// A channel whose receives and sends follow two scripts; when a script is over, nothing arrives and everything is
/// taken.
#[derive(Default)]
pub(super) struct Scripted {
    receives: RefCell<VecDeque<Step>>,
    sends: RefCell<VecDeque<Step>>,
    /// What each send took.
    pub(super) sent: RefCell<Vec<Vec<u8>>>,
}

impl Scripted {
    pub(super) fn receiving(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { receives: RefCell::new(steps.into_iter().collect()), ..Self::default() }
    }

    pub(super) fn sending(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { sends: RefCell::new(steps.into_iter().collect()), ..Self::default() }
    }

    /// Everything that was taken, end to end.
    pub(super) fn all_sent(&self) -> Vec<u8> {
        self.sent.borrow().concat()
    }

    fn take(&self, bytes: Vec<u8>) -> io::Result<usize> {
        let room = match self.sends.borrow_mut().pop_front() {
            None => usize::MAX,
            Some(Step::Take(room)) => room,
            Some(Step::Error(number)) => return Err(io::Error::from_raw_os_error(number)),
            Some(Step::Bytes(_)) => panic!("a send gives no bytes"),
        };
        let count = bytes.len().min(room);
        self.sent.borrow_mut().push(bytes[..count].to_vec());
        Ok(count)
    }
}

impl Channel for Scripted {
    fn receive<'a>(&self, room: &'a mut [MaybeUninit<u8>]) -> io::Result<&'a [u8]> {
        match self.receives.borrow_mut().pop_front() {
            None => Err(io::Error::from_raw_os_error(libc::EAGAIN)),
            Some(Step::Error(number)) => Err(io::Error::from_raw_os_error(number)),
            Some(Step::Take(_)) => panic!("a receive takes no bytes"),
            // The script's own bytes stand for the room that they would have been written to.
            Some(Step::Bytes(bytes)) => Ok(bytes.get(..room.len()).unwrap_or(bytes)),
        }
    }

    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes.to_vec())
    }

    fn send_gathered(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.take(slices.iter().flat_map(|slice| slice.to_vec()).collect())
    }
}

/// Writes as a transport does: queues what is left over. The outcome, and what followed from queueing.
pub(super) fn write(
    stream: &mut Stream<Vec<u8>>,
    channel: &Scripted,
    bytes: &[u8],
) -> (Written, Option<Queued>) {
    let written = stream.write(channel, bytes);
    let queued = match written {
        Written::Partly(begun) => Some(stream.queue(bytes.to_vec(), begun)),
        _ => None,
    };
    (written, queued)
}
