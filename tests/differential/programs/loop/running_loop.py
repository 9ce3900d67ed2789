"""get_running_loop and its private hooks; current loops of nested and other threads."""

import asyncio
import threading

from observe import attempt

attempt("get_running_loop", asyncio.get_running_loop)
print("_get_running_loop", asyncio._get_running_loop())
attempt("current_task", asyncio.current_task)
attempt("all_tasks", asyncio.all_tasks)
attempt("create_task", lambda: asyncio.create_task(5))
attempt("arguments", lambda: asyncio.get_running_loop(1))


class Token:
    """Anything may be the running loop."""


token = Token()
asyncio._set_running_loop(token)
print(asyncio.get_running_loop() is token, asyncio.get_event_loop() is token)
attempt("run under a token", lambda: asyncio.new_event_loop().run_forever())
asyncio._set_running_loop(None)
attempt("put back", asyncio.get_running_loop)


async def nothing():
    pass


async def main():
    loop = asyncio.get_running_loop()
    print(asyncio.get_event_loop() is loop, loop.is_running())

    def thread():
        attempt("in a thread", asyncio.get_running_loop)
        attempt("the thread's run", asyncio.run, nothing())
        print("this loop's tasks from a thread", len(asyncio.all_tasks(loop)))
        print("this loop's task from a thread", asyncio.current_task(loop) is task)

    task = asyncio.current_task()
    worker = threading.Thread(target=thread)
    worker.start()
    worker.join()
    coroutine = nothing()
    attempt("asyncio.run inside", asyncio.run, coroutine)
    coroutine.close()


asyncio.run(main())
