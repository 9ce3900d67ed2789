"""Where a server listens: ``tcp:HOST:PORT``, ``udp:HOST:PORT`` or ``unix:PATH``."""

from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
#: Waiting connections that a server may have: the client opens thousands in a burst.
BACKLOG = 4096


@dataclass(frozen=True)
class Address:
    """One listening address. Port 0 lets the kernel choose."""

    family: str
    host: str = HOST
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> "Address":
        """The address that is written so; ``ValueError`` if it is none."""
        family, _, rest = text.partition(":")
        if family == "unix" and rest:
            return cls(family, path=rest)
        host, colon, port = rest.rpartition(":")
        if family not in ("tcp", "udp") or not colon:
            raise ValueError(f"no address: {text} (tcp:HOST:PORT, udp:HOST:PORT or unix:PATH)")
        return cls(family, host, int(port))

    @classmethod
    def anywhere(cls, family: str, folder: Path) -> "Address":
        """A free address: any port, or a new path in ``folder``."""
        return cls(family, path=str(folder / "server")) if family == "unix" else cls(family)

    def found(self, sockname: object) -> "Address":
        """This address, with the port that a socket really got."""
        if self.family == "unix":
            return self
        return Address(self.family, self.host, sockname[1])

    def __str__(self) -> str:
        if self.family == "unix":
            return f"unix:{self.path}"
        return f"{self.family}:{self.host}:{self.port}"
