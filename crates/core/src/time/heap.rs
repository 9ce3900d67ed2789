//! The timers of a loop, soonest first.
//!
//! A 4-ary heap in one vector, ordered by (deadline, sequence number). Four children instead of two halve
//! the depth, and the four lie side by side, so that a pop touches half as many cache lines. Which of them is the
//! soonest is unpredictable, so it is computed without branches: a deadline is kept as an integer of the same order. Most
//! timers are timeouts: set far in the future, then cancelled. Setting one is usually an append; cancelling
//! the last of them takes it off again ([`TimerHeap::pop_last`]); any other is only counted
//! ([`TimerHeap::note_cancelled`]), because the heap doesn't know where a payload lies.
//! The dead leave when they reach the head, or all at once when there are too many.
//!
//! Invariants: no entry precedes its parent; sequence numbers are unique; `cancelled` never exceeds the
//! number of entries. The heap drops no payload of its own accord: dropping one may run a user's code, which
//! may come back to this heap, so every payload leaves through a return value.

use std::{iter, mem};

use super::bulk::places_by_order;

const CHILDREN: usize = 4;

/// asyncio looks for dead timers only above this many entries.
const COMPACTION_MINIMUM: usize = 100;

/// Popping one timer costs about as much as looking at this many.
const LOOKS_PER_POP: usize = 16;

/// So many places before its turn a payload is announced: they take some 100 ns, a read from memory that is in no cache
/// as long.
const ANNOUNCED_BEFORE: usize = 4;

/// A priority queue of `T` by deadline; first in, first out among equal deadlines.
#[derive(Debug)]
pub struct TimerHeap<T> {
    entries: Vec<Entry<T>>,
    next_sequence: u64,
    cancelled: usize,
}

#[derive(Debug)]
struct Entry<T> {
    /// The deadline, by [`order_of`].
    order: u64,
    sequence: u64,
    payload: T,
}

impl<T> TimerHeap<T> {
    /// An empty heap, without an allocation.
    pub const fn new() -> Self {
        Self { entries: Vec::new(), next_sequence: 0, cancelled: 0 }
    }

    /// Adds a timer with the deadline `when`, in seconds. Infinity is a deadline that never comes; NaN has
    /// no place in an order and must be refused by the caller.
    #[inline]
    pub fn push(&mut self, when: f64, payload: T) {
        debug_assert!(!when.is_nan(), "a deadline must be comparable");
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.entries.push(Entry { order: order_of(when), sequence, payload });
        self.sift_up(self.entries.len() - 1);
    }

    /// The deadline of the head, dead or alive. To skip the dead, take them off first with
    /// [`pop_cancelled`](Self::pop_cancelled).
    #[inline]
    pub fn next_deadline(&self) -> Option<f64> {
        self.entries.first().map(|head| deadline_of(head.order))
    }

    /// Takes off the head if it is cancelled, else gives `None`. Called until it does, it leaves a heap
    /// whose [`next_deadline`](Self::next_deadline) is worth waiting for.
    #[inline]
    pub fn pop_cancelled(&mut self, is_cancelled: impl FnOnce(&T) -> bool) -> Option<T> {
        // Nothing has been cancelled in most turns: the head's payload stays untouched and out of the cache.
        if self.cancelled == 0 || !is_cancelled(&self.entries.first()?.payload) {
            return None;
        }
        self.cancelled -= 1;
        self.pop_head()
    }

    /// Takes off the head if its deadline lies below `limit` (see [`due_limit`](super::due_limit)).
    ///
    /// A due timer that was cancelled is returned as well, already taken from the count; it is for the
    /// caller to drop it, where that may run a user's code.
    #[inline]
    pub fn pop_due(&mut self, limit: f64, is_cancelled: impl FnOnce(&T) -> bool) -> Option<T> {
        let head = self.entries.first()?;
        if head.order >= order_of(limit) {
            return None;
        }
        if self.cancelled > 0 && is_cancelled(&head.payload) {
            self.cancelled -= 1;
        }
        self.pop_head()
    }

    /// Whether, after `popped` due timers, taking the others with [`take_due`](Self::take_due) costs no more than
    /// those have, whatever it finds. Thousands of timers that fire together are sorted at half the price.
    #[inline]
    pub fn prefers_bulk(&self, popped: usize) -> bool {
        popped >= COMPACTION_MINIMUM && popped > self.entries.len() / LOOKS_PER_POP
    }

    /// Takes off every timer whose deadline lies below `limit`, soonest first: what
    /// [`pop_due`](Self::pop_due) would give one by one. `announce` is shown each some places before its turn, to bring
    /// into the cache what lies behind it: thousands of timers come out in another order than they lie in memory.
    pub fn take_due<F: Fn(&T) -> bool, A: Fn(&T)>(
        &mut self,
        limit: f64,
        is_cancelled: F,
        announce: A,
    ) -> impl Iterator<Item = T> + use<T, F, A> {
        let limit = order_of(limit);
        let (due, left): (Vec<_>, Vec<_>) =
            mem::take(&mut self.entries).into_iter().partition(|entry| entry.order < limit);
        self.entries = left;
        self.restore_order();
        if self.cancelled > 0 {
            let dead = due.iter().filter(|entry| is_cancelled(&entry.payload)).count();
            self.cancelled = self.cancelled.saturating_sub(dead);
        }
        let rank = |place| due.get(place).map_or(0, Entry::rank);
        let mut places = places_by_order(due.iter().map(|entry| entry.order), rank).into_iter();
        let mut payloads: Vec<_> = due.into_iter().map(|entry| Some(entry.payload)).collect();
        iter::from_fn(move || {
            let later = places.as_slice().get(ANNOUNCED_BEFORE).and_then(|place| payloads.get(*place));
            if let Some(Some(later)) = later {
                announce(later);
            }
            payloads.get_mut(places.next()?)?.take()
        })
    }

    /// Counts one entry of the heap as cancelled; to be called once for each, while it is in the heap. A call
    /// too many (a program may say so itself) costs an early look for dead timers, and no more.
    #[inline]
    pub fn note_cancelled(&mut self) {
        if self.cancelled < self.entries.len() {
            self.cancelled += 1;
        }
    }

    /// Takes off the entry in the last place, where a new one mostly stands, if `is_it` says so. No other
    /// entry depends on that place, so this costs nothing, and a timeout that is over before the next
    /// one begins never has to be counted, carried along and compacted away.
    #[inline]
    pub fn pop_last(&mut self, is_it: impl FnOnce(&T) -> bool) -> Option<T> {
        if !is_it(&self.entries.last()?.payload) {
            return None;
        }
        self.entries.pop().map(|entry| entry.payload)
    }

    /// How many entries are known to be dead.
    pub const fn cancelled(&self) -> usize {
        self.cancelled
    }

    /// True when more than 100 timers are in the heap and more than half of them are cancelled: asyncio's
    /// rule, which keeps the cost of a cancelled timer constant on average.
    #[inline]
    pub fn needs_compaction(&self) -> bool {
        self.entries.len() > COMPACTION_MINIMUM && self.cancelled > self.entries.len() / 2
    }

    /// Takes off every cancelled timer and returns them, for the caller to drop.
    pub fn compact(&mut self, is_cancelled: impl Fn(&T) -> bool) -> Vec<T> {
        let mut dead = Vec::with_capacity(self.cancelled);
        for entry in mem::take(&mut self.entries) {
            if is_cancelled(&entry.payload) {
                dead.push(entry.payload);
            } else {
                self.entries.push(entry);
            }
        }
        self.cancelled = 0;
        self.restore_order();
        dead
    }

    /// Takes off everything, in no particular order.
    pub fn drain(&mut self) -> Vec<T> {
        self.cancelled = 0;
        mem::take(&mut self.entries).into_iter().map(|entry| entry.payload).collect()
    }

    /// Every deadline and payload, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (f64, &T)> {
        self.entries.iter().map(|entry| (deadline_of(entry.order), &entry.payload))
    }

    /// How many timers are in the heap, the cancelled ones included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when no timer is in the heap, not even a cancelled one.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[inline]
    fn pop_head(&mut self) -> Option<T> {
        if self.entries.is_empty() {
            return None;
        }
        let head = self.entries.swap_remove(0);
        self.sift_down(0);
        Some(head.payload)
    }

    /// Makes a heap of entries in any order.
    fn restore_order(&mut self) {
        for parent in (0..self.entries.len().div_ceil(CHILDREN)).rev() {
            self.sift_down(parent);
        }
    }

    fn sift_up(&mut self, mut child: usize) {
        while child > 0 {
            let parent = (child - 1) / CHILDREN;
            if self.rank(parent) <= self.rank(child) {
                return;
            }
            self.entries.swap(child, parent);
            child = parent;
        }
    }

    fn sift_down(&mut self, mut parent: usize) {
        while let Some(child) = self.soonest_child(parent) {
            if self.rank(parent) <= self.rank(child) {
                return;
            }
            self.entries.swap(child, parent);
            parent = child;
        }
    }

    #[inline]
    fn soonest_child(&self, parent: usize) -> Option<usize> {
        let first = parent * CHILDREN + 1;
        if let Some([one, two, three, four]) = self.entries.get(first..first + CHILDREN) {
            let left = if two.rank() < one.rank() { (two.rank(), 1) } else { (one.rank(), 0) };
            let right = if four.rank() < three.rank() { (four.rank(), 3) } else { (three.rank(), 2) };
            return Some(first + if right.0 < left.0 { right.1 } else { left.1 });
        }
        let incomplete = self.entries.get(first..)?;
        (first..).zip(incomplete).min_by_key(|(_, entry)| entry.rank()).map(|(child, _)| child)
    }

    #[inline]
    fn rank(&self, position: usize) -> Option<u128> {
        self.entries.get(position).map(Entry::rank)
    }
}

impl<T> Entry<T> {
    /// Deadline and sequence number as one number: a smaller rank comes out first.
    #[inline]
    fn rank(&self) -> u128 {
        u128::from(self.order) << 64 | u128::from(self.sequence)
    }
}

const SIGN: u64 = 1 << 63;

/// An integer that is ordered like the float: the bits of a positive one with the sign set, those of a negative one
/// inverted. Adding zero first makes the two zeros one.
#[inline]
fn order_of(when: f64) -> u64 {
    let bits = (when + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The float that [`order_of`] was given, but for the sign of zero.
#[inline]
fn deadline_of(order: u64) -> f64 {
    f64::from_bits(if order & SIGN == 0 { !order } else { order & !SIGN })
}

impl<T> Default for TimerHeap<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    const NEVER: f64 = f64::INFINITY;
    const ALIVE: fn(&u32) -> bool = |_| false;

    #[test]
    fn timers_come_out_by_deadline_and_equal_ones_in_order_of_arrival() {
        let mut heap = TimerHeap::new();
        for (position, when) in [3.0, 1.0, 2.0, 1.0, 3.0, 1.0, -0.0, 0.0].into_iter().enumerate() {
            heap.push(when, position as u32);
        }
        let order: Vec<u32> = std::iter::from_fn(|| heap.pop_due(NEVER, ALIVE)).collect();
        assert_eq!(order, [6, 7, 1, 3, 5, 2, 0, 4]);
    }

    #[test]
    fn the_integers_are_ordered_like_the_floats_and_give_them_back() {
        let ascending =
            [f64::NEG_INFINITY, f64::MIN, -1.0, -f64::MIN_POSITIVE, 0.0, 5e-324, 1.0, 1e300, f64::INFINITY];
        assert!(ascending.map(order_of).is_sorted_by(|left, right| left < right));
        assert_eq!(ascending.map(|when| deadline_of(order_of(when))), ascending);
        assert_eq!(order_of(-0.0), order_of(0.0));
    }

    #[test]
    fn only_deadlines_below_the_limit_are_due() {
        let mut heap = TimerHeap::new();
        heap.push(2.0, 2);
        heap.push(1.0, 1);
        assert_eq!(heap.next_deadline(), Some(1.0));
        assert_eq!(heap.pop_due(1.0, ALIVE), None);
        assert_eq!(heap.pop_due(1.5, ALIVE), Some(1));
        assert_eq!(heap.pop_due(1.5, ALIVE), None);
        assert_eq!(heap.len(), 1);
    }

    #[test]
    fn an_infinite_deadline_never_comes() {
        let mut heap = TimerHeap::new();
        heap.push(f64::INFINITY, 1);
        assert_eq!(heap.pop_due(f64::INFINITY, ALIVE), None);
        assert_eq!(heap.next_deadline(), Some(f64::INFINITY));
    }

    #[test]
    fn a_cancelled_head_is_taken_off_and_counted_once() {
        let mut heap = TimerHeap::new();
        let is_even = |payload: &u32| payload % 2 == 0;
        for payload in 0..4 {
            heap.push(f64::from(payload), payload);
        }
        assert_eq!(heap.pop_cancelled(is_even), None, "nothing was counted as cancelled yet");
        heap.note_cancelled();
        heap.note_cancelled();
        assert_eq!(heap.pop_cancelled(is_even), Some(0));
        assert_eq!(heap.pop_cancelled(is_even), None, "1 is alive");
        assert_eq!(heap.pop_due(NEVER, is_even), Some(1));
        assert_eq!(heap.cancelled(), 1);
        assert_eq!(heap.pop_due(NEVER, is_even), Some(2), "due and cancelled: the caller drops it");
        assert_eq!(heap.cancelled(), 0);
    }

    #[test]
    fn compaction_is_due_above_a_hundred_timers_when_more_than_half_are_dead() {
        let mut heap = TimerHeap::new();
        let is_dead = |payload: &u32| *payload < 51;
        for payload in 0..100 {
            heap.push(f64::from(100 - payload), payload);
        }
        (0..51).for_each(|_| heap.note_cancelled());
        assert!(!heap.needs_compaction(), "a hundred are too few");
        heap.push(0.5, 100);
        assert!(heap.needs_compaction());
        heap.push(0.6, 101);
        assert!(!heap.needs_compaction(), "51 of 102 are not more than half");

        let mut dead = heap.compact(is_dead);
        dead.sort_unstable();
        assert_eq!(dead, (0..51).collect::<Vec<_>>());
        assert_eq!((heap.len(), heap.cancelled()), (51, 0));
        let order: Vec<u32> = std::iter::from_fn(|| heap.pop_due(NEVER, is_dead)).collect();
        assert_eq!(order, [100, 101].into_iter().chain((51..100).rev()).collect::<Vec<_>>());
    }

    #[test]
    fn a_bulk_is_what_one_by_one_would_have_given() {
        let fill = |count: u32| {
            let mut heap = TimerHeap::new();
            (0..count).for_each(|payload| heap.push(f64::from(payload * 7 % 50), payload));
            heap
        };
        let (mut one_by_one, mut bulk) = (fill(200), fill(200));
        let is_third = |payload: &u32| payload % 3 == 0;
        (0..67).for_each(|_| (one_by_one.note_cancelled(), bulk.note_cancelled()).0);
        let expected: Vec<u32> = std::iter::from_fn(|| one_by_one.pop_due(30.0, is_third)).collect();
        let announced = RefCell::new(Vec::new());
        let announce = |payload: &u32| announced.borrow_mut().push(*payload);
        for (place, payload) in bulk.take_due(30.0, is_third, announce).enumerate() {
            assert_eq!(Some(&payload), expected.get(place));
            let so_far = expected.iter().skip(ANNOUNCED_BEFORE).take(place + 1);
            assert!(announced.borrow().iter().eq(so_far), "each is announced before its turn");
        }
        assert_eq!((bulk.len(), bulk.cancelled()), (one_by_one.len(), one_by_one.cancelled()));
        let left: Vec<u32> = std::iter::from_fn(|| one_by_one.pop_due(NEVER, is_third)).collect();
        assert_eq!(std::iter::from_fn(|| bulk.pop_due(NEVER, is_third)).collect::<Vec<_>>(), left);
    }

    #[test]
    fn a_bulk_is_preferred_when_many_were_due_already() {
        let mut heap = TimerHeap::new();
        (0..16_000).for_each(|payload| heap.push(1.0, payload));
        assert!(!heap.prefers_bulk(99), "few");
        assert!(!heap.prefers_bulk(1_000), "a sixteenth of what there is");
        assert!(heap.prefers_bulk(1_001));
        assert!(!TimerHeap::<u32>::new().prefers_bulk(99));
    }

    #[test]
    fn draining_leaves_an_empty_heap() {
        let mut heap = TimerHeap::new();
        heap.push(1.0, 1);
        heap.push(2.0, 2);
        heap.note_cancelled();
        assert_eq!(heap.iter().map(|(when, _)| when).sum::<f64>(), 3.0);
        assert_eq!(heap.drain().len(), 2);
        assert!(heap.is_empty());
        assert_eq!(heap.cancelled(), 0);
    }
}
