//! When a loop that has work must ask the kernel all the same.
//!
//! Asking costs 150 to 200 ns, several times a task's step. With nothing to run the loop asks before it blocks. With
//! work at hand it asks after 61 entries (tokio's number: prime, so that it falls into step with no program's
//! own period) or about 100 us, whichever comes first: a stream of cheap entries pays a few nanoseconds each,
//! and expensive ones delay a socket by one turn and 100 us at most. The first turn of a run always asks: a
//! program that runs its loop for one turn at a time would never hear of its sockets otherwise.
//!
//! The clock here is [`clock::ticks`], and nothing but this decision rests on it. One reading costs some 30 cycles, a
//! tenth of a cheap callback's turn: so while turns are found to be cheap, only every eighth one looks.

use std::time::Duration;

use crate::sys::clock;

/// After so many entries the selector is asked.
const ENTRIES: usize = 61;

/// After so long the selector is asked.
const TIME: Duration = Duration::from_micros(100);

/// So many turns go by without a look at the clock, as long as they are cheap.
const UNSEEN_TURNS: u32 = 7;

/// Turns are cheap when this part of the time limit, 3 us, has not passed between two looks.
const CHEAP: u64 = 32;

/// Counts what ran since the selector was asked last.
#[derive(Debug)]
pub struct PollPolicy {
    entries: usize,
    polled_at: u64,
    looked_at: u64,
    /// Turns that may still go by before the next look.
    unseen: u32,
    ticks: u64,
}

impl PollPolicy {
    /// A policy that counts from now. The first of a process takes 20 us to measure the tick counter.
    pub fn new() -> Self {
        let now = clock::ticks();
        Self { entries: 0, polled_at: now, looked_at: now, unseen: 0, ticks: clock::ticks_in(TIME) }
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
    pub fn must_poll(&mut self) -> bool {
        if self.entries >= ENTRIES {
            return true;
        }
        if self.unseen > 0 {
            self.unseen -= 1;
            return false;
        }
        let now = clock::ticks();
        let passed = now.wrapping_sub(self.looked_at);
        self.looked_at = now;
        self.unseen = if passed < self.ticks / CHEAP { UNSEEN_TURNS } else { 0 };
        now.wrapping_sub(self.polled_at) >= self.ticks
    }

    /// The selector has just been asked, with or without blocking.
    #[inline]
    pub fn polled(&mut self) {
        self.entries = 0;
        self.unseen = 0;
        self.polled_at = clock::ticks();
        self.looked_at = self.polled_at;
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
        PollPolicy { ticks: u64::MAX, ..PollPolicy::new() }
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

    #[test]
    fn time_counts_again_soon_after_cheap_turns() {
        let mut policy = PollPolicy { unseen: UNSEEN_TURNS, ..PollPolicy::new() };
        std::thread::sleep(TIME);
        let asked = (0..=UNSEEN_TURNS).position(|_| policy.must_poll());
        assert_eq!(asked, Some(UNSEEN_TURNS as usize));
    }
}
