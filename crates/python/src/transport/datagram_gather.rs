//! Gathering answers: what a protocol sends while a batch of received datagrams is delivered to it leaves in one system
//! call, and those of one size to one address as one message.
//!
//! For whoever looks, a datagram has left when `sendto` returns: it counts in no size, and closing or giving the transport
//! up does not hold it back. What asyncio would do otherwise is an error of the network, which the protocol hears of
//! after `datagram_received` and not inside of it.
//!
//! Nothing is gathered outside of such a batch (a program may send and then wait for the answer without letting the loop
//! run), nor for longer than [`PATIENCE`] and one call of the protocol, nor on a connected socket: the kernel hands an
//! error that the peer has sent back to the next datagram, and keeps silent about it if that is not the first of its batch.

use std::cell::Cell;
use std::time::Duration;

use aioxide_core::sys::{LARGEST_SEGMENT, SEND_BATCH, clock};
use aioxide_core::transport::{Destination, Flushed, Outgoing};

use crate::event_loop::Direction;
use crate::ffi::{Layout, Object, Owned, Raised, Result};

use super::datagram::{DatagramTransport, Traffic};

/// A protocol that takes longer for a batch is not asked to wait for the end of it.
const PATIENCE: Duration = Duration::from_micros(100);

/// Whether the queue holds what would have left already, had it not been gathered.
pub(super) struct Gathering {
    /// Whether the protocol is being called and more has been received for it.
    expects_more: Cell<bool>,
    is_begun: Cell<bool>,
    began_at: Cell<u64>,
}

impl Gathering {
    pub(super) fn new() -> Self {
        Self { expects_more: Cell::new(false), is_begun: Cell::new(false), began_at: Cell::new(0) }
    }

    /// A call of the protocol begins, after which there `is_more` to deliver, or has ended.
    #[inline]
    pub(super) fn expect_more(&self, is_more: bool) {
        self.expects_more.set(is_more);
    }

    /// Whether what is in the queue has left for whoever asks.
    #[inline]
    pub(super) fn is_begun(&self) -> bool {
        self.is_begun.get()
    }

    fn has_lasted(&self) -> bool {
        clock::ticks().wrapping_sub(self.began_at.get()) > clock::ticks_in(PATIENCE)
    }
}

impl Traffic {
    /// Whether `data` may wait for the rest of its batch.
    #[inline]
    pub(super) fn may_gather(&self, data: &Object, destination: &Destination<Owned>) -> bool {
        let gathering = &self.gathering;
        let is_time = gathering.is_begun()
            || (gathering.expects_more.get() && self.queue.with(|queue| queue.is_empty()));
        is_time
            // The system call is the least of a larger one's costs, and some are too large to be sent.
            && data.exact_bytes().is_some_and(|bytes| bytes.len() <= LARGEST_SEGMENT)
            && matches!(destination, Destination::Address(_))
    }
}

impl DatagramTransport {
    /// A datagram was put into the queue to be gathered.
    #[inline]
    pub(super) fn note_gathered(&self, traffic: &Traffic) -> Result<()> {
        if !traffic.gathering.is_begun.replace(true) {
            traffic.gathering.began_at.set(clock::ticks());
        }
        if traffic.queue.with(|queue| queue.len()) < SEND_BATCH { Ok(()) } else { self.send_gathered() }
    }

    /// After a call of the protocol: sends what has been gathered, unless it may wait for the next call's answers.
    #[inline]
    pub(super) fn send_if_late(&self, traffic: &Traffic) -> Result<()> {
        if traffic.gathering.is_begun() && traffic.gathering.has_lasted() {
            self.send_gathered()
        } else {
            Ok(())
        }
    }

    /// Sends what has been gathered; what the socket does not take is queued from now on.
    pub(super) fn send_gathered(&self) -> Result<()> {
        let Some(traffic) = self.traffic.get() else { return Ok(()) };
        if !traffic.gathering.is_begun.replace(false) {
            return Ok(());
        }
        let exception = self.flush_gathered(traffic).err().map(Raised::take);
        if !traffic.queue.with(|queue| queue.is_empty()) {
            self.attachment.watch(&self.base, Direction::Writing)?;
            let size = traffic.queue.with(|queue| queue.size());
            traffic.limits.rise(size, self.object(), &self.attachment.protocol())?;
        }
        exception.map_or(Ok(()), |exception| Err(Raised::restore(exception)))
    }

    fn flush_gathered(&self, traffic: &Traffic) -> Result<()> {
        loop {
            let Some(fd) = self.attachment.descriptor()? else { return Ok(()) };
            match traffic.flush(fd) {
                Flushed::Empty | Flushed::Blocked => return Ok(()),
                Flushed::Failed(_, error) => self.error_received(Raised::os_error(&error))?,
                Flushed::Foreign(data, address) => {
                    // The protocol has sent it when it heard of an error. It has time.
                    let datagram = Outgoing { data, destination: Destination::Foreign(address) };
                    traffic.queue.with(|queue| queue.put_back(datagram));
                    return Ok(());
                }
            }
        }
    }
}
