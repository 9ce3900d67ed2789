//! What the tests of the reactor share: one wait with everything it found, and descriptors to watch.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use aioxide_core::reactor::{Event, Reactor};

/// Long enough to tell a wait that was ended from one that ran out, on a busy machine.
pub const LONG: Duration = Duration::from_secs(20);

/// One wait, in the three parts that the binding uses, and its events.
pub fn wait<T>(reactor: &mut Reactor<T>, timeout: Duration) -> Vec<Event> {
    let mut wait = reactor.begin_wait().unwrap();
    wait.block(Some(timeout)).unwrap();
    reactor.finish_wait(wait);
    std::iter::from_fn(|| reactor.next_event()).collect()
}

/// What is ready now.
pub fn poll<T>(reactor: &mut Reactor<T>) -> Vec<Event> {
    wait(reactor, Duration::ZERO)
}

pub fn readable(fd: RawFd) -> Event {
    Event { fd, readable: true, writable: false }
}

pub fn writable(fd: RawFd) -> Event {
    Event { fd, readable: false, writable: true }
}

pub fn both(fd: RawFd) -> Event {
    Event { fd, readable: true, writable: true }
}

/// Two connected sockets that don't block.
pub fn socket_pair() -> (UnixStream, UnixStream) {
    let (left, right) = UnixStream::pair().unwrap();
    left.set_nonblocking(true).unwrap();
    right.set_nonblocking(true).unwrap();
    (left, right)
}

/// Closes what `number` names and lets it name the file of `source` instead, in one step.
///
/// The tests of one binary share the descriptor table and run side by side; closing and reopening would leave a
/// moment in which another test gets the number.
pub fn become_another_file(number: &impl AsRawFd, source: OwnedFd) {
    // SAFETY: both descriptors are open and borrowed for the call; `number` stays open and keeps its owner.
    let outcome = unsafe { libc::dup3(source.as_raw_fd(), number.as_raw_fd(), libc::O_CLOEXEC) };
    assert!(outcome >= 0, "{}", std::io::Error::last_os_error());
}
