//! What a stream of messages contains, on both sides: a circle of messages that all differ.
//!
//! Each message begins with its number, is filled with letters and ends with a newline (so that a server that
//! reads lines can serve it too). A stream is the circle, read round and round from one of its messages; any
//! byte of it is known from its position, so sending copies nothing and checking needs no copy either.

/// Bytes that the circle has at least, unless its messages are that large themselves.
const CIRCLE_BYTES: usize = 256 * 1024;
/// A chunk up to this size is compared whole; of a larger one the ends are, and all of it once in a while.
const WHOLE_BYTES: usize = 4096;
const END_BYTES: usize = 64;
const WHOLE_EVERY: u64 = 16;
/// A prime, so that chunks of an even size do not all fall on the same side.
const STRIDE: u64 = 5003;

/// The circle for messages of one size.
#[derive(Debug)]
pub struct Pattern {
    circle: Vec<u8>,
    size: usize,
}

impl Pattern {
    /// The pattern of messages of `size` bytes, which must not be 0.
    #[must_use]
    pub fn new(size: usize) -> Self {
        let messages = (CIRCLE_BYTES / size.max(1)).clamp(4, 4096);
        let mut circle = Vec::with_capacity(messages * size);
        for number in 0..messages {
            let head = format!("{number:08x} ");
            let filling = (b'a'..=b'z').cycle().skip(number % 26);
            let mut message: Vec<u8> = head.into_bytes().into_iter().chain(filling).take(size).collect();
            if let Some(last) = message.last_mut() {
                *last = b'\n';
            }
            circle.append(&mut message);
        }
        Self { circle, size }
    }

    /// Bytes of one message.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Where the stream of the `number`th connection begins, so that neighbours send different messages.
    #[must_use]
    pub fn start(&self, number: usize) -> u64 {
        (number as u64 * self.size as u64) % self.circle.len() as u64
    }

    /// The contents from `position` on: up to `limit` bytes, fewer where the circle closes.
    #[must_use]
    pub fn from(&self, position: u64, limit: u64) -> &[u8] {
        let begin = (position % self.circle.len() as u64) as usize;
        let rest = self.circle.get(begin..).unwrap_or_default();
        let length = usize::try_from(limit).unwrap_or(usize::MAX).min(rest.len());
        rest.get(..length).unwrap_or_default()
    }

    /// One whole message of the circle.
    #[must_use]
    pub fn message(&self, number: u64) -> &[u8] {
        let messages = (self.circle.len() / self.size) as u64;
        self.from(number % messages * self.size as u64, self.size as u64)
    }

    /// Whether `chunk` is what the stream has at `position`. Large chunks are checked at both ends, and now and
    /// then whole, lest the check costs the client more than the transfer.
    #[must_use]
    pub fn matches(&self, position: u64, chunk: &[u8]) -> bool {
        if chunk.len() <= WHOLE_BYTES || (position / STRIDE) % WHOLE_EVERY == 0 {
            return self.equals(position, chunk);
        }
        let (Some(head), Some(tail)) = (chunk.first_chunk::<END_BYTES>(), chunk.last_chunk::<END_BYTES>())
        else {
            return self.equals(position, chunk);
        };
        let tail_position = position + (chunk.len() - END_BYTES) as u64;
        self.equals(position, head) && self.equals(tail_position, tail)
    }

    fn equals(&self, mut position: u64, mut chunk: &[u8]) -> bool {
        while !chunk.is_empty() {
            let wanted = self.from(position, chunk.len() as u64);
            let Some((piece, rest)) = chunk.split_at_checked(wanted.len()) else { return false };
            if piece != wanted {
                return false;
            }
            position += piece.len() as u64;
            chunk = rest;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_lines_of_their_size_and_all_differ() {
        for size in [10, 64, 1024, 1 << 20] {
            let pattern = Pattern::new(size);
            let messages: Vec<_> = pattern.circle.chunks(size).collect();
            assert!(messages.len() >= 4);
            for message in &messages {
                assert_eq!(message.iter().position(|&byte| byte == b'\n'), Some(size - 1));
            }
            let distinct: std::collections::HashSet<_> = messages.iter().collect();
            assert_eq!(distinct.len(), messages.len());
        }
    }

    #[test]
    fn what_is_sent_is_recognised_at_its_position_and_nowhere_else() {
        let pattern = Pattern::new(64);
        let length = pattern.circle.len() as u64;
        let chunk = [pattern.from(length - 10, 10), pattern.from(0, 90)].concat();
        assert_eq!(chunk.len(), 100);
        assert!(pattern.matches(length - 10, &chunk));
        assert!(pattern.matches(3 * length - 10, &chunk));
        assert!(!pattern.matches(length - 9, &chunk));
        assert!(!pattern.matches(length - 10 + 64, &chunk));
    }

    #[test]
    fn a_wrong_byte_in_a_small_chunk_or_at_an_end_of_a_large_one_is_seen() {
        let pattern = Pattern::new(1 << 16);
        for (length, position) in [(10_usize, 5000), (4096, 5000), (60_000, 0), (60_000, 5000)] {
            for wrong in [0, length - 1] {
                let mut chunk = pattern.from(position, length as u64).to_vec();
                assert!(pattern.matches(position, &chunk));
                chunk[wrong] ^= 1;
                assert!(!pattern.matches(position, &chunk));
            }
        }
    }

    #[test]
    fn a_wrong_byte_in_the_middle_is_seen_once_in_a_while() {
        let pattern = Pattern::new(1 << 16);
        let seen = (0..160_u64).filter(|turn| {
            let position = turn << 16;
            let mut chunk = pattern.from(position, 60_000).to_vec();
            chunk[5_000] ^= 1;
            !pattern.matches(position, &chunk)
        });
        let seen = seen.count();
        assert!((5..=20).contains(&seen), "{seen}");
    }

    #[test]
    fn neighbours_begin_with_different_messages() {
        let pattern = Pattern::new(64);
        assert_ne!(pattern.from(pattern.start(0), 64), pattern.from(pattern.start(1), 64));
        assert_eq!(pattern.start(4096), 0);
    }
}
