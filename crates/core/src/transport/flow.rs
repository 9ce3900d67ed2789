//! Flow control: a writer pauses above the high-water mark and goes on at the low one.

/// The marks, in bytes, and whether the writer is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaterMarks {
    high: usize,
    low: usize,
    paused: bool,
}

impl WaterMarks {
    /// asyncio's marks: 64 KiB, and a quarter of it.
    pub const fn new() -> Self {
        Self { high: 64 * 1024, low: 16 * 1024, paused: false }
    }

    /// Sets the high mark. Whether the writer has to pause is asked by [`WaterMarks::rises_to`].
    pub fn set_high(&mut self, high: usize) {
        self.high = high;
    }

    /// Sets the low mark.
    pub fn set_low(&mut self, low: usize) {
        self.low = low;
    }

    /// The high mark.
    pub const fn high(&self) -> usize {
        self.high
    }

    /// The low mark.
    pub const fn low(&self) -> usize {
        self.low
    }

    /// So many bytes are queued now, perhaps more than before. True when the writer has to pause, once until it goes
    /// on.
    #[inline]
    pub fn rises_to(&mut self, size: usize) -> bool {
        let pauses = size > self.high && !self.paused;
        self.paused |= pauses;
        pauses
    }

    /// So many bytes are queued now, perhaps fewer than before. True when a paused writer can go on, once.
    #[inline]
    pub fn falls_to(&mut self, size: usize) -> bool {
        let resumes = self.paused && size <= self.low;
        self.paused &= !resumes;
        resumes
    }

    /// Whether the writer was told to pause.
    pub const fn is_paused(&self) -> bool {
        self.paused
    }

    /// Overrides what the writer was told.
    pub fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
    }
}

impl Default for WaterMarks {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_pauses_above_the_high_mark_once_and_resumes_at_the_low_one_once() {
        let mut marks = WaterMarks::new();
        assert!(!marks.rises_to(65_536), "at the mark is not above it");
        assert!(marks.rises_to(65_537));
        assert!(!marks.rises_to(100_000), "it is paused already");
        assert!(!marks.falls_to(16_385));
        assert!(marks.falls_to(16_384));
        assert!(!marks.falls_to(0), "it is not paused any more");
        assert!(!marks.is_paused());
    }

    #[test]
    fn marks_of_zero_pause_at_the_first_byte_and_resume_when_it_has_gone() {
        let mut marks = WaterMarks::new();
        marks.set_high(0);
        marks.set_low(0);
        assert!(!marks.rises_to(0));
        assert!(marks.rises_to(1));
        assert!(!marks.falls_to(1));
        assert!(marks.falls_to(0));
    }
}
