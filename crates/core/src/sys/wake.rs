//! Ends a wait from outside: an eventfd that the selector watches for as long as it lives.
//!
//! Invariants: [`WakeFd::wake`] is one `write(2)` and nothing else (no lock, no allocation, `errno` left
//! alone on the architectures where rustix makes system calls itself, x86-64 and aarch64 among them), so a
//! signal handler may call it. It never blocks: the counter could only be full after 2^64 - 2 wake-ups, and
//! then a wait has ended already. Nobody reads the counter: the selector watches the descriptor by edges.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};

/// A descriptor whose writing ends the wait of the selector that watches it.
#[derive(Debug)]
pub struct WakeFd {
    counter: OwnedFd,
}

impl WakeFd {
    /// Opens a wake fd; it is not inherited across `exec`.
    pub fn new() -> io::Result<Self> {
        Ok(Self { counter: new_counter()? })
    }

    /// Ends the current wait, or the next one if nobody waits. From any thread or signal handler.
    #[inline]
    pub fn wake(&self) {
        // The one possible failure, a full counter, means that a wake-up is already on its way.
        let _ = rustix::io::write(&self.counter, &1_u64.to_ne_bytes());
    }

    /// Puts a new eventfd under the same descriptor number.
    ///
    /// For the child of a fork: until then both processes write to one counter, and the child would wake its
    /// parent. The number stays, so that every copy of it in the program stays right.
    pub fn replace(&self) -> io::Result<()> {
        let replacement = new_counter()?;
        // SAFETY: both numbers are open and owned here. The second stays owned by `self.counter` and never stops
        // being open: dup3 exchanges the file behind it in one step.
        let outcome =
            unsafe { libc::dup3(replacement.as_raw_fd(), self.counter.as_raw_fd(), libc::O_CLOEXEC) };
        if outcome < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

impl AsFd for WakeFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.counter.as_fd()
    }
}

fn new_counter() -> io::Result<OwnedFd> {
    Ok(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use crate::sys::{Events, Selector};
    use std::time::Duration;

    fn waits_that_end(selector: &Selector) -> usize {
        let mut events = Events::with_capacity(4);
        (0..3).map(|_| selector.wait(&mut events, Some(Duration::ZERO)).unwrap()).sum()
    }

    #[test]
    fn one_or_many_wake_ups_end_exactly_one_wait() {
        let (selector, wake_fd) = (Selector::new().unwrap(), WakeFd::new().unwrap());
        selector.add_wake(wake_fd.as_fd(), 1).unwrap();
        assert_eq!(waits_that_end(&selector), 0);
        for wakes in [1, 5] {
            (0..wakes).for_each(|_| wake_fd.wake());
            assert_eq!(waits_that_end(&selector), 1, "after {wakes} wake-ups");
        }
    }

    #[test]
    fn a_full_counter_does_not_block() {
        let wake_fd = WakeFd::new().unwrap();
        rustix::io::write(&wake_fd.counter, &(u64::MAX - 1).to_ne_bytes()).unwrap();
        wake_fd.wake();
    }

    #[test]
    fn a_replaced_counter_is_another_one_under_the_same_number() {
        let selector = Selector::new().unwrap();
        let wake_fd = WakeFd::new().unwrap();
        let original = wake_fd.counter.try_clone().unwrap();
        selector.add_wake(original.as_fd(), 1).unwrap();
        wake_fd.replace().unwrap();
        wake_fd.wake();
        assert_eq!(waits_that_end(&selector), 0, "the old counter was not written");
    }
}
