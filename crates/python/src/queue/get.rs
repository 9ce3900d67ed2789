//! `Queue.get()`.

use crate::awaitable::{CoroutineObject, machine};
use crate::ffi::{Layout, Owned, Raised, Result, Slot, Step, call_method0, names, none};
use crate::future::any::is_cancelled;
use crate::sync::{Line, Wait};
use crate::task::cancel_any;

use super::layout::QueueObject;
use super::nowait::shut_down;

/// `get()`.
#[inline]
pub(super) fn get(queue: &QueueObject) -> Result<Owned> {
    CoroutineObject::<QueueGet>::new(|machine| machine.queue.fill(queue.own())).map(Owned::into_object)
}

/// The coroutine that `Queue.get()` returns.
pub(super) struct QueueGet {
    queue: Slot<QueueObject>,
    wait: Wait,
}

machine!(QueueGet, "Queue"."get", awaits: |machine| machine.wait.target(), holds: [queue, wait]);

impl QueueGet {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(queue) = self.queue.peek() else { return Ok(Step::Return(none())) };
        let mut thrown = thrown;
        loop {
            if self.wait.is_active() {
                match self.wait.resume(thrown.take()) {
                    Ok(Step::Yield(future)) => return Ok(Step::Yield(future)),
                    Ok(Step::Return(_)) => drop(self.wait.end()),
                    Err(raised) => return Err(self.given_up(queue, raised)),
                }
            }
            if !queue.is_empty()? {
                return get_now(queue);
            }
            if queue.shut_down.get() && queue.is_empty()? {
                return Err(shut_down());
            }
            self.wait.begin(queue.object(), &queue.bound, &queue.getters)?;
        }
    }

    /// A wake-up that came for this task goes to the next one, if there is something to get.
    #[cold]
    fn given_up(&self, queue: &QueueObject, raised: Raised) -> Raised {
        give_up(&self.wait, &queue.getters, raised, || {
            if queue.is_empty()? { Ok(()) } else { queue.wake_next(&queue.getters) }
        })
    }
}

/// `self.get_nowait()`.
#[inline(always)]
fn get_now(queue: &QueueObject) -> Result<Step> {
    match queue.plain_order() {
        Some(_) => queue.get_now().map(Step::Return),
        None => call_method0(queue.object(), &names().get_nowait).map(Step::Return),
    }
}

/// Ends a wait that failed: its future is done with and out of the line. `pass_on` hands the wake-up on
/// that it had got already. Raises what it failed with.
#[cold]
pub(super) fn give_up(
    wait: &Wait,
    line: &Line,
    raised: Raised,
    pass_on: impl FnOnce() -> Result<()>,
) -> Raised {
    let exception = raised.take();
    let ended = || -> Result<()> {
        let Some(future) = wait.end() else { return Ok(()) };
        cancel_any(&future, None)?;
        line.remove(&future)?;
        if is_cancelled(&future)? { Ok(()) } else { pass_on() }
    };
    match ended() {
        Ok(()) => Raised::restore(exception),
        Err(raised) => raised,
    }
}
