//! The bit between the loop and the threads that send it work: is it about to sleep in the kernel?
//!
//! Waking costs a system call, so a thread wakes the loop only when it must: when the bit is set. The danger is
//! the lost wake-up: the loop looks into an empty inbox and goes to sleep while a thread, seeing it awake,
//! leaves its entry without a call.
//!
//! Both sides therefore write before they read, each by a swap of the same bit. Whichever swap comes second in
//! the bit's history sees what the other side wrote before its own: either the loop sees the entry and stays
//! awake, or the thread sees the bit and wakes it. A plain store and load here would let both miss
//! each other. loom explores it: `tests/loom_inbox.rs`.

use crate::loom::{AtomicBool, Ordering};

/// Whether a loop sleeps, or is about to, and must be woken for new work.
#[derive(Debug, Default)]
pub struct Parking {
    parked: AtomicBool,
}

impl Parking {
    /// A loop that is awake.
    pub fn new() -> Self {
        Self::default()
    }

    /// The loop's side: announces that it is going to sleep, then asks `is_idle` whether it still may.
    ///
    /// True means sleep, and call [`unpark`](Self::unpark) afterwards. False means that work has come
    /// meanwhile; the announcement has been taken back.
    #[inline]
    pub fn prepare_park(&self, is_idle: impl FnOnce() -> bool) -> bool {
        self.parked.swap(true, Ordering::AcqRel);
        let idle = is_idle();
        if !idle {
            self.unpark();
        }
        idle
    }

    /// The loop's side: it is awake again, and pushes need no system call until it parks next.
    #[inline]
    pub fn unpark(&self) {
        // A plain store would cut the chain of swaps: an entry left before it, by a thread that had found the
        // bit cleared by another one, might stay unseen by the next look.
        self.parked.swap(false, Ordering::AcqRel);
    }

    /// The other threads' side, after leaving work: true when the loop sleeps and nobody else has taken on
    /// to wake it. Who gets true must wake it; so a burst of pushes costs one system call.
    #[inline]
    #[must_use = "the loop sleeps on until it is woken"]
    pub fn claim_wake(&self) -> bool {
        self.parked.swap(false, Ordering::AcqRel)
    }
}
