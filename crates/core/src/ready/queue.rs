//! The ready queue: entries in the order in which they will run.
//!
//! A task's wake-up, a callback, a due timer: each is one entry, pushed at the back and popped from the
//! front, and nothing else happens on the way. This is the hottest structure of the loop (twice per step of
//! every task), so it is a ring in one allocation, grown by doubling and kept. Only what a burst of entries has
//! left behind is given back ([`Queue::give_back_room`]).
//!
//! The ring is not a `VecDeque`: a number of places that is a power of two wraps with one `and`, and what is pushed
//! is written where it will be read from. That is 15 instructions less for each entry, and no copy that waits for
//! two stores to meet in the cache.
//!
//! To honour the snapshot rule, a turn reads [`Queue::len`] once and pops that many entries.

use std::collections::VecDeque;
use std::iter;
use std::mem::{self, ManuallyDrop};

/// Room for so many entries is never given back: 128 KiB of the largest ones. A power of two.
const KEPT_ROOM: usize = 4096;

/// So many turns the room of a burst is kept: a thread that posts in bursts needs it again, and has to have each of
/// its entries moved twice while the ring grows.
const TURNS_KEPT: u32 = 16;

/// Room for so many is made first.
const FIRST_ROOM: usize = 16;

/// A first-in, first-out ring of entries for one thread.
#[derive(Debug)]
pub struct Queue<T> {
    /// None, or a power of two of them. Those in use hold an entry, all others nothing.
    places: Box<[Option<T>]>,
    /// How many entries have been taken out so far. It wraps, as does the next one.
    first: usize,
    /// How many have been put in. The entry of a number stands in the place that is the rest of the number.
    end: usize,
    /// For how many turns now little of much room was used.
    turns_with_little: u32,
}

impl<T> Queue<T> {
    /// An empty queue, without an allocation.
    pub fn new() -> Self {
        Self { places: Box::default(), first: 0, end: 0, turns_with_little: 0 }
    }

    /// Where the entry of this number is. Of no places, none is found there.
    #[inline(always)]
    fn place(&self, number: usize) -> usize {
        number & self.places.len().wrapping_sub(1)
    }

    /// Adds an entry behind all others.
    #[inline(always)]
    pub fn push_back(&mut self, entry: T) {
        // Nowhere dropped here, so that it is put together in its place and not in memory of its own first.
        let entry = ManuallyDrop::new(entry);
        if self.len() == self.places.len() {
            self.resize((2 * self.places.len()).max(FIRST_ROOM));
        }
        let place = self.place(self.end);
        if let Some(place) = self.places.get_mut(place) {
            // There was nothing, and the compiler need not look for what to drop.
            let _nothing = ManuallyDrop::new(place.replace(ManuallyDrop::into_inner(entry)));
        }
        self.end = self.end.wrapping_add(1);
    }

    /// Takes the entry that is to run next.
    #[inline(always)]
    pub fn pop_front(&mut self) -> Option<T> {
        let place = self.place(self.first);
        let entry = mem::replace(self.places.get_mut(place)?, const { None })?;
        self.first = self.first.wrapping_add(1);
        Some(entry)
    }

    /// The entry that is to run next.
    #[inline(always)]
    pub fn next(&self) -> Option<&T> {
        self.places.get(self.place(self.first))?.as_ref()
    }

    /// How many entries wait: at the beginning of a turn, the number it will run.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.end.wrapping_sub(self.first)
    }

    /// True when nothing waits to be run, so that the loop may block.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.end == self.first
    }

    /// Gives memory back of which less than an eighth was used by any of the last turns. To be called at the end of a
    /// turn of so many entries.
    #[inline(always)]
    pub fn give_back_room(&mut self, turn: usize) {
        if self.places.len() > KEPT_ROOM {
            self.give_back_much_room(turn.max(self.len()));
        }
    }

    #[cold]
    #[inline(never)]
    fn give_back_much_room(&mut self, used: usize) {
        if used >= self.places.len() / 8 {
            self.turns_with_little = 0;
            return;
        }
        self.turns_with_little += 1;
        if self.turns_with_little == TURNS_KEPT {
            self.turns_with_little = 0;
            self.resize(KEPT_ROOM.max((2 * self.len()).next_power_of_two()));
        }
    }

    /// Moves the entries into a ring of so many places: a power of two, and enough for all of them.
    #[cold]
    #[inline(never)]
    fn resize(&mut self, places: usize) {
        let mut moved = Vec::with_capacity(places);
        while let Some(entry) = self.pop_front() {
            moved.push(Some(entry));
        }
        (self.first, self.end) = (0, moved.len());
        moved.resize_with(places, || None);
        self.places = moved.into_boxed_slice();
    }

    /// The entries in the order in which they will run.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let (behind, before) = self.places.split_at(self.place(self.first).min(self.places.len()));
        before.iter().chain(behind).flatten()
    }

    /// Takes everything out. The entries are dropped by whoever holds the result, where a payload's end may
    /// run a user's code without this queue being borrowed.
    #[must_use = "dropping the entries may run a user's code: choose where"]
    pub fn take(&mut self) -> impl Iterator<Item = T> + use<T> {
        let mut taken = mem::take(self);
        iter::from_fn(move || taken.pop_front())
    }

    /// Moves all of `others` behind the entries here, keeping their order.
    #[inline]
    pub(super) fn append(&mut self, others: &mut VecDeque<T>) {
        others.drain(..).for_each(|entry| self.push_back(entry));
    }
}

impl<T> Drop for Queue<T> {
    /// In their order, which is not that of their places: a payload's end may be seen.
    fn drop(&mut self) {
        while self.pop_front().is_some() {}
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
    use std::cell::RefCell;

    #[test]
    fn entries_leave_in_the_order_in_which_they_came() {
        let mut queue = Queue::new();
        (0..100).for_each(|entry| queue.push_back(entry));
        assert!(queue.iter().copied().eq(0..100));
        for expected in 0..50 {
            assert_eq!(queue.next(), Some(&expected));
            assert_eq!(queue.pop_front(), Some(expected));
            queue.push_back(expected + 100);
        }
        assert!(queue.take().eq(50..150));
        assert_eq!((queue.len(), queue.next().copied(), queue.pop_front()), (0, None, None));
    }

    #[test]
    fn what_is_taken_out_and_not_looked_at_is_dropped_in_order() {
        struct Last<'a>(usize, &'a RefCell<Vec<usize>>);
        impl Drop for Last<'_> {
            fn drop(&mut self) {
                self.1.borrow_mut().push(self.0);
            }
        }
        let dropped = RefCell::default();
        let mut queue = Queue::new();
        for number in 0..FIRST_ROOM + 2 {
            queue.push_back(Last(number, &dropped));
            if number >= 5 {
                queue.pop_front();
            }
        }
        drop(queue.take());
        assert!(dropped.borrow().iter().copied().eq(0..FIRST_ROOM + 2));
    }

    #[test]
    fn the_room_of_a_burst_is_given_back_and_a_small_one_kept() {
        let mut queue = Queue::new();
        (0..KEPT_ROOM * 16).for_each(|entry| queue.push_back(entry));
        let most = queue.places.len();
        let turns = |queue: &mut Queue<usize>, count, used| {
            (0..count).for_each(|_| queue.give_back_room(used));
        };
        turns(&mut queue, TURNS_KEPT, 0);
        assert_eq!(queue.places.len(), most);
        while queue.len() > 10 {
            queue.pop_front();
        }
        turns(&mut queue, TURNS_KEPT - 1, 20);
        turns(&mut queue, 1, most / 8);
        turns(&mut queue, TURNS_KEPT - 1, 20);
        assert_eq!(queue.places.len(), most);
        turns(&mut queue, 1, 20);
        assert!(queue.places.len() < most / 8 && queue.places.len() >= KEPT_ROOM);
        assert!(queue.iter().copied().eq(KEPT_ROOM * 16 - 10..KEPT_ROOM * 16));
        let kept = queue.places.len();
        turns(&mut queue, 2 * TURNS_KEPT, 0);
        assert_eq!(queue.places.len(), kept);
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
