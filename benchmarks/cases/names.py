"""Names: what asking for an address costs that is written in digits and needs no resolver."""

import socket
from types import ModuleType

from benchmarks.case import Case, expect

LITERALS = ("127.0.0.1", "::1", "192.0.2.200")


async def literals(aio: ModuleType, count: int) -> int:
    loop = aio.get_running_loop()
    found = []
    for _ in range(count // len(LITERALS)):
        for host in LITERALS:
            found = await loop.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    expect(len(found), 1, "addresses of a literal")
    expect(found[0][4], (LITERALS[-1], 443), "the address of the last literal")
    return count


CASES = (
    Case("getaddrinfo_literal", "getaddrinfo of a literal", literals, aim=2, group=len(LITERALS)),
)
