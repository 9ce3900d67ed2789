//! Waiting for one's turn at a queue: what `get()` and `put()` have in common.

use crate::ffi::{Layout, Owned, Raised, Result, Step};
use crate::future::any::is_cancelled;
use crate::sync::{Line, Wait};
use crate::task::cancel_any;

use super::layout::QueueObject;
use super::nowait::shut_down;

/// One of the two things that coroutines wait for: something to get, or room to put something.
pub(super) trait Side {
    /// Who waits for it.
    fn line(queue: &QueueObject) -> &Line;
    /// Whether there is none.
    fn is_blocked(queue: &QueueObject) -> Result<bool>;
    /// Whether none will come, now that there is none.
    fn is_over(queue: &QueueObject) -> Result<bool>;
}

/// Goes on with a wait that has begun: gives what has to be yielded, or nothing when it is over.
#[inline(always)]
pub(super) fn go_on_waiting<S: Side>(
    queue: &QueueObject,
    wait: &Wait,
    thrown: Option<Owned>,
) -> Result<Option<Owned>> {
    if !wait.is_active() {
        return Ok(None);
    }
    match wait.resume(thrown) {
        Ok(Step::Yield(future)) => return Ok(Some(future)),
        Ok(Step::Return(_)) => drop(wait.end()),
        Err(raised) => return Err(give_up::<S>(queue, wait, raised)),
    }
    Ok(None)
}

/// Begins to wait if there is need to: gives what has to be yielded, or nothing when the turn has come.
#[inline(always)]
pub(super) fn wait_for<S: Side>(queue: &QueueObject, wait: &Wait) -> Result<Option<Owned>> {
    while S::is_blocked(queue)? {
        if S::is_over(queue)? {
            return Err(shut_down());
        }
        wait.begin(queue.object(), &queue.bound, S::line(queue))?;
        if let Some(future) = go_on_waiting::<S>(queue, wait, None)? {
            return Ok(Some(future));
        }
    }
    Ok(None)
}

/// Ends a wait that failed: its future is done with and out of the line. A wake-up that had come for it goes to the
/// next one, if there is still what that one waits for. Raises what the wait failed with.
#[cold]
fn give_up<S: Side>(queue: &QueueObject, wait: &Wait, raised: Raised) -> Raised {
    let exception = raised.take();
    let ended = || -> Result<()> {
        let Some(future) = wait.end() else { return Ok(()) };
        cancel_any(&future, None)?;
        S::line(queue).remove(&future)?;
        if is_cancelled(&future)? || S::is_blocked(queue)? { Ok(()) } else { queue.wake_next(S::line(queue)) }
    };
    match ended() {
        Ok(()) => Raised::restore(exception),
        Err(raised) => raised,
    }
}
