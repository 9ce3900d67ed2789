//! What a worker's thread does all its life.

use std::sync::Arc;

use aioxide_core::blocking::Bell;
use aioxide_core::reactor::Waker;

use crate::ffi::{Object, Result, detached};

use super::JobQueue;

impl JobQueue {
    /// `work(run_item)`: does jobs until the queue is closed and empty. `run_item` runs a work item of
    /// `submit`; what it raises ends the worker.
    pub(super) fn work(&self, run_item: &Object) -> Result<()> {
        self.worker_is_here();
        let worked = self.work_until_closed(run_item);
        self.worker_leaves();
        worked
    }

    fn work_until_closed(&self, run_item: &Object) -> Result<()> {
        let bell = Arc::new(Bell::of_this_thread());
        loop {
            let waker = self.do_jobs(run_item)?;
            let closed = self.is_closed();
            if !closed {
                // Before the loop can be told: whoever awaits one call after the other finds this worker.
                self.worker_is_idle(&bell);
            }
            // The loop is woken once the interpreter is free, or it would only wake to wait for that.
            detached(|| {
                if let Some(waker) = waker {
                    waker.wake();
                }
                if !closed {
                    bell.wait();
                }
            });
            if closed {
                return Ok(());
            }
            self.worker_is_here();
        }
    }

    /// Does the jobs that wait. Gives the waker of the loop that waits for the last one's outcome.
    fn do_jobs(&self, run_item: &Object) -> Result<Option<Waker>> {
        let mut last: Option<Waker> = None;
        while let Some(job) = self.take() {
            if let Some(waker) = last.take() {
                waker.wake();
            }
            last = job.run(run_item)?;
        }
        Ok(last)
    }
}
