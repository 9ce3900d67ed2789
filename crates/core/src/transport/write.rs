//! Writing: what the kernel has not taken yet waits in a queue of chunks, and leaves in gathered sends.
//!
//! A chunk is whatever the owner keeps bytes in, so that an immutable object can wait without being copied. Only
//! the first chunk can be sent in part; the queue remembers how far.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use super::Channel;
use super::read::is_temporary;
use crate::sys::socket::GATHER_LIMIT;

/// Something that keeps bytes, always the same ones. Dropping it must not come back to the queue it was in.
pub trait Chunk {
    /// The bytes.
    fn bytes(&self) -> &[u8];
}

/// What a send did.
#[derive(Debug)]
pub enum Sent {
    /// So many bytes have left; none, when the kernel's buffer is full.
    Bytes(usize),
    /// The connection is broken.
    Failed(io::Error),
}

/// Chunks on their way to the kernel, in order.
#[derive(Debug)]
pub struct WriteQueue<C> {
    chunks: VecDeque<C>,
    /// How much of the first chunk has left.
    begun: usize,
    /// How many bytes wait, over all chunks.
    size: usize,
}

/// So many slices are gathered on the stack: a header with its body, or a few writes that met a full buffer.
const FEW: usize = 16;

impl<C: Chunk> WriteQueue<C> {
    /// An empty queue, which has allocated nothing.
    pub const fn new() -> Self {
        Self { chunks: VecDeque::new(), begun: 0, size: 0 }
    }

    /// Puts what follows the first `begun` bytes of `chunk` at the end. The beginning may be cut off only when the
    /// queue is empty. A chunk with nothing left to send is not kept.
    pub fn push(&mut self, chunk: C, begun: usize) {
        let waiting = chunk.bytes().len().saturating_sub(begun);
        if waiting == 0 {
            return;
        }
        if self.chunks.is_empty() {
            self.begun = begun;
        }
        debug_assert!(begun == 0 || self.chunks.is_empty(), "only the first chunk can have begun");
        self.size = self.size.saturating_add(waiting);
        self.chunks.push_back(chunk);
    }

    /// Sends as much as the kernel takes in one call. Chunks that have left whole are dropped.
    pub fn flush(&mut self, channel: &impl Channel) -> Sent {
        let sent = match self.chunks.len() {
            0 => return Sent::Bytes(0),
            1 => self.waiting().next().map_or(Ok(0), |bytes| channel.send(bytes)),
            count if count <= FEW => {
                let mut slices = [IoSlice::new(&[]); FEW];
                slices.iter_mut().zip(self.waiting()).for_each(|(slice, bytes)| *slice = IoSlice::new(bytes));
                channel.send_gathered(slices.get(..count).unwrap_or(&slices))
            }
            _ => {
                let slices: Vec<_> = self.waiting().take(GATHER_LIMIT).map(IoSlice::new).collect();
                channel.send_gathered(&slices)
            }
        };
        match sent {
            Ok(count) => {
                self.advance(count);
                Sent::Bytes(count)
            }
            Err(error) if is_temporary(&error) => Sent::Bytes(0),
            Err(error) => Sent::Failed(error),
        }
    }

    /// Takes everything out.
    #[must_use]
    pub fn take(&mut self) -> VecDeque<C> {
        (self.begun, self.size) = (0, 0);
        std::mem::take(&mut self.chunks)
    }

    /// What still waits of each chunk, in order.
    pub fn waiting(&self) -> impl Iterator<Item = &[u8]> {
        let mut begun = self.begun;
        self.chunks
            .iter()
            .map(move |chunk| chunk.bytes().get(std::mem::take(&mut begun)..).unwrap_or_default())
    }

    /// How many bytes wait.
    #[inline]
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many chunks wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether nothing waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The chunks themselves, for whoever has to show what they refer to.
    pub fn chunks(&self) -> impl Iterator<Item = &C> {
        self.chunks.iter()
    }

    /// So many more bytes have left.
    fn advance(&mut self, count: usize) {
        self.size = self.size.saturating_sub(count);
        let mut left = self.begun.saturating_add(count);
        while let Some(first) = self.chunks.front() {
            let length = first.bytes().len();
            if left < length {
                break;
            }
            left -= length;
            self.chunks.pop_front();
        }
        self.begun = if self.chunks.is_empty() { 0 } else { left };
    }
}

impl<C: Chunk> Default for WriteQueue<C> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::super::scripted::{Scripted, Step};
    use super::*;
    use proptest::prelude::*;

    impl Chunk for Vec<u8> {
        fn bytes(&self) -> &[u8] {
            self
        }
    }

    fn queue_of(chunks: &[&[u8]]) -> WriteQueue<Vec<u8>> {
        let mut queue = WriteQueue::new();
        chunks.iter().for_each(|chunk| queue.push(chunk.to_vec(), 0));
        queue
    }

    fn waiting(queue: &WriteQueue<Vec<u8>>) -> Vec<u8> {
        queue.waiting().flatten().copied().collect()
    }

    #[test]
    fn several_chunks_leave_in_one_call() {
        let (mut queue, channel) = (queue_of(&[b"one", b"two", b"three"]), Scripted::default());
        assert_eq!(queue.size(), 11);
        assert!(matches!(queue.flush(&channel), Sent::Bytes(11)));
        assert_eq!(*channel.sent.borrow(), [b"onetwothree"]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_send_may_end_anywhere() {
        for end in 0..=11 {
            let channel = Scripted::sending([Step::Take(end)]);
            let mut queue = queue_of(&[b"one", b"two", b"three"]);
            assert!(matches!(queue.flush(&channel), Sent::Bytes(count) if count == end));
            assert_eq!(queue.size(), 11 - end);
            assert_eq!(waiting(&queue), b"onetwothree"[end..]);
            assert_eq!(queue.is_empty(), end == 11);
            assert!(matches!(queue.flush(&channel), Sent::Bytes(_)));
            assert_eq!(channel.all_sent(), b"onetwothree");
        }
    }

    #[test]
    fn a_full_kernel_buffer_or_a_signal_leaves_everything_queued() {
        let channel = Scripted::sending([Step::Error(libc::EAGAIN), Step::Error(libc::EINTR)]);
        let mut queue = queue_of(&[b"one", b"two"]);
        for _ in 0..2 {
            assert!(matches!(queue.flush(&channel), Sent::Bytes(0)));
            assert_eq!(waiting(&queue), b"onetwo");
        }
    }

    #[test]
    fn what_has_begun_already_is_not_sent_again() {
        let (mut queue, channel) = (WriteQueue::new(), Scripted::default());
        queue.push(b"sent, waiting".to_vec(), 6);
        queue.push(b" too".to_vec(), 0);
        assert_eq!(queue.size(), 11);
        queue.flush(&channel);
        assert_eq!(channel.all_sent(), b"waiting too");
    }

    #[test]
    fn a_chunk_with_nothing_to_send_is_not_kept() {
        let mut queue = queue_of(&[b""]);
        queue.push(b"whole".to_vec(), 5);
        assert!(queue.is_empty());
        assert!(matches!(queue.flush(&Scripted::sending([Step::Error(libc::EPIPE)])), Sent::Bytes(0)));
    }

    #[test]
    fn a_reset_is_told_and_what_waits_can_be_taken() {
        let mut queue = queue_of(&[b"one"]);
        let channel = Scripted::sending([Step::Error(libc::ECONNRESET)]);
        let Sent::Failed(error) = queue.flush(&channel) else { panic!("the reset is lost") };
        assert_eq!(error.raw_os_error(), Some(libc::ECONNRESET));
        assert_eq!(queue.take(), [b"one".to_vec()]);
        assert_eq!((queue.size(), queue.is_empty()), (0, true));
    }

    #[test]
    fn no_send_gathers_more_than_the_kernel_takes() {
        let mut queue = queue_of(&[&b"x"[..]; GATHER_LIMIT + 3]);
        let channel = Scripted::default();
        assert!(matches!(queue.flush(&channel), Sent::Bytes(GATHER_LIMIT)));
        assert!(matches!(queue.flush(&channel), Sent::Bytes(3)));
        assert!(queue.is_empty());
    }

    proptest! {
        /// Whatever is pushed and however the kernel cuts it: all of it leaves once, in order.
        #[test]
        fn nothing_is_lost_doubled_or_reordered(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..40),
            takes in prop::collection::vec(0_usize..90, 0..60),
        ) {
            let channel = Scripted::sending(takes.iter().map(|room| Step::Take(*room)));
            let mut queue = WriteQueue::new();
            for (index, chunk) in chunks.iter().enumerate() {
                queue.push(chunk.clone(), 0);
                if index % 3 == 0 {
                    queue.flush(&channel);
                }
                prop_assert_eq!(queue.size(), queue.waiting().map(<[u8]>::len).sum::<usize>());
            }
            while !queue.is_empty() {
                queue.flush(&channel);
            }
            prop_assert_eq!(channel.all_sent(), chunks.concat());
        }
    }
}
