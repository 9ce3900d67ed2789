"""Greenlets beside the loop: a plain function, with no ``await`` in it, that waits all the same.

Look at: ``total()`` and ``fetch()`` are ordinary functions. They run in a greenlet, a stack of its
own; ``wait_for()`` leaves that stack for the coroutine that started it, which awaits in its place
and comes back with the result. Two such functions overlap. Needs greenlet from PyPI.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import greenlet


def wait_for(awaitable: Awaitable[Any]) -> Any:
    """To be called in a greenlet of ``in_greenlet()``: what the awaitable returns or raises."""
    return greenlet.getcurrent().parent.switch(awaitable)


async def in_greenlet(function: Callable[..., Any], *arguments: object) -> Any:
    """Run the function on a stack of its own, and await whatever it hands to ``wait_for()``."""
    worker = greenlet.greenlet(function)
    passed = worker.switch(*arguments)
    while not worker.dead:
        try:
            outcome = await passed
        except BaseException as error:  # cancellation too belongs inside the function
            passed = worker.throw(error)
        else:
            passed = worker.switch(outcome)
    return passed


def fetch(name: str, number: int) -> int:
    print(f"{name} fetches {number}")
    return wait_for(asyncio.sleep(0.05, number))


def total(name: str, numbers: list[int]) -> int:
    result = sum(fetch(name, number) for number in numbers)
    print(f"{name} adds up to {result}")
    return result


def impatient() -> str:
    try:
        wait_for(asyncio.wait_for(asyncio.sleep(5), timeout=0.05))
    except TimeoutError:
        return "a TimeoutError crosses over like any exception"
    return "it had the time"


async def main() -> None:
    totals = asyncio.gather(
        in_greenlet(total, "left", [1, 2, 3]),
        in_greenlet(total, "right", [10, 20, 30]),
    )
    print(await totals)
    print(await in_greenlet(impatient))


asyncio.run(main())
