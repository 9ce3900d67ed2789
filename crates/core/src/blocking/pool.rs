//! Threads for jobs that block: as many as there are jobs at a time, up to a limit, and none for long without any.
//!
//! Invariants:
//!
//! * A job runs once, and jobs begin in the order in which they came.
//! * A thread that has found nothing to do for [`PATIENCE`] ends; dropping the pool ends the idle ones at once, and
//!   the busy ones after their job. Nobody waits for them.
//! * Nothing is held locked while a job runs.
//!
//! A process that forks leaves its child a pool without threads and, if one of them held the lock at that moment, one
//! that must not be touched: the child forgets it and makes another.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a thread waits for another job before it ends.
const PATIENCE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// Runs jobs in threads of its own.
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    work: Condvar,
    limit: usize,
    patience: Duration,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    /// How many threads wait for a job that nobody else was woken for.
    idle: usize,
    is_closed: bool,
}

impl Pool {
    /// A pool of up to `limit` threads, none of which exists yet.
    pub fn new(limit: usize) -> Self {
        Self::with_patience(limit, PATIENCE)
    }

    fn with_patience(limit: usize, patience: Duration) -> Self {
        let (state, work) = (Mutex::default(), Condvar::new());
        Self { shared: Arc::new(Shared { state, work, limit: limit.max(1), patience }) }
    }

    /// Runs `job` in one of the threads. Errors: no thread could be started for it, and none exists.
    pub fn run(&self, job: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut state = self.shared.lock();
        if state.idle > state.jobs.len() || state.threads >= self.shared.limit {
            state.jobs.push_back(Box::new(job));
            drop(state);
            self.shared.work.notify_one();
            return Ok(());
        }
        state.threads += 1;
        state.jobs.push_back(Box::new(job));
        let shared = Arc::clone(&self.shared);
        let started = thread::Builder::new().name(String::from("aioxide")).spawn(move || shared.serve());
        if let Err(error) = started {
            state.threads -= 1;
            if state.threads == 0 {
                state.jobs.pop_back();
                return Err(error);
            }
        }
        Ok(())
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.shared.lock().threads
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of one thread.
    fn serve(&self) {
        while let Some(job) = self.next_job() {
            // Whatever went wrong in it has been said on stderr, and the next one is not to blame.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
        self.lock().threads -= 1;
    }

    /// Waits for a job; `None` when it is time to end.
    fn next_job(&self) -> Option<Job> {
        let mut state = self.lock();
        if let Some(job) = state.jobs.pop_front() {
            return Some(job);
        }
        if state.is_closed {
            return None;
        }
        state.idle += 1;
        let waited = self
            .work
            .wait_timeout_while(state, self.patience, |state| state.jobs.is_empty() && !state.is_closed);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        state.jobs.pop_front()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.work.notify_all();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("threads", &self.threads()).finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(10);

    fn until(mut holds: impl FnMut() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < LONG);
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn jobs_that_block_run_at_once_up_to_the_limit() {
        let pool = Pool::new(3);
        let (sender, receiver) = mpsc::channel();
        let (release, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        for number in 0..5 {
            let (sender, gate) = (sender.clone(), Arc::clone(&gate));
            pool.run(move || {
                sender.send(number).unwrap();
                gate.lock().unwrap().recv().unwrap();
            })
            .unwrap();
        }
        let mut first: Vec<i32> = (0..3).map(|_| receiver.recv_timeout(LONG).unwrap()).collect();
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2]);
        assert!(receiver.recv_timeout(Duration::from_millis(20)).is_err(), "the limit is three");
        assert_eq!(pool.threads(), 3);
        for _ in 0..5 {
            release.send(()).unwrap();
        }
        assert_eq!(receiver.recv_timeout(LONG), Ok(3));
        assert_eq!(receiver.recv_timeout(LONG), Ok(4));
    }

    #[test]
    fn an_idle_thread_is_used_again_and_ends_after_a_while() {
        let pool = Pool::with_patience(4, Duration::from_millis(50));
        let (sender, receiver) = mpsc::channel();
        for _ in 0..20 {
            let sender = sender.clone();
            pool.run(move || sender.send(thread::current().id()).unwrap()).unwrap();
            receiver.recv_timeout(LONG).unwrap();
            until(|| pool.shared.lock().idle == 1);
        }
        assert_eq!(pool.threads(), 1);
        until(|| pool.threads() == 0);
        pool.run(move || sender.send(thread::current().id()).unwrap()).unwrap();
        receiver.recv_timeout(LONG).unwrap();
    }

    #[test]
    fn a_dropped_pool_lets_its_threads_go() {
        let pool = Pool::new(2);
        let (sender, receiver) = mpsc::channel();
        pool.run(move || sender.send(()).unwrap()).unwrap();
        receiver.recv_timeout(LONG).unwrap();
        let shared = Arc::clone(&pool.shared);
        drop(pool);
        until(|| shared.lock().threads == 0);
        until(|| Arc::strong_count(&shared) == 1);
    }

    #[test]
    fn a_job_that_panics_is_the_only_one_lost() {
        let pool = Pool::new(1);
        let (sender, receiver) = mpsc::channel();
        pool.run(|| std::panic::resume_unwind(Box::new("on purpose"))).unwrap();
        pool.run(move || sender.send(()).unwrap()).unwrap();
        receiver.recv_timeout(LONG).unwrap();
        assert_eq!(pool.threads(), 1);
    }
}
