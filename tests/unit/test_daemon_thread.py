"""A loop in a daemon thread while the program ends: the end is quiet, whatever the loop does."""

import textwrap

import pytest

PROGRAM = """
    import asyncio, threading, time

    async def busy():
        started.set()
        while True:
            await asyncio.sleep(0)

    async def waiting():
        started.set()
        await asyncio.sleep(3600)

    async def timers():
        started.set()
        while True:
            await asyncio.sleep(0.0001)

    async def threads():
        started.set()
        while True:
            await asyncio.to_thread(time.sleep, 0)

    async def callbacks():
        loop = asyncio.get_running_loop()

        def again():
            loop.call_soon(again)

        again()
        await waiting()

    # A thread that dies while it writes to stderr would leave its lock behind, which ends the
    # program badly.
    threading.excepthook = lambda failed: None
    started = threading.Event()
    threading.Thread(target=lambda: asyncio.run({occupation}()), daemon=True).start()
    started.wait()
    time.sleep(0.02)
    print("the end")
"""


@pytest.mark.parametrize("occupation", ["busy", "waiting", "timers", "threads", "callbacks"])
def test_a_program_ends_while_a_daemon_thread_runs_a_loop(launch, tmp_path, occupation):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM.format(occupation=occupation)))
    for _ in range(3):
        ended = launch(program)
        assert (ended.returncode, ended.stdout) == (0, "the end\n"), ended.stderr
