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
//!
//! Read next: `stream_write.rs`, what becomes of written bytes meanwhile.

use std::collections::VecDeque;

use super::WaterMarks;
use super::write::{Chunk, WriteQueue};

/// The state of one connection. `C` keeps bytes that wait to be sent.
#[derive(Debug)]
pub struct Stream<C> {
    pub(super) queue: WriteQueue<C>,
    pub(super) marks: WaterMarks,
    paused: bool,
    pub(super) closing: bool,
    pub(super) ended: bool,
    /// 0 while the connection is not lost; then one more than the writes that came too late.
    pub(super) lost: usize,
}

/// Why bytes are not taken at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Writing was ended before.
    Ended,
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
}

impl<C: Chunk> Default for Stream<C> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::super::scripted::{Scripted, Step, write};
    use super::super::stream_write::{Drained, Progress, Written};
    use super::*;

    fn open() -> Stream<Vec<u8>> {
        Stream::new()
    }

    fn open_and_closed() -> Stream<Vec<u8>> {
        let mut stream = open();
        assert_eq!(stream.close(), CloseStep::Lost);
        stream
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
}
