//! `Queue.get()`.

use crate::awaitable::{CoroutineObject, machine};
use crate::ffi::{Layout, Owned, Result, Slot, Step, call_method0, names, none};
use crate::sync::{Line, Wait};

use super::layout::QueueObject;
use super::turn::{Side, go_on_waiting, wait_for};

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

machine!(
    QueueGet, "Queue"."get",
    at_once: |machine| machine.queue.peek()?.get_at_once(),
    awaits: |machine| machine.wait.target(),
    holds: [queue, wait]
);

impl QueueGet {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let Some(queue) = self.queue.peek() else { return Ok(Step::Return(none())) };
        if let Some(future) = go_on_waiting::<Getting>(queue, &self.wait, thrown)? {
            return Ok(Step::Yield(future));
        }
        if let Some(item) = queue.get_at_once() {
            return item.map(Step::Return);
        }
        match wait_for::<Getting>(queue, &self.wait)? {
            Some(future) => Ok(Step::Yield(future)),
            None => get_now(queue),
        }
    }
}

/// Waiting for something to get.
struct Getting;

impl Side for Getting {
    #[inline(always)]
    fn line(queue: &QueueObject) -> &Line {
        &queue.getters
    }

    #[inline(always)]
    fn is_blocked(queue: &QueueObject) -> Result<bool> {
        queue.is_empty()
    }

    #[inline(always)]
    fn is_over(queue: &QueueObject) -> Result<bool> {
        Ok(queue.shut_down.get() && queue.is_empty()?)
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
