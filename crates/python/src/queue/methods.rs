//! The Python types `Queue`, `LifoQueue` and `PriorityQueue`.

use std::mem::offset_of;

use crate::awaitable::CoroutineObject;
use crate::ffi::{
    Args, Collectable, Layout, Native, Object, Owned, Result, Signature, TypeBuilder, call_method0, names,
    none,
};
use crate::future::any::is_done;
use crate::sync::wake;

use super::get::{QueueGet, get};
use super::join::{QueueJoin, join};
use super::layout::{LifoQueueObject, Order, PriorityQueueObject, QueueObject};
use super::put::{QueuePut, put};

/// One of the three types.
trait Kind: Native + Collectable {
    /// The order of its items.
    const ORDER: Order;

    /// What all three consist of.
    fn queue(&self) -> &QueueObject;
}

impl Kind for QueueObject {
    const ORDER: Order = Order::FirstIn;

    fn queue(&self) -> &QueueObject {
        self
    }
}

impl Kind for LifoQueueObject {
    const ORDER: Order = Order::LastIn;

    fn queue(&self) -> &QueueObject {
        self
    }
}

impl Kind for PriorityQueueObject {
    const ORDER: Order = Order::Lowest;

    fn queue(&self) -> &QueueObject {
        self
    }
}

/// Makes the types.
pub(crate) fn register(module: &Object) -> Result<()> {
    CoroutineObject::<QueueGet>::register(module)?;
    CoroutineObject::<QueuePut>::register(module)?;
    CoroutineObject::<QueueJoin>::register(module)?;
    let queue = TypeBuilder::<QueueObject>::new(
        c"aioxide.queues.Queue",
        c"Queue(maxsize=0)\n--\n\nItems handed from task to task, first in, first out, at most maxsize of them at a time; any\nnumber if maxsize is 0 or less.",
    )
    .weak_references(offset_of!(QueueObject, weak), Some(offset_of!(QueueObject, dict)))
    .visible_dict()
    .generic();
    of_kind(attributes(methods(queue))).add_to(module)?;
    let lifo = TypeBuilder::<LifoQueueObject>::new(
        c"aioxide.queues.LifoQueue",
        c"LifoQueue(maxsize=0)\n--\n\nA Queue that gives the item that was put last first.",
    );
    of_kind(lifo.base::<QueueObject>()).add_to(module)?;
    let priority = TypeBuilder::<PriorityQueueObject>::new(
        c"aioxide.queues.PriorityQueue",
        c"PriorityQueue(maxsize=0)\n--\n\nA Queue that gives the lowest item first; items are often pairs (priority, data).",
    );
    of_kind(priority.base::<QueueObject>()).add_to(module)
}

/// What each of the three has for itself.
fn of_kind<K: Kind>(builder: TypeBuilder<K>) -> TypeBuilder<K> {
    builder
        .like_python_class()
        .subclassable(|kind: &K, args: Args<'_>| kind.queue().initialise(args))
        .dies()
        .method1(
            c"_init",
            |kind: &K, _maxsize: &Object| kind.queue().begin_items(K::ORDER),
            c"_init($self, maxsize, /)\n--\n\nMake the container of the items. For subclasses to override.",
        )
        .method1(
            c"_put",
            |kind: &K, item: &Object| kind.queue().items().and_then(|_| kind.queue().put_in(K::ORDER, item)),
            c"_put($self, item, /)\n--\n\nPut an item into the container. For subclasses to override.",
        )
        .method(
            c"_get",
            |kind: &K| kind.queue().items().and_then(|_| kind.queue().take_out(K::ORDER)),
            c"_get($self, /)\n--\n\nTake the next item out of the container. For subclasses to override.",
        )
}

fn methods(builder: TypeBuilder<QueueObject>) -> TypeBuilder<QueueObject> {
    let builder = builder
        .method_fast(c"put", put, c"put($self, /, item)\n--\n\nPut an item into the queue, as soon as there is room.\n\nRaises QueueShutDown if the queue is shut down.")
        .method(c"get", get, c"get($self, /)\n--\n\nTake an item out of the queue and return it, as soon as there is one.\n\nRaises QueueShutDown if the queue is shut down and empty.")
        .method(c"join", join, c"join($self, /)\n--\n\nWait until task_done() was called for every item that was put in.")
        .method_fast(c"put_nowait", put_nowait, c"put_nowait($self, /, item)\n--\n\nPut an item into the queue.\n\nRaises QueueFull if there is no room, QueueShutDown if the queue is shut down.")
        .method(c"get_nowait", QueueObject::get_now, c"get_nowait($self, /)\n--\n\nTake an item out of the queue and return it.\n\nRaises QueueEmpty if there is none, QueueShutDown if moreover the queue is shut down.")
        .method(c"task_done", QueueObject::task_done, c"task_done($self, /)\n--\n\nSay that the work on an item that was taken out is finished.\n\nRaises ValueError if called more often than items were put in.")
        .method(c"qsize", |queue: &QueueObject| queue.items()?.len().map(|size| size as u64), c"qsize($self, /)\n--\n\nReturn the number of items in the queue.")
        .method(c"empty", |queue: &QueueObject| queue.items()?.is_empty(), c"empty($self, /)\n--\n\nReturn True if there are no items in the queue.")
        .method(c"full", QueueObject::has_reached_limit, c"full($self, /)\n--\n\nReturn True if there are maxsize items in the queue.")
        .method(c"_format", QueueObject::describe, c"_format($self, /)\n--\n\nReturn the queue's state in words.")
        .method1(c"_wakeup_next", |_: &QueueObject, waiters: &Object| wake_next_of(waiters), c"_wakeup_next($self, waiters, /)\n--\n\nWake the first of waiters that waits.")
        .method(c"_get_loop", |queue: &QueueObject| queue.bound.get_loop(queue.object()), c"_get_loop($self, /)\n--\n\nReturn the running loop, to which the queue is bound from then on.")
        .repr(|queue: &QueueObject| queue.represent(true))
        .text(|queue: &QueueObject| queue.represent(false));
    #[cfg(Py_3_13)]
    let builder = builder.method_fast(c"shutdown", QueueObject::shut_down, c"shutdown($self, /, immediate=False)\n--\n\nLet put() raise QueueShutDown from now on, and get() as soon as the queue is empty; at once\nif immediate, which drops the items.");
    builder
}

fn attributes(builder: TypeBuilder<QueueObject>) -> TypeBuilder<QueueObject> {
    let builder = builder
        .getter(c"maxsize", |queue: &QueueObject| queue.limit.get())
        .property(
            c"_maxsize",
            |queue: &QueueObject| queue.limit.get(),
            |queue: &QueueObject, value| {
                queue.limit.set(value.unwrap_or(&names().zero));
                Ok(())
            },
        )
        .property(c"_queue", |queue: &QueueObject| queue.items()?.show(), QueueObject::assign_items)
        .property(
            c"_getters",
            |queue: &QueueObject| queue.getters.show(),
            |queue: &QueueObject, value| queue.getters.assign(value),
        )
        .property(
            c"_putters",
            |queue: &QueueObject| queue.putters.show(),
            |queue: &QueueObject, value| queue.putters.assign(value),
        )
        .property(c"_finished", QueueObject::finished, |queue: &QueueObject, value| {
            queue.finished.set(value.unwrap_or(&none()).own());
            Ok(())
        })
        .property(
            c"_unfinished_tasks",
            |queue: &QueueObject| queue.unfinished.get(),
            QueueObject::assign_unfinished,
        )
        .property(
            c"_loop",
            |queue: &QueueObject| queue.bound.get(),
            |queue: &QueueObject, value| queue.bound.assign(value),
        );
    #[cfg(Py_3_13)]
    let builder = builder.property(
        c"_is_shutdown",
        |queue: &QueueObject| queue.shut_down.get(),
        QueueObject::assign_shut_down,
    );
    builder
}

/// `put_nowait(item)`.
fn put_nowait(queue: &QueueObject, args: Args<'_>) -> Result<()> {
    const SIGNATURE: Signature<1> =
        Signature { function: "Queue.put_nowait", parameters: [c"item"], positional: 1, required: 1 };
    if let ([item], None) = (args.positional(), args.names()) {
        return queue.put_now(item);
    }
    match SIGNATURE.bind_method(args)? {
        [Some(item)] => queue.put_now(item),
        [None] => Ok(()),
    }
}

/// `_wakeup_next(waiters)`, for a container of Python's.
fn wake_next_of(waiters: &Object) -> Result<()> {
    while waiters.is_true()? {
        let waiter: Owned = call_method0(waiters, &names().popleft)?;
        if !is_done(&waiter)? {
            return wake(&waiter, none());
        }
    }
    Ok(())
}
