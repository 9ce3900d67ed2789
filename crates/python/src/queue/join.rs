//! `Queue.join()`.

use crate::awaitable::{CoroutineObject, Delegate, machine};
use crate::ffi::{Layout, Owned, Result, Slot, Step, call_method0, names, none};

use super::layout::QueueObject;

/// `join()`.
pub(super) fn join(queue: &QueueObject) -> Result<Owned> {
    CoroutineObject::<QueueJoin>::new(|machine| machine.queue.fill(queue.own())).map(Owned::into_object)
}

/// The coroutine that `Queue.join()` returns.
pub(super) struct QueueJoin {
    queue: Slot<QueueObject>,
    waiting: Delegate,
}

machine!(QueueJoin, "Queue"."join", awaits: |machine| machine.waiting.target(), holds: [queue, waiting]);

impl QueueJoin {
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(queue) = self.queue.get() else { return Ok(Step::Return(none())) };
        if !self.waiting.is_active() {
            if queue.unfinished.get() <= 0 {
                return Ok(Step::Return(none()));
            }
            let finished = queue.finished()?;
            self.waiting.begin(&*call_method0(&finished, &names().wait)?)?;
        }
        match self.waiting.resume(thrown)? {
            Step::Yield(value) => Ok(Step::Yield(value)),
            Step::Return(_) => Ok(Step::Return(none())),
        }
    }
}
