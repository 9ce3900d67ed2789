"""One process, one loop, one server: prints as JSON where it listens, serves until input ends."""

import argparse
import json
import os
import resource
import sys
import threading
from types import ModuleType

from benchmarks.implementations import IMPLEMENTATIONS
from benchmarks.servers.address import Address
from benchmarks.servers.kinds import KINDS, Kind


def end_with_the_input() -> None:
    """Whoever started this server holds the other end, so it cannot outlive them."""
    sys.stdin.buffer.read()
    os._exit(0)


def raise_descriptor_limit() -> None:
    """Thousands of connections need as many descriptors as the machine allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def serve(aio: ModuleType, kind: Kind, address: Address, size: int) -> None:
    found, alive = await kind.serve(aio, address, size)
    print(json.dumps({"address": str(found)}), flush=True)
    await aio.get_running_loop().create_future()
    del alive


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers", description=__doc__)
    parser.add_argument("implementation", choices=sorted(IMPLEMENTATIONS))
    parser.add_argument("kind", choices=list(KINDS))
    parser.add_argument("address", type=Address.parse)
    parser.add_argument("--size", type=int, default=1024, help="bytes of a message")
    parser.add_argument("--core", type=int, help="run on this core only")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    raise_descriptor_limit()
    threading.Thread(target=end_with_the_input, daemon=True).start()
    namespace, factory = IMPLEMENTATIONS[options.implementation].load()
    with namespace.Runner(loop_factory=factory) as runner:
        runner.run(serve(namespace, KINDS[options.kind], options.address, options.size))


if __name__ == "__main__":
    main()
