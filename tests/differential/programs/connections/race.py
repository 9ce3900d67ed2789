"""Happy eyeballs: what each turn of the loop brings, whoever fails, wins or is cancelled."""

import asyncio
import socket

from observe import attempt_await, describe, turn

LONG = 30


class Quiet(asyncio.Protocol):
    """A protocol that does not read: nobody is at the other end."""

    def connection_made(self, transport):
        transport.pause_reading()


class Script:
    """Has the loop find three addresses and connect to them as it is told to."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.turns = 0
        self.notes = []
        self.ends = {}
        self.sockets = []
        self.loop.getaddrinfo = self.getaddrinfo
        self.loop.sock_connect = self.sock_connect
        self.loop.set_task_factory(self.make_task)

    def note(self, *words):
        self.notes.append(" ".join(map(str, words)))

    def show(self):
        """Print what happened in this turn; asyncio cancels the tasks of a set, in any order."""
        for note in sorted(self.notes):
            print(f"  {self.turns:2} {note}")
        self.notes.clear()

    def make_task(self, loop, coroutine, **options):
        name = coroutine.__qualname__.rpartition(".")[2]
        self.note("task for", name)
        task = asyncio.Task(coroutine, loop=loop, **options)
        task.add_done_callback(lambda task: self.note(name, "ends", task.cancelled()))
        return task

    async def getaddrinfo(self, host, port, **hints):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", number))
            for number in (1, 2, 3)
        ]

    async def sock_connect(self, sock, address):
        number = address[1]
        self.note("attempt", number)
        self.sockets.append(sock)
        end = self.ends.setdefault(number, self.loop.create_future())
        try:
            await end
        except BaseException as error:
            self.note("attempt", number, "raises", describe(error))
            raise
        self.note("attempt", number, "succeeds")

    async def play(self, title, delay, plot, **options):
        print(title)
        self.turns, self.ends, self.sockets = 0, {}, []
        connecting = self.loop.create_connection(
            Quiet, "name", 1, happy_eyeballs_delay=delay, **options
        )
        task = asyncio.Task(connecting, loop=self.loop)
        task.add_done_callback(lambda task: self.note("the race ends", task.cancelled()))
        for self.turns in range(40):
            for act in plot.get(self.turns, ()):
                act(self, task)
            await turn()
            self.show()
        await self.finish(task)

    async def finish(self, task):
        transport = None
        try:
            transport, _ = await task
        except BaseException as error:
            print("  raised", describe(error))
        print("  open", [sock.fileno() >= 0 for sock in self.sockets])
        if transport is not None:
            transport.abort()
        for _ in range(3):
            await turn()
        self.show()


def let(number):
    return lambda script, task: script.ends[number].set_result(None)


def refuse(number, error=None):
    error = error or ConnectionRefusedError(111, f"refused {number}")
    return lambda script, task: script.ends[number].set_exception(error)


def cancel(script, task):
    task.cancel("enough")


async def main():
    script = Script()
    await script.play("the first", LONG, {5: [let(1)]})
    await script.play("one after the other", LONG, {5: [refuse(1)], 12: [refuse(2)], 20: [let(3)]})
    await script.play("none", LONG, {5: [refuse(1)], 12: [refuse(2)], 20: [refuse(3)]})
    await script.play("no delay", 0, {25: [refuse(3), refuse(1)], 32: [let(2)]})
    await script.play("two at once", 0, {25: [let(3), let(1)]})
    await script.play("all at once", 0, {25: [refuse(3), refuse(2), refuse(1)]})
    await script.play("dropped", LONG, {5: [refuse(1, LookupError(1))], 12: [let(2)]})
    await script.play("cancelled", LONG, {5: [cancel]})
    await script.play("cancelled later", 0, {25: [cancel]})
    await script.play("cancelled while the next begins", LONG, {5: [refuse(1)], 6: [cancel]})
    await script.play("cancelled twice", 0, {25: [cancel, cancel], 26: [cancel]})
    await script.play("as they come", LONG, {5: [refuse(1)], 9: [let(2)]}, interleave=0)
    script.loop.set_task_factory(None)
    connecting = script.loop.create_connection(
        Quiet, "name", 1, happy_eyeballs_delay=LONG, local_addr=("192.0.2.1", 0)
    )
    script.ends = {}
    await attempt_await("from nowhere", connecting)


asyncio.run(main())
