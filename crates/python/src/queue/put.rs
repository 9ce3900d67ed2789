//! `Queue.put(item)`.

use crate::awaitable::{CoroutineObject, machine};
use crate::ffi::{Args, Layout, Object, Owned, Result, Slot, Step, call_method1, names, none};
use crate::sync::{Line, Wait};

use super::layout::QueueObject;
use super::turn::{Side, go_on_waiting, wait_for};

/// `put(item)`.
#[inline]
pub(super) fn put(queue: &QueueObject, args: Args<'_>) -> Result<Owned> {
    let item = args.only("Queue.put", c"item")?;
    let coroutine = CoroutineObject::<QueuePut>::new(|machine| {
        machine.queue.fill(queue.own());
        machine.item.fill(item.own());
    });
    coroutine.map(Owned::into_object)
}

/// The coroutine that `Queue.put()` returns.
pub(super) struct QueuePut {
    queue: Slot<QueueObject>,
    item: Slot,
    wait: Wait,
}

machine!(
    QueuePut, "Queue"."put",
    at_once: |machine| Some(machine.queue.peek()?.put_at_once(&machine.item)?.map(|()| none())),
    awaits: |machine| machine.wait.target(),
    holds: [queue, item, wait]
);

impl QueuePut {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let (Some(queue), Some(item)) = (self.queue.peek(), self.item.peek()) else {
            return Ok(Step::Return(none()));
        };
        if let Some(future) = go_on_waiting::<Putting>(queue, &self.wait, thrown)? {
            return Ok(Step::Yield(future));
        }
        match wait_for::<Putting>(queue, &self.wait)? {
            Some(future) => Ok(Step::Yield(future)),
            None => put_now(queue, item),
        }
    }
}

/// Waiting for room to put something.
struct Putting;

impl Side for Putting {
    #[inline(always)]
    fn line(queue: &QueueObject) -> &Line {
        &queue.putters
    }

    #[inline(always)]
    fn is_blocked(queue: &QueueObject) -> Result<bool> {
        queue.is_full()
    }

    #[inline(always)]
    fn is_over(queue: &QueueObject) -> Result<bool> {
        Ok(queue.shut_down.get())
    }
}

/// `self.put_nowait(item)`.
#[inline(always)]
fn put_now(queue: &QueueObject, item: &Object) -> Result<Step> {
    match queue.plain_order() {
        Some(_) => queue.put_now(item).map(|()| Step::Return(none())),
        None => call_method1(queue.object(), &names().put_nowait, item).map(Step::Return),
    }
}
