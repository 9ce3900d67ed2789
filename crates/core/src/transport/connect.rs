//! Connecting, without waiting for it.
//!
//! ```text
//! begin -> Done
//!       -> InProgress -> (writable) conclude -> Done | InProgress | Failed
//! ```
//!
//! A kernel that says "interrupted" has begun all the same: asking again would answer "already", so that case waits
//! for the socket to become writable like any other.

use std::io;
use std::os::fd::RawFd;

use crate::sys::{Address, raw, socket};

/// How far an attempt to connect has come.
#[derive(Debug)]
pub enum Connecting {
    /// Connected.
    Done,
    /// It goes on in the background, and is over when the socket is writable.
    InProgress,
    /// There will be no connection.
    Failed(io::Error),
}

impl Connecting {
    /// Begins to connect the socket `fd`, which has to be in non-blocking mode.
    pub fn begin(fd: RawFd, address: &Address) -> Self {
        match raw::connect(fd, address) {
            Ok(()) => Self::Done,
            Err(error) => Self::after(error),
        }
    }

    /// Asks how the attempt has ended, once `fd` is writable.
    pub fn conclude(fd: RawFd) -> Self {
        match socket::take_error(fd) {
            Ok(None) => Self::Done,
            Ok(Some(error)) => Self::after(error),
            Err(error) => Self::Failed(error),
        }
    }

    fn after(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::EINPROGRESS | libc::EAGAIN | libc::EALREADY | libc::EINTR) => Self::InProgress,
            _ => Self::Failed(error),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    fn new_socket() -> OwnedFd {
        let flags = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
        // SAFETY: opens a descriptor that nobody else knows.
        #[allow(unsafe_code, reason = "the standard library has no socket that is not connected yet")]
        unsafe {
            OwnedFd::from_raw_fd(libc::socket(libc::AF_INET, flags, 0))
        }
    }

    fn conclude(fd: RawFd) -> Connecting {
        loop {
            match Connecting::conclude(fd) {
                Connecting::InProgress => std::thread::yield_now(),
                over => return over,
            }
        }
    }

    #[test]
    fn a_listener_is_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = new_socket();
        let began = Connecting::begin(socket.as_raw_fd(), &listener.local_addr().unwrap().into());
        assert!(!matches!(began, Connecting::Failed(_)), "{began:?}");
        assert!(matches!(conclude(socket.as_raw_fd()), Connecting::Done));
    }

    #[test]
    fn a_dead_port_refuses() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let socket = new_socket();
        let outcome = match Connecting::begin(socket.as_raw_fd(), &address.into()) {
            Connecting::InProgress => conclude(socket.as_raw_fd()),
            over => over,
        };
        let Connecting::Failed(error) = outcome else { panic!("connected to {address}") };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn a_closed_socket_fails() {
        let address = "127.0.0.1:1".parse::<std::net::SocketAddr>().unwrap().into();
        assert!(matches!(Connecting::begin(-1, &address), Connecting::Failed(_)));
        assert!(matches!(Connecting::conclude(-1), Connecting::Failed(_)));
    }
}
