"""`TaskGroup`: children, errors, cancellation, subclasses, and what is left behind."""

import asyncio
import contextlib
import gc
import inspect
import sys
import weakref

import pytest

from toolkit import answer, fail, sleep_and_note


def names_of(group_error):
    return [(type(error).__name__, *error.args) for error in group_error.exceptions]


def test_results(aio, any_loop):
    async def main():
        async with aio.TaskGroup() as group:
            assert repr(group) == "<TaskGroup entered>"
            tasks = [group.create_task(answer(number)) for number in range(10)]
            assert repr(group) == "<TaskGroup tasks=10 entered>"
            assert group._tasks == set(tasks)
            assert type(group._tasks) is set
        assert group._tasks == set()
        return [task.result() for task in tasks]

    assert any_loop(main) == list(range(10))


def test_children_made_by_children_and_during_exit(aio, any_loop):
    async def main():
        order = []

        async def child(depth):
            await asyncio.sleep(0)
            order.append(depth)
            if depth:
                group.create_task(child(depth - 1))

        async with aio.TaskGroup() as group:
            group.create_task(child(3))
        return order

    assert any_loop(main) == [3, 2, 1, 0]


def test_empty_and_finished(aio, any_loop):
    async def main():
        async with aio.TaskGroup() as group:
            pass
        coroutine = answer(1)
        with pytest.raises(RuntimeError, match=r"^TaskGroup <TaskGroup entered> is finished$"):
            group.create_task(coroutine)
        coroutine.close()
        with pytest.raises(RuntimeError, match=r"<TaskGroup entered> has already been entered$"):
            async with group:
                pass
        return repr(group)

    assert any_loop(main) == "<TaskGroup entered>"


def test_not_entered(aio, any_loop):
    async def main():
        group = aio.TaskGroup()
        assert repr(group) == "<TaskGroup>"
        coroutine = answer(1)
        with pytest.raises(RuntimeError, match=r"^TaskGroup <TaskGroup> has not been entered$"):
            group.create_task(coroutine)
        if sys.version_info < (3, 13):
            coroutine.close()
        with pytest.raises(TypeError):
            aio.TaskGroup(1)

    any_loop(main)


def test_names_and_contexts(aio, any_loop):
    import contextvars

    variable = contextvars.ContextVar("variable", default="outside")

    async def read():
        return variable.get()

    async def main():
        context = contextvars.copy_context()
        context.run(variable.set, "inside")
        async with aio.TaskGroup() as group:
            named = group.create_task(read(), name="reader", context=context)
            plain = group.create_task(read(), name=None)
            with pytest.raises(TypeError):
                group.create_task()
            coroutine = read()
            with pytest.raises(TypeError):
                group.create_task(coroutine, colour="red")
            coroutine.close()
        return named.get_name(), named.result(), plain.result()

    assert any_loop(main) == ("reader", "inside", "outside")


def test_a_failing_child_ends_the_body_and_the_others(aio, any_loop):
    async def main():
        notes = []
        with pytest.raises(ExceptionGroup) as caught:
            async with aio.TaskGroup() as group:
                group.create_task(sleep_and_note(notes, "sibling"))
                group.create_task(fail(ValueError("child")))
                await sleep_and_note(notes, "body")
        error = caught.value
        assert error.message == "unhandled errors in a TaskGroup"
        assert error.__cause__ is None
        assert error.__suppress_context__
        assert type(error.__context__) is asyncio.CancelledError
        assert asyncio.current_task().cancelling() == 0
        await asyncio.sleep(0)
        return names_of(error), sorted(notes)

    assert any_loop(main) == ([("ValueError", "child")], ["body", "sibling"])


def test_a_failing_body_ends_the_children(aio, any_loop):
    async def main():
        notes = []
        with pytest.raises(ExceptionGroup) as caught:
            async with aio.TaskGroup() as group:
                group.create_task(sleep_and_note(notes, "child"))
                await asyncio.sleep(0)
                raise KeyError("body")
        assert type(caught.value.__context__) is KeyError
        return names_of(caught.value), notes

    assert any_loop(main) == ([("KeyError", "body")], ["child"])


def test_errors_in_order_with_the_bodys_last(aio, any_loop):
    async def main():
        async def fail_when_cancelled(name):
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                raise OSError(name) from None

        with pytest.raises(ExceptionGroup) as caught:
            async with aio.TaskGroup() as group:
                group.create_task(fail_when_cancelled("late"))
                group.create_task(fail(ValueError("first")))
                try:
                    await asyncio.sleep(30)
                finally:
                    raise TypeError("body")
        return names_of(caught.value)

    assert any_loop(main) == [("ValueError", "first"), ("OSError", "late"), ("TypeError", "body")]


def test_failure_while_waiting_in_exit(aio, any_loop):
    async def main():
        notes = []
        with pytest.raises(ExceptionGroup) as caught:
            async with aio.TaskGroup() as group:
                group.create_task(sleep_and_note(notes, "sibling"))
                group.create_task(fail(ValueError("child"), turns=3))
        await asyncio.sleep(0)
        return names_of(caught.value), notes, asyncio.current_task().cancelling()

    # Before 3.13 a group whose __aexit__ had begun did not take its own request back.
    left = 0 if sys.version_info >= (3, 13) else 1
    assert any_loop(main) == ([("ValueError", "child")], ["sibling"], left)


def test_a_cancelled_child_is_no_error(aio, any_loop):
    async def main():
        async with aio.TaskGroup() as group:
            task = group.create_task(asyncio.sleep(30))
            await asyncio.sleep(0)
            task.cancel()
        return task.cancelled()

    assert any_loop(main)


@pytest.mark.parametrize("where", ["body", "exit"])
def test_cancelled_from_outside(aio, any_loop, where):
    async def main():
        notes = []

        async def parent():
            async with aio.TaskGroup() as group:
                group.create_task(sleep_and_note(notes, "child"))
                if where == "body":
                    await sleep_and_note(notes, "body")

        task = asyncio.ensure_future(parent())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return sorted(notes), task.cancelled(), task.cancelling()

    assert any_loop(main) == (["body"] * (where == "body") + ["child"], True, 1)


def test_cancelled_again_while_children_end(aio, any_loop):
    async def main():
        async def slow_to_end():
            try:
                await asyncio.sleep(30)
            finally:
                await asyncio.sleep(0.02)

        async def parent():
            async with aio.TaskGroup() as group:
                group.create_task(slow_to_end())

        task = asyncio.ensure_future(parent())
        await asyncio.sleep(0.001)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.001)
        assert not task.done()
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelling()

    assert any_loop(main) == 3


def test_cancelled_from_outside_and_errors(aio, any_loop):
    async def main():
        async def fail_when_cancelled():
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                raise OSError("child") from None

        seen = []

        async def parent():
            try:
                async with aio.TaskGroup() as group:
                    group.create_task(fail_when_cancelled())
            except ExceptionGroup as error:
                seen.append(names_of(error))
            await asyncio.sleep(0)
            seen.append("went on")

        task = asyncio.ensure_future(parent())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return seen, task.cancelled()

    if sys.version_info >= (3, 13):
        assert any_loop(main) == ([[("OSError", "child")]], True)
    else:
        assert any_loop(main) == ([[("OSError", "child")], "went on"], False)


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_base_error_of_the_body_goes_first(aio, any_loop, kind):
    async def main():
        notes = []
        base_error = kind("body")
        with pytest.raises(kind) as caught:
            async with aio.TaskGroup() as group:
                group.create_task(sleep_and_note(notes, "child"))
                await asyncio.sleep(0)
                raise base_error
        assert caught.value is base_error
        return notes

    assert any_loop(main) == ["child"]


def test_base_exceptions_make_a_base_exception_group(aio, any_loop):
    class Odd(BaseException):
        pass

    async def main():
        with pytest.raises(BaseExceptionGroup) as caught:
            async with aio.TaskGroup() as group:
                group.create_task(fail(Odd("child")))
        assert not isinstance(caught.value, ExceptionGroup)
        return names_of(caught.value)

    assert any_loop(main) == [("Odd", "child")]


def test_nested_groups(aio, any_loop):
    async def main():
        with pytest.raises(ExceptionGroup) as caught:
            async with aio.TaskGroup() as outer:
                outer.create_task(fail(ValueError("outer")))
                async with aio.TaskGroup() as inner:
                    inner.create_task(asyncio.sleep(30))
        assert asyncio.current_task().cancelling() == 0
        return names_of(caught.value)

    assert any_loop(main) == [("ValueError", "outer")]


def test_inside_a_timeout(aio, any_loop):
    async def main():
        notes = []
        with pytest.raises(TimeoutError):
            async with aio.timeout(0.01), aio.TaskGroup() as group:
                group.create_task(sleep_and_note(notes, "child"))
        return notes, asyncio.current_task().cancelling()

    assert any_loop(main) == (["child"], 0)


def test_shutting_down(aio, any_loop):
    async def main():
        texts = []

        async def late():
            try:
                await asyncio.sleep(30)
            finally:
                coroutine = answer(1)
                try:
                    group.create_task(coroutine)
                except RuntimeError as error:
                    texts.append(str(error))
                coroutine.close()

        with pytest.raises(ExceptionGroup):
            async with aio.TaskGroup() as group:
                group.create_task(late())
                group.create_task(fail(ValueError()))
        return texts

    expected = "TaskGroup <TaskGroup tasks=1 errors=1 cancelling> is shutting down"
    assert any_loop(main) == [expected]


def test_outside_a_task(aio, loop):
    texts = []

    def enter():
        try:
            aio.TaskGroup().__aenter__().send(None)
        except RuntimeError as error:
            texts.append(str(error))
        loop.stop()

    loop.call_soon(enter)
    loop.run_forever()
    assert texts == ["TaskGroup <TaskGroup> cannot determine the parent task"]


def test_callbacks_of_a_child_keep_their_order(aio, any_loop):
    async def main():
        order = []
        async with aio.TaskGroup() as group:
            task = group.create_task(answer(1))
            assert len(task._callbacks) == 1
            task.add_done_callback(lambda task: order.append(len(group._tasks)))
        return order

    assert any_loop(main) == [0]


def test_subclass(aio, any_loop):
    class Noting(aio.TaskGroup):
        def __init__(self, name):
            super().__init__()
            self.name = name
            self.done = []

        def create_task(self, coro, **kwargs):
            task = super().create_task(coro, **kwargs)
            self.done.append("made")
            return task

        def _on_task_done(self, task):
            super()._on_task_done(task)
            self.done.append("done")

        def _abort(self):
            self.done.append("abort")
            super()._abort()

        async def __aexit__(self, et, exc, tb):
            await super().__aexit__(et, exc, tb)
            self.done.append("left")

    async def main():
        async with Noting("a name") as group:
            group.create_task(answer(1))
        calm = group.done
        with pytest.raises(ExceptionGroup):
            async with Noting("another") as group:
                group.create_task(fail(ValueError()))
        return calm, group.done

    assert any_loop(main) == (["made", "done", "left"], ["made", "abort", "done"])


def test_a_childs_group_callback_can_be_removed(aio, any_loop):
    async def main():
        class Detaching(aio.TaskGroup):
            def detach(self, task):
                self._tasks.discard(task)
                return task.remove_done_callback(self._on_task_done)

        async with Detaching() as group:
            task = group.create_task(answer(1, turns=5))
            removed = group.detach(task)
        finished_early = not task.done()
        return removed, finished_early, await task

    assert any_loop(main) == (1, True, 1)


@pytest.mark.parametrize("factory", ["eager", "stdlib-task", "future-like"])
def test_task_factories(aio, any_loop, factory):
    if factory == "eager" and sys.version_info < (3, 12):
        pytest.skip("no eager tasks")

    async def main():
        loop = asyncio.get_running_loop()
        if factory == "eager":
            loop.set_task_factory(aio.eager_task_factory)
        elif factory == "stdlib-task":
            loop.set_task_factory(lambda loop, coro, **kw: asyncio.Task(coro, loop=loop, **kw))
        else:
            loop.set_task_factory(lambda loop, coro, **kw: aio.Task(coro, loop=loop, **kw))
        async with aio.TaskGroup() as group:
            tasks = [group.create_task(answer(number, number)) for number in range(3)]
        with pytest.raises(ExceptionGroup) as caught:
            async with aio.TaskGroup() as group:
                group.create_task(fail(ValueError("child"), turns=0))
                await asyncio.sleep(30)
        assert asyncio.current_task().cancelling() == 0
        return [task.result() for task in tasks], names_of(caught.value)

    assert any_loop(main) == ([0, 1, 2], [("ValueError", "child")])


def test_awaited_by(aio, run):
    if sys.version_info < (3, 14):
        pytest.skip("no call graph")

    async def main():
        async with aio.TaskGroup() as group:
            task = group.create_task(answer(1))
            links = task._asyncio_awaited_by
        return links == {asyncio.current_task()}, task._asyncio_awaited_by

    assert run(main) == (True, None)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="asyncio's group holds them there")
@pytest.mark.parametrize("where", ["child", "body", "base", "cancelled"])
def test_exceptions_are_held_by_nobody(aio, any_loop, where):
    class Odd(Exception):
        pass

    async def child():
        raise Odd

    async def main():
        caught = None
        try:
            async with aio.TaskGroup() as group:
                if where == "child":
                    group.create_task(child())
                    await asyncio.sleep(30)
                if where == "cancelled":
                    asyncio.current_task().cancel()
                    await asyncio.sleep(0)
                group.create_task(asyncio.sleep(30))
                raise Odd if where == "body" else SystemExit
        except ExceptionGroup as errors:
            caught = errors.exceptions[0]
        except (SystemExit, asyncio.CancelledError) as error:
            caught = error
        assert caught is not None
        assert (group._parent_task, group._base_error, group._errors) == (None, None, None)
        # The interpreter's own coroutines hold what they handle; natives would show up here.
        return [holder for holder in gc.get_referrers(caught) if not inspect.iscoroutine(holder)]

    assert any_loop(main) == []


def test_nothing_is_kept(aio, run):
    async def main():
        gc.collect()
        gc.disable()
        try:
            async with aio.TaskGroup() as group:
                for number in range(3):
                    group.create_task(answer(number))
            alive = weakref.ref(group)
            del group
            await asyncio.sleep(0)
            return alive()
        finally:
            gc.enable()

    assert run(main) is None


def test_private_attributes(aio, any_loop):
    async def main():
        group = aio.TaskGroup()
        before = (group._entered, group._exiting, group._aborting, group._loop, group._parent_task)
        async with group:
            inside = (group._entered, group._errors, group._base_error, group._on_completed_fut)
            assert group._parent_task is asyncio.current_task()
            assert group._loop is asyncio.get_running_loop()
            assert group._parent_cancel_requested is False
            assert group._is_base_error(SystemExit()) and not group._is_base_error(ValueError())
        return before, inside, group._exiting

    expected = (False, False, False, None, None), (True, [], None, None), True
    assert any_loop(main) == expected


@pytest.mark.skipif(sys.version_info < (3, 15), reason="TaskGroup.cancel() came with 3.15")
@pytest.mark.parametrize("when", ["before", "body", "child", "exit", "after"])
def test_cancel(aio, any_loop, when):
    async def main():
        notes = []
        group = aio.TaskGroup()

        async def canceller():
            await asyncio.sleep(0)
            group.cancel()

        if when == "before":
            group.cancel()
        async with group:
            if when == "before":
                await sleep_and_note(notes, "body")
            group.create_task(sleep_and_note(notes, "child"))
            await asyncio.sleep(0)
            if when == "body":
                group.cancel()
                await sleep_and_note(notes, "body")
            if when == "child":
                group.create_task(canceller())
                await sleep_and_note(notes, "body")
            if when == "exit":
                group.create_task(canceller())
            if when == "after":
                group.cancel()
        group.cancel()
        await asyncio.sleep(0)
        return sorted(notes), asyncio.current_task().cancelling()

    bodies = ["body"] if when in ("before", "body", "child") else []
    children = [] if when == "before" else ["child"]
    assert any_loop(main) == (bodies + children, 0)


@pytest.mark.skipif(sys.version_info < (3, 15), reason="TaskGroup.cancel() came with 3.15")
def test_cancel_keeps_a_cancellation_from_outside(aio, any_loop):
    async def main():
        async def slow_to_end():
            try:
                await asyncio.sleep(30)
            finally:
                await asyncio.sleep(0.03)

        with pytest.raises(TimeoutError):
            async with aio.timeout(0.02), aio.TaskGroup() as group:
                group.create_task(slow_to_end())
                await asyncio.sleep(0.005)
                group.cancel()
        return asyncio.current_task().cancelling()

    assert any_loop(main) == 0


@pytest.mark.skipif(sys.version_info < (3, 15), reason="a lone GeneratorExit passes since 3.15")
def test_generator_exit_of_the_body_passes(aio, any_loop):
    async def main():
        async def generate():
            async with aio.TaskGroup() as group:
                group.create_task(asyncio.sleep(30))
                yield 1

        generator = generate()
        assert await anext(generator) == 1
        await generator.aclose()
        return "closed"

    assert any_loop(main) == "closed"
