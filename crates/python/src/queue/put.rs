//! `Queue.put(item)`.

use crate::awaitable::{CoroutineObject, machine};
use crate::ffi::{
    Args, Layout, Object, Owned, Raised, Result, Signature, Slot, Step, call_method1, names, none,
};
use crate::sync::Wait;

use super::get::give_up;
use super::layout::QueueObject;
use super::nowait::shut_down;

/// `put(item)`.
#[inline]
pub(super) fn put(queue: &QueueObject, args: Args<'_>) -> Result<Owned> {
    const SIGNATURE: Signature<1> =
        Signature { function: "Queue.put", parameters: [c"item"], positional: 1, required: 1 };
    let item = match (args.positional(), args.names()) {
        ([item], None) => Some(*item),
        _ => SIGNATURE.bind_method(args)?[0],
    };
    let coroutine = CoroutineObject::<QueuePut>::new(|machine| {
        machine.queue.fill(queue.own());
        if let Some(item) = item {
            machine.item.fill(item.own());
        }
    });
    coroutine.map(Owned::into_object)
}

/// The coroutine that `Queue.put()` returns.
pub(super) struct QueuePut {
    queue: Slot<QueueObject>,
    item: Slot,
    wait: Wait,
}

machine!(QueuePut, "Queue"."put", awaits: |machine| machine.wait.target(), holds: [queue, item, wait]);

impl QueuePut {
    #[inline(always)]
    fn go_on(&self, thrown: Option<Owned>) -> Result<Step> {
        let (Some(queue), Some(item)) = (self.queue.peek(), self.item.peek()) else {
            return Ok(Step::Return(none()));
        };
        let mut thrown = thrown;
        loop {
            if self.wait.is_active() {
                match self.wait.resume(thrown.take()) {
                    Ok(Step::Yield(future)) => return Ok(Step::Yield(future)),
                    Ok(Step::Return(_)) => drop(self.wait.end()),
                    Err(raised) => return Err(self.given_up(queue, raised)),
                }
            }
            if !queue.is_full()? {
                return put_now(queue, item);
            }
            if queue.shut_down.get() {
                return Err(shut_down());
            }
            self.wait.begin(queue.object(), &queue.bound, &queue.putters)?;
        }
    }

    /// A wake-up that came for this task goes to the next one, if there is room.
    #[cold]
    fn given_up(&self, queue: &QueueObject, raised: Raised) -> Raised {
        give_up(&self.wait, &queue.putters, raised, || {
            if queue.is_full()? { Ok(()) } else { queue.wake_next(&queue.putters) }
        })
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
