"""Large messages, one after the other: the pages that they lie in are used again."""

import platform

import pytest

PROGRAM = """
import asyncio, resource, socket, sys

class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

async def main():
    loop = asyncio.get_running_loop()
    ours, peer = socket.socketpair()
    with peer:
        for end in (ours, peer):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        peer.setblocking(False)
        transport, _ = await loop.connect_accepted_socket(Echo, ours)
        message, received = bytes(size), bytearray(size)
        for count in range(300):
            if count == 100:
                before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            await loop.sock_sendall(peer, message)
            missing = memoryview(received)
            while missing:
                missing = missing[await loop.sock_recv_into(peer, missing) :]
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
        transport.close()
    return faults

size = int(sys.argv[1])
print(asyncio.run(main()))
"""


@pytest.mark.only("aioxide")
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's heap is taught")
@pytest.mark.parametrize("size", [64 * 1024, 256 * 1024])
def test_messages_fault_no_pages_in(launch, tmp_path, size):
    program = tmp_path / "echo.py"
    program.write_text(PROGRAM)
    ended = launch(program, str(size))
    assert ended.stderr == ""
    # 200 messages of 16 pages and more: each page again would be thousands.
    assert int(ended.stdout) < 400
