"""What is measured over the network: which server, with how much load of which form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from benchmarks.servers.kinds import KINDS, Kind

ECHO_KINDS = ("protocol", "buffered", "read", "readline", "readexactly", "sock")
#: One of these at a time leaves the usual case: ten connections, messages of 1 KiB.
CONNECTIONS = (1, 10, 200, 5000)
SIZES = (64, 1024, 64 * 1024, 1024 * 1024)
USUAL_CONNECTIONS = 10
USUAL_SIZE = 1024
#: A small file shows the loop's own work, a large one the kernel's.
FILE_SIZES = (4096, 4 << 20)
DATAGRAM_SIZE = 200
#: Fewer than the kernel's default buffer holds, so that a burst loses none.
BURST = 64


@dataclass(frozen=True)
class Aim:
    """How well aioxide should do: ``factor`` times the rate or the user CPU time of somebody."""

    #: ``peer``: the rate of the best peer. ``limit``: the rate of the limit. ``user``: the user CPU
    #: time an operation of the thriftiest peer, where less is better.
    against: str
    factor: float

    def __str__(self) -> str:
        noun = {"peer": "the best peer", "limit": "the limit", "user": "a peer's user CPU"}
        return f"{self.factor:g} of {noun[self.against]}"


BEST_PEER = Aim("peer", 1)
NEAR_THE_LIMIT = Aim("limit", 0.9)
HALF_THE_USER_CPU = Aim("user", 0.5)
TWICE_THE_BEST_PEER = Aim("peer", 2)


@dataclass(frozen=True)
class Scenario:
    """One row of the tables."""

    kind: Kind
    #: The load client's mode.
    mode: str = "echo"
    family: str = "tcp"
    connections: int = USUAL_CONNECTIONS
    size: int = USUAL_SIZE
    #: Requests in flight on each connection.
    depth: int = 1
    aim: Aim = BEST_PEER

    @property
    def key(self) -> str:
        """One word, for the ``NET=`` filter and for messages."""
        parts = [
            self.mode,
            self.kind.name,
            self.family,
            str(self.connections),
            size_text(self.size),
        ]
        if self.depth > 1:
            parts.append(f"depth{self.depth}")
        return "-".join(part.replace(" ", "") for part in parts)

    @property
    def title(self) -> str:
        """What the row is, for a reader of the table."""
        if self.mode in ("upload", "download"):
            direction = "receive" if self.mode == "upload" else "send"
            what = f" of {size_text(self.size)}" if self.kind.limit == "file" else ""
            return f"bulk {direction}, {self.kind.title}{what}, MiB"
        if self.mode == "flood":
            return f"{self.kind.title} receive, {size_text(self.size)}"
        what = {"accept": "accept, echo, close", "http": "HTTP"}.get(self.mode, "echo")
        over = ", Unix" if self.family == "unix" else ""
        depth = f", {self.depth} in flight" if self.depth > 1 else ""
        if self.mode == "bursts":
            depth = f", bursts of {self.depth}"
        count = f"{self.connections} {'flow' if self.family == 'udp' else 'conn'}"
        return f"{what}, {self.kind.title}{over}, {count}, {size_text(self.size)}{depth}"

    def matches(self, pattern: str) -> bool:
        """Whether the ``NET=`` filter selects this: each of its words is in the key or title."""
        text = f"{self.key} {self.title}".casefold()
        return all(word in text for word in pattern.casefold().split())


def size_text(size: int) -> str:
    """Bytes as people write them."""
    for unit, bytes_of_it in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= bytes_of_it and size % bytes_of_it == 0:
            return f"{size // bytes_of_it} {unit}"
    return f"{size} B"


def echo_aim(kind: str, size: int) -> Aim:
    """Small messages show the loop's own work, large ones the kernel's: be slower than nobody."""
    if size > USUAL_SIZE:
        return BEST_PEER
    return NEAR_THE_LIMIT if kind in ("protocol", "buffered") else HALF_THE_USER_CPU


def echo(
    kind: str,
    connections: int = USUAL_CONNECTIONS,
    size: int = USUAL_SIZE,
    family: str = "tcp",
    depth: int = 1,
) -> Scenario:
    aim = echo_aim(kind, size)
    return Scenario(
        KINDS[kind], "echo", family, connections=connections, size=size, depth=depth, aim=aim
    )


def grid(
    kinds: Sequence[str],
    connections: Sequence[int],
    sizes: Sequence[int],
    families: Sequence[str] = ("tcp",),
    depths: Sequence[int] = (1,),
) -> list[Scenario]:
    """Echo in every combination."""
    combinations = product(families, kinds, connections, sizes, depths)
    return [
        echo(kind, count, size, family, depth) for family, kind, count, size, depth in combinations
    ]


def usual() -> Iterator[Scenario]:
    """What is measured when nothing else is asked for."""
    for kind in ECHO_KINDS:
        for count in CONNECTIONS:
            yield echo(kind, count)
        for size in SIZES:
            if size != USUAL_SIZE:
                yield echo(kind, size=size)
    for kind in ("protocol", "read", "sock"):
        yield echo(kind, family="unix")
    for kind in ("protocol", "readline"):
        yield echo(kind, size=64, depth=16)
    for kind in ("protocol", "read", "sock"):
        yield Scenario(KINDS[kind], "accept", connections=16, size=64)
    for name in ("uvicorn", "aiohttp"):
        yield Scenario(KINDS[name], "http", connections=32, size=64)
    for name in ("", "-streams"):
        yield Scenario(KINDS[f"sink{name}"], "upload", connections=1, size=1 << 20)
        yield Scenario(KINDS[f"source{name}"], "download", connections=1, size=1 << 20)
    for name, size in product(("file", "file-sock"), FILE_SIZES):
        yield Scenario(KINDS[name], "download", connections=1, size=size)
    for flows in (1, 200):
        yield Scenario(KINDS["datagram"], "datagrams", "udp", flows, DATAGRAM_SIZE)
    aim = TWICE_THE_BEST_PEER
    for mode in ("datagrams", "bursts"):
        yield Scenario(KINDS["datagram"], mode, "udp", 1, DATAGRAM_SIZE, depth=BURST, aim=aim)
    yield Scenario(KINDS["datagram-sink"], "flood", "udp", 1, DATAGRAM_SIZE, aim=aim)


USUAL = tuple(usual())
