//! The place where a worker sleeps until somebody has work for it.
//!
//! Ringing before the worker sleeps is not lost: the bell stays rung until it was heard. Nothing is locked, so
//! a process that forks while a thread waits leaves its child no lock that nobody releases.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};

/// Wakes one thread, the one that made it.
#[derive(Debug)]
pub struct Bell {
    rung: AtomicBool,
    sleeper: Thread,
}

impl Bell {
    /// A bell that the calling thread will wait at.
    pub fn of_this_thread() -> Self {
        Self { rung: AtomicBool::new(false), sleeper: thread::current() }
    }

    /// Ends the thread's wait, or its next one. A system call only when it sleeps.
    pub fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.sleeper.unpark();
    }

    /// Sleeps until the bell is rung. To be called by the thread that made the bell.
    pub fn wait(&self) {
        // Parking may end by itself, or by a ring that an earlier look has answered already.
        while !self.rung.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn a_ring_before_the_wait_is_heard_once() {
        let bell = Bell::of_this_thread();
        bell.ring();
        bell.ring();
        bell.wait();
        assert!(!bell.rung.load(Ordering::Relaxed));
    }

    #[test]
    fn a_thread_waits_until_its_own_bell_rings() {
        let (bells, heard) = (mpsc::channel(), mpsc::channel());
        let worker = thread::spawn(move || {
            let bell = std::sync::Arc::new(Bell::of_this_thread());
            bells.0.send(std::sync::Arc::clone(&bell)).expect("the test waits for it");
            for round in 0..1000 {
                bell.wait();
                heard.0.send(round).expect("the test waits for it");
            }
        });
        let bell = bells.1.recv().expect("the worker sends its bell");
        worker.thread().unpark();
        assert!(heard.1.recv_timeout(Duration::from_millis(20)).is_err(), "woken without a ring");
        for round in 0..1000 {
            bell.ring();
            assert_eq!(heard.1.recv_timeout(Duration::from_secs(10)), Ok(round));
        }
        worker.join().expect("the worker heard every ring");
    }
}
