//! Every interleaving of threads that leave work with a loop that goes to sleep: no wake-up is lost, and a push
//! asks for a system call only when the loop is parked.
//!
//! ```sh
//! RUSTFLAGS="--cfg loom" cargo test -p aioxide-core --release --test loom_inbox
//! ```
//!
//! The selector is played by a counter under a condition variable: as with the real wake fd, a wake-up that comes
//! before the sleep ends it at once. A lost wake-up leaves the loop asleep with nobody to wake it, which loom reports
//! as a deadlock.

#![cfg(loom)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::sync::Arc;

use aioxide_core::ready::{Inbox, Parking, Queue};
use loom::sync::{Condvar, Mutex};
use loom::thread;

#[derive(Default)]
struct WakeFd {
    counter: Mutex<usize>,
    written: Condvar,
}

impl WakeFd {
    fn wake(&self) {
        *self.counter.lock().unwrap() += 1;
        self.written.notify_one();
    }

    fn wait(&self) {
        let mut counter = self.counter.lock().unwrap();
        while *counter == 0 {
            counter = self.written.wait(counter).unwrap();
        }
        *counter = 0;
    }
}

/// What the loop did until it had all entries.
#[derive(Default)]
struct Outcome {
    queue: Queue<u32>,
    /// How often it announced that it would sleep.
    announced: usize,
    /// How often it did.
    slept: usize,
}

/// The loop: runs until it has `expected` entries and sleeps whenever it may.
fn run(parking: &Parking, inbox: &Inbox<u32>, wake_fd: &WakeFd, expected: usize) -> Outcome {
    let mut outcome = Outcome::default();
    while outcome.queue.len() < expected {
        if inbox.drain_into(&mut outcome.queue) > 0 {
            continue;
        }
        outcome.announced += 1;
        if parking.prepare_park(|| inbox.is_empty()) {
            outcome.slept += 1;
            wake_fd.wait();
            parking.unpark();
        }
    }
    outcome
}

/// `threads` producers that leave `each` entries, and the loop, with at most so many forced switches.
fn explore(threads: u32, each: u32, preemptions: usize) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let parking = Arc::new(Parking::new());
        let inbox = Arc::new(Inbox::new(Arc::clone(&parking)));
        let wake_fd = Arc::new(WakeFd::default());
        let producers: Vec<_> = (0..threads)
            .map(|thread| {
                let (inbox, wake_fd) = (Arc::clone(&inbox), Arc::clone(&wake_fd));
                thread::spawn(move || {
                    let mut wakes = 0;
                    for number in 0..each {
                        if inbox.push(thread * 100 + number) {
                            wakes += 1;
                            wake_fd.wake();
                        }
                    }
                    wakes
                })
            })
            .collect();

        let Outcome { queue, announced, slept } = run(&parking, &inbox, &wake_fd, (threads * each) as usize);
        let wakes: usize = producers.into_iter().map(|producer| producer.join().unwrap()).sum();

        for thread in 0..threads {
            let own = queue.iter().copied().filter(|entry| entry / 100 == thread);
            assert!(own.eq((0..each).map(|number| thread * 100 + number)), "order of thread {thread}");
        }
        assert!(wakes >= slept, "slept {slept} times, woken {wakes} times");
        // A loop that found work after its announcement may have been promised a wake-up all the same.
        assert!(wakes <= announced, "announced {announced} times, woken {wakes} times");
    });
}

#[test]
fn one_thread_leaving_two_entries() {
    explore(1, 2, 5);
}

#[test]
fn two_threads_leaving_two_entries_each() {
    explore(2, 2, 3);
}
