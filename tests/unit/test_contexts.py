"""Context variables: what tasks, callbacks and timers see, and what becomes of their contexts."""

import contextvars
import gc
import random
import sys
import threading
import weakref

import pytest

VALUE = contextvars.ContextVar("value", default="none")
OTHER = contextvars.ContextVar("other", default="none")

needs_get_context = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="get_context() came with 3.12"
)


def test_what_a_task_sets_is_seen_by_nobody_else(aio, run):
    async def worker(number):
        seen = [VALUE.get()]
        VALUE.set(number)
        await aio.sleep(0)
        seen.append(VALUE.get())
        await aio.sleep(0)
        seen.append(VALUE.get())
        return seen

    async def main():
        results = await aio.gather(*[worker(number) for number in range(5)])
        return results, VALUE.get()

    assert run(main) == ([["none", number, number] for number in range(5)], "none")


def test_a_task_sees_what_was_set_before_it_was_made_and_not_after(aio, run):
    async def look():
        before = VALUE.get()
        await aio.sleep(0)
        return before, VALUE.get()

    async def main():
        first = aio.create_task(look())
        VALUE.set("main's")
        second = aio.create_task(look())
        VALUE.set("later")
        third = aio.create_task(look())
        return [await first, await second, await third]

    assert run(main) == [("none", "none"), ("main's", "main's"), ("later", "later")]


def test_callbacks_and_timers_see_the_moment_at_which_they_were_scheduled(aio, run):
    async def main():
        loop = aio.get_running_loop()
        seen = []

        def look(name):
            seen.append((name, VALUE.get()))
            VALUE.set("changed by " + name)

        loop.call_soon(look, "one")
        loop.call_soon_threadsafe(look, "two")
        loop.call_later(0.001, look, "three")
        VALUE.set("main's")
        loop.call_soon(look, "four")
        loop.call_later(0.002, look, "five")
        while len(seen) < 5:
            await aio.sleep(0.001)
        return dict(seen), VALUE.get()

    assert run(main) == (
        {"one": "none", "two": "none", "three": "none", "four": "main's", "five": "main's"},
        "main's",
    )


def test_a_callback_of_another_thread_runs_in_that_threads_context(aio, run):
    async def main():
        loop = aio.get_running_loop()
        seen = loop.create_future()

        def post():
            loop.call_soon_threadsafe(lambda: VALUE.set("lost"))
            VALUE.set("the thread's")
            loop.call_soon_threadsafe(lambda: seen.set_result(VALUE.get()))

        thread = threading.Thread(target=post)
        thread.start()
        result = await seen
        thread.join()
        return result, VALUE.get()

    assert run(main) == ("the thread's", "none")


def test_a_token_is_good_in_a_later_step_of_its_task(aio, run):
    async def worker():
        token = VALUE.set("changed")
        await aio.sleep(0)
        VALUE.reset(token)
        await aio.sleep(0)
        return VALUE.get()

    async def main():
        return await aio.gather(worker(), worker())

    assert run(main) == ["none", "none"]


def test_a_token_is_no_good_in_another_task(aio, run):
    async def give():
        token = VALUE.set("given")
        VALUE.reset(token)
        return VALUE.set("given again")

    async def take(token):
        with pytest.raises(ValueError, match="different Context"):
            VALUE.reset(token)

    async def main():
        token = await aio.create_task(give())
        await aio.create_task(take(token))
        await take(token)

    run(main)


@needs_get_context
def test_a_task_has_one_context_of_its_own(aio, run):
    async def worker():
        task = aio.current_task()
        contexts = [task.get_context()]
        await aio.sleep(0)
        contexts.append(task.get_context())
        VALUE.set(1)
        await aio.sleep(0)
        contexts.append(task.get_context())
        return contexts

    async def main():
        tasks = [aio.create_task(worker()) for _ in range(3)]
        first = [task.get_context() for task in tasks[:2]]
        results = [await task for task in tasks]
        last = [task.get_context() for task in tasks]
        assert [contexts[0] for contexts in results[:2]] == first
        assert last == [contexts[-1] for contexts in results]
        assert all(len(set(map(id, contexts))) == 1 for contexts in results)
        assert len({id(contexts[0]) for contexts in results}) == 3
        assert [context[VALUE] for context in last] == [1, 1, 1]

    run(main)


@needs_get_context
def test_somebody_else_may_run_in_the_context_of_a_waiting_task(aio, run):
    async def worker(future):
        await future
        return VALUE.get()

    async def main():
        loop = aio.get_running_loop()
        future = loop.create_future()
        tasks = [aio.create_task(worker(future)) for _ in range(2)]
        await aio.sleep(0)
        tasks[0].get_context().run(VALUE.set, "from outside")
        future.set_result(None)
        return [await task for task in tasks], VALUE.get()

    assert run(main) == (["from outside", "none"], "none")


@needs_get_context
def test_nobody_may_enter_the_context_of_the_running_task(aio, run):
    async def worker():
        with pytest.raises(RuntimeError, match="already entered"):
            aio.current_task().get_context().run(int)

    async def main():
        await aio.create_task(worker())
        await aio.create_task(worker())

    run(main)


@needs_get_context
def test_a_context_that_was_seen_in_a_step_is_nobody_elses_later(aio, run):
    async def look():
        return weakref.ref(aio.current_task().get_context())

    async def main():
        first = aio.create_task(look())
        reference = await first
        assert reference() is first.get_context()
        second = aio.create_task(look())
        await second
        assert second.get_context() is not first.get_context()
        first.get_context().run(VALUE.set, "first's")
        assert VALUE not in second.get_context()

    run(main)


@needs_get_context
def test_a_handle_shows_the_context_that_its_callback_has_changed(aio, run):
    async def main():
        loop = aio.get_running_loop()
        handles = [loop.call_soon(VALUE.set, number) for number in range(3)]
        untouched = loop.call_soon(int)
        early = handles[0].get_context()
        await aio.sleep(0)
        assert handles[0].get_context() is early
        assert [handle.get_context()[VALUE] for handle in handles] == [0, 1, 2]
        assert VALUE not in untouched.get_context()
        assert untouched.get_context() is untouched.get_context()
        assert VALUE.get() == "none"

    run(main)


@needs_get_context
def test_a_callback_sees_its_own_context_through_its_handle(aio, run):
    async def main():
        loop = aio.get_running_loop()
        seen = []

        def call():
            context = handle.get_context()
            VALUE.set("own")
            seen.append(context[VALUE])
            with pytest.raises(RuntimeError, match="already entered"):
                context.run(int)

        handle = loop.call_soon(call)
        await aio.sleep(0)
        assert seen == ["own"]
        assert handle.get_context()[VALUE] == "own"

    run(main)


def test_a_greenlet_in_the_tasks_context_changes_it_for_good(aio, run):
    greenlet = pytest.importorskip("greenlet")

    async def worker(changes):
        parent = greenlet.getcurrent()
        child = greenlet.greenlet(lambda: VALUE.set("the greenlet's"))
        child.gr_context = parent.gr_context
        await aio.sleep(0)
        if changes:
            child.gr_context = parent.gr_context
            child.switch()
        await aio.sleep(0)
        return VALUE.get()

    async def main():
        return await aio.gather(worker(False), worker(True), worker(False))

    assert run(main) == ["none", "the greenlet's", "none"]


def test_values_die_with_the_tasks_that_set_them(aio, run):
    class Request:
        pass

    async def serve():
        request = Request()
        VALUE.set(request)
        await aio.sleep(0)
        await aio.create_task(look())
        return weakref.ref(request)

    async def look():
        await aio.sleep(0)
        assert isinstance(VALUE.get(), Request)

    async def main():
        references = [await aio.create_task(serve()) for _ in range(3)]
        await aio.sleep(0)
        gc.collect()
        return [reference() for reference in references]

    assert run(main) == [None, None, None]


def test_a_task_that_fails_with_a_variable_set_leaves_no_trace(aio, run):
    async def fail():
        VALUE.set("failed")
        raise LookupError

    async def main():
        for _ in range(3):
            with pytest.raises(LookupError):
                await aio.create_task(fail())
            assert VALUE.get() == "none"

        async def look():
            return VALUE.get()

        return await aio.create_task(look())

    assert run(main) == "none"


def test_pending_tasks_keep_their_contexts_from_one_run_to_the_next(loop, aio):
    async def wait(future, value):
        if value is not None:
            VALUE.set(value)
        await future
        return VALUE.get()

    async def main(task):
        OTHER.set("second run")
        return await task

    def start(value):
        future = loop.create_future()
        return future, loop.create_task(wait(future, value))

    plain, changed = start(None), start("changed")
    loop.call_soon(loop.stop)
    loop.run_forever()
    contextvars.copy_context().run(lambda: (VALUE.set("between"), loop.call_soon(loop.stop)))
    loop.run_forever()
    plain[0].set_result(None)
    changed[0].set_result(None)
    assert loop.run_until_complete(plain[1]) == "none"
    assert loop.run_until_complete(main(changed[1])) == "changed"


def test_a_run_inside_a_context_passes_its_variables_on(loop):
    seen = []

    def look():
        seen.append(VALUE.get())
        VALUE.set("changed")

    def begin():
        VALUE.set("outside")
        loop.call_soon(look)
        loop.call_soon(look)
        loop.call_soon(loop.stop)
        loop.run_forever()
        return VALUE.get()

    assert contextvars.Context().run(begin) == "outside"
    assert seen == ["outside", "outside"]
    loop.call_soon(look)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen[2:] == ["none"]


@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_random_steps_see_what_a_model_says(aio, run, seed):
    """Tasks set, reset and read variables in random order; each has its own dict beside it."""
    source = random.Random(seed)
    variables = [VALUE, OTHER]

    async def wander(model, depth):
        tokens = []
        children = []
        for _ in range(source.randrange(1, 12)):
            action = source.randrange(6)
            variable = source.choice(variables)
            if action == 0:
                value = source.randrange(1000)
                tokens.append((variable, model.get(variable), variable.set(value)))
                model[variable] = value
            elif action == 1 and tokens:
                variable, before, token = tokens.pop()
                variable.reset(token)
                model[variable] = before
                if before is None:
                    del model[variable]
            elif action == 2 and depth:
                children.append(aio.create_task(wander(dict(model), depth - 1)))
            elif action == 3:
                aio.get_running_loop().call_soon(check, dict(model))
            else:
                await aio.sleep(0)
            for known in variables:
                assert known.get() == model.get(known, "none")
        return 1 + sum([await child for child in children])

    def check(model):
        for known in variables:
            assert known.get() == model.get(known, "none")
        VALUE.set("a callback's")

    async def main():
        return sum(await aio.gather(*[wander({}, 4) for _ in range(20)]))

    assert run(main) >= 20


class OddContext:
    """Has the one method of a context that a loop calls, and counts its calls."""

    def __init__(self):
        self.context = contextvars.copy_context()
        self.calls = []

    def run(self, function, *args):
        self.calls.append(len(args))
        return self.context.run(function, *args)


refused_at_once = pytest.mark.skipif(
    (3, 13) <= sys.version_info < (3, 14) or sys.version_info >= (3, 15),
    reason="3.13 and 3.15 refuse such a context when the task is made",
)


def test_callbacks_run_in_whatever_has_a_method_run(aio, run):
    async def main():
        loop = aio.get_running_loop()
        odd = OddContext()
        odd.context.run(VALUE.set, "odd")
        seen = []

        def look(*args):
            seen.append((*args, VALUE.get()))

        loop.call_soon(look, context=odd)
        loop.call_soon(look, 1, context=odd)
        loop.call_soon_threadsafe(look, 1, 2, context=odd)
        loop.call_later(0.001, look, "timer", context=odd)
        future = loop.create_future()
        future.add_done_callback(lambda _: look("done"), context=odd)
        future.set_result(None)
        while len(seen) < 5:
            await aio.sleep(0.001)
        return seen, odd.calls

    seen, calls = run(main)
    assert seen == [("odd",), (1, "odd"), (1, 2, "odd"), ("done", "odd"), ("timer", "odd")]
    assert calls == [0, 1, 2, 1, 1]


@refused_at_once
def test_a_task_runs_in_whatever_has_a_method_run(aio, run):
    async def worker(loop):
        seen = [VALUE.get(), aio.current_task().get_name()]
        await aio.sleep(0)
        future = loop.create_future()
        loop.call_soon(future.set_result, "result")
        seen.append(await future)
        try:
            await aio.sleep(20)
        except aio.CancelledError:
            seen.append(VALUE.get())
        return seen

    async def main():
        loop = aio.get_running_loop()
        odd = OddContext()
        odd.context.run(VALUE.set, "odd")
        task = loop.create_task(worker(loop), name="worker", context=odd)
        while len(odd.calls) < 3:
            await aio.sleep(0)
        await aio.sleep(0)
        task.cancel()
        return await task, odd.calls, aio.current_task() is not task

    seen, calls, is_left = run(main)
    assert seen == ["odd", "worker", "result", "odd"]
    assert calls == [0, 0, 1, 1]
    assert is_left


def test_what_such_a_context_raises_is_reported_as_the_callbacks(aio, run):
    class Broken:
        def run(self, function, *args):
            if function is print:
                raise ZeroDivisionError
            return function(*args)  # the loop's exception handler runs in it, too

    async def main():
        loop = aio.get_running_loop()
        loop.call_soon(print, context=Broken())
        loop.call_soon(print, context=object())
        await aio.sleep(0)
        await aio.sleep(0)

    run(main)
    assert [type(report["exception"]) for report in run.reports] == [
        ZeroDivisionError,
        AttributeError,
    ]
    assert all(report["message"].startswith("Exception in callback") for report in run.reports)
    run.reports.clear()
