//! The ready queue: entries in the order in which they will run.
//!
//! A task's wake-up, a callback, a due timer: each is one entry, pushed at the back and popped from the
//! front, and nothing else happens on the way. This is the hottest structure of the loop (twice per step of
//! every task), so it is a ring in one allocation, grown by doubling and kept. Only what a burst of entries has
//! left behind is given back ([`Queue::give_back_room`]).
//!
//! To honour the snapshot rule, a turn reads [`Queue::len`] once and pops that many entries.

use std::collections::VecDeque;

/// Room for so many entries is never given back: 128 KiB of the largest ones.
const KEPT_ROOM: usize = 4096;

/// A first-in, first-out ring of entries for one thread.
#[derive(Debug)]
pub struct Queue<T> {
    entries: VecDeque<T>,
}

impl<T> Queue<T> {
    /// An empty queue, without an allocation.
    pub const fn new() -> Self {
        Self { entries: VecDeque::new() }
    }

    /// Adds an entry behind all others.
    #[inline]
    pub fn push_back(&mut self, entry: T) {
        self.entries.push_back(entry);
    }

    /// Takes the entry that is to run next.
    #[inline]
    pub fn pop_front(&mut self) -> Option<T> {
        self.entries.pop_front()
    }

    /// How many entries wait: at the beginning of a turn, the number it will run.
    #[inline]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when nothing waits to be run, so that the loop may block.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Gives memory back of which less than an eighth is used. To be called at the end of a turn.
    #[inline]
    pub fn give_back_room(&mut self) {
        if self.entries.capacity() > KEPT_ROOM && self.entries.len() < self.entries.capacity() / 8 {
            self.shrink();
        }
    }

    #[cold]
    fn shrink(&mut self) {
        self.entries.shrink_to(KEPT_ROOM.max(2 * self.entries.len()));
    }

    /// The entries in the order in which they will run.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter()
    }

    /// Takes everything out. The entries are dropped by whoever holds the result, where a payload's end may
    /// run a user's code without this queue being borrowed.
    #[must_use = "dropping the entries may run a user's code: choose where"]
    pub fn take(&mut self) -> VecDeque<T> {
        std::mem::take(&mut self.entries)
    }

    /// Moves all of `others` behind the entries here, keeping their order and the allocations of both.
    #[inline]
    pub(super) fn append(&mut self, others: &mut VecDeque<T>) {
        self.entries.append(others);
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_leave_in_the_order_in_which_they_came() {
        let mut queue = Queue::new();
        (0..100).for_each(|entry| queue.push_back(entry));
        assert!(queue.iter().copied().eq(0..100));
        for expected in 0..50 {
            assert_eq!(queue.pop_front(), Some(expected));
            queue.push_back(expected + 100);
        }
        assert!(queue.take().into_iter().eq(50..150));
        assert_eq!((queue.len(), queue.pop_front()), (0, None));
    }

    #[test]
    fn the_room_of_a_burst_is_given_back_and_a_small_one_kept() {
        let mut queue = Queue::new();
        (0..KEPT_ROOM * 16).for_each(|entry| queue.push_back(entry));
        let most = queue.entries.capacity();
        queue.give_back_room();
        assert_eq!(queue.entries.capacity(), most);
        while queue.len() > 10 {
            queue.pop_front();
        }
        queue.give_back_room();
        assert!(queue.entries.capacity() < most / 8 && queue.entries.capacity() >= KEPT_ROOM);
        assert!(queue.iter().copied().eq(KEPT_ROOM * 16 - 10..KEPT_ROOM * 16));
        let kept = queue.entries.capacity();
        queue.give_back_room();
        assert_eq!(queue.entries.capacity(), kept);
    }

    #[test]
    fn a_turn_that_counts_first_runs_nothing_that_was_queued_meanwhile() {
        let mut queue = Queue::new();
        queue.push_back(1);
        queue.push_back(2);
        let mut ran = Vec::new();
        for _ in 0..queue.len() {
            let Some(entry) = queue.pop_front() else { break };
            ran.push(entry);
            queue.push_back(entry + 10);
        }
        assert_eq!(ran, [1, 2]);
        assert!(queue.iter().copied().eq([11, 12]));
    }
}
