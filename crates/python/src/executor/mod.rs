//! The default executor: threads that run what would block the loop.
//!
//! The part of the journey of A THREAD that this folder holds: *`run_in_executor` -> job queue -> worker
//! -> outcome -> ready queue*. In reading order:
//!
//! * `job.rs`: a call and the future that gets its outcome
//! * `queue.rs`: the jobs that wait, the workers that wait, and who is woken for whom
//! * `worker.rs`: what a worker's thread does all its life
//! * `methods.rs`: the Python type `JobQueue`
//!
//! The threads themselves are `threading.Thread`s and belong to `python/aioxide/_executor.py`, a
//! `ThreadPoolExecutor` with this queue in the place of its own; `event_loop/executor.rs` fills it.
//!
//! What must always be true:
//!
//! * Jobs start in the order in which they came, and each is run once, unless it is cancelled before.
//! * All of the queue is touched with the interpreter's lock held; a worker waits detached, with nothing
//!   of Python's in its hands.
//! * One idle worker is woken for one job, the one that went idle last: its caches are the warmest.
//! * An outcome is put into the loop's ready queue and never set from the worker's thread: a future does
//!   not become done in the middle of a callback.
//! * A worker that waits keeps no callable, no argument and no result alive.

mod job;
mod methods;
mod queue;
mod worker;

pub(crate) use job::Call;
pub(crate) use methods::register;
pub(crate) use queue::JobQueue;
