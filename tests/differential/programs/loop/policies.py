"""Policies, where the Python has them, and get_event_loop outside a running loop."""

import asyncio
import importlib
import sys
import threading
import warnings

from observe import attempt

warnings.simplefilter("ignore", DeprecationWarning)

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
print(asyncio.get_event_loop() is loop)
asyncio.set_event_loop(None)
loop.close()
for wrong in (5, "text", object):
    attempt(f"set_event_loop {wrong!r}", asyncio.set_event_loop, wrong)


async def inside():
    print(asyncio.get_event_loop() is asyncio.get_running_loop())


asyncio.run(inside())


def other_thread():
    mine = asyncio.new_event_loop()
    asyncio.set_event_loop(mine)
    print("thread's own", asyncio.get_event_loop() is mine)
    asyncio.set_event_loop(None)
    mine.close()


thread = threading.Thread(target=other_thread)
thread.start()
thread.join()

if sys.version_info < (3, 16):
    policy = asyncio.get_event_loop_policy()
    made = policy.new_event_loop()
    print(isinstance(made, asyncio.AbstractEventLoop), made.is_running())
    policy.set_event_loop(made)
    print(policy.get_event_loop() is made)
    policy.set_event_loop(None)
    made.close()
    attempt("policy: wrong loop", policy.set_event_loop, 5)
    attempt("policy: wrong policy", asyncio.set_event_loop_policy, 5)

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self):
            print("new_event_loop")
            return super().new_event_loop()

    asyncio.set_event_loop_policy(Policy())
    print(type(asyncio.get_event_loop_policy()).__name__)
    # aioxide's own new_event_loop() and run() make its loop whatever the policy is: these are
    # asyncio's, also where the program's "asyncio" is aioxide.
    stdlib = importlib.import_module("asyncio")
    stdlib.new_event_loop().close()
    stdlib.run(inside())
