//! Time as Python sees it, and a cheaper counter for decisions that need no precision.
//!
//! A TIMER's deadline is compared with what user code read from `time.monotonic()`, so [`monotonic`] must
//! give the same float as Python for the same instant: a clock that differs in the last bit makes a timer
//! early or late by the test of the very program that set it.
//!
//! [`ticks`] answers another question, "has a busy loop gone on for about 100 us?", once a turn. It may
//! jump when the thread changes core, so nothing but the decision when to poll may rest on it.

use std::sync::OnceLock;
use std::time::Duration;

use libc::timespec;

/// Seconds on the monotonic clock, bit-identical to Python's `time.monotonic()` at the same instant.
#[inline]
pub fn monotonic() -> f64 {
    python_seconds(read_monotonic())
}

/// The smallest step of [`monotonic`] in seconds: `time.get_clock_info("monotonic").resolution`.
pub fn resolution() -> f64 {
    let mut step = timespec { tv_sec: 0, tv_nsec: 1 };
    // SAFETY: a valid clock and a place for the answer.
    unsafe { libc::clock_getres(libc::CLOCK_MONOTONIC, &raw mut step) };
    step.tv_sec as f64 + step.tv_nsec as f64 * 1e-9
}

/// The C library's way to the clock, which is Python's too. Other ways look for the kernel's vDSO on their own, and
/// find none when the process was started through an explicit `ld.so` under valgrind.
#[inline]
fn read_monotonic() -> timespec {
    let mut reading = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid clock and a place for the answer; every Linux has this clock, so the call can't fail.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut reading) };
    reading
}

/// Python's way from a clock reading to a float: rounded twice, once from nanoseconds and once by the division.
///
/// Python takes whole seconds apart before. That changes no bit in the first 146 years of uptime: a whole
/// number of seconds below 2^62 ns is a multiple of 2^9 ns and loses nothing in the first rounding.
#[inline]
fn python_seconds(reading: timespec) -> f64 {
    (reading.tv_sec * NANOSECONDS_PER_SECOND + nanoseconds_part(reading)) as f64 / 1e9
}

/// The cheapest monotone counter of the machine: the time-stamp counter on x86-64, the virtual counter on
/// aarch64, nanoseconds elsewhere. Two readings are compared with `wrapping_sub`.
#[inline]
pub fn ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: RDTSC is part of the x86-64 baseline, reads no memory and has no precondition. Where a
        // sandbox forbids it (PR_SET_TSC) the process is killed for it in any language.
        unsafe { core::arch::x86_64::_rdtsc() }
    }
    #[cfg(target_arch = "aarch64")]
    {
        let count: u64;
        // SAFETY: Linux lets user space read CNTVCT_EL0 (its vDSO does); the instruction touches neither
        // memory nor flags.
        unsafe {
            core::arch::asm!("mrs {}, cntvct_el0", out(reg) count, options(nomem, nostack, preserves_flags))
        };
        count
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        nanoseconds()
    }
}

/// How many [`ticks`] pass in `duration`, at least one. Right to about a percent.
///
/// The rate is measured once per process, against the monotonic clock, by the first caller, which
/// takes 20 us.
pub fn ticks_in(duration: Duration) -> u64 {
    static TICKS_PER_MICROSECOND: OnceLock<f64> = OnceLock::new();
    let rate = *TICKS_PER_MICROSECOND.get_or_init(measure_ticks_per_microsecond);
    ((duration.as_secs_f64() * 1e6 * rate) as u64).max(1)
}

/// Twenty microseconds hold some thousands of ticks on every machine of the last decade, and nobody
/// notices them once.
const CALIBRATION: Duration = Duration::from_micros(20);

const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;

fn measure_ticks_per_microsecond() -> f64 {
    let (first_time, first_ticks) = (nanoseconds(), ticks());
    loop {
        let (time, count) = (nanoseconds(), ticks());
        let passed = time.saturating_sub(first_time);
        if u128::from(passed) >= CALIBRATION.as_nanos() {
            return count.wrapping_sub(first_ticks) as f64 * 1e3 / passed as f64;
        }
    }
}

fn nanoseconds() -> u64 {
    let reading = read_monotonic();
    (reading.tv_sec * NANOSECONDS_PER_SECOND + nanoseconds_part(reading)) as u64
}

/// The nanoseconds of a reading; the kernel's field is as wide as a C `long`.
#[inline]
#[allow(clippy::unnecessary_cast, reason = "i32 on 32-bit targets")]
fn nanoseconds_part(reading: timespec) -> i64 {
    reading.tv_nsec as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bits are what CPython 3.14.10 made of these readings (`_testcapi.PyTime_AsSecondsDouble`).
    #[test]
    fn a_reading_becomes_the_float_that_python_makes_of_it() {
        let cases = [
            (0, 0, 0x0000000000000000),
            (0, 1, 0x3e112e0be826d695),
            (1, 500_000_000, 0x3ff8000000000000),
            (86_400, 0, 0x40f5180000000000),
            (12_345, 678_901_234, 0x40c81cd6e63c529f),
            (9_007_199, 254_740_993, 0x41612e0be826d695),
            (40_000_000, 0, 0x418312d000000000),
            (40_000_000, 1, 0x418312d000000000),
            (1_234_567_890, 123_456_789, 0x41d26580b487e6b7),
            (4_611_686_017, 0, 0x41f12e0be8100000),
        ];
        for (tv_sec, tv_nsec, bits) in cases {
            let seconds = python_seconds(timespec { tv_sec, tv_nsec });
            assert_eq!(seconds.to_bits(), bits, "{tv_sec} s {tv_nsec} ns: {seconds}");
        }
    }

    #[test]
    fn the_clock_does_not_run_backwards() {
        let readings: Vec<f64> = (0..10_000).map(|_| monotonic()).collect();
        assert!(readings.is_sorted());
        assert!(readings.first() < readings.last());
    }

    #[test]
    fn the_resolution_is_a_fraction_of_a_second() {
        assert!(resolution() >= 1e-9 && resolution() < 0.1, "{}", resolution());
    }

    #[test]
    fn ticks_measure_a_duration_well_enough_to_decide_when_to_poll() {
        let limit = ticks_in(Duration::from_millis(2));
        let (start, begin) = (ticks(), nanoseconds());
        while ticks().wrapping_sub(start) < limit {}
        let passed = nanoseconds() - begin;
        // The upper bound only excludes a wrong unit: the thread may have been off its core meanwhile.
        assert!((1_000_000..1_000_000_000).contains(&passed), "{passed} ns");
    }

    #[test]
    fn the_shortest_duration_is_still_a_tick() {
        assert_eq!(ticks_in(Duration::ZERO), 1);
    }
}
