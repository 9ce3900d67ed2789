"""`getaddrinfo` and `getnameinfo`: the answers of the `socket` module, without blocking."""

import contextvars
import itertools
import os
import random
import socket
import threading
import time

import pytest


def outcome(function, *args, **kwargs):
    """What a call returned or raised, in a form that can be compared, types included."""
    try:
        result = function(*args, **kwargs)
    except Exception as error:
        return type(error), error.args
    return [tuple((type(item), item) for item in found) for found in result]


async def awaited(awaitable):
    try:
        result = await awaitable
    except Exception as error:
        return type(error), error.args
    return [tuple((type(item), item) for item in found) for found in result]


HOSTS = [
    *("127.0.0.1", "0.0.0.0", "255.255.255.255", "8.8.8.8", "127.1", "1", "0x7f.1", "01.2.3.4"),
    *("256.1.1.1", "1.2.3.4.5", "1.2.3.4.", " 1.2.3.4", "::", "::1", "fe80::1", "fe80::1%lo"),
    *(
        "::1%1",
        "fe80::1%nothing",
        "::ffff:1.2.3.4",
        "::1.2.3.4",
        "1:2:3:4:5:6:7:8",
        "::1::",
        "[::1]",
    ),
    *("localhost", "", "*", "a" * 64 + ".invalid", ".", "..", ".a", "a..b", "bücher.invalid"),
    *(
        "nowhere.invalid",
        "127.0.0.1\0y",
        "\udcff",
        None,
        b"127.0.0.1",
        b"::1",
        b"",
        b"localhost",
        b"\xff",
    ),
    *(5, 1.5, [], bytearray(b"127.0.0.1"), "2001:DB8::A", "0:0:0:0:0:0:0:1", "1.2.3", "0.0.0.0.0"),
]
PORTS = [
    *(
        None,
        0,
        80,
        65535,
        65536,
        -1,
        1 << 40,
        1 << 80,
        True,
        "80",
        "0",
        "65535",
        "65536",
        "080",
        "",
    ),
    *("http", "no such service", " 80", "8 0", "-1", b"80", b"http", b"", "٣", 1.5, [], "8\0", "*"),
]
FAMILIES = [0, socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 99, -1, 1 << 40, "x"]
TYPES = [0, socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, 5, 99, -1, None]
PROTOCOLS = [0, socket.IPPROTO_TCP, socket.IPPROTO_UDP, 132, 999, -1]
FLAGS = [
    *(0, socket.AI_PASSIVE, socket.AI_NUMERICHOST, socket.AI_CANONNAME, socket.AI_ADDRCONFIG),
    *(
        socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        socket.AI_V4MAPPED | socket.AI_ALL,
        1 << 20,
        -1,
    ),
]
# Names for which a name server would be asked are not looked up: it may not be there, or slow.
ASKS_SOMEBODY = (
    *("nowhere.invalid", "bücher.invalid", "a" * 64 + ".invalid", "", b"", "*", "."),
    *("1.2.3.4.5", "256.1.1.1", "1.2.3.4.", " 1.2.3.4", "0.0.0.0.0"),
    *("::1::", "[::1]", "fe80::1%nothing", b"\xff"),
)
ASKS_NOBODY = [host for host in HOSTS if host not in ASKS_SOMEBODY]


def families_to_ask(host):
    """Every machine's own list has an address of version 4 for localhost; not all have another."""
    if host in ("localhost", b"localhost"):
        return (socket.AF_INET,)
    return (0, socket.AF_INET6)


def test_every_kind_of_host_and_port_is_answered_as_by_the_socket_module(aio, run):
    async def main():
        loop = aio.get_running_loop()
        for host, port in itertools.product(ASKS_NOBODY, PORTS):
            for family in families_to_ask(host):
                seen = await awaited(
                    loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
                )
                expected = outcome(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM)
                assert seen == expected, (host, port, family)

    run(main)


def test_names_are_looked_up_without_a_name_server_if_they_must_be_numeric(aio, run):
    async def main():
        loop = aio.get_running_loop()
        for host, flags in itertools.product(HOSTS, (4, 4 | 1024)):
            seen = await awaited(loop.getaddrinfo(host, 80, flags=flags))
            assert seen == outcome(socket.getaddrinfo, host, 80, flags=flags), (host, flags)

    run(main)


@pytest.mark.parametrize("seed", range(4))
def test_generated_questions_have_the_socket_modules_answers(aio, run, seed):
    generator = random.Random(seed)

    def address():
        if generator.random() < 0.5:
            return ".".join(str(generator.choice((0, 1, 9, 127, 255, 256))) for _ in range(4))
        groups = [f"{generator.choice((0, 0, 0, 1, 0xFFFF, 0xABC)):x}" for _ in range(8)]
        start = generator.randrange(8)
        return (
            ":".join(groups) if generator.random() < 0.5 else ":".join([*groups[:start], "", "1"])
        )

    async def main():
        loop = aio.get_running_loop()
        for _ in range(1000):
            host = generator.choice([address(), address(), generator.choice(ASKS_NOBODY)])
            arguments = {
                "family": generator.choice(FAMILIES[: generator.choice((3, 8))]),
                "type": generator.choice(TYPES[: generator.choice((3, 8))]),
                "proto": generator.choice(PROTOCOLS[: generator.choice((1, 6))]),
                "flags": socket.AI_NUMERICHOST
                | generator.choice(FLAGS[: generator.choice((3, 8))]),
            }
            port = generator.choice(PORTS)
            seen = await awaited(loop.getaddrinfo(host, port, **arguments))
            assert seen == outcome(socket.getaddrinfo, host, port, **arguments), (
                host,
                port,
                arguments,
            )

    run(main)


SOCKADDRS = [
    *(("127.0.0.1", 80), ("127.0.0.1", 0), ("127.0.0.1", 65535), ("::1", 80), ("::1", 80, 0, 0)),
    *(("fe80::1", 80, 5, 1), ("fe80::1", 80, 0xFFFFF, 1), ("fe80::1", 80, 0x100000, 0)),
    *(("127.0.0.1", 65536), ("127.0.0.1", -1), ("127.0.0.1", "80"), ("127.0.0.1", 80, 0)),
    *(("127.0.0.1",), (), None, ["127.0.0.1", 80], ("nowhere", 80), ("", 80), (None, 80)),
    *((b"127.0.0.1", 80), ("::1%lo", 80), ("::ffff:1.2.3.4", 7), ("127.1", 7), ("::1", 80, 1)),
    *(("::1", 80, 0, 1 << 33), ("::1", 80, -1, 0), ("\u0661.2.3.4", 1), ("::1", 80, 0, 0, 0)),
]
NUMERIC = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV


@pytest.mark.parametrize("flags", [NUMERIC, NUMERIC | socket.NI_DGRAM, 1 << 40, "x"])
def test_names_of_addresses_are_those_of_the_socket_module(aio, run, flags):
    def given(result):
        return result if isinstance(result, tuple) else [result]

    async def main():
        loop = aio.get_running_loop()
        for sockaddr in SOCKADDRS:
            try:
                expected = socket.getnameinfo(sockaddr, flags)
            except Exception as error:
                expected = type(error), error.args
            try:
                seen = await loop.getnameinfo(sockaddr, flags)
            except Exception as error:
                seen = type(error), error.args
            assert given(seen) == given(expected), sockaddr

    run(main)


def test_services_and_hosts_have_names(aio, run):
    async def main():
        loop = aio.get_running_loop()
        sockaddr = ("127.0.0.1", 80)
        assert await loop.getnameinfo(sockaddr) == socket.getnameinfo(sockaddr, 0)
        flags = socket.NI_NUMERICHOST
        assert await loop.getnameinfo(sockaddr, flags=flags) == socket.getnameinfo(sockaddr, flags)

    run(main)


@pytest.mark.only("aioxide")
def test_literals_need_no_thread_and_no_turn(aio, run):
    async def main():
        loop = aio.get_running_loop()
        before = set(os.listdir("/proc/self/task"))
        found = loop.getaddrinfo("::1", 443, type=socket.SOCK_STREAM)
        with pytest.raises(StopIteration) as stopped:
            found.send(None)
        assert stopped.value.value == socket.getaddrinfo("::1", 443, type=socket.SOCK_STREAM)
        # Threads of earlier tests may still be ending.
        assert set(os.listdir("/proc/self/task")) <= before

    run(main)


def test_many_look_ups_at_once_each_get_their_own_answer(aio, run):
    async def main():
        loop = aio.get_running_loop()
        ports = range(200)
        found = await aio.gather(*(loop.getaddrinfo("localhost", port) for port in ports))
        return [{address[4][1] for address in addresses} for addresses in found]

    assert run(main) == [{port} for port in range(200)]


def test_an_idle_loop_is_woken_by_an_answer(aio, run):
    async def main():
        loop = aio.get_running_loop()
        began = time.monotonic()
        for _ in range(50):
            await loop.getaddrinfo("localhost", "http")
        return time.monotonic() - began < 20

    assert run(main)


@pytest.mark.parametrize("turns", range(3))
def test_a_cancelled_look_up_is_over_and_its_answer_is_dropped(aio, run, turns):
    async def main():
        loop = aio.get_running_loop()
        task = aio.ensure_future(loop.getaddrinfo("localhost", 80))
        for _ in range(turns):
            await aio.sleep(0)
        was_pending = task.cancel()
        await aio.wait({task})
        # The answer may have come just before, or in the very turn.
        assert task.cancelled() or task.result()
        assert was_pending or not task.cancelled()
        assert await loop.getaddrinfo("localhost", 80)

    run(main)


def test_a_loop_may_be_closed_with_look_ups_under_way(aio, loop_factory):
    for _ in range(20):
        loop = loop_factory()

        async def main(loop=loop):
            tasks = [aio.ensure_future(loop.getaddrinfo("localhost", port)) for port in range(20)]
            await aio.sleep(0)
            for task in tasks:
                task.cancel()
            await aio.wait(tasks)

        loop.run_until_complete(main())
        loop.close()


def test_whoever_replaced_the_socket_modules_function_is_called(aio, run, monkeypatch):
    called = []

    def replacement(*args):
        called.append((threading.current_thread() is threading.main_thread(), args))
        return ["replaced"]

    async def main():
        loop = aio.get_running_loop()
        monkeypatch.setattr(socket, "getaddrinfo", replacement)
        monkeypatch.setattr(socket, "getnameinfo", replacement)
        assert await loop.getaddrinfo("127.0.0.1", 80, proto=6) == ["replaced"]
        assert await loop.getnameinfo(("127.0.0.1", 80)) == ["replaced"]
        return called

    addresses = (False, ("127.0.0.1", 80, 0, 0, 6, 0))
    assert run(main) == [addresses, (False, (("127.0.0.1", 80), 0))]


def test_connections_use_the_loops_own_method(aio, run):
    async def main():
        loop = aio.get_running_loop()

        async def getaddrinfo(host, port, **_kwargs):
            raise OSError(f"{host} is hidden")

        loop.getaddrinfo = getaddrinfo
        with pytest.raises(OSError, match=r"nowhere\.invalid is hidden"):
            await loop.create_connection(aio.Protocol, "nowhere.invalid", 80)

    run(main)


def test_debug_mode_logs_look_ups(aio, run, caplog):
    caplog.set_level("DEBUG", logger="asyncio")

    async def main():
        await aio.get_running_loop().getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)

    run(main, debug=True)
    logged = [
        record.getMessage() for record in caplog.records if "address info" in record.getMessage()
    ]
    assert logged[0].startswith("Get address info 127.0.0.1:80, type=")
    assert logged[1].startswith("Getting address info 127.0.0.1:80, type=")


def test_no_look_up_after_the_executor_was_shut_down(aio, run):
    async def main():
        loop = aio.get_running_loop()
        await loop.getaddrinfo("127.0.0.1", 80)
        await loop.shutdown_default_executor()
        with pytest.raises(RuntimeError, match="Executor shutdown has been called"):
            await loop.getaddrinfo("127.0.0.1", 80)

    run(main)


def test_a_closed_loop_answers_nothing(loop):
    loop.close()
    lookup = loop.getaddrinfo("127.0.0.1", 80)
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        lookup.send(None)


def test_the_parameters_are_asyncios(aio, run):
    async def main():
        loop = aio.get_running_loop()
        errors = []
        for call in (
            lambda: loop.getaddrinfo("x"),
            lambda: loop.getaddrinfo("x", 1, 2),
            lambda: loop.getaddrinfo("x", 1, kind=2),
            lambda: loop.getnameinfo(),
        ):
            with pytest.raises(TypeError) as caught:
                call()
            errors.append(str(caught.value))
        lookups = [loop.getaddrinfo("127.0.0.1", 1), loop.getnameinfo(("127.0.0.1", 1), NUMERIC)]
        names = [lookup.__qualname__ for lookup in lookups]
        for lookup in lookups:
            await lookup
        return errors, names

    assert run(main) == (
        [
            "BaseEventLoop.getaddrinfo() missing 1 required positional argument: 'port'",
            "BaseEventLoop.getaddrinfo() takes 3 positional arguments but 4 were given",
            "BaseEventLoop.getaddrinfo() got an unexpected keyword argument 'kind'",
            "BaseEventLoop.getnameinfo() missing 1 required positional argument: 'sockaddr'",
        ],
        ["BaseEventLoop.getaddrinfo", "BaseEventLoop.getnameinfo"],
    )


def test_audit_hooks_see_questions(launch, tmp_path):
    program = tmp_path / "audited.py"
    program.write_text(
        """
import asyncio, socket, sys

events = []

def hook(event, args):
    if event in ("socket.getaddrinfo", "socket.getnameinfo"):
        events.append((event, args))

sys.addaudithook(hook)

async def main():
    loop = asyncio.get_running_loop()
    await loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)
    await loop.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    assert events == [
        ("socket.getaddrinfo", ("127.0.0.1", 80, 0, socket.SOCK_STREAM, 0)),
        ("socket.getnameinfo", (("127.0.0.1", 80),)),
    ], events

asyncio.run(main())
print("seen")
"""
    )
    done = launch(program)
    assert (done.stdout, done.stderr) == ("seen\n", "")


def test_a_context_is_kept_over_a_look_up(aio, run):
    variable = contextvars.ContextVar("variable")

    async def main():
        variable.set("kept")
        await aio.get_running_loop().getaddrinfo("localhost", 80)
        return variable.get()

    assert run(main) == "kept"


@pytest.mark.only("aioxide")
def test_the_child_of_a_fork_can_look_up(launch, tmp_path):
    program = tmp_path / "forking.py"
    program.write_text(
        """
import asyncio, os, socket, warnings

warnings.simplefilter("ignore")

async def main():
    loop = asyncio.get_running_loop()
    return len(await loop.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM))

async def parent():
    # All are answered, so that no thread holds a lock of the C library's resolver, which the child
    # would inherit locked; the threads are there, idle.
    [found] = set(await asyncio.gather(*[main() for _ in range(20)]))
    child = os.fork()
    if child == 0:
        asyncio.events._set_running_loop(None)
        os._exit(0 if asyncio.Runner().run(main()) == found else 1)
    ended = os.waitpid(child, 0)[1]
    return ended, await main() == found

print(asyncio.run(parent()))
"""
    )
    done = launch(program)
    assert (done.stdout, done.stderr) == ("(0, True)\n", "")
