//! Reading: one receive for each readiness, as long as it may have been all.
//!
//! The selector is level-triggered, so what one receive leaves behind is reported again; a second receive, which
//! would mostly find nothing, is a system call saved. After one that gave as much as any ever does it finds more.

use std::hint::black_box;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::sync::Once;

use super::Channel;

/// The most that one receive gives: asyncio's `max_size`.
pub const MAX_SIZE: usize = 256 * 1024;

/// How much one receive of a stream asks for, unless it is [answered](ReadSizes::note_sent) in bulk. Asking for all that
/// may come is slower: 64 KiB are still in the core's cache when the program looks at them (one way, 5 to 7 GiB a second
/// instead of 3.6).
pub const READ_SIZE: usize = 64 * 1024;

/// So many receives follow each other while each is [full](ReadSizes::has_more): then it is the next connection's turn.
pub const READS_IN_A_ROW: usize = 4;

/// A read of so many bytes is large: the next one goes straight into its final object.
const LARGE: usize = 64 * 1024;

/// The block that teaches the heap; what it learns is twice as much.
const LARGEST_MESSAGE: usize = 2 * 1024 * 1024;

/// The same for [frames](expect_frames), of which each connection may have one.
const MANY_FRAMES: usize = 16 * 1024 * 1024;

/// Memory for receives whose bytes are copied out, for a loop to keep.
pub fn receive_memory() -> Box<[MaybeUninit<u8>]> {
    static TAUGHT: Once = Once::new();
    TAUGHT.call_once(|| teach_heap(LARGEST_MESSAGE));
    Box::new_uninit_slice(MAX_SIZE)
}

/// To be called before memory is taken for a message that is still to come. Those of ten connections are there at the same
/// time, and may go at the same time.
pub fn expect_frames() {
    static TAUGHT: Once = Once::new();
    TAUGHT.call_once(|| teach_heap(MANY_FRAMES));
}

/// Takes a large block and gives it back, by which the C library's heap learns that large blocks come and go.
///
/// Before that, glibc gives free memory back to the kernel as soon as 128 KiB of it lie at the heap's end, which two
/// messages of 64 KiB are: each page of the next message is then a fault (62 us of system time instead of 14, four times
/// fewer messages). A block that was mapped and is freed raises the mark to twice its size, once and for all.
fn teach_heap(size: usize) {
    let mut block = Vec::<u8>::new();
    if block.try_reserve_exact(size).is_ok() {
        drop(black_box(block));
    }
}

/// What one receive gave.
#[derive(Debug)]
pub enum Received<'a> {
    /// Bytes, more than none.
    Bytes(&'a [u8]),
    /// The peer will send nothing more.
    End,
    /// Nothing yet: the readiness was taken by somebody else, or a signal came.
    Nothing,
    /// The connection is broken.
    Failed(io::Error),
}

/// Receives once into `room`, which is not empty.
#[inline]
pub fn receive<'a>(channel: &impl Channel, room: &'a mut [MaybeUninit<u8>]) -> Received<'a> {
    match channel.receive(room) {
        Ok([]) => Received::End,
        Ok(bytes) => Received::Bytes(bytes),
        Err(error) if is_temporary(&error) => Received::Nothing,
        Err(error) => Received::Failed(error),
    }
}

/// Whether an operation may simply be tried again when the selector says so.
#[inline]
pub fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Where to read to: a small read goes into memory that all connections share and is copied out in its exact size;
/// bulk goes straight to where it stays, which costs an allocation of full size but no copy.
///
/// Bulk is followed by bulk: the last read's size is a good guess. Bulk that is answered with bulk leaves again in sends
/// of the size in which it came, and each send wakes the peer: then few large reads are cheaper than many that stay in
/// the cache.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadSizes {
    last_was_large: bool,
    last_was_full: bool,
    /// How much of what was sent stands for as much that is still to come.
    unanswered: u32,
}

impl ReadSizes {
    /// Whether the next read should go straight to its final place.
    #[inline]
    pub fn expects_bulk(self) -> bool {
        self.last_was_large
    }

    /// How much the next read should ask for.
    #[inline]
    pub fn next_size(self) -> usize {
        if self.last_was_large && self.unanswered > 0 { MAX_SIZE } else { READ_SIZE }
    }

    /// As [`note`](ReadSizes::note), of what came into a room of this size.
    #[inline]
    pub fn note_in(&mut self, count: usize, room: usize) {
        self.last_was_full = count == room && room >= MAX_SIZE;
        self.note(count);
    }

    /// Remembers how much came.
    #[inline]
    pub fn note(&mut self, count: usize) {
        self.last_was_large = count >= LARGE;
        self.unanswered = self.unanswered.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Whether more is there, in all likelihood: the last read gave as much as one ever does.
    #[inline]
    pub fn has_more(self) -> bool {
        self.last_was_full
    }

    /// As [`has_more`](ReadSizes::has_more), and forgets it: the next read may find the end, which says nothing of sizes.
    pub fn take_more(&mut self) -> bool {
        std::mem::take(&mut self.last_was_full)
    }

    /// Whether something of this size, sent on the same connection, has to be [noted](ReadSizes::note_sent).
    #[inline(always)]
    pub fn is_bulk(count: usize) -> bool {
        count >= LARGE
    }

    /// Remembers that bulk was sent, so much of it.
    pub fn note_sent(&mut self, count: usize) {
        self.unanswered = u32::try_from(count).unwrap_or(u32::MAX);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::super::scripted::{Scripted, Step};
    use super::*;

    #[test]
    fn each_outcome_of_a_receive_has_its_meaning() {
        let mut room = [MaybeUninit::uninit(); 8];
        let channel = Scripted::receiving([
            Step::Bytes(b"data"),
            Step::Error(libc::EAGAIN),
            Step::Error(libc::EINTR),
            Step::Bytes(b"more than fits"),
            Step::Bytes(b""),
            Step::Error(libc::ECONNRESET),
        ]);
        assert!(matches!(receive(&channel, &mut room), Received::Bytes(b"data")));
        assert!(matches!(receive(&channel, &mut room), Received::Nothing));
        assert!(matches!(receive(&channel, &mut room), Received::Nothing));
        assert!(matches!(receive(&channel, &mut room), Received::Bytes(b"more tha")));
        assert!(matches!(receive(&channel, &mut room), Received::End));
        let Received::Failed(error) = receive(&channel, &mut room) else { panic!("the reset is lost") };
        assert_eq!(error.raw_os_error(), Some(libc::ECONNRESET));
    }

    #[test]
    fn bulk_is_expected_after_bulk_only() {
        let mut sizes = ReadSizes::default();
        assert!(!sizes.expects_bulk());
        sizes.note(LARGE);
        assert!(sizes.expects_bulk());
        sizes.note(LARGE - 1);
        assert!(!sizes.expects_bulk());
    }

    #[test]
    fn more_is_expected_after_a_read_that_was_full_and_large() {
        let mut sizes = ReadSizes::default();
        for (count, room, more) in [
            (MAX_SIZE, MAX_SIZE, true),
            (MAX_SIZE - 1, MAX_SIZE, false),
            (READ_SIZE, READ_SIZE, false),
            (2 * MAX_SIZE, 2 * MAX_SIZE, true),
            (1, 1, false),
        ] {
            sizes.note_in(count, room);
            assert_eq!(sizes.has_more(), more, "{count} of {room}");
            assert_eq!(sizes.take_more(), more);
            assert!(!sizes.has_more() && !sizes.take_more(), "asked twice");
        }
    }

    #[test]
    fn reads_are_larger_while_bulk_answers_bulk() {
        let mut sizes = ReadSizes::default();
        sizes.note_sent(LARGE);
        assert_eq!(sizes.next_size(), READ_SIZE, "nothing came that this could answer");
        sizes.note(LARGE);
        assert_eq!(sizes.next_size(), READ_SIZE, "nothing was sent since");
        sizes.note_sent(2 * MAX_SIZE);
        for _ in 0..2 {
            assert_eq!(sizes.next_size(), MAX_SIZE, "as much comes as was sent");
            sizes.note(MAX_SIZE);
        }
        assert_eq!(sizes.next_size(), READ_SIZE, "the peer sends, and gets no answer");
        sizes.note(100);
        sizes.note_sent(LARGE);
        assert_eq!(sizes.next_size(), READ_SIZE, "a request is small");
        assert!(ReadSizes::is_bulk(LARGE) && !ReadSizes::is_bulk(LARGE - 1));
    }
}
