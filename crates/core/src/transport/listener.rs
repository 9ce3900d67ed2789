//! Accepting what waits in a listening socket's backlog, one readiness at a time.
//!
//! ```text
//! readable -> next -> Connection, again and again
//!                  -> Empty: the round is over, the selector says when the next one begins
//!                  -> OutOfResources: nothing can be accepted for now, though connections wait
//!                  -> Failed: this is no socket to accept from
//! ```
//!
//! Out of descriptors or memory, the connections stay in the backlog and the socket stays readable: who goes on
//! watching it spins. It has to be left alone for a while ([`Accepted::OutOfResources`]).

use std::io;
use std::os::fd::{OwnedFd, RawFd};

use crate::sys::{Address, raw};

/// What came of one attempt to accept.
#[derive(Debug)]
pub enum Accepted {
    /// A connection, which does not block, and its peer's address.
    Connection(OwnedFd, Address),
    /// No connection waits, or the round was long enough.
    Empty,
    /// The process or the system has no descriptor or memory left for it.
    OutOfResources(io::Error),
    /// The socket can't be accepted from.
    Failed(io::Error),
}

/// What is accepted for one readiness: bounded, so that a flood of connections leaves a turn to others.
#[derive(Debug)]
pub struct Round {
    left: usize,
}

impl Round {
    /// A round of as many attempts as a backlog of this length holds, and one more, which finds it empty.
    pub fn of(backlog: usize) -> Self {
        Self { left: backlog.saturating_add(1) }
    }

    /// Accepts the next connection of the listening socket `fd`, which has to be in non-blocking mode. Connections that
    /// their peers have given up already are passed over.
    pub fn next(&mut self, fd: RawFd) -> Accepted {
        loop {
            let Some(left) = self.left.checked_sub(1) else { return Accepted::Empty };
            self.left = left;
            match raw::accept(fd) {
                Ok((connection, address)) => return Accepted::Connection(connection, address),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return after(error),
            }
        }
    }
}

fn after(error: io::Error) -> Accepted {
    match error.raw_os_error() {
        Some(libc::EAGAIN) => Accepted::Empty,
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM) => Accepted::OutOfResources(error),
        _ => Accepted::Failed(error),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use crate::sys::AddressKind;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    fn listener() -> TcpListener {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        listener
    }

    #[test]
    fn a_round_takes_everything_that_waits() {
        let listener = listener();
        let clients: Vec<_> =
            (0..5).map(|_| TcpStream::connect(listener.local_addr().unwrap()).unwrap()).collect();
        let mut round = Round::of(100);
        for client in &clients {
            let Accepted::Connection(_, address) = round.next(listener.as_raw_fd()) else { panic!("empty") };
            assert_eq!(address.kind(), AddressKind::Internet(client.local_addr().unwrap()));
        }
        assert!(matches!(round.next(listener.as_raw_fd()), Accepted::Empty));
    }

    #[test]
    fn a_round_is_bounded() {
        let listener = listener();
        let _clients: Vec<_> =
            (0..5).map(|_| TcpStream::connect(listener.local_addr().unwrap()).unwrap()).collect();
        let mut round = Round::of(1);
        assert!(matches!(round.next(listener.as_raw_fd()), Accepted::Connection(..)));
        assert!(matches!(round.next(listener.as_raw_fd()), Accepted::Connection(..)));
        assert!(matches!(round.next(listener.as_raw_fd()), Accepted::Empty));
        assert!(matches!(Round::of(1).next(listener.as_raw_fd()), Accepted::Connection(..)));
    }

    #[test]
    fn errors_are_told_apart() {
        assert!(matches!(Round::of(1).next(-1), Accepted::Failed(_)));
        for number in [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM] {
            let error = io::Error::from_raw_os_error(number);
            assert!(matches!(after(error), Accepted::OutOfResources(_)));
        }
        assert!(matches!(after(io::Error::from_raw_os_error(libc::EAGAIN)), Accepted::Empty));
        assert!(matches!(after(io::Error::from_raw_os_error(libc::EPERM)), Accepted::Failed(_)));
    }
}
