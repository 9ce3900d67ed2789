//! Connected stream sockets: receive, send, gather, shut down.
//!
//! Invariants:
//!
//! * No call here blocks, whatever mode the socket is in (`MSG_DONTWAIT`), and none raises `SIGPIPE`, whatever the
//!   program has set that signal to.
//! * A number that names no open socket is answered with `EBADF` or `ENOTSOCK`, like any other error.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use rustix::net::{self, RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, sockopt};

use super::borrow::borrow;

/// The kind of socket that all this is about.
pub const STREAM: i32 = libc::SOCK_STREAM;
/// The kind of socket that carries datagrams.
pub const DGRAM: i32 = libc::SOCK_DGRAM;
/// The protocol of the internet's streams.
pub const TCP: i32 = libc::IPPROTO_TCP;
/// The protocol of the internet's datagrams.
pub const UDP: i32 = libc::IPPROTO_UDP;

/// How many slices one gathered send takes at most: Linux's `IOV_MAX`.
pub const GATHER_LIMIT: usize = 1024;

/// Receives what is there, as much as `room` takes. Nothing is the end of the stream, unless `room` is empty. Errors:
/// `WouldBlock`, `Interrupted`, and what the socket has to report.
#[inline]
pub fn receive(fd: RawFd, room: &mut [MaybeUninit<u8>]) -> io::Result<&[u8]> {
    let ((received, _), _) = net::recv(borrow(&fd)?, room, RecvFlags::DONTWAIT)?;
    Ok(received)
}

/// Sends the beginning of `bytes`, as much as the kernel takes, and returns how much that was.
#[inline]
pub fn send(fd: RawFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(net::send(borrow(&fd)?, bytes, SEND_FLAGS)?)
}

/// Sends the beginning of `slices` laid end to end; [`GATHER_LIMIT`] of them at most.
pub fn send_gathered(fd: RawFd, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let slices = slices.get(..GATHER_LIMIT).unwrap_or(slices);
    Ok(net::sendmsg(borrow(&fd)?, slices, &mut SendAncillaryBuffer::default(), SEND_FLAGS)?)
}

/// Tells the peer that nothing more will be sent.
pub fn shut_down_writing(fd: RawFd) -> io::Result<()> {
    Ok(net::shutdown(borrow(&fd)?, Shutdown::Write)?)
}

/// Lets small writes leave at once (`TCP_NODELAY`). An error for what is not a TCP socket.
pub fn set_no_delay(fd: RawFd) -> io::Result<()> {
    Ok(sockopt::set_tcp_nodelay(borrow(&fd)?, true)?)
}

/// Takes the error that the socket keeps for whoever asks (`SO_ERROR`).
pub fn take_error(fd: RawFd) -> io::Result<Option<io::Error>> {
    Ok(sockopt::socket_error(borrow(&fd)?)?.err().map(io::Error::from))
}

const SEND_FLAGS: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    fn received(fd: RawFd) -> io::Result<Vec<u8>> {
        receive(fd, &mut [MaybeUninit::uninit(); 64]).map(<[u8]>::to_vec)
    }

    #[test]
    fn bytes_arrive_in_order_and_the_end_is_zero_bytes() {
        let (here, there) = UnixStream::pair().unwrap();
        assert_eq!(send(here.as_raw_fd(), b"one ").unwrap(), 4);
        let slices = [IoSlice::new(b"two "), IoSlice::new(b""), IoSlice::new(b"three")];
        assert_eq!(send_gathered(here.as_raw_fd(), &slices).unwrap(), 9);
        assert_eq!(received(there.as_raw_fd()).unwrap(), b"one two three");
        shut_down_writing(here.as_raw_fd()).unwrap();
        assert_eq!(received(there.as_raw_fd()).unwrap(), b"");
        assert_eq!(send(there.as_raw_fd(), b"still open").unwrap(), 10);
    }

    #[test]
    fn no_call_blocks_on_a_blocking_socket() {
        let (here, _there) = UnixStream::pair().unwrap();
        assert_eq!(received(here.as_raw_fd()).unwrap_err().kind(), ErrorKind::WouldBlock);
        let bytes = [0_u8; 1 << 16];
        let error = (0..1000).find_map(|_| send(here.as_raw_fd(), &bytes).err()).unwrap();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let error = send_gathered(here.as_raw_fd(), &[IoSlice::new(&bytes)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }

    #[test]
    fn a_peer_that_is_gone_is_an_error_and_no_signal() {
        let (here, there) = UnixStream::pair().unwrap();
        drop(there);
        // SAFETY: Rust's runtime ignores SIGPIPE; its default disposition, which would end the process here, is a
        // valid one, and no handler is installed.
        let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        let sent = send(here.as_raw_fd(), b"x");
        let gathered = send_gathered(here.as_raw_fd(), &[IoSlice::new(b"x")]);
        // SAFETY: `before` is what the runtime had set.
        unsafe { libc::signal(libc::SIGPIPE, before) };
        assert_eq!(sent.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(gathered.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn more_slices_than_the_kernel_takes_are_sent_in_part() {
        let (here, there) = UnixStream::pair().unwrap();
        let slices = vec![IoSlice::new(b"x"); GATHER_LIMIT + 1];
        assert_eq!(send_gathered(here.as_raw_fd(), &slices).unwrap(), GATHER_LIMIT);
        drop(there);
    }

    #[test]
    fn a_number_that_is_not_open_is_refused() {
        for fd in [-1, i32::MAX] {
            assert_eq!(received(fd).unwrap_err().raw_os_error(), Some(libc::EBADF));
            assert_eq!(send(fd, b"x").unwrap_err().raw_os_error(), Some(libc::EBADF));
        }
    }

    #[test]
    fn only_tcp_knows_delays_and_a_refused_connection_leaves_its_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        set_no_delay(stream.as_raw_fd()).unwrap();
        assert!(stream.nodelay().unwrap());
        assert!(take_error(stream.as_raw_fd()).unwrap().is_none());
        let (unix, _there) = UnixStream::pair().unwrap();
        assert!(set_no_delay(unix.as_raw_fd()).is_err());
    }
}
