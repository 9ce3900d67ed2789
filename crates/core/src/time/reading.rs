//! A reading of the clock that is believed for a moment.
//!
//! A timeout asks for the time twice: when it is made, for its deadline, and when its block begins, because a deadline
//! that has passed by then is treated differently. Hardly ever does anything lie between, and a reading costs 25 ns.

use std::time::Duration;

use crate::sys::clock;

/// So long a reading counts as one of this moment.
const MOMENT: Duration = Duration::from_micros(100);

/// A deadline must lie this many seconds behind the reading, ten moments: more than [`clock::ticks`] could be wrong by
/// when the thread has changed core.
const FAR: f64 = 0.001;

/// The last reading that somebody wants to be remembered.
#[derive(Debug)]
pub struct LastReading {
    seconds: f64,
    ticks: u64,
    moment: u64,
}

impl LastReading {
    /// None so far.
    pub fn new() -> Self {
        Self { seconds: f64::INFINITY, ticks: 0, moment: clock::ticks_in(MOMENT) }
    }

    /// The clock has just been read.
    #[inline(always)]
    pub fn note(&mut self, seconds: f64) {
        self.seconds = seconds;
        self.ticks = clock::ticks();
    }

    /// True when the clock certainly has not come to `when` yet; false when it must be read to know.
    #[inline(always)]
    pub fn is_before(&self, when: f64) -> bool {
        when - self.seconds > FAR && clock::ticks().wrapping_sub(self.ticks) < self.moment
    }
}

impl Default for LastReading {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reading that stays fresh however slow the test runs.
    fn fresh(seconds: f64) -> LastReading {
        let mut reading = LastReading { moment: u64::MAX, ..LastReading::new() };
        reading.note(seconds);
        reading
    }

    #[test]
    fn what_is_near_or_past_or_no_number_must_be_looked_at() {
        let reading = fresh(10.0);
        assert!(reading.is_before(10.1) && reading.is_before(f64::INFINITY));
        for when in [10.0005, 10.0, 9.0, f64::NEG_INFINITY, f64::NAN] {
            assert!(!reading.is_before(when), "{when}");
        }
    }

    #[test]
    fn without_a_reading_nothing_is_certain() {
        let none = LastReading { moment: u64::MAX, ..LastReading::new() };
        assert!(!none.is_before(1e300) && !none.is_before(f64::INFINITY));
    }

    #[test]
    fn a_reading_is_believed_for_a_moment_only() {
        let mut reading = LastReading::new();
        reading.note(10.0);
        std::thread::sleep(MOMENT);
        assert!(!reading.is_before(1e9));
    }
}
