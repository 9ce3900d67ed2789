//! Regular files, as far as sending them needs: how long one is, its bytes into a socket, where its next reader begins.
//!
//! Invariants:
//!
//! * [`send`] reads where it is told to and leaves the file's position alone; [`set_position`] is what moves it.
//! * [`send`] waits for no room in a non-blocking socket, but it may wait for the disk. A peer that is gone is `EPIPE`; the
//!   signal that the kernel sends as well is ignored by Python from its start.

use std::io;
use std::os::fd::RawFd;

use rustix::fs::{self, SeekFrom};

use super::borrow::borrow;

/// How long the file is, in bytes; 0 for what has no length, such as a pipe.
pub fn size(file: RawFd) -> io::Result<u64> {
    Ok(u64::try_from(fs::fstat(borrow(&file)?)?.st_size).unwrap_or(0))
}

/// Lets the next read of the file begin at `offset`, in bytes from its start. Errors: `ESPIPE` for what has no positions.
pub fn set_position(file: RawFd, offset: u64) -> io::Result<()> {
    fs::seek(borrow(&file)?, SeekFrom::Start(offset))?;
    Ok(())
}

/// Sends up to `limit` bytes of `file` from `offset` on into `socket`, within the kernel. Returns how many; 0 at the end
/// of the file. Errors: `WouldBlock`, `EINVAL` for a file or a socket of a kind that can't do this.
pub fn send(socket: RawFd, file: RawFd, mut offset: u64, limit: usize) -> io::Result<usize> {
    loop {
        match fs::sendfile(borrow(&socket)?, borrow(&file)?, Some(&mut offset), limit) {
            Err(rustix::io::Errno::INTR) => {}
            sent => return Ok(sent?),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{ErrorKind, Read, Seek, Write};
    use std::os::fd::{AsRawFd, FromRawFd};
    use std::os::unix::net::UnixStream;

    /// A file without a name.
    fn file_of(bytes: &[u8]) -> File {
        // SAFETY: a terminated name; the descriptor is new and nobody else's.
        let mut file = unsafe { File::from_raw_fd(libc::memfd_create(c"test".as_ptr(), libc::MFD_CLOEXEC)) };
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn a_part_of_a_file_arrives_and_the_position_stays() {
        let mut file = file_of(b"0123456789");
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        assert_eq!(size(file.as_raw_fd()).unwrap(), 10);
        set_position(file.as_raw_fd(), 1).unwrap();
        assert_eq!(send(ours.as_raw_fd(), file.as_raw_fd(), 3, 4).unwrap(), 4);
        assert_eq!(send(ours.as_raw_fd(), file.as_raw_fd(), 8, 100).unwrap(), 2);
        assert_eq!(send(ours.as_raw_fd(), file.as_raw_fd(), 10, 100).unwrap(), 0);
        assert_eq!(send(ours.as_raw_fd(), file.as_raw_fd(), 99, 100).unwrap(), 0);
        assert_eq!(file.stream_position().unwrap(), 1);
        drop(ours);
        let mut received = Vec::new();
        theirs.read_to_end(&mut received).unwrap();
        assert_eq!(received, b"345689");
    }

    #[test]
    fn a_full_socket_is_said_so() {
        let file = file_of(&[0; 1 << 16]);
        let (ours, _theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let full = (0..1000).find_map(|_| send(ours.as_raw_fd(), file.as_raw_fd(), 0, 1 << 16).err());
        assert_eq!(full.unwrap().kind(), ErrorKind::WouldBlock);
    }

    #[test]
    fn what_is_no_file_or_not_open_is_refused() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let refused = send(ours.as_raw_fd(), theirs.as_raw_fd(), 0, 1).unwrap_err();
        assert!(matches!(refused.raw_os_error(), Some(libc::EINVAL | libc::ESPIPE)), "{refused}");
        assert_eq!(set_position(ours.as_raw_fd(), 0).unwrap_err().raw_os_error(), Some(libc::ESPIPE));
        assert_eq!(size(ours.as_raw_fd()).unwrap(), 0);
        for closed in [size(-1).map(drop), set_position(-1, 0), send(ours.as_raw_fd(), -1, 0, 1).map(drop)] {
            assert_eq!(closed.unwrap_err().raw_os_error(), Some(libc::EBADF));
        }
    }
}
