//! Latencies: counts by size class, so that a long run costs no memory and an entry costs nothing.

use std::time::Duration;

/// Classes for each doubling: a figure is off by at most one part in this many.
const CLASSES: u64 = 64;
const CLASS_BITS: u32 = CLASSES.trailing_zeros();

/// How many durations fell into each class of nanoseconds.
#[derive(Debug, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// Count one duration.
    pub fn record(&mut self, duration: Duration) {
        let class = class_of(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
        if self.counts.len() <= class {
            self.counts.resize(class + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(class) {
            *count += 1;
        }
        self.total += 1;
    }

    /// How many were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The duration in microseconds that the given share of all does not exceed; `None` when there is none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (class, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Some(middle_of(class) / 1000.0);
            }
        }
        None
    }
}

/// Below `CLASSES` each nanosecond is a class; above, each doubling has `CLASSES` of them.
fn class_of(nanoseconds: u64) -> usize {
    let doublings = u64::BITS.saturating_sub(nanoseconds.leading_zeros() + CLASS_BITS + 1);
    let class = u64::from(doublings) * CLASSES + (nanoseconds >> doublings);
    usize::try_from(class).unwrap_or(usize::MAX)
}

/// The middle of a class, in nanoseconds.
fn middle_of(class: usize) -> f64 {
    let class = class as u64;
    let doublings = (class / CLASSES).saturating_sub(1);
    let lowest = (class - doublings * CLASSES) << doublings;
    lowest as f64 + (1_u64 << doublings) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_holds_what_is_near_its_middle() {
        for nanoseconds in [0, 1, 63, 64, 127, 128, 1000, 65_535, 65_536, 123_456_789, 10_000_000_000] {
            let middle = middle_of(class_of(nanoseconds));
            let error = (middle - nanoseconds as f64).abs();
            assert!(error <= 0.5 + nanoseconds as f64 / CLASSES as f64, "{nanoseconds}: {middle}");
        }
    }

    #[test]
    fn classes_are_in_order() {
        let classes: Vec<_> = (0..100_000_u64).map(|number| class_of(number * 7)).collect();
        assert!(classes.is_sorted());
    }

    #[test]
    fn quantiles_are_those_of_the_durations() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        for microseconds in 1..=1000 {
            histogram.record(Duration::from_micros(microseconds));
        }
        for (share, wanted) in [(0.0, 1.0), (0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            let found = histogram.quantile(share).unwrap();
            assert!((found - wanted).abs() <= 1.0 + wanted / 50.0, "{share}: {found}");
        }
        assert_eq!(histogram.total(), 1000);
    }
}
