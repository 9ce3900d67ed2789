//! The Python type `JobQueue`: to a `ThreadPoolExecutor` it is the `SimpleQueue` of its work items.

use crate::ffi::{Args, Layout, Object, Owned, Raised, Result, Signature, TypeBuilder, names};

use super::JobQueue;
use super::job::Job;

/// Makes the type.
pub(crate) fn register(module: &Object) -> Result<()> {
    TypeBuilder::<JobQueue>::new(
        c"aioxide._native.JobQueue",
        c"The jobs of the default executor. limit: how many workers there may be; submit: the executor's\nown method, which loop.run_in_executor goes past as long as it is in its place.",
    )
    .subclassable(JobQueue::initialise)
    .dies()
    .method1(c"put", JobQueue::put, c"put($self, item, /)\n--\n\nAdd a work item, or with None let the workers end after the last job.")
    .method(c"get_nowait", JobQueue::get_nowait, c"get_nowait($self, /)\n--\n\nTake the next work item out, cancelling the calls before it. Raises queue.Empty.")
    .method(c"claim_worker", JobQueue::claim_worker, c"claim_worker($self, /)\n--\n\nReturn whether one more worker should be started; it counts as such from now on.")
    .method(c"give_worker_up", JobQueue::give_worker_up, c"give_worker_up($self, /)\n--\n\nTake a claim back: the worker could not be started.")
    .method1(c"work", JobQueue::work, c"work($self, run_item, /)\n--\n\nDo jobs in this thread until the queue is closed and empty.")
    .method(c"forget_workers", JobQueue::forget_workers, c"forget_workers($self, /)\n--\n\nDrop what is the parent's, in the child of a fork.")
    .add_to(module)
}

impl JobQueue {
    fn initialise(&self, args: Args<'_>) -> Result<()> {
        const SIGNATURE: Signature<2> =
            Signature { function: "JobQueue", parameters: [c"limit", c"submit"], positional: 2, required: 2 };
        if let [Some(limit), Some(submit)] = SIGNATURE.bind(args)? {
            self.set_limit(usize::try_from(limit.to_u64()?).unwrap_or(usize::MAX));
            self.submit.set(submit.own());
        }
        Ok(())
    }

    fn put(&self, item: &Object) {
        if item.is_none() {
            self.close();
        } else {
            // Whether a worker lacks is asked by `submit` itself, with its lock held.
            self.add(Job::Item(item.own()));
        }
    }

    fn get_nowait(&self) -> Result<Owned> {
        match self.take_item() {
            Some(item) => Ok(item),
            None => Err(Raised::without_message(&names().work_queue_empty)),
        }
    }
}
