//! Where other threads leave work for the loop: `call_soon_threadsafe` and every worker thread end here.
//!
//! A lock around a ring, held for one push or one exchange of pointers: with an interpreter lock, or with few
//! producers, it is all but never contended, and an uncontended lock costs less than the allocation
//! that a lock-free list needs for each of its nodes. The loop looks in once a turn and must not pay for that: the
//! count beside the lock answers with a plain load.
//!
//! Invariants:
//!
//! * Entries of one thread keep their order, and no entry is lost or doubled.
//! * `pending` changes only under the lock; a push that has returned is seen by an
//!   [`is_empty`](Inbox::is_empty) asked inside [`Parking::prepare_park`].
//! * No payload is dropped, and no user's code runs, under the lock.
//!
//! Forking while another thread is inside [`push`](Inbox::push) would leave the child a lock that nobody
//! releases. CPython forks with all attached threads stopped outside of native code; a thread that runs detached
//! from the interpreter needs an inbox that the child throws away.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use super::{Parking, Queue};
use crate::loom::{AtomicUsize, Mutex, Ordering};

/// A queue with many producers and one consumer, the loop that `Parking` belongs to.
#[derive(Debug)]
pub struct Inbox<T> {
    entries: Mutex<VecDeque<T>>,
    pending: AtomicUsize,
    parking: Arc<Parking>,
}

impl<T: Send> Inbox<T> {
    /// An empty inbox for the loop that parks by `parking`.
    pub fn new(parking: Arc<Parking>) -> Self {
        Self { entries: Mutex::new(VecDeque::new()), pending: AtomicUsize::new(0), parking }
    }

    /// Leaves an entry, from any thread. True when the loop sleeps and the caller must wake it.
    #[inline]
    #[must_use = "the loop sleeps on until it is woken"]
    pub fn push(&self, entry: T) -> bool {
        {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.push_back(entry);
            self.pending.store(entries.len(), Ordering::Release);
        }
        self.parking.claim_wake()
    }

    /// True when nothing has been left. One load; a push that is still under way may be missed until the next
    /// look, and the loop looks again before it sleeps.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many entries have been left.
    #[inline]
    pub fn len(&self) -> usize {
        self.pending.load(Ordering::Acquire)
    }

    /// Moves everything into the loop's own queue, behind what is there, and says how many entries came.
    #[inline]
    pub fn drain_into(&self, queue: &mut Queue<T>) -> usize {
        if self.is_empty() {
            return 0;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let count = entries.len();
        queue.append(&mut entries);
        self.pending.store(0, Ordering::Release);
        count
    }
}

#[cfg(all(test, not(loom)))]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_push_asks_for_a_wake_up_only_while_the_loop_is_parked_and_only_once() {
        let parking = Arc::new(Parking::new());
        let inbox = Inbox::new(Arc::clone(&parking));
        let mut queue = Queue::new();

        assert!(!inbox.push(1), "the loop is awake");
        assert!(!parking.prepare_park(|| inbox.is_empty()), "there is work: the loop must not sleep");
        assert_eq!(inbox.drain_into(&mut queue), 1);

        assert!(parking.prepare_park(|| inbox.is_empty()));
        assert!(inbox.push(2), "the loop sleeps");
        assert!(!inbox.push(3), "somebody else wakes it");
        parking.unpark();
        assert!(!inbox.push(4));
        assert_eq!(inbox.drain_into(&mut queue), 3);
        assert!(queue.iter().copied().eq([1, 2, 3, 4]));
        assert_eq!(inbox.drain_into(&mut queue), 0);
    }

    #[test]
    fn entries_of_each_thread_keep_their_order_and_none_is_lost() {
        const THREADS: u64 = 4;
        const EACH: u64 = 5_000;
        let inbox = Inbox::new(Arc::new(Parking::new()));
        let mut queue = Queue::new();
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let inbox = &inbox;
                scope.spawn(move || (0..EACH).for_each(|number| assert!(!inbox.push((thread, number)))));
            }
            while queue.len() < (THREADS * EACH) as usize {
                inbox.drain_into(&mut queue);
                thread::yield_now();
            }
        });
        for thread in 0..THREADS {
            assert!(queue.iter().filter(|entry| entry.0 == thread).map(|entry| entry.1).eq(0..EACH));
        }
        assert!(inbox.is_empty());
    }
}
