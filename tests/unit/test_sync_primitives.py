"""Locks and their like as objects: states in words, attributes, errors, loops, subclasses, life."""

import asyncio
import collections
import contextlib
import gc
import inspect
import re
import threading
import weakref

import pytest

KINDS = {
    "Lock": (),
    "Event": (),
    "Condition": (),
    "Semaphore": (2,),
    "BoundedSemaphore": (2,),
    "Barrier": (2,),
    "Queue": (),
    "LifoQueue": (),
    "PriorityQueue": (),
}
kinds = pytest.mark.parametrize("kind", KINDS)
locks = pytest.mark.parametrize("kind", ["Lock", "Condition", "Semaphore", "BoundedSemaphore"])


def make(aio, kind):
    return getattr(aio, kind)(*KINDS[kind])


def masked(subject):
    return re.sub("0x[0-9a-f]+", "0x...", repr(subject).replace("aioxide.", "asyncio."))


async def settle(aio):
    for _ in range(5):
        await aio.sleep(0)


@kinds
def test_takes_attributes_and_weak_references(aio, kind):
    subject = make(aio, kind)
    subject.colour = "red"
    assert subject.__dict__["colour"] == "red"
    reference = weakref.ref(subject)
    assert reference() is subject
    del subject
    gc.collect()
    assert reference() is None


@kinds
def test_wants_no_loop(aio, kind):
    with pytest.raises(TypeError, match=rf"{kind}|Queue.__init__\(\) got an unexpected keyword"):
        getattr(aio, kind)(*KINDS[kind], loop=None)


def test_too_many_arguments(aio):
    with pytest.raises(
        TypeError, match=r"Lock.__init__\(\) takes 1 positional argument but 2 were"
    ):
        aio.Lock(1)
    with pytest.raises(
        TypeError, match=r"Queue.__init__\(\) takes from 1 to 2 positional arguments"
    ):
        aio.Queue(1, 2)
    with pytest.raises(TypeError, match=r"Queue.put\(\) missing 1 required positional argument"):
        aio.Queue().put()
    with pytest.raises(TypeError, match="not supported between instances of 'str' and 'int'"):
        aio.Semaphore("two")


@kinds
def test_is_a_subclass_friend(aio, kind):
    class Special(getattr(aio, kind)):
        pass

    subject = Special(*KINDS[kind])
    assert "Special" in repr(subject)
    assert isinstance(subject, getattr(aio, kind))


def test_words_for_their_states(aio, run):
    async def main():
        lock, event, semaphore, barrier = aio.Lock(), aio.Event(), aio.Semaphore(1), aio.Barrier(2)
        condition = aio.Condition(lock)
        everything = [lock, event, semaphore, barrier, condition]
        seen = [masked(one) for one in everything]
        tasks = [aio.create_task(one.wait()) for one in (event, barrier)]
        async with lock, semaphore:
            tasks += [aio.create_task(one.acquire()) for one in (lock, semaphore)]
            await settle(aio)
            seen += [masked(one) for one in everything]
        event.set()
        await barrier.wait()
        await aio.gather(*tasks)
        return seen + [masked(one) for one in everything]

    at = "object at 0x..."
    assert run(main) == [
        f"<asyncio.locks.Lock {at} [unlocked]>",
        f"<asyncio.locks.Event {at} [unset]>",
        f"<asyncio.locks.Semaphore {at} [unlocked, value:1]>",
        f"<asyncio.locks.Barrier {at} [filling, waiters:0/2]>",
        f"<asyncio.locks.Condition {at} [unlocked]>",
        f"<asyncio.locks.Lock {at} [locked, waiters:1]>",
        f"<asyncio.locks.Event {at} [unset, waiters:1]>",
        f"<asyncio.locks.Semaphore {at} [locked, waiters:1]>",
        f"<asyncio.locks.Barrier {at} [filling, waiters:1/2]>",
        f"<asyncio.locks.Condition {at} [locked]>",
        f"<asyncio.locks.Lock {at} [locked]>",
        f"<asyncio.locks.Event {at} [set]>",
        f"<asyncio.locks.Semaphore {at} [locked]>",
        f"<asyncio.locks.Barrier {at} [filling, waiters:0/2]>",
        f"<asyncio.locks.Condition {at} [locked]>",
    ]


def test_a_semaphore_counts_what_counts(aio):
    assert aio.Semaphore(float("inf"))._value == float("inf")
    assert repr(aio.Semaphore(2.0)).endswith("[unlocked, value:2.0]>")
    assert aio.Semaphore(True)._value == 1
    with pytest.raises(ValueError, match="Semaphore initial value must be >= 0"):
        aio.Semaphore(-1)


def test_what_is_there_to_be_read(aio, run):
    async def main():
        lock, semaphore = aio.Lock(), aio.Semaphore(0)
        assert lock._waiters is None and semaphore._waiters is None
        await lock.acquire()
        task = aio.create_task(lock.acquire())
        await settle(aio)
        assert isinstance(lock._waiters, collections.deque)
        assert len(lock._waiters) == 1 and not lock._waiters[0].done()
        assert lock._locked is True
        lock.release()
        assert await task is True
        assert lock._loop is aio.get_running_loop()
        assert not lock._waiters
        bounded = aio.BoundedSemaphore(3)
        assert (bounded._value, bounded._bound_value) == (3, 3)
        condition = aio.Condition()
        assert isinstance(condition._lock, aio.Lock)
        barrier = aio.Barrier(3)
        assert (barrier._count, barrier._parties, barrier._state.value) == (0, 3, "filling")
        assert isinstance(barrier._cond, aio.Condition)

    run(main)


def test_a_waiter_that_a_program_put_in_line(aio, run):
    async def main():
        event, queue = aio.Event(), aio.Queue()
        future, getter = (aio.get_running_loop().create_future() for _ in range(2))
        event._waiters.append(future)
        assert repr(event).endswith("[unset, waiters:1]>")
        event.set()
        queue._getters.append(getter)
        queue.put_nowait("hello")
        assert not queue._getters
        return await future, await getter

    assert run(main) == (True, None)


@locks
def test_async_with_gives_nothing_and_releases(aio, run, kind):
    async def main():
        subject = make(aio, kind)
        async with subject as entered:
            assert entered is None
        with contextlib.suppress(KeyError):
            async with subject:
                raise KeyError
        return masked(subject)

    assert "unlocked" in run(main)


@locks
def test_async_with_goes_through_a_subclass(aio, run, kind):
    calls = []

    async def main():
        class Special(getattr(aio, kind)):
            def __init__(self, *args):
                super().__init__(*args)
                inner = self.acquire

                async def acquire():
                    calls.append("acquire")
                    return await inner()

                self.acquire = acquire

        async with Special(*KINDS[kind]):
            pass

    run(main)
    assert calls == ["acquire"]


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("Lock", "acquire"),
        ("Event", "wait"),
        ("Semaphore", "acquire"),
        ("Queue", "get"),
        ("Barrier", "wait"),
    ],
)
def test_belongs_to_the_loop_of_its_first_waiter(aio, loop_factory, kind, method):
    subject = aio.Semaphore(0) if kind == "Semaphore" else make(aio, kind)
    if kind == "Lock":
        subject._locked = True

    async def wait_a_moment():
        task = aio.create_task(getattr(subject, method)())
        await settle(aio)
        task.cancel()
        await aio.wait([task])
        return task

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert runner.run(wait_a_moment()).cancelled()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        error = runner.run(wait_a_moment()).exception()
    assert isinstance(error, RuntimeError)
    assert str(error).endswith("is bound to a different event loop")


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("Lock", "acquire"),
        ("Event", "wait"),
        ("Condition", "wait"),
        ("Queue", "get"),
        ("Queue", "join"),
    ],
)
def test_what_they_return_passes_for_a_coroutine(aio, kind, method):
    coroutine = getattr(make(aio, kind), method)()
    assert inspect.isawaitable(coroutine)
    assert aio.iscoroutine(coroutine)
    assert coroutine.__qualname__ == f"{kind}.{method}"
    assert coroutine.__name__ == method
    coroutine.close()
    with pytest.warns(RuntimeWarning, match=rf"'{kind}.{method}' was never awaited"):
        getattr(make(aio, kind), method)()
        gc.collect()


@pytest.mark.only("aioxide")
def test_works_on_the_stdlib_loop_and_with_its_tasks(aio):
    async def main():
        lock, queue, event = aio.Lock(), aio.Queue(1), aio.Event()
        await lock.acquire()
        tasks = [
            asyncio.create_task(lock.acquire()),
            asyncio.create_task(event.wait()),
            asyncio.create_task(queue.get()),
        ]
        await asyncio.sleep(0)
        lock.release()
        event.set()
        await queue.put("item")
        return await asyncio.gather(*tasks)

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert runner.run(main()) == [True, True, "item"]


# asyncio raises the same, but only after it has changed the primitive: its waiters hang then.
@pytest.mark.only("aioxide")
@pytest.mark.parametrize("action", ["release", "set", "put_nowait"])
def test_another_thread_is_told_in_debug_mode(aio, run, action):
    async def main():
        lock, event, queue = aio.Lock(), aio.Event(), aio.Queue()
        await lock.acquire()
        waiters = [aio.create_task(one) for one in (lock.acquire(), event.wait(), queue.get())]
        await settle(aio)
        calls = {
            "release": lock.release,
            "set": event.set,
            "put_nowait": lambda: queue.put_nowait(1),
        }
        errors = []

        def misuse():
            try:
                calls[action]()
            except RuntimeError as error:
                errors.append(str(error))

        thread = threading.Thread(target=misuse)
        thread.start()
        thread.join()
        assert lock.locked() and not event.is_set() and queue.empty()
        for waiter in waiters:
            waiter.cancel()
        await aio.wait(waiters)
        return errors

    assert run(main, debug=True) == [
        "Non-thread-safe operation invoked on an event loop other than the current one"
    ]


@kinds
def test_is_collected_in_a_cycle(aio, run, kind):
    class Friend:
        pass

    async def main():
        subject = make(aio, kind)
        subject.friend = friend = Friend()
        friend.subject = subject
        if "Queue" in kind:
            subject.put_nowait(1)
        return weakref.ref(friend)

    reference = run(main)
    gc.collect()
    assert reference() is None
