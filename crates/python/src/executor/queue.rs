//! The jobs that wait, the workers that wait, and who is woken for whom.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;

use aioxide_core::blocking::Bell;
use pyo3::ffi;

use crate::ffi::{Collectable, Confined, Lazily, Object, Owned, Result, Slot, Visitor, names, native_type};
use crate::future::FutureObject;

use super::Call;
use super::job::Job;

/// The queue of one executor.
#[repr(C)]
pub(crate) struct JobQueue {
    head: ffi::PyObject,
    state: Lazily<State>,
    /// The function that `submit` is as long as nobody has put another in its place.
    pub(super) submit: Slot,
}

#[derive(Default)]
struct State {
    jobs: Confined<VecDeque<Job>>,
    /// The bells of the workers that wait, the one that waits longest first.
    idle: Confined<Vec<Arc<Bell>>>,
    /// How many workers are on their way to a job: rung or started, and not there yet.
    coming: Cell<usize>,
    /// How many workers there are, those that are being started included.
    workers: Cell<usize>,
    /// How many there may be.
    limit: Cell<usize>,
    closed: Cell<bool>,
}

native_type!(JobQueue);

impl Collectable for JobQueue {
    fn traverse(&self, visitor: &mut Visitor) {
        visitor.slot(&self.submit);
        if let Some(state) = self.state.get() {
            state.jobs.with(|jobs| jobs.iter().for_each(|job| job.traverse(visitor)));
        }
    }

    fn clear(&self) {
        self.submit.clear();
        drop(self.state().jobs.with(std::mem::take));
    }
}

impl JobQueue {
    fn state(&self) -> &State {
        self.state.get_or_make()
    }

    /// Says how many workers there may be.
    pub(super) fn set_limit(&self, limit: usize) {
        self.state().limit.set(limit);
    }

    /// Whether `loop.run_in_executor` may put its calls here: it has to take the long way when the
    /// executor was shut down (which raises) and when `submit` was replaced (by something that wants to
    /// see every job, as tracing libraries do).
    pub(crate) fn takes_calls(&self, executor: &Object) -> Result<bool> {
        if self.is_closed() {
            return Ok(false);
        }
        let submit = executor.type_object().attribute(&names().submit)?;
        Ok(self.submit.holds(&submit))
    }

    /// Puts a call in. True when no worker will come for it soon and one more may be started.
    pub(crate) fn add_call(&self, call: Call) -> bool {
        self.add(Job::Call(call))
    }

    /// Puts a job in, and wakes an idle worker for it. True as for [`JobQueue::add_call`].
    pub(super) fn add(&self, job: Job) -> bool {
        let state = self.state();
        state.jobs.with(|jobs| jobs.push_back(job));
        if let Some(bell) = state.idle.with(Vec::pop) {
            state.coming.set(state.coming.get() + 1);
            bell.ring();
            return false;
        }
        self.lacks_worker()
    }

    /// Takes the next job out.
    pub(super) fn take(&self) -> Option<Job> {
        self.state().jobs.with(VecDeque::pop_front)
    }

    /// Takes the call out that `future` waits for, if no worker has.
    pub(crate) fn withdraw(&self, future: &FutureObject) {
        let found = self.state().jobs.with(|jobs| {
            let place = jobs.iter().position(|job| job.is_for(future))?;
            jobs.remove(place)
        });
        drop(found);
    }

    fn lacks_worker(&self) -> bool {
        let state = self.state();
        state.workers.get() < state.limit.get() && state.jobs.with(|jobs| jobs.len()) > state.coming.get()
    }

    /// True when a worker should be started for a job that waits; from then on it counts as coming.
    pub(super) fn claim_worker(&self) -> bool {
        let lacks = self.lacks_worker();
        if lacks {
            let state = self.state();
            state.workers.set(state.workers.get() + 1);
            state.coming.set(state.coming.get() + 1);
        }
        lacks
    }

    /// A worker that was claimed could not be started.
    pub(super) fn give_worker_up(&self) {
        self.worker_is_here();
        self.worker_leaves();
    }

    /// A worker that was rung or started is there.
    pub(super) fn worker_is_here(&self) {
        // Closing rings the idle without counting them.
        let state = self.state();
        state.coming.set(state.coming.get().saturating_sub(1));
    }

    /// A worker's thread ends.
    pub(super) fn worker_leaves(&self) {
        let state = self.state();
        state.workers.set(state.workers.get().saturating_sub(1));
    }

    /// A worker that has found no job waits at `bell` from now on.
    pub(super) fn worker_is_idle(&self, bell: &Arc<Bell>) {
        self.state().idle.with(|idle| idle.push(Arc::clone(bell)));
    }

    /// Whether no more jobs will come.
    pub(super) fn is_closed(&self) -> bool {
        self.state().closed.get()
    }

    /// No more jobs will come: workers do those that wait, and end.
    pub(super) fn close(&self) {
        self.state().closed.set(true);
        self.state().idle.with(std::mem::take).iter().for_each(|bell| bell.ring());
    }

    /// The first work item of `submit`; calls before it are cancelled, which is why anybody empties a queue.
    pub(super) fn take_item(&self) -> Option<Owned> {
        loop {
            match self.take()? {
                Job::Item(item) => return Some(item),
                Job::Call(call) => {
                    if let Some(waker) = call.cancel() {
                        waker.wake();
                    }
                }
            }
        }
    }

    /// In the child of a fork: the threads are the parent's, and so are the jobs.
    pub(super) fn forget_workers(&self) {
        let state = self.state();
        drop(state.idle.with(std::mem::take));
        state.coming.set(0);
        state.workers.set(0);
        drop(state.jobs.with(std::mem::take));
    }
}
