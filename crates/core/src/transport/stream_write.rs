//! Bytes out of one connection: at once while nothing waits, else queued and flushed when there is room.
//!
//! The water marks go with the queue: whoever adds to it or flushes it learns whether the protocol has to pause or may
//! resume.

use std::collections::VecDeque;
use std::io;

use super::read::is_temporary;
use super::stream::Stream;
use super::write::{Chunk, Sent};
use super::{Channel, WaterMarks};

/// A write to a lost connection is worth a warning from the fifth on: asyncio's threshold.
const WARN_FROM: usize = 5;

/// What became of a write.
#[derive(Debug)]
pub enum Written {
    /// All of it has left.
    Whole,
    /// What follows the first so many bytes has to be queued.
    Partly(usize),
    /// The connection is lost: nothing was sent. Whether it is time for a warning.
    Lost {
        /// Somebody keeps writing.
        warn: bool,
    },
    /// The connection is broken.
    Failed(io::Error),
}

/// What to do after something was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Nothing was queued before: watch for writing.
    pub watch: bool,
    /// Ask the protocol to pause.
    pub pause: bool,
}

/// How far a flush has come.
#[derive(Debug)]
pub enum Progress {
    /// Nothing has left.
    Nothing,
    /// Something has left: ask the protocol to resume if `resume`, then go on with [`Stream::drained`].
    Made {
        /// The queue has fallen to the low mark.
        resume: bool,
    },
    /// The connection is broken. The queue is empty: stop watching for writing, then [`Stream::force_close`].
    Failed(io::Error),
}

/// What follows when a flush, and the protocol after it, have left the queue in some state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Something waits still, or again.
    NotYet,
    /// Stop watching for writing; that is all.
    Open,
    /// Stop watching for writing, then shut the writing side down.
    ShutDown,
    /// Stop watching for writing; the connection, which was closing, is lost now.
    Lost,
}

impl<C: Chunk> Stream<C> {
    /// Sends `bytes`, which are not none, right now if nothing waits before them.
    #[inline]
    pub fn write(&mut self, channel: &impl Channel, bytes: &[u8]) -> Written {
        if let Some(warn) = self.note_late_write() {
            return Written::Lost { warn };
        }
        if !self.queue.is_empty() {
            return Written::Partly(0);
        }
        match channel.send(bytes) {
            Ok(count) if count >= bytes.len() => Written::Whole,
            Ok(count) => Written::Partly(count),
            Err(error) if is_temporary(&error) => Written::Partly(0),
            Err(error) => Written::Failed(error),
        }
    }

    /// Counts a write to a lost connection: whether it is time for a warning. `None` for one that is not lost.
    #[inline]
    pub fn note_late_write(&mut self) -> Option<bool> {
        if self.lost == 0 {
            return None;
        }
        let warn = self.lost >= WARN_FROM;
        self.lost = self.lost.saturating_add(1);
        Some(warn)
    }

    /// Queues what follows the first `begun` bytes of `chunk` (only after a [`Written::Partly`] of as many).
    pub fn queue(&mut self, chunk: C, begun: usize) -> Queued {
        let watch = self.queue.is_empty();
        self.queue.push(chunk, begun);
        Queued { watch, pause: self.marks.rises_to(self.queue.size()) }
    }

    /// Queues `chunk` for a [`Stream::flush`] that follows soon, before anything but another write.
    pub fn gather(&mut self, chunk: C) {
        self.queue.push(chunk, 0);
    }

    /// Takes out what was gathered and will not be flushed.
    pub fn forget_queued(&mut self) -> VecDeque<C> {
        self.queue.take()
    }

    /// After the flush that follows [`Stream::gather`], or after the marks were moved: whether to ask the protocol to
    /// pause.
    pub fn rose(&mut self) -> bool {
        self.marks.rises_to(self.queue.size())
    }

    /// Sends what is queued, in one call.
    pub fn flush(&mut self, channel: &impl Channel) -> Progress {
        if self.lost > 0 {
            return Progress::Nothing;
        }
        match self.queue.flush(channel) {
            Sent::Bytes(0) => Progress::Nothing,
            Sent::Bytes(_) => Progress::Made { resume: self.marks.falls_to(self.queue.size()) },
            Sent::Failed(error) => {
                drop(self.queue.take());
                Progress::Failed(error)
            }
        }
    }

    /// What follows after a flush that has made progress.
    pub fn drained(&mut self) -> Drained {
        if !self.queue.is_empty() {
            return Drained::NotYet;
        }
        if self.closing && self.lost == 0 {
            self.lost = 1;
            return Drained::Lost;
        }
        if self.ended { Drained::ShutDown } else { Drained::Open }
    }

    /// Moves the high water mark; [`Stream::rose`] says what follows.
    pub fn set_high_mark(&mut self, high: usize) {
        self.marks.set_high(high);
    }

    /// Moves the low water mark.
    pub fn set_low_mark(&mut self, low: usize) {
        self.marks.set_low(low);
    }

    /// The water marks.
    pub fn marks(&self) -> &WaterMarks {
        &self.marks
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::super::scripted::{Scripted, Step, write};
    use super::*;

    fn open() -> Stream<Vec<u8>> {
        Stream::new()
    }

    #[test]
    fn a_write_that_fits_leaves_at_once() {
        let (mut stream, channel) = (open(), Scripted::default());
        assert!(matches!(write(&mut stream, &channel, b"all"), (Written::Whole, None)));
        assert_eq!(channel.all_sent(), b"all");
    }

    #[test]
    fn what_does_not_fit_waits_and_keeps_its_order() {
        let (mut stream, channel) = (open(), Scripted::sending([Step::Take(2), Step::Error(libc::EAGAIN)]));
        let (_, queued) = write(&mut stream, &channel, b"first");
        assert_eq!(queued, Some(Queued { watch: true, pause: false }));
        let (written, queued) = write(&mut stream, &channel, b"second");
        assert!(matches!(written, Written::Partly(0)), "nothing may overtake what is queued");
        assert_eq!(queued, Some(Queued { watch: false, pause: false }));
        assert!(matches!(stream.flush(&channel), Progress::Nothing));
        assert!(matches!(stream.flush(&channel), Progress::Made { resume: false }));
        assert_eq!(stream.drained(), Drained::Open);
        assert_eq!(channel.all_sent(), b"firstsecond");
    }

    #[test]
    fn the_protocol_is_asked_to_pause_and_resume_at_the_marks() {
        let channel = Scripted::sending([Step::Error(libc::EAGAIN), Step::Take(7), Step::Take(1)]);
        let mut stream = open();
        stream.set_high_mark(8);
        stream.set_low_mark(2);
        assert!(!write(&mut stream, &channel, b"12345678").1.unwrap().pause);
        assert!(write(&mut stream, &channel, b"9").1.unwrap().pause);
        assert!(!write(&mut stream, &channel, b"0").1.unwrap().pause, "asked already");
        assert!(matches!(stream.flush(&channel), Progress::Made { resume: false }));
        assert_eq!(stream.queued().size(), 3);
        assert!(matches!(stream.flush(&channel), Progress::Made { resume: true }));
        assert_eq!(stream.drained(), Drained::NotYet);
    }

    #[test]
    fn marks_moved_below_what_waits_pause_at_once() {
        let (mut stream, channel) = (open(), Scripted::sending([Step::Error(libc::EAGAIN)]));
        write(&mut stream, &channel, b"12345678");
        stream.set_high_mark(8);
        assert!(!stream.rose());
        stream.set_high_mark(7);
        assert!(stream.rose());
        assert!(stream.marks().is_paused());
    }

    #[test]
    fn late_writes_are_counted_and_warned_of_from_the_fifth_on() {
        let (mut stream, channel) = (open(), Scripted::default());
        stream.close();
        let warned: Vec<bool> = (0..6)
            .map(|_| match stream.write(&channel, b"late") {
                Written::Lost { warn } => warn,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(warned, [false, false, false, false, true, true]);
        assert!(channel.sent.borrow().is_empty());
        assert!(matches!(stream.flush(&channel), Progress::Nothing));
    }

    #[test]
    fn gathered_writes_leave_in_one_call_behind_what_waits() {
        let (mut stream, channel) = (open(), Scripted::sending([Step::Error(libc::EAGAIN), Step::Take(4)]));
        write(&mut stream, &channel, b"one");
        stream.gather(b"two".to_vec());
        stream.gather(b"".to_vec());
        stream.gather(b"three".to_vec());
        assert!(matches!(stream.flush(&channel), Progress::Made { .. }));
        assert_eq!(stream.drained(), Drained::NotYet);
        assert!(!stream.rose());
        assert_eq!(stream.queued().size(), 7);
        stream.flush(&channel);
        assert_eq!(channel.all_sent(), b"onetwothree");
    }
}
