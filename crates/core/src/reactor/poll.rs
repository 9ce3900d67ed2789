//! When a loop that has work must ask the kernel all the same.
//!
//! Asking costs 150 to 200 ns, several times a task's step. With nothing to run the loop asks before it blocks. With
//! work at hand it asks after 61 entries (tokio's number: prime, so that it falls into step with no program's
//! own period) or about 100 us, whichever comes first: a stream of cheap entries pays a few nanoseconds each,
//! and expensive ones delay a socket by one turn and 100 us at most. The first turn of a run always asks: a
//! program that runs its loop for one turn at a time would never hear of its sockets otherwise.
//!
//! The clock here is [`clock::ticks`]: one cheap reading a turn, and nothing but this decision rests on it.

use std::time::Duration;

use crate::sys::clock;

/// After so many entries the selector is asked.
const ENTRIES: usize = 61;

/// After so long the selector is asked.
const TIME: Duration = Duration::from_micros(100);

/// Counts what ran since the selector was asked last.
#[derive(Debug)]
pub struct PollPolicy {
    entries: usize,
    polled_at: u64,
    ticks: u64,
}

impl PollPolicy {
    /// A policy that counts from now. The first of a process takes 20 us to measure the tick counter.
    pub fn new() -> Self {
        Self { entries: 0, polled_at: clock::ticks(), ticks: clock::ticks_in(TIME) }
    }

    /// A run begins: its first turn asks.
    #[inline]
    pub fn begin_run(&mut self) {
        self.entries = ENTRIES;
    }

    /// `count` entries of the ready queue have run.
    #[inline]
    pub fn note_run(&mut self, count: usize) {
        self.entries = self.entries.saturating_add(count);
    }

    /// True when the selector must be asked before anything else runs. To be asked once a turn.
    #[inline]
    pub fn must_poll(&self) -> bool {
        self.entries >= ENTRIES || clock::ticks().wrapping_sub(self.polled_at) >= self.ticks
    }

    /// The selector has just been asked, with or without blocking.
    #[inline]
    pub fn polled(&mut self) {
        self.entries = 0;
        self.polled_at = clock::ticks();
    }
}

impl Default for PollPolicy {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A policy that time alone never makes poll.
    fn patient() -> PollPolicy {
        PollPolicy { entries: 0, polled_at: clock::ticks(), ticks: u64::MAX }
    }

    #[test]
    fn sixty_one_entries_are_enough_however_they_are_counted() {
        let mut policy = patient();
        policy.note_run(60);
        assert!(!policy.must_poll());
        policy.note_run(1);
        assert!(policy.must_poll());
        policy.polled();
        assert!(!policy.must_poll());
        policy.note_run(usize::MAX);
        policy.note_run(usize::MAX);
        assert!(policy.must_poll());
    }

    #[test]
    fn the_first_turn_of_a_run_asks_and_the_next_one_does_not() {
        let mut policy = patient();
        policy.begin_run();
        assert!(policy.must_poll());
        policy.polled();
        policy.note_run(1);
        assert!(!policy.must_poll());
    }

    #[test]
    fn time_is_enough_without_any_entry() {
        let mut policy = PollPolicy::new();
        while !policy.must_poll() {}
        policy.polled();
        std::thread::sleep(TIME);
        assert!(policy.must_poll());
    }
}
