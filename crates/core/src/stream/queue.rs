//! Bytes, first in, first out.

/// How much memory an empty queue keeps, in bytes. Most messages fit, so that they cost no allocation, and
/// ten thousand idle connections hold 40 MB at most.
const KEPT_WHEN_EMPTY: usize = 4096;

/// Bytes that have arrived, in one contiguous piece, so that they can be searched and copied out whole.
///
/// Reading moves `start` forward; what was read is given up when the memory is needed, which moves each
/// byte that is still unread at most once for every byte that was read before it.
#[derive(Debug, Default)]
pub struct ByteQueue {
    bytes: Vec<u8>,
    start: usize,
}

impl ByteQueue {
    /// An empty queue, without an allocation.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), start: 0 }
    }

    /// Adds bytes behind all others.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        if self.bytes.capacity() - self.bytes.len() < bytes.len() {
            self.make_room(bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Makes room for `more` bytes that are expected, so that they will be moved once.
    #[inline]
    pub fn reserve(&mut self, more: usize) {
        if self.bytes.capacity() - self.bytes.len() < more {
            self.make_room(more);
        }
    }

    /// Drops the first `count` bytes, or all if there are fewer.
    #[inline]
    pub fn skip(&mut self, count: usize) {
        if count >= self.len() {
            self.clear();
        } else {
            self.start += count;
        }
    }

    /// Drops every byte, and the memory of a queue that was long.
    #[inline]
    pub fn clear(&mut self) {
        self.start = 0;
        if self.bytes.capacity() > KEPT_WHEN_EMPTY {
            self.bytes = Vec::new();
        } else {
            self.bytes.clear();
        }
    }

    /// The bytes, first to last.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// How many bytes there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory held for bytes.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives up the bytes that were read if they are at least as many as those that were not; memory for
    /// the rest is asked for by doubling.
    #[cold]
    fn make_room(&mut self, more: usize) {
        if self.start >= self.len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.reserve(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_leave_in_the_order_in_which_they_came() {
        let mut queue = ByteQueue::new();
        queue.push(b"one ");
        queue.push(b"two");
        assert_eq!(queue.as_slice(), b"one two");
        queue.skip(4);
        queue.push(b" three");
        assert_eq!((queue.as_slice(), queue.len()), (&b"two three"[..], 9));
        queue.skip(100);
        assert!(queue.is_empty());
    }

    #[test]
    fn an_empty_queue_keeps_little_memory() {
        let mut queue = ByteQueue::new();
        queue.push(&[0; 100]);
        queue.skip(100);
        assert!(queue.capacity() >= 100);
        queue.push(&[0; 1 << 20]);
        queue.skip(1 << 20);
        assert_eq!(queue.capacity(), 0);
    }

    #[test]
    fn a_queue_that_is_read_as_fast_as_it_is_written_does_not_grow() {
        let mut queue = ByteQueue::new();
        queue.push(&[0; 1000]);
        for _ in 0..100_000 {
            queue.push(&[0; 10]);
            queue.skip(10);
        }
        assert!(queue.capacity() < 8 * 1000, "{}", queue.capacity());
    }
}
