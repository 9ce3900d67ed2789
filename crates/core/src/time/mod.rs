//! Deadlines. The journey of A TIMER waits here, between `call_later` and the turn that finds it due.
//!
//! Time is a float of seconds on the monotonic clock, because that is what asyncio's `loop.time()` returns
//! and what programs do arithmetic with. Three rules hold:
//!
//! * A timer is due when its deadline lies below [`due_limit`], asyncio's rule, never before.
//! * A wait for a deadline, [`timeout_until`], is rounded up: the loop wakes once, finds the timer due and
//!   doesn't spin through the last microseconds.
//! * Timers of equal deadlines fire in the order in which they were set ([`TimerHeap`]).
//!
//! Read next: [`TimerHeap`], then [`crate::ready`], where a due timer goes.

mod bulk;
mod heap;
mod reading;

use std::time::Duration;

pub use heap::TimerHeap;
pub use reading::LastReading;

/// The longest single wait, one day: asyncio's `MAXIMUM_SELECT_TIMEOUT`. A later deadline, or an infinite
/// one, is waited for in days.
pub const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// The bound below which deadlines are due at the time `now`, both in seconds.
///
/// asyncio fires what satisfies `when < time() + resolution`, so that a timer whose deadline lies within
/// the current step of the clock doesn't cost another turn. After 194 days of uptime a nanosecond is less
/// than half the distance between two floats, the sum is `now` again, and a deadline of exactly `now` would
/// keep the loop spinning until the next float. Python 3.15 therefore adds at least one such distance, and
/// that repair changes nothing that a program of an older Python can see, so it holds for all.
#[inline]
pub fn due_limit(now: f64, resolution: f64) -> f64 {
    now + resolution.max(distance_to_next_float(now))
}

/// How long to wait, from `now`, for the deadline `when`: rounded up to a nanosecond, zero when it has
/// passed, at most [`LONGEST_WAIT`].
#[inline]
pub fn timeout_until(when: f64, now: f64) -> Duration {
    let seconds = when - now;
    if seconds >= LONGEST_WAIT.as_secs_f64() {
        return LONGEST_WAIT;
    }
    // A float cast saturates: a negative difference gives zero.
    Duration::from_nanos((seconds * 1e9).ceil() as u64)
}

/// What Python calls `math.ulp(value)`, for finite values.
#[inline]
fn distance_to_next_float(value: f64) -> f64 {
    let size = value.abs();
    f64::from_bits(size.to_bits() + 1) - size
}

#[cfg(test)]
mod tests {
    use super::*;

    const NANOSECOND: f64 = 1e-9;

    #[test]
    fn a_deadline_in_the_current_step_of_the_clock_is_due() {
        let now = 1000.0;
        assert!(now < due_limit(now, NANOSECOND));
        assert!(now + 0.5e-9 < due_limit(now, NANOSECOND));
        assert!(now + 2e-9 >= due_limit(now, NANOSECOND));
    }

    #[test]
    fn the_limit_lies_above_now_at_every_uptime() {
        for exponent in 0..60 {
            let now = 2f64.powi(exponent);
            assert!(due_limit(now, NANOSECOND) > now, "2^{exponent} s");
        }
        assert!(due_limit(0.0, NANOSECOND) > 0.0);
    }

    #[test]
    fn the_distance_is_that_of_neighbouring_floats() {
        assert_eq!(distance_to_next_float(1.0), f64::EPSILON);
        assert_eq!(distance_to_next_float(-1.0), f64::EPSILON);
        assert_eq!(distance_to_next_float(0.0), f64::from_bits(1));
    }

    #[test]
    fn a_wait_is_rounded_up_and_bounded() {
        assert_eq!(timeout_until(5.0, 5.0), Duration::ZERO);
        assert_eq!(timeout_until(4.0, 5.0), Duration::ZERO);
        assert_eq!(timeout_until(5.25, 5.0), Duration::from_millis(250));
        assert_eq!(timeout_until(0.1e-9, 0.0), Duration::from_nanos(1));
        assert_eq!(timeout_until(f64::INFINITY, 5.0), LONGEST_WAIT);
        assert_eq!(timeout_until(f64::NEG_INFINITY, 5.0), Duration::ZERO);
    }

    #[test]
    fn after_the_wait_the_deadline_is_due() {
        for step in 0_u32..1000 {
            let (now, delay) = (12_345.678_9 + f64::from(step) * 0.37, f64::from(step) * 1.7e-6);
            let when = now + delay;
            let later = now + timeout_until(when, now).as_secs_f64();
            assert!(when < due_limit(later, NANOSECOND), "step {step}");
        }
    }
}
