"""`gather`: results, failures, cancellation, and the order in which they come."""

import asyncio
import contextlib
import gc
import sys
import weakref

import pytest

from toolkit import give, refuse


def describe(error):
    return type(error), error.args


class Pair:
    """An awaitable that equals other pairs of the same name."""

    def __init__(self, aio, name):
        self.aio = aio
        self.name = name
        self.awaited = 0

    def __eq__(self, other):
        return self.name == other.name

    def __hash__(self):
        return hash(self.name)

    def __await__(self):
        self.awaited += 1
        yield from self.aio.sleep(0).__await__()
        return self.name


def test_results_keep_the_order_of_the_arguments(aio, run):
    async def main():
        return await aio.gather(give(aio, "slow", 5), give(aio, "quick"), give(aio, "middle", 2))

    assert run(main) == ["slow", "quick", "middle"]


@pytest.mark.parametrize("count", [1, 2, 3, 300])
def test_many(aio, run, count):
    async def main():
        return await aio.gather(*[give(aio, number, number % 3) for number in range(count)])

    assert run(main) == list(range(count))


def test_nothing_to_gather(aio, run):
    async def main():
        outer = aio.gather()
        assert outer.done()
        assert outer.get_loop() is aio.get_running_loop()
        return await outer

    assert run(main) == []


def test_one_object_twice_is_one_child(aio, run):
    async def main():
        future = aio.get_running_loop().create_future()
        coroutine = give(aio, "once")
        outer = aio.gather(future, coroutine, future, coroutine)
        future.set_result("shared")
        return await outer

    assert run(main) == ["shared", "once", "shared", "once"]


def test_equal_awaitables_are_one_child(aio, run):
    async def main():
        first, second, other = Pair(aio, "a"), Pair(aio, "a"), Pair(aio, "b")
        results = await aio.gather(first, second, other, first)
        return results, first.awaited, second.awaited

    assert run(main) == (["a", "a", "b", "a"], 1, 0)


def test_an_awaitable_without_a_hash(aio, run):
    class Unhashable(Pair):
        __hash__ = None

    async def main():
        with pytest.raises(TypeError) as caught:
            aio.gather(give_nothing := Pair(aio, "x"), Unhashable(aio, "y"))
        assert give_nothing.awaited == 0
        await aio.sleep(0)
        await aio.sleep(0)
        return caught.value.args

    assert "unhashable" in run(main)[0] or "cannot use" in run(main)[0]


def test_the_first_failure_ends_it_and_the_others_go_on(aio, run):
    async def main():
        log = []

        async def note(name, turns):
            await give(aio, None, turns)
            log.append(name)
            return name

        tasks = [
            aio.ensure_future(note("a", 1)),
            aio.ensure_future(refuse(aio, ValueError("no"), 2)),
        ]
        tasks.append(aio.ensure_future(note("c", 6)))
        try:
            await aio.gather(*tasks)
        except ValueError as error:
            log.append(error.args)
        assert not tasks[2].done()
        log.append(await tasks[2])
        return log

    assert run(main) == ["a", ("no",), "c", "c"]


def test_a_second_failure_is_not_reported(aio, run):
    async def main():
        with pytest.raises(KeyError, match="first"):
            await aio.gather(refuse(aio, KeyError("first")), refuse(aio, KeyError("second"), 3))
        await give(aio, None, 6)
        gc.collect()

    run(main)


def test_return_exceptions(aio, run):
    async def main():
        cancelled = aio.get_running_loop().create_future()
        cancelled.cancel("message")
        silent = aio.get_running_loop().create_future()
        silent.cancel()
        results = await aio.gather(
            give(aio, 1),
            refuse(aio, ValueError(2)),
            cancelled,
            silent,
            refuse(aio, aio.CancelledError("own")),
            return_exceptions=True,
        )
        return [results[0], *map(describe, results[1:])]

    assert run(main) == [
        1,
        (ValueError, (2,)),
        (asyncio.CancelledError, ("message",)),
        (asyncio.CancelledError, ("",)),
        (asyncio.CancelledError, ("",)),
    ]


def test_a_cancelled_child_fails_the_whole(aio, run):
    async def main():
        child = aio.ensure_future(give(aio, None, 50))
        other = aio.ensure_future(give(aio, "other", 5))
        outer = aio.gather(child, other)
        await aio.sleep(0)
        child.cancel("because")
        with pytest.raises(aio.CancelledError) as caught:
            await outer
        assert not outer.cancelled() or sys.version_info < (3, 11)
        return caught.value.args, outer.cancelled(), await other

    assert run(main) == (("because",), False, "other")


@pytest.mark.parametrize("return_exceptions", [False, True])
def test_cancelling_the_whole_cancels_the_children(aio, run, return_exceptions):
    async def main():
        seen = []

        async def child(name):
            try:
                await aio.sleep(10)
            except aio.CancelledError as error:
                seen.append((name, error.args))
                raise

        outer = aio.gather(child("a"), child("b"), return_exceptions=return_exceptions)
        await aio.sleep(0)
        assert outer.cancel("stop")
        assert not outer.done()
        with pytest.raises(aio.CancelledError) as caught:
            await outer
        return seen, caught.value.args, outer.cancelled(), outer.cancel()

    assert run(main) == ([("a", ("stop",)), ("b", ("stop",))], ("stop",), False, False)


def test_cancelling_the_waiting_task(aio, run):
    async def main():
        seen = []

        async def child():
            try:
                await aio.sleep(10)
            finally:
                seen.append("child")

        async def parent():
            try:
                await aio.gather(child(), child())
            finally:
                seen.append("parent")

        task = aio.ensure_future(parent())
        await give(aio, None, 2)
        task.cancel()
        with pytest.raises(aio.CancelledError):
            await task
        return seen, task.cancelled()

    assert run(main) == (["child", "child", "parent"], True)


def test_children_that_refuse_to_be_cancelled(aio, run):
    async def main():
        async def stubborn():
            try:
                await aio.sleep(10)
            except aio.CancelledError:
                return "stayed"

        tasks = [aio.ensure_future(stubborn()) for _ in range(2)]
        outer = aio.gather(*tasks, return_exceptions=True)
        await aio.sleep(0)
        outer.cancel()
        with pytest.raises(aio.CancelledError):
            await outer
        return [task.result() for task in tasks]

    assert run(main) == ["stayed", "stayed"]


def test_nothing_left_to_cancel(aio, run):
    async def main():
        future = aio.get_running_loop().create_future()
        outer = aio.gather(future)
        future.set_result(1)
        return outer.done(), outer.cancel(), await outer

    assert run(main) == (False, False, [1])


def test_gather_in_gather(aio, run):
    async def main():
        inner = aio.gather(give(aio, 1), give(aio, 2, 3))
        outer = aio.gather(inner, give(aio, 3), aio.gather())
        assert await outer == [[1, 2], 3, []]
        inner = aio.gather(give(aio, 1, 50))
        outer = aio.gather(inner)
        await aio.sleep(0)
        assert outer.cancel("deep")
        with pytest.raises(aio.CancelledError, match="deep"):
            await outer

    run(main)


def test_the_order_of_events(aio, run):
    async def main():
        log = []

        async def child(name, turns):
            log.append(f"{name} begins")
            await give(aio, None, turns)
            log.append(f"{name} ends")

        tasks = [
            aio.ensure_future(child(name, turns)) for name, turns in (("a", 1), ("b", 0), ("c", 2))
        ]
        for task in tasks:
            task.add_done_callback(lambda task: log.append("before"))
        outer = aio.gather(*tasks)
        outer.add_done_callback(lambda outer: log.append("outer"))
        for task in tasks:
            task.add_done_callback(lambda task: log.append("after"))
        aio.get_running_loop().call_soon(log.append, "soon")
        await outer
        log.append("awaited")
        return log

    assert run(main) == [
        "a begins", "b begins", "b ends", "c begins", "soon", "a ends", "before", "after",
        "before", "after", "c ends", "before", "after", "outer", "awaited",
    ]  # fmt: skip


def test_children_that_are_done_already(aio, run):
    async def main():
        future = aio.get_running_loop().create_future()
        future.set_result("done")
        outer = aio.gather(future, future)
        return outer.done(), await outer

    assert run(main) == (sys.version_info >= (3, 12), ["done", "done"])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")
def test_eager_children(aio, run):
    async def main():
        aio.get_running_loop().set_task_factory(aio.eager_task_factory)
        outer = aio.gather(give(aio, 1), give(aio, 2))
        assert outer.done()
        failed = aio.gather(give(aio, 1), refuse(aio, ValueError("eager")), give(aio, 2, 2))
        assert failed.done()
        with pytest.raises(ValueError, match="eager"):
            await failed
        await give(aio, None, 4)
        return await outer

    assert run(main) == [1, 2]


def test_wrong_arguments(aio, run):
    async def main():
        errors = []
        for arguments, keywords in [((1,), {}), ((None,), {}), ((), {"loop": None}), (([],), {})]:
            with pytest.raises(TypeError) as caught:
                aio.gather(*arguments, **keywords)
            errors.append(caught.value.args)
        return errors

    required = ("An asyncio.Future, a coroutine or an awaitable is required",)
    first, second, keyword, unhashable = run(main)
    assert first == second == required
    assert keyword == ("gather() got an unexpected keyword argument 'loop'",)
    assert "list" in unhashable[0]


def test_a_child_of_another_loop(aio, run, loop_factory):
    other = loop_factory()

    async def main():
        mine, foreign = aio.get_running_loop().create_future(), other.create_future()
        with pytest.raises(ValueError) as caught:
            aio.gather(mine, foreign)
        mine.cancel()
        return caught.value.args

    text = "The future belongs to a different loop than the one specified as the loop argument"
    assert run(main) == (text,)
    other.close()


def test_how_it_shows(aio, run):
    async def main():
        task = aio.ensure_future(give(aio, 1))
        outer = aio.gather(task)
        assert isinstance(outer, asyncio.Future)
        assert asyncio.isfuture(outer)
        assert outer._children == [task]
        assert "cb=[gather.<locals>._done_callback()" in repr(task)
        assert repr(outer) == "<_GatheringFuture pending>"
        ((callback, context),) = task._callbacks
        assert callable(callback) and context is not None
        await outer
        return repr(outer)

    assert run(main) == "<_GatheringFuture finished result=[1]>"


def test_a_removed_callback(aio, run):
    async def main():
        future = aio.get_running_loop().create_future()
        outer = aio.gather(future)
        ((callback, _),) = future._callbacks
        assert future.remove_done_callback(callback) == 1
        assert future.remove_done_callback(callback) == 0
        future.set_result("late")
        await give(aio, None, 3)
        assert not outer.done()
        callback(future)
        return await outer

    assert run(main) == ["late"]


def test_foreign_children(aio, run):
    """Futures and tasks of both worlds, and duck-typed ones, in one gather."""

    async def main():
        loop = aio.get_running_loop()
        stdlib_future = asyncio.Future(loop=loop)
        stdlib_task = asyncio.Task(give(aio, "stdlib task", 2), loop=loop)
        python_future = asyncio.futures._PyFuture(loop=loop)
        own = loop.create_future()
        loop.call_soon(stdlib_future.set_result, "stdlib future")
        loop.call_soon(python_future.set_exception, ValueError("python future"))
        loop.call_soon(own.cancel, "own")
        results = await aio.gather(
            stdlib_future,
            stdlib_task,
            python_future,
            own,
            give(aio, "coroutine"),
            return_exceptions=True,
        )
        return [*results[:2], *map(describe, results[2:4]), results[4]]

    assert run(main) == [
        "stdlib future",
        "stdlib task",
        (ValueError, ("python future",)),
        (asyncio.CancelledError, ("own",)),
        "coroutine",
    ]


@pytest.mark.only("aioxide")
def test_on_loops_that_are_not_ours():
    import aioxide

    async def main():
        assert await aioxide.gather(give(asyncio, 1), give(aioxide, 2, 3)) == [1, 2]
        outer = aioxide.gather(asyncio.sleep(10), aioxide.sleep(10))
        await asyncio.sleep(0)
        outer.cancel("mixed")
        with pytest.raises(asyncio.CancelledError, match="mixed"):
            await outer
        with pytest.raises(ValueError, match="x"):
            await aioxide.gather(refuse(aioxide, ValueError("x")), give(asyncio, 1, 4))
        return "ran"

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert runner.run(main()) == "ran"


def test_a_loop_with_its_own_create_task(aio, loop):
    made = []

    class Counting(type(loop)):
        def create_task(self, coro, **keywords):
            made.append(coro)
            return super().create_task(coro, **keywords)

    async def main():
        made.clear()
        first = await aio.gather(give(aio, 1), give(aio, 2))
        await aio.ensure_future(give(aio, 3))
        await aio.create_task(give(aio, 4), name="named")
        return first, len(made)

    with asyncio.Runner(loop_factory=Counting) as runner:
        assert runner.run(main()) == ([1, 2], 4)


def test_an_instance_with_its_own_create_task(aio, run):
    async def main():
        loop = aio.get_running_loop()
        made = []
        create = loop.create_task

        def create_task(coro, **keywords):
            made.append(coro)
            return create(coro, **keywords)

        loop.create_task = create_task
        await aio.gather(give(aio, 1), give(aio, 2))
        del loop.create_task
        return len(made)

    assert run(main) == 2


def test_a_loop_with_its_own_call_soon(aio, loop):
    called = []

    class Watching(type(loop)):
        def call_soon(self, callback, *arguments, context=None):
            called.append(getattr(callback, "__qualname__", ""))
            return super().call_soon(callback, *arguments, context=context)

    async def main():
        return await aio.gather(give(aio, 1, 1), give(aio, 2))

    with asyncio.Runner(loop_factory=Watching) as runner:
        assert runner.run(main()) == [1, 2]
    assert called.count("gather.<locals>._done_callback") == 2


def test_debug_mode(aio, run):
    async def main():
        outer = aio.gather(give(aio, 1), give(aio, 2, 2))
        assert outer._source_traceback
        return await outer

    assert run(main, debug=True) == [1, 2]


def test_a_task_factory(aio, run):
    async def main():
        loop = aio.get_running_loop()
        made = []

        def factory(loop, coro, **keywords):
            task = asyncio.Task(coro, loop=loop, **keywords)
            made.append(task)
            return task

        loop.set_task_factory(factory)
        results = await aio.gather(give(aio, 1, 1), give(aio, 2))
        loop.set_task_factory(None)
        return results, len(made), [task._log_destroy_pending for task in made]

    assert run(main) == ([1, 2], 2, [False, False])


class Evil:
    """A duck-typed future whose methods do what they should not."""

    _asyncio_future_blocking = False

    def __init__(self, loop, misdeed):
        self.loop = loop
        self.misdeed = misdeed
        self.callbacks = []

    def get_loop(self):
        return self.loop

    def done(self):
        return not self.callbacks and self.misdeed is None

    def cancelled(self):
        if self.misdeed:
            self.misdeed()
        return False

    def exception(self):
        return None

    def result(self):
        return "evil"

    def add_done_callback(self, callback, *, context=None):
        self.callbacks.append(callback)

    def cancel(self, msg=None):
        return True

    def run(self):
        callbacks, self.callbacks = self.callbacks, []
        for callback in callbacks:
            callback(self)


def test_a_child_that_changes_the_world(aio, run):
    async def main():
        loop = aio.get_running_loop()
        outer = None

        def misdeed():
            with contextlib.suppress(aio.InvalidStateError):
                outer.set_result("taken")

        evil = Evil(loop, misdeed)
        outer = aio.gather(evil)
        with pytest.raises(aio.InvalidStateError):
            evil.run()
        return await outer

    assert run(main) == "taken"


def test_a_callback_of_a_child_that_raises(aio, run):
    async def main():
        def broken():
            raise OSError("broken child")

        evil = Evil(aio.get_running_loop(), broken)
        outer = aio.gather(evil)
        with pytest.raises(OSError, match="broken child"):
            evil.run()
        outer.set_result("by hand")
        return await outer

    assert run(main) == "by hand"


def test_nothing_is_kept(aio, run):
    class Value(Exception):
        pass

    async def main():
        value = Value()
        error = Value("kept?")
        references = [weakref.ref(value), weakref.ref(error)]
        outer = aio.gather(give(aio, value), give(aio, 1, 2))
        references.append(weakref.ref(outer))
        await outer
        failed = aio.gather(refuse(aio, error), give(aio, value, 3), return_exceptions=True)
        references.append(weakref.ref(failed))
        await failed
        del value, error, outer, failed
        # The entry of the loop that woke this task holds the future for one turn longer.
        await aio.sleep(0)
        gc.collect()
        return [reference() for reference in references]

    assert run(main) == [None] * 4


def test_an_abandoned_gather_is_collected(aio, run):
    async def main():
        loop = aio.get_running_loop()
        future = loop.create_future()
        outer = aio.gather(future, loop.create_future())
        reference = weakref.ref(outer)
        del outer
        gc.collect()
        assert reference() is not None
        del future
        gc.collect()
        return reference()

    assert run(main) is None


@pytest.mark.skipif(sys.version_info < (3, 14), reason="the call graph came with 3.14")
def test_the_call_graph(aio, run):
    async def main():
        me = aio.current_task()
        loop = aio.get_running_loop()
        future, foreign = loop.create_future(), asyncio.Future(loop=loop)
        task = aio.ensure_future(give(aio, 1, 3))
        outer = aio.gather(future, task)
        assert set(future._asyncio_awaited_by) == set(task._asyncio_awaited_by) == {me}
        future.set_exception(ValueError("edge"))
        with pytest.raises(ValueError, match="edge"):
            await outer
        assert not future._asyncio_awaited_by
        assert not task._asyncio_awaited_by
        foreign.cancel()
        return await task

    assert run(main) == 1
