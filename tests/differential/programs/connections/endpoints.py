"""Datagram endpoints: what each turn of the loop brings, from the look-up to the protocol."""

import asyncio
import socket

from observe import describe, turn


class Narrator(asyncio.DatagramProtocol):
    """A protocol that notes what it is told."""

    def __init__(self, note):
        self.note = note
        note("factory")

    def connection_made(self, transport):
        self.note("made", transport.get_extra_info("peername"))

    def connection_lost(self, error):
        self.note("lost", error)


class Script:
    """Has the loop find what a scene says and connect when it says so, some turns later."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.turns = 0
        self.usual_connect = self.loop.sock_connect
        self.loop.getaddrinfo = self.getaddrinfo
        self.loop.sock_connect = self.sock_connect
        self.sockets = []

    def note(self, *words):
        print(f"  {self.turns:2}", *words)

    async def getaddrinfo(self, host, port, **hints):
        self.note("asked for", host, port, sorted(hints.items()))
        await turn()
        found = self.found[host]
        if isinstance(found, Exception):
            raise found
        return found

    async def sock_connect(self, sock, address):
        self.note("connects", sock.getsockname() != ("0.0.0.0", 0), address)
        self.sockets.append(sock)
        try:
            await turn()
            if address[1] in self.refused:
                raise self.refused[address[1]]
            await self.usual_connect(sock, address)
        except BaseException as error:
            self.note("connects no more", describe(error))
            raise

    async def play(self, title, found=(), refused=(), cancelled_in=None, **options):
        print(title)
        self.turns, self.found, self.refused = 0, dict(found), dict(refused)
        self.sockets.clear()
        making = self.loop.create_datagram_endpoint(lambda: Narrator(self.note), **options)
        task = asyncio.ensure_future(making)
        task.add_done_callback(lambda task: self.note("made an end", task.cancelled()))
        for self.turns in range(20):
            if self.turns == cancelled_in:
                self.note("cancels", task.cancel("enough"))
            await turn()
        try:
            transport, protocol = await task
        except BaseException as error:
            print("  raised", describe(error))
        else:
            print("  returned", transport.get_protocol() is protocol)
            transport.close()
        print("  open", [sock.fileno() >= 0 for sock in self.sockets])
        for self.turns in range(20, 23):
            await turn()


def found(*places):
    return [(socket.AF_INET, socket.SOCK_DGRAM, number, "", place) for number, place in places]


async def main():
    script = Script()
    here = {"here": found((17, ("127.0.0.1", 0)))}
    two = {"there": found((0, ("127.0.0.1", 9)), (17, ("127.0.0.2", 9)))}
    both = {**here, **two}
    everywhere = {"here": found((0, ("127.0.0.1", 0)), (17, ("127.0.0.1", 0))), **two}
    await script.play("digits", local_addr=("127.0.0.1", 0))
    await script.play("a name", here, local_addr=("here", 1))
    await script.play("another", two, remote_addr=("there", 1))
    await script.play("both", both, local_addr=("here", 1), remote_addr=("there", "http"), flags=1)
    refused = {9: ConnectionRefusedError(111, "refused")}
    await script.play("refused", two, refused, remote_addr=("there", 1))
    await script.play("for good", two, {9: LookupError("refused")}, remote_addr=("there", 1))
    await script.play("not found", {"here": OSError("not found")}, local_addr=("here", 1))
    await script.play("nothing", {"here": []}, local_addr=("here", 1))
    await script.play("all", two, remote_addr=("there", 1), allow_broadcast=True)
    for number in range(9):
        await script.play(
            f"cancelled in turn {number}",
            everywhere,
            {9: ConnectionRefusedError(111, "refused")},
            number,
            local_addr=("here", 1),
            remote_addr=("there", 1),
        )
        await script.play(
            f"digits, cancelled in turn {number}",
            cancelled_in=number,
            local_addr=("127.0.0.1", 0),
            remote_addr=("127.0.0.1", 9),
        )


asyncio.run(main())
