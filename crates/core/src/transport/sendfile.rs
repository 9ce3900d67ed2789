//! Sending a file: one call of the kernel for each readiness of the socket, from an offset to the end or to a count.
//!
//! ```text
//! go_on -> Wait (-> writable -> go_on) ... -> Done
//!       -> Unavailable: nothing has left, so whoever asks may still send the bytes in another way
//!       -> Failed:      a part has left
//! ```
//!
//! The end of a file is where the kernel has nothing more to give, as for whoever reads: a file that grows meanwhile is
//! followed, and one that is cut short ends there.

use std::io;
use std::os::fd::RawFd;

use crate::sys::file;

use super::read::is_temporary;

/// A file and a socket that it is sent into.
pub trait FileChannel {
    /// Sends up to `limit` bytes from `offset` on and returns how many; nothing is the end of the file.
    fn send_file(&self, offset: u64, limit: usize) -> io::Result<usize>;
}

/// A file and a socket of the kernel's, by their descriptors, which somebody else owns and closes.
#[derive(Clone, Copy, Debug)]
pub struct FileToSocket {
    /// The file to read.
    pub file: RawFd,
    /// The socket to send into.
    pub socket: RawFd,
}

impl FileChannel for FileToSocket {
    #[inline]
    fn send_file(&self, offset: u64, limit: usize) -> io::Result<usize> {
        file::send(self.socket, self.file, offset, limit)
    }
}

/// How far a file has been sent. All zero bytes are a valid value.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSending {
    /// Of the next byte, from the file's start.
    offset: u64,
    /// How many bytes have left.
    sent: u64,
    /// How many shall leave; 0 for all up to the end.
    count: u64,
    /// How long the file was at the beginning: a guess of where its end is.
    size: u64,
}

/// How one step of sending a file ends.
#[derive(Debug)]
pub enum SendfileStep {
    /// Everything has left that was asked for, or that there is.
    Done,
    /// To be gone on with when the socket is writable.
    Wait,
    /// The kernel can't do it, and nothing has left.
    Unavailable(io::Error),
    /// It is over, with a part sent.
    Failed(io::Error),
}

impl FileSending {
    /// Sends from `offset` on, `count` bytes at most unless that is 0, of a file that is `size` bytes long so far.
    pub fn new(offset: u64, count: u64, size: u64) -> Self {
        Self { offset, sent: 0, count, size }
    }

    /// How many bytes have left.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Where the next byte stands in the file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Sends what the socket takes.
    pub fn go_on(&mut self, channel: &impl FileChannel) -> SendfileStep {
        let before = self.sent;
        let step = self.send_once(channel);
        // A socket that has taken less than all is full, and is not asked again. Behind the end there is nothing to wait
        // for: the call that says so is made at once, though only once, since a file can grow as fast as it is read.
        let has_moved = self.sent > before;
        if has_moved && self.seems_over() { self.send_once(channel) } else { step }
    }

    fn seems_over(&self) -> bool {
        self.sent == self.count || self.offset >= self.size
    }

    fn send_once(&mut self, channel: &impl FileChannel) -> SendfileStep {
        // To the end: as much as there was, since the kernel takes no "everything".
        let rest = if self.count == 0 { self.size } else { self.count - self.sent };
        if rest == 0 {
            return SendfileStep::Done;
        }
        match channel.send_file(self.offset, usize::try_from(rest).unwrap_or(usize::MAX)) {
            Ok(0) => SendfileStep::Done,
            Ok(sent) => {
                self.offset += sent as u64;
                self.sent += sent as u64;
                SendfileStep::Wait
            }
            Err(error) if is_temporary(&error) => SendfileStep::Wait,
            Err(error) if self.sent == 0 => SendfileStep::Unavailable(error),
            Err(error) => SendfileStep::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scripted::Step;
    use super::*;
    use std::cell::{Cell, RefCell};
    use std::collections::VecDeque;

    /// A socket that follows a script and then takes everything, of a file with an end that can be moved.
    struct Script {
        end: Cell<u64>,
        steps: RefCell<VecDeque<Step>>,
        /// Offset and limit of each call.
        calls: RefCell<Vec<(u64, usize)>>,
    }

    impl Script {
        fn new(end: u64, steps: impl IntoIterator<Item = Step>) -> Self {
            let steps = RefCell::new(steps.into_iter().collect());
            Self { end: Cell::new(end), steps, calls: RefCell::default() }
        }

        fn sending(&self, offset: u64, count: u64) -> FileSending {
            FileSending::new(offset, count, self.end.get())
        }
    }

    impl FileChannel for Script {
        fn send_file(&self, offset: u64, limit: usize) -> io::Result<usize> {
            self.calls.borrow_mut().push((offset, limit));
            let room = match self.steps.borrow_mut().pop_front() {
                None => usize::MAX,
                Some(Step::Take(room)) => room,
                Some(Step::Error(number)) => return Err(io::Error::from_raw_os_error(number)),
                Some(Step::Bytes(_)) => panic!("a send gives no bytes"),
            };
            let left = self.end.get().saturating_sub(offset);
            Ok(limit.min(room).min(usize::try_from(left).unwrap()))
        }
    }

    #[test]
    fn a_file_that_the_socket_takes_whole_is_done_in_one_step() {
        let script = Script::new(10, []);
        let mut sending = script.sending(0, 0);
        assert!(matches!(sending.go_on(&script), SendfileStep::Done));
        assert_eq!((sending.sent(), sending.offset()), (10, 10));
        assert_eq!(*script.calls.borrow(), [(0, 10), (10, 10)], "the end is asked for, not guessed");
    }

    #[test]
    fn a_count_needs_no_call_to_see_its_end() {
        let script = Script::new(10, []);
        let mut sending = script.sending(3, 4);
        assert!(matches!(sending.go_on(&script), SendfileStep::Done));
        assert_eq!((sending.sent(), sending.offset()), (4, 7));
        assert_eq!(*script.calls.borrow(), [(3, 4)]);
    }

    #[test]
    fn a_partial_send_and_a_full_socket_wait() {
        let steps = [Step::Take(4), Step::Error(libc::EAGAIN), Step::Error(libc::EINTR), Step::Take(2)];
        let script = Script::new(10, steps);
        let mut sending = script.sending(0, 9);
        for (sent, calls) in [(4, 1), (4, 2), (4, 3), (6, 4)] {
            assert!(matches!(sending.go_on(&script), SendfileStep::Wait));
            assert_eq!((sending.sent(), script.calls.borrow().len()), (sent, calls), "one call for a step");
        }
        assert!(matches!(sending.go_on(&script), SendfileStep::Done));
        assert_eq!(script.calls.borrow().last(), Some(&(6, 3)));
        assert_eq!(sending.sent(), 9);
    }

    #[test]
    fn a_file_that_ends_before_the_count_is_sent_as_far_as_it_goes() {
        let script = Script::new(10, []);
        let mut sending = script.sending(8, 100);
        assert!(matches!(sending.go_on(&script), SendfileStep::Done));
        assert_eq!((sending.sent(), sending.offset()), (2, 10));
        let mut behind = script.sending(11, 0);
        assert!(matches!(behind.go_on(&script), SendfileStep::Done));
        assert_eq!((behind.sent(), behind.offset()), (0, 11));
    }

    #[test]
    fn a_file_that_is_cut_short_ends_there() {
        let script = Script::new(10, [Step::Take(4)]);
        let mut sending = script.sending(0, 0);
        assert!(matches!(sending.go_on(&script), SendfileStep::Wait));
        script.end.set(2);
        assert!(matches!(sending.go_on(&script), SendfileStep::Done));
        assert_eq!(sending.sent(), 4);
    }

    #[test]
    fn a_file_that_grows_is_followed_a_step_at_a_time() {
        let script = Script::new(10, [Step::Take(4)]);
        let mut sending = script.sending(0, 0);
        assert!(matches!(sending.go_on(&script), SendfileStep::Wait));
        script.end.set(30);
        // Up to the tenth byte and beyond, and once more, but not until the end, which may never come.
        assert!(matches!(sending.go_on(&script), SendfileStep::Wait));
        assert_eq!(sending.sent(), 24);
        assert!(matches!(sending.go_on(&script), SendfileStep::Done));
        assert_eq!(sending.sent(), 30);
    }

    #[test]
    fn an_error_leaves_another_way_open_only_before_the_first_byte() {
        for number in [libc::EINVAL, libc::ENOSYS, libc::ENOTSUP, libc::EBADF, libc::EPIPE] {
            let script = Script::new(10, [Step::Error(number)]);
            assert!(matches!(script.sending(0, 0).go_on(&script), SendfileStep::Unavailable(_)));
            let script = Script::new(10, [Step::Take(4), Step::Error(number)]);
            let mut sending = script.sending(0, 0);
            assert!(matches!(sending.go_on(&script), SendfileStep::Wait));
            let SendfileStep::Failed(error) = sending.go_on(&script) else { panic!("{number} is lost") };
            assert_eq!(error.raw_os_error(), Some(number));
            assert_eq!((sending.sent(), sending.offset()), (4, 4));
        }
    }
}
