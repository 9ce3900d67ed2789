"""Handles and the cycle collector: it knows all but those that a running loop holds."""

import asyncio
import contextvars
import gc
import warnings
import weakref

import pytest

import aioxide

HOLDER = contextvars.ContextVar("holder")


class Holder:
    """Keeps handles of its own methods, as protocols do with their timers."""

    def __init__(self):
        self.handles = []
        self.called = 0

    def call(self):
        self.called += 1


def is_collected(reference):
    gc.collect()
    return reference() is None


@pytest.fixture
def unclosed_loop(loop_factory):
    """Makes loops that nobody closes, and says nothing about them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield loop_factory
        gc.collect()


def check_both_are_collected(leave):
    """What ``leave`` gives weak references to, a holder and its loop, is garbage."""
    holder, loop = leave()
    assert is_collected(holder)
    assert is_collected(loop)


def call_soon(loop, holder):
    return loop.call_soon(holder.call)


def call_soon_threadsafe(loop, holder):
    return loop.call_soon_threadsafe(holder.call)


def call_later(loop, holder):
    return loop.call_later(0.0001, holder.call)


MAKERS = [call_soon, call_soon_threadsafe, call_later]


@pytest.mark.parametrize("make", MAKERS)
def test_a_handle_that_was_run_is_collected_with_its_cycle(aio, run, make):
    async def main():
        loop = aio.get_running_loop()
        holder = Holder()
        holder.handles.append(make(loop, holder))
        while not holder.called:
            await aio.sleep(0.001)
        reference = weakref.ref(holder)
        del holder
        return is_collected(reference)

    assert run(main)


def in_a_cycle_through_its_context(arrange):
    """A weak reference to a holder that only what ``arrange`` has made of it in a context keeps."""
    holder = Holder()

    def hold():
        HOLDER.set(holder)
        arrange(holder)

    contextvars.Context().run(hold)
    return weakref.ref(holder)


@pytest.mark.parametrize("make", MAKERS)
def test_a_cancelled_handle_is_collected_with_its_cycle(aio, run, make):
    async def main():
        loop = aio.get_running_loop()

        def arrange(holder):
            handle = make(loop, holder)
            holder.handles.append(handle)
            # Behind it, so that it isn't the last one in the heap.
            other = loop.call_later(0.0005, int)
            handle.cancel()
            other.cancel()

        reference = in_a_cycle_through_its_context(arrange)
        await aio.sleep(0.01)
        return is_collected(reference)

    assert run(main)


def test_a_timer_cancelled_at_the_end_of_the_heap_is_collected_with_its_cycle(aio, run):
    async def main():
        loop = aio.get_running_loop()

        def arrange(holder):
            holder.handles.append(loop.call_later(60, holder.call))
            holder.handles[0].cancel()

        reference = in_a_cycle_through_its_context(arrange)
        await aio.sleep(0)
        return is_collected(reference)

    assert run(main)


def test_timers_that_are_compacted_away_are_collected_with_their_cycles(aio, run):
    async def main():
        loop = aio.get_running_loop()
        # In a context of its own, and behind those that are cancelled.
        last = loop.call_later(61, int)

        def arrange(holder):
            holder.handles = [loop.call_later(60, holder.call) for _ in range(300)]
            for handle in holder.handles:
                handle.cancel()

        reference = in_a_cycle_through_its_context(arrange)
        await aio.sleep(0.001)
        collected = is_collected(reference)
        last.cancel()
        return collected

    assert run(main)


def test_a_loop_that_nobody_closed_is_collected_with_its_pending_handles(unclosed_loop):
    def leave():
        loop = unclosed_loop()
        holder = Holder()

        async def main():
            holder.handles = [loop.call_later(60, holder.call), loop.call_later(70, holder.call)]

        def stop():
            holder.handles.append(loop.call_soon(holder.call))
            loop.stop()

        loop.run_until_complete(main())
        loop.call_soon(stop)
        loop.run_forever()
        assert holder.called == 0
        return weakref.ref(holder), weakref.ref(loop)

    check_both_are_collected(leave)


def test_a_loop_that_an_exception_left_is_collected_with_its_pending_handles(unclosed_loop):
    def leave():
        loop = unclosed_loop()
        holder = Holder()

        def interrupt():
            holder.handles.append(loop.call_soon(holder.call))
            holder.handles.append(loop.call_later(60, holder.call))
            raise KeyboardInterrupt

        loop.call_soon(interrupt)
        with pytest.raises(KeyboardInterrupt):
            loop.run_forever()
        assert holder.called == 0
        return weakref.ref(holder), weakref.ref(loop)

    check_both_are_collected(leave)


def test_handles_made_between_two_runs_are_collected_with_the_loop(unclosed_loop):
    def leave():
        loop = unclosed_loop()
        holder = Holder()
        loop.call_soon(loop.stop)
        loop.run_forever()
        holder.handles = [make(loop, holder) for make in MAKERS]
        return weakref.ref(holder), weakref.ref(loop)

    check_both_are_collected(leave)


def test_what_pending_handles_hold_lives_through_collections(aio, run):
    async def main():
        loop = aio.get_running_loop()
        called = []

        class Cycle:
            """Garbage, but for the handle that is to call it."""

            def __init__(self, number):
                self.number = number
                self.itself = self

            def call(self, argument):
                called.append((self.number, argument))
                gc.collect()

        for number in range(20):
            loop.call_soon(Cycle(number).call, [number])
            loop.call_later(0.001 + number / 100_000, Cycle(number + 20).call, [number])
        gc.collect()
        while len(called) < 40:
            await aio.sleep(0.001)
            gc.collect()
        return sorted(number for number, _ in called)

    assert run(main) == list(range(40))


def test_a_burst_of_handles_does_not_make_the_collector_run():
    """It would not get to see them, and would look at everything else in vain."""

    async def main():
        loop = asyncio.get_running_loop()
        gc.collect()
        gc.disable()
        try:
            before = gc.get_count()[0]
            for _ in range(1000):
                loop.call_later(60, print)
                loop.call_soon(int)
            return gc.get_count()[0] - before
        finally:
            gc.enable()

    assert aioxide.run(main()) < 100
    with asyncio.Runner() as runner:
        assert runner.run(main()) > 1000, "what asyncio's handles count"
