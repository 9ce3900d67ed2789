"""Performs the tree of tasks in ``sys.argv[1]`` and prints what happened, event by event.

A tree is ``{"eager": bool, "roots": [body, ...]}``; a body is a list of operations, each a list of
a name and its operands (``trees.py`` makes them; every name is a method ``do_NAME`` here). Each
coroutine that runs a body has a label, given in the order of making.

Time. Sleeps and time limits are places in one order, not lengths: each gets a slot of its own on a
grid of absolute deadlines, ``sys.argv[2]`` seconds apart, so that equal deadlines, whose order
asyncio leaves open, do not occur. A heartbeat between the slots measures how late the machine is; a
run that was late enough to mix up two slots says so with its exit code, and is void whatever it
printed.

What must hold: whatever the tree, the run ends. A body only waits for bodies with higher labels, so
there are no knots, and in the end everything that is left is cancelled until it gives up.
"""

import asyncio
import gc
import json
import os
import sys

TURNS_TO_SETTLE = 30
CANCEL_ROUNDS = 100
FUTURES = 3
VOID_EXIT_CODE = 75

ERRORS = {
    "value": ValueError,
    "key": KeyError,
    "cancelled": asyncio.CancelledError,
    "timeout": TimeoutError,
}


def is_timed(operation):
    return operation[0] == "nap" or (operation[0] in ("wait_for", "timeout") and operation[-1] > 0)


def timed_operations(body):
    """Every operation of a body that needs a slot, outer ones first."""
    for operation in body:
        if is_timed(operation):
            yield operation
        for operand in operation[1:]:
            if isinstance(operand, list) and operand and isinstance(operand[0], list):
                if operation[0] == "gather":
                    for inner in operand:
                        yield from timed_operations(inner)
                else:
                    yield from timed_operations(operand)


class Performance:
    """One run of a tree."""

    def __init__(self, tree, slot_seconds):
        self.tree = tree
        self.slot_seconds = slot_seconds
        self.labels = 0
        self.tasks = {}
        self.reports = []
        timed = [operation for body in tree["roots"] for operation in timed_operations(body)]
        timed.sort(key=lambda operation: operation[-1])
        self.slots = {id(operation): number for number, operation in enumerate(timed, 1)}

    # Telling.

    def log(self, label, *event):
        print(label, *event)

    def outcome(self, error):
        text = f"{type(error).__name__}{error.args}"
        if isinstance(error, BaseExceptionGroup):
            text += "[" + " ".join(self.outcome(inner) for inner in error.exceptions) + "]"
        return text

    def state(self, future):
        if not future.done():
            return "pending"
        if future.cancelled():
            return "cancelled"
        error = future.exception()
        return self.outcome(error) if error else f"result {future.result()}"

    # Making and finding tasks.

    def make(self, body, registered=True):
        """A coroutine for a body, and its label."""
        self.labels += 1
        return self.labels, self.perform(self.labels, body, registered)

    def spawn(self, body, create=None):
        label, coroutine = self.make(body)
        task = (create or asyncio.create_task)(coroutine)
        self.tasks[label] = task
        return label, task

    def later(self, label, choice):
        """A task whose label is higher than ``label``, or None."""
        candidates = sorted(other for other in self.tasks if other > label)
        return self.tasks[candidates[choice % len(candidates)]] if candidates else None

    def any(self, choice):
        labels = sorted(self.tasks)
        return labels[choice % len(labels)]

    def deadline(self, operation):
        return self.start + self.slots[id(operation)] * self.slot_seconds

    async def perform(self, label, body, registered):
        if registered:
            self.tasks[label] = asyncio.current_task()
        self.log(label, "begins")
        try:
            await self.run(label, body)
        except BaseException as error:
            self.log(label, "ends by", self.outcome(error))
            raise
        self.log(label, "ends")
        return label

    async def run(self, label, body):
        for operation in body:
            name, *operands = operation
            self.log(label, name)
            method = getattr(self, f"do_{name}")
            if is_timed(operation):
                operands[-1] = self.deadline(operation)
            await method(label, *operands)

    # Operations that do not wait.

    async def do_spawn(self, label, body):
        self.log(label, "spawned", self.spawn(body)[0])

    async def do_soon(self, label):
        asyncio.get_running_loop().call_soon(self.log, label, "called soon")

    async def do_callback(self, label, choice):
        other = self.any(choice)
        self.tasks[other].add_done_callback(
            lambda task: self.log(other, "called back", self.state(task))
        )

    async def do_cancel(self, label, choice, message):
        other = self.any(choice)
        arguments = () if message is None else (message,)
        self.log(
            label,
            "cancels",
            other,
            self.tasks[other].cancel(*arguments),
            self.tasks[other].cancelling(),
        )

    async def do_uncancel(self, label):
        self.log(label, "uncancelled to", asyncio.current_task().uncancel())

    async def do_raise(self, label, kind):
        raise ERRORS[kind](f"by {label}")

    async def do_set_future(self, label, choice, how):
        future = self.futures[choice]
        try:
            if how == "result":
                future.set_result(label)
            elif how == "error":
                future.set_exception(ValueError(f"set by {label}"))
            else:
                self.log(label, "cancelled future", future.cancel(how))
        except asyncio.InvalidStateError as error:
            self.log(label, self.outcome(error))

    # Operations that wait.

    async def do_turns(self, label, count):
        for _ in range(count):
            await asyncio.sleep(0)

    async def do_nap(self, label, deadline):
        await asyncio.sleep(deadline - asyncio.get_running_loop().time())

    async def do_future(self, label, choice):
        self.log(label, "got", await self.futures[choice])

    async def do_await(self, label, choice):
        task = self.later(label, choice)
        if task is not None:
            self.log(label, "got", await task)

    async def do_shield(self, label, choice):
        task = self.later(label, choice)
        if task is not None:
            self.log(label, "got", await asyncio.shield(task))

    async def do_gather(self, label, bodies, return_exceptions):
        coroutines = [self.make(body, registered=False)[1] for body in bodies]
        results = await asyncio.gather(*coroutines, return_exceptions=return_exceptions)
        self.log(
            label,
            "gathered",
            *(self.outcome(r) if isinstance(r, BaseException) else r for r in results),
        )

    async def do_wait(self, label, choices, condition, timeout):
        tasks = {self.later(label, choice) for choice in choices} - {None}
        if tasks:
            done, pending = await asyncio.wait(tasks, return_when=condition, timeout=timeout)
            self.log(label, "done", *sorted(map(self.state, done)), "pending", len(pending))

    async def do_completed(self, label, choices):
        tasks = {self.later(label, choice) for choice in choices} - {None}
        # Only pending ones: those that are done already come out in the order of a set.
        for awaitable in asyncio.as_completed([task for task in tasks if not task.done()]):
            try:
                self.log(label, "completed", await awaitable)
            except ValueError as error:
                self.log(label, "completed", self.outcome(error))

    async def do_wait_for(self, label, body, limit):
        now = asyncio.get_running_loop().time()
        _, coroutine = self.make(body, registered=False)
        timeout = limit - now if limit > 0 else None if limit < 0 else 0
        self.log(label, "got", await asyncio.wait_for(coroutine, timeout))

    async def do_timeout(self, label, body, limit):
        when = limit if limit > 0 else None if limit < 0 else asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(when) as manager:
                await self.run(label, body)
        finally:
            self.log(label, "expired", manager.expired())

    async def do_group(self, label, child, body):
        # One child: a group cancels several in the order of a set, which asyncio leaves open.
        async with asyncio.TaskGroup() as group:
            self.spawn(child, group.create_task)
            await self.run(label, body)

    async def do_catch(self, label, body, handler, again):
        try:
            await self.run(label, body)
        except (Exception, asyncio.CancelledError) as error:
            self.log(label, "caught", self.outcome(error))
            await self.run(label, handler)
            if again:
                raise

    async def do_finally(self, label, body, cleanup):
        try:
            await self.run(label, body)
        finally:
            self.log(label, "cleans up")
            await self.run(label, cleanup)

    # The whole.

    async def beat(self, number):
        """Sleep to the middle between two slots; a machine that is too late makes the run void."""
        loop = asyncio.get_running_loop()
        due = self.start + (number + 0.5) * self.slot_seconds
        await asyncio.sleep(due - loop.time())
        if loop.time() - due > 0.4 * self.slot_seconds:
            # At once: a regular end would wait for bodies that nobody cancels any more.
            os._exit(VOID_EXIT_CODE)

    async def main(self):
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: self.reports.append(context))
        if self.tree["eager"] and sys.version_info >= (3, 12):
            loop.set_task_factory(asyncio.eager_task_factory)
        self.start = loop.time()
        self.futures = [loop.create_future() for _ in range(FUTURES)]
        for body in self.tree["roots"]:
            self.spawn(body)
        if self.slots:
            for number in range(len(self.slots) + 1):
                await self.beat(number)
                if all(task.done() for task in self.tasks.values()):
                    break
        for _ in range(TURNS_TO_SETTLE):
            await asyncio.sleep(0)
        for _ in range(CANCEL_ROUNDS):
            left = [label for label in sorted(self.tasks) if not self.tasks[label].done()]
            if not left:
                break
            self.log("end", "cancels", *left)
            for label in left:
                self.tasks[label].cancel("end")
            for _ in range(TURNS_TO_SETTLE):
                await asyncio.sleep(0)
        for label in sorted(self.tasks):
            self.log("end", label, self.tasks[label].done(), self.tasks[label].cancelling())
        for future in self.futures:
            self.log("end", "future", self.state(future))

    def report(self):
        """What went to the exception handler.

        Its order is that of the garbage collector, so it is sorted.
        """
        # The futures too: the traceback of an error that they share may hold its waiters.
        self.tasks.clear()
        self.futures.clear()
        gc.collect()
        for line in sorted(
            f"{c['message']} {self.outcome(c['exception']) if 'exception' in c else ''}"
            for c in self.reports
        ):
            print("reported", line)


performance = Performance(json.loads(sys.argv[1]), float(sys.argv[2]))
asyncio.run(performance.main())
performance.report()
