"""Which of asyncio's classes the loop and the protocols are, and what counts as a coroutine."""

import asyncio
import functools
import sys

from observe import attempt


async def coroutine_function():
    pass


async def main():
    loop = asyncio.get_running_loop()
    for kind in (asyncio.AbstractEventLoop, asyncio.BaseEventLoop, asyncio.SelectorEventLoop):
        print(isinstance(loop, kind))
    if hasattr(asyncio, "EventLoop"):  # since 3.13
        print(issubclass(asyncio.EventLoop, asyncio.SelectorEventLoop))
    if sys.version_info < (3, 14):  # deprecated since
        policy = asyncio.get_event_loop_policy()
        print(isinstance(policy, asyncio.AbstractEventLoopPolicy))
    for kind in (asyncio.Protocol, asyncio.BufferedProtocol, asyncio.DatagramProtocol):
        print(issubclass(kind, asyncio.BaseProtocol), kind.__slots__, kind().connection_lost(None))


asyncio.run(main())
coroutine = coroutine_function()
for thing in (coroutine_function, coroutine, main, print, functools.partial(main), 5):
    print(asyncio.iscoroutine(thing))
    attempt("iscoroutinefunction", lambda thing=thing: asyncio.iscoroutinefunction(thing))
coroutine.close()
