"""What a script sees of itself, whichever door it came through."""

import asyncio
import inspect
import os
import sys

print(__name__, os.path.basename(__file__), len(sys.argv), os.path.basename(sys.argv[0]))
print(sys.modules["__main__"].__dict__ is globals())
print(os.path.basename(sys.path[0]), inspect.stack()[0].function)


class Defined:
    """For its module's name."""


async def main():
    print(Defined, asyncio.current_task().get_coro().__qualname__)
    print(os.path.basename(inspect.getsourcefile(Defined)))


asyncio.run(main())
print(sorted(name for name in globals() if not name.startswith("_")))
