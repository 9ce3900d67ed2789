//! How a protocol writes: once in a turn of the loop, or several times within moments, as those do that write a header
//! and then its body.
//!
//! A write of the first kind leaves at once. Of the second kind all but the first could have waited for the last one and
//! left with it, in one system call that wakes the peer once; but when the first one comes nobody knows of the others. So
//! the last turns decide: two writes within moments make the habit, and a turn in which a write has waited in
//! vain ends it.
//!
//! Invariant: whoever works or blocks for longer than moments between two writes never gets the habit, and
//! loses it.

/// What is known of one connection's writes. All zero bytes are a valid value: nothing yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteHabit {
    /// When the last write was made, by the clock of ticks.
    last: u64,
    /// The turn of the last write that left alone.
    turn: u32,
    writes_several: bool,
}

impl WriteHabit {
    /// A write has left alone, in `turn`, at the tick `now`; two of them in one turn belong together when no more
    /// than `moments` lie between them.
    #[inline]
    pub fn note_alone(&mut self, turn: u32, now: u64, moments: u64) {
        self.writes_several = self.turn == turn && now.wrapping_sub(self.last) <= moments;
        (self.turn, self.last) = (turn, now);
    }

    /// Whether a write will mostly be followed by another one.
    #[inline]
    pub fn writes_several(&self) -> bool {
        self.writes_several
    }

    /// A write waits for others.
    pub fn note_first(&mut self, now: u64) {
        self.last = now;
    }

    /// A write comes behind those that wait. False if more than `moments` lie between: it was not worth waiting for.
    pub fn note_next(&mut self, now: u64, moments: u64) -> bool {
        self.writes_several &= now.wrapping_sub(self.last) <= moments;
        self.last = now;
        self.writes_several
    }

    /// So many writes have left together.
    pub fn note_together(&mut self, count: usize) {
        self.writes_several &= count > 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENTS: u64 = 100;

    fn after(writes: &[(u32, u64)]) -> WriteHabit {
        let mut habit = WriteHabit::default();
        writes.iter().for_each(|(turn, now)| habit.note_alone(*turn, *now, MOMENTS));
        habit
    }

    #[test]
    fn two_writes_within_moments_of_a_turn_make_it() {
        assert!(!after(&[]).writes_several());
        assert!(!after(&[(1, 1000)]).writes_several());
        assert!(after(&[(1, 1000), (1, 1100)]).writes_several());
    }

    #[test]
    fn turns_and_pauses_lie_between_others() {
        assert!(!after(&[(1, 1000), (2, 1001)]).writes_several());
        assert!(!after(&[(1, 1000), (1, 1101)]).writes_several());
        assert!(!after(&[(1, 1000), (1, 1050), (1, 1151)]).writes_several(), "it paused once");
    }

    #[test]
    fn it_stays_while_writes_leave_together() {
        let mut habit = after(&[(1, 1000), (1, 1001)]);
        habit.note_first(2000);
        assert!(habit.note_next(2100, MOMENTS));
        assert!(habit.note_next(2200, MOMENTS));
        habit.note_together(3);
        assert!(habit.writes_several(), "however long the turn still was");
        habit.note_first(3000);
        habit.note_together(1);
        assert!(!habit.writes_several(), "one has waited in vain");
    }

    #[test]
    fn it_goes_with_a_pause_between_them() {
        let mut habit = after(&[(1, 1000), (1, 1001)]);
        habit.note_first(2000);
        assert!(!habit.note_next(2101, MOMENTS));
        habit.note_together(2);
        assert!(!habit.writes_several());
    }
}
