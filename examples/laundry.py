"""One person minds ten washing machines: ten waits overlap, and take the time of one.

Look at: ``wash()`` reads as if it minded one machine alone. At each ``await`` the person (the event
loop) turns to whichever machine needs a hand next; she never stands waiting before one of them.
On a terminal each machine has a line that moves; in a pipe there is a line for each event.
"""

import asyncio
import sys
import time

MACHINES = 10
STEPS = 12
STEP_SECONDS = 0.025
WASH_SECONDS = STEPS * STEP_SECONDS


class Board:
    """A line for each machine, redrawn in place on a terminal."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()
        if self.live:
            print("\n" * (MACHINES - 1))

    def show(self, machine: int, step: int) -> None:
        if self.live:
            bar = "#" * step + "." * (STEPS - step)
            word = "washing" if step < STEPS else "done"
            # Up to the machine's line, clear it, write it, and down again to where we were.
            lines = MACHINES - machine + 1
            line = f"machine {machine:2} [{bar}] {word}"
            print(f"\x1b[{lines}A\x1b[2K{line}\r\x1b[{lines}B", end="", flush=True)
        elif step == 0:
            print(f"machine {machine:2} started")
        elif step == STEPS:
            print(f"machine {machine:2} done")


async def wash(board: Board, machine: int) -> None:
    board.show(machine, 0)
    for step in range(1, STEPS + 1):
        await asyncio.sleep(STEP_SECONDS)
        board.show(machine, step)


async def main() -> None:
    board = Board()
    started = time.perf_counter()
    await asyncio.gather(*(wash(board, machine) for machine in range(1, MACHINES + 1)))
    elapsed = time.perf_counter() - started

    one_by_one = MACHINES * WASH_SECONDS
    print(
        f"{MACHINES} washes of {WASH_SECONDS:.1f} s each: one by one they take {one_by_one:.1f} s"
    )
    if elapsed < one_by_one / 2:
        print("together they took little more than one of them")


asyncio.run(main())
