//! Wakes the loop from outside: the end of A THREAD's journey.
//!
//! A waker is a share of two things: the bit that says whether the loop sleeps ([`Parking`]) and the descriptor
//! that ends its sleep ([`WakeFd`]). Both live as long as the last waker does, so that a thread which outlives
//! the loop writes to a descriptor that nobody watches, never to one that has become another file.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use crate::ready::Parking;
use crate::sys::WakeFd;

/// A handle that any thread may use to end the loop's wait.
#[derive(Clone, Debug)]
pub struct Waker {
    parking: Arc<Parking>,
    wake_fd: Arc<WakeFd>,
}

impl Waker {
    /// A waker of a loop that is awake.
    pub fn new() -> io::Result<Self> {
        Ok(Self { parking: Arc::new(Parking::new()), wake_fd: Arc::new(WakeFd::new()?) })
    }

    /// What an [`Inbox`](crate::ready::Inbox) of this loop is made with.
    pub fn parking(&self) -> &Arc<Parking> {
        &self.parking
    }

    /// The loop, before it blocks: see [`Parking::prepare_park`]. `is_idle` asks every inbox of the loop.
    #[inline]
    pub fn prepare_park(&self, is_idle: impl FnOnce() -> bool) -> bool {
        self.parking.prepare_park(is_idle)
    }

    /// The loop, after it blocked.
    #[inline]
    pub fn unpark(&self) {
        self.parking.unpark();
    }

    /// Ends the loop's wait, or its next one: one system call, whatever the loop is doing. May be called from a
    /// signal handler.
    #[inline]
    pub fn wake(&self) {
        self.wake_fd.wake();
    }

    /// Ends the loop's wait if it is parked; costs no system call otherwise. For news that the loop looks at
    /// inside [`prepare_park`](Self::prepare_park).
    #[inline]
    pub fn wake_if_parked(&self) {
        if self.parking.claim_wake() {
            self.wake_fd.wake();
        }
    }

    /// Parts the child of a fork from its parent; every clone of this waker is parted with it.
    pub(super) fn after_fork(&self) -> io::Result<()> {
        self.parking.unpark();
        self.wake_fd.replace()
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake_fd.as_fd()
    }
}
