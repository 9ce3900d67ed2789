//! A pipe as a channel: one end reads, the other writes, and neither knows messages or flags.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use super::Channel;
use crate::sys::pipe;

/// One end of a pipe, or a character device, by its descriptor, which somebody else owns and closes. It has to be in
/// non-blocking mode.
#[derive(Clone, Copy, Debug)]
pub struct Pipe(pub RawFd);

impl Channel for Pipe {
    #[inline]
    fn receive<'a>(&self, room: &'a mut [MaybeUninit<u8>]) -> io::Result<&'a [u8]> {
        pipe::read(self.0, room)
    }

    #[inline]
    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        pipe::write(self.0, bytes)
    }

    fn send_gathered(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        pipe::write_gathered(self.0, slices)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
mod tests {
    use super::super::{READ_SIZE, Received, Sent, WriteQueue, receive};
    use super::*;
    use rustix::pipe::{PipeFlags, pipe_with};
    use std::os::fd::{AsRawFd, OwnedFd};

    fn ends() -> (OwnedFd, OwnedFd) {
        pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC).unwrap()
    }

    fn read_all(reader: &OwnedFd) -> Vec<u8> {
        let mut room = vec![MaybeUninit::uninit(); READ_SIZE];
        let mut all = Vec::new();
        loop {
            match receive(&Pipe(reader.as_raw_fd()), &mut room) {
                Received::Bytes(bytes) => all.extend_from_slice(bytes),
                Received::Nothing | Received::End => return all,
                Received::Failed(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn what_is_queued_arrives_in_order_however_small_the_pipe_is() {
        let (reader, writer) = ends();
        let mut queue = WriteQueue::new();
        let chunks: Vec<Vec<u8>> = (0..200_u8).map(|number| vec![number; 5000]).collect();
        chunks.iter().for_each(|chunk| queue.push(chunk.clone(), 0));
        let mut came = Vec::new();
        while !queue.is_empty() {
            assert!(matches!(queue.flush(&Pipe(writer.as_raw_fd())), Sent::Bytes(_)));
            came.extend(read_all(&reader));
        }
        assert_eq!(came, chunks.concat());
    }

    #[test]
    fn a_full_pipe_takes_nothing_and_that_is_no_error() {
        let (_reader, writer) = ends();
        let mut queue = WriteQueue::new();
        queue.push(vec![0; 1_000_000], 0);
        assert!(matches!(queue.flush(&Pipe(writer.as_raw_fd())), Sent::Bytes(1..)));
        assert!(matches!(queue.flush(&Pipe(writer.as_raw_fd())), Sent::Bytes(0)));
    }

    #[test]
    fn the_end_comes_after_the_data() {
        let (reader, writer) = ends();
        Pipe(writer.as_raw_fd()).send(b"last words").unwrap();
        drop(writer);
        let mut room = [MaybeUninit::uninit(); 4];
        let mut came = Vec::new();
        while let Received::Bytes(bytes) = receive(&Pipe(reader.as_raw_fd()), &mut room) {
            came.extend_from_slice(bytes);
        }
        assert_eq!(came, b"last words");
        assert!(matches!(receive(&Pipe(reader.as_raw_fd()), &mut room), Received::End));
    }

    #[test]
    fn a_reader_that_is_gone_breaks_the_pipe() {
        let (reader, writer) = ends();
        drop(reader);
        let error = Pipe(writer.as_raw_fd()).send(b"nobody").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn numbers_that_name_no_file_are_refused() {
        assert_eq!(Pipe(-1).send(b"x").unwrap_err().raw_os_error(), Some(libc::EBADF));
        assert_eq!(Pipe(-1).send_gathered(&[]).unwrap_err().raw_os_error(), Some(libc::EBADF));
    }
}
