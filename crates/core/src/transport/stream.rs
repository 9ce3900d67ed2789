//! One connection: who may read, write and close at which moment, and what follows from it.
//!
//! The life of a connection:
//!
//! ```text
//! open --close()--> closing (what is queued still leaves) --all sent--> lost
//!   \                    \
//!    +---- force_close(): a broken connection, or abort() ------------> lost
//! ```
//!
//! Independent of that, reading can be paused, and writing can be ended (a half close) while reading goes on.
//!
//! The steps that a method returns are to be done by the caller, in the order in which they are listed. What calls the
//! protocol comes last or in a method of its own, because the protocol may come back and close, write or pause.

use std::collections::VecDeque;
use std::io;

use super::write::{Chunk, Sent, WriteQueue};
use super::{Channel, WaterMarks};

/// A write to a lost connection is worth a warning from the fifth on: asyncio's threshold.
const WARN_FROM: usize = 5;

/// The state of one connection. `C` keeps bytes that wait to be sent.
#[derive(Debug)]
pub struct Stream<C> {
    queue: WriteQueue<C>,
    marks: WaterMarks,
    paused: bool,
    closing: bool,
    ended: bool,
    /// 0 while the connection is not lost; then one more than the writes that came too late.
    lost: usize,
}

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

/// Why bytes are not taken at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Writing was ended before.
    Ended,
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

/// What to do to end writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndStep {
    /// Nothing: it is ended, or closing, or what is queued has to leave first.
    Nothing,
    /// Shut the writing side down.
    ShutDown,
}

/// What to do to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseStep {
    /// It is closing already.
    Nothing,
    /// Stop watching for reading; what is queued leaves first.
    StopReading,
    /// Stop watching for reading and writing; the connection is lost.
    Lost,
}

/// What a connection leaves behind that is given up at once.
#[derive(Debug)]
pub struct Abandoned<C> {
    /// What will not be sent; stop watching for writing if there is any.
    pub unsent: VecDeque<C>,
    /// It was open until now: stop watching for reading.
    pub was_open: bool,
}

impl<C: Chunk> Stream<C> {
    /// An open connection with nothing queued.
    pub const fn new() -> Self {
        Self {
            queue: WriteQueue::new(),
            marks: WaterMarks::new(),
            paused: false,
            closing: false,
            ended: false,
            lost: 0,
        }
    }

    /// Pauses reading; whether to stop watching for it.
    pub fn pause(&mut self) -> bool {
        self.is_reading() && !std::mem::replace(&mut self.paused, true)
    }

    /// Resumes reading; whether to watch for it again.
    pub fn resume(&mut self) -> bool {
        !self.closing && std::mem::replace(&mut self.paused, false)
    }

    /// Whether bytes may be written at all.
    #[inline]
    pub fn check_writable(&self) -> Result<(), Refusal> {
        if self.ended { Err(Refusal::Ended) } else { Ok(()) }
    }

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
            Err(error) if super::read::is_temporary(&error) => Written::Partly(0),
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

    /// Queues `chunk` for a [`Stream::flush`] that follows at once.
    pub fn gather(&mut self, chunk: C) {
        self.queue.push(chunk, 0);
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

    /// Ends writing: what is queued still leaves.
    pub fn end_writing(&mut self) -> EndStep {
        if self.closing || std::mem::replace(&mut self.ended, true) || !self.queue.is_empty() {
            return EndStep::Nothing;
        }
        EndStep::ShutDown
    }

    /// Closes: what is queued still leaves.
    pub fn close(&mut self) -> CloseStep {
        if std::mem::replace(&mut self.closing, true) {
            return CloseStep::Nothing;
        }
        if !self.queue.is_empty() {
            return CloseStep::StopReading;
        }
        self.lost = self.lost.saturating_add(1);
        CloseStep::Lost
    }

    /// Gives the connection up. `None` if it is lost already.
    pub fn force_close(&mut self) -> Option<Abandoned<C>> {
        if self.lost > 0 {
            return None;
        }
        self.lost = 1;
        let was_open = !std::mem::replace(&mut self.closing, true);
        Some(Abandoned { unsent: self.queue.take(), was_open })
    }

    /// Moves the high water mark; [`Stream::rose`] says what follows.
    pub fn set_high_mark(&mut self, high: usize) {
        self.marks.set_high(high);
    }

    /// Moves the low water mark.
    pub fn set_low_mark(&mut self, low: usize) {
        self.marks.set_low(low);
    }

    /// Whether reading is neither paused nor over.
    #[inline]
    pub fn is_reading(&self) -> bool {
        !self.closing && !self.paused
    }

    /// Whether reading was paused and not resumed.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether the connection is closing, or lost.
    #[inline]
    pub fn is_closing(&self) -> bool {
        self.closing
    }

    /// 0 while the connection is not lost; then one more than the writes that came too late.
    #[inline]
    pub fn lost(&self) -> usize {
        self.lost
    }

    /// Whether writing was ended.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// What waits to be sent.
    #[inline]
    pub fn queued(&self) -> &WriteQueue<C> {
        &self.queue
    }

    /// The water marks.
    pub fn marks(&self) -> &WaterMarks {
        &self.marks
    }
}

impl<C: Chunk> Default for Stream<C> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::super::scripted::{Scripted, Step};
    use super::*;

    type Bytes = Vec<u8>;

    fn open() -> Stream<Bytes> {
        Stream::new()
    }

    /// Writes as a transport does: queues what is left over. The outcome, and what followed from queueing.
    fn write(stream: &mut Stream<Bytes>, channel: &Scripted, bytes: &[u8]) -> (Written, Option<Queued>) {
        let written = stream.write(channel, bytes);
        let queued = match written {
            Written::Partly(begun) => Some(stream.queue(bytes.to_vec(), begun)),
            _ => None,
        };
        (written, queued)
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
    fn reading_pauses_and_resumes_once() {
        let mut stream = open();
        assert!(!stream.resume(), "it is not paused");
        assert!(stream.pause());
        assert!(!stream.pause());
        assert!(!stream.is_reading());
        assert!(stream.resume());
        assert!(stream.is_reading());
        stream.pause();
        stream.close();
        assert!(!stream.resume(), "a closing connection is not read any more");
        assert!(!open_and_closed().pause());
    }

    fn open_and_closed() -> Stream<Bytes> {
        let mut stream = open();
        assert_eq!(stream.close(), CloseStep::Lost);
        stream
    }

    #[test]
    fn closing_sends_what_is_queued_and_then_is_lost_once() {
        let (mut stream, channel) = (open(), Scripted::sending([Step::Error(libc::EAGAIN)]));
        write(&mut stream, &channel, b"last words");
        assert_eq!(stream.close(), CloseStep::StopReading);
        assert_eq!(stream.close(), CloseStep::Nothing);
        assert_eq!(stream.lost(), 0);
        assert!(matches!(stream.flush(&channel), Progress::Made { .. }));
        assert_eq!(stream.drained(), Drained::Lost);
        assert_eq!(stream.drained(), Drained::Open, "only once");
        assert!(stream.force_close().is_none());
        assert_eq!(channel.all_sent(), b"last words");
    }

    #[test]
    fn a_write_while_closing_still_leaves() {
        let channel = Scripted::sending([Step::Error(libc::EAGAIN)]);
        let mut stream = open();
        write(&mut stream, &channel, b"one");
        stream.close();
        assert!(matches!(write(&mut stream, &channel, b"two").0, Written::Partly(0)));
        stream.flush(&channel);
        assert_eq!(stream.drained(), Drained::Lost);
        assert_eq!(channel.all_sent(), b"onetwo");
    }

    #[test]
    fn late_writes_are_counted_and_warned_of_from_the_fifth_on() {
        let (mut stream, channel) = (open_and_closed(), Scripted::default());
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
    fn a_half_close_waits_for_the_queue() {
        let (mut stream, channel) = (open(), Scripted::sending([Step::Error(libc::EAGAIN)]));
        write(&mut stream, &channel, b"answer");
        assert_eq!(stream.end_writing(), EndStep::Nothing);
        assert_eq!(stream.check_writable(), Err(Refusal::Ended));
        assert!(stream.is_reading(), "the other half is open");
        stream.flush(&channel);
        assert_eq!(stream.drained(), Drained::ShutDown);
        assert_eq!(stream.end_writing(), EndStep::Nothing, "it is ended already");
    }

    #[test]
    fn a_half_close_of_an_idle_connection_is_done_at_once_and_not_while_closing() {
        let mut stream = open();
        assert_eq!(stream.end_writing(), EndStep::ShutDown);
        let mut stream = open_and_closed();
        assert_eq!(stream.end_writing(), EndStep::Nothing);
        assert_eq!(stream.check_writable(), Ok(()));
    }

    #[test]
    fn a_half_closed_connection_that_closes_is_lost_and_not_shut_down() {
        let (mut stream, channel) = (open(), Scripted::sending([Step::Error(libc::EAGAIN)]));
        write(&mut stream, &channel, b"answer");
        stream.end_writing();
        stream.close();
        stream.flush(&channel);
        assert_eq!(stream.drained(), Drained::Lost);
    }

    #[test]
    fn a_reset_while_open_is_told_by_the_write() {
        let (mut stream, channel) = (open(), Scripted::sending([Step::Error(libc::ECONNRESET)]));
        assert!(matches!(write(&mut stream, &channel, b"x").0, Written::Failed(_)));
        let abandoned = stream.force_close().unwrap();
        assert!(abandoned.was_open && abandoned.unsent.is_empty());
        assert_eq!(stream.lost(), 1);
    }

    #[test]
    fn a_reset_while_flushing_empties_the_queue() {
        for close_first in [false, true] {
            let channel = Scripted::sending([Step::Error(libc::EAGAIN), Step::Error(libc::EPIPE)]);
            let mut stream = open();
            write(&mut stream, &channel, b"x");
            if close_first {
                stream.close();
            }
            assert!(matches!(stream.flush(&channel), Progress::Failed(_)));
            assert!(stream.queued().is_empty());
            let abandoned = stream.force_close().unwrap();
            assert_eq!(abandoned.was_open, !close_first);
            assert!(stream.force_close().is_none());
        }
    }

    #[test]
    fn giving_up_returns_what_was_not_sent() {
        let (mut stream, channel) = (open(), Scripted::sending([Step::Error(libc::EAGAIN)]));
        write(&mut stream, &channel, b"unsent");
        stream.pause();
        let abandoned = stream.force_close().unwrap();
        assert_eq!(abandoned.unsent, [b"unsent".to_vec()]);
        assert!(abandoned.was_open);
        assert_eq!(stream.close(), CloseStep::Nothing);
        assert_eq!(stream.drained(), Drained::Open);
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
