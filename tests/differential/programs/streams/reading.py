"""StreamReader: every method, with and without waiting, with every error and what it leaves."""

import asyncio
import sys

from observe import attempt, attempt_await, settle


def fed(*chunks, eof=False, limit=2**16):
    reader = asyncio.StreamReader(limit)
    for chunk in chunks:
        reader.feed_data(chunk)
    if eof:
        reader.feed_eof()
    return reader


async def show(label, reader, coroutine):
    """Await, and print what came of it, what an error says, and what is left."""
    try:
        print(label, "->", await coroutine)
    except Exception as error:
        details = {name: getattr(error, name, "-") for name in ("partial", "expected", "consumed")}
        print(label, "raised", type(error).__name__, error.args, details)
    print("  left", bytes(reader._buffer), reader)


async def main():
    for amount in (-1, 0, 1, 4, 100, True):
        reader = fed(b"some ", b"data", eof=True)
        await show(f"read({amount})", reader, reader.read(amount))
    for amount in (-1, 0, 1, 9, 10):
        reader = fed(b"some ", b"data", eof=True)
        await show(f"readexactly({amount})", reader, reader.readexactly(amount))
    for chunks in (
        [b"a\nb\n"],
        [b"a", b"\n"],
        [b"no end"],
        [],
        [b"\n"],
        [b"123456789\n-"],
        [b"1234567890"],
    ):
        reader = fed(*chunks, eof=True, limit=8)
        await show(f"readline of {chunks}", reader, reader.readline())
    for separator in (b"-", b"--", b"ta-", bytearray(b"-"), memoryview(b"-"), b"none", b""):
        reader = fed(b"data--more-", eof=True)
        await show(f"readuntil({bytes(separator)})", reader, reader.readuntil(separator))
    for limit in (1, 3, 4, 5):
        reader = fed(b"data--more", limit=limit, eof=True)
        await show(f"limit {limit}", reader, reader.readuntil(b"--"))
        await show(f"limit {limit} again", reader, reader.readuntil(b"data--"))
    if sys.version_info >= (3, 13):
        for separators in ((b"-", b"--"), (b"a--", b"ata-"), (b"x",), (), (b"a", b"")):
            reader = fed(b"data--more", eof=True)
            await show(f"readuntil({separators})", reader, reader.readuntil(separators))
    for separator in ("-", 3, None):
        reader = fed(b"data")
        await attempt_await(f"readuntil({separator!r})", reader.readuntil(separator))

    # Waiting.
    for method, *arguments in (
        ("read", 3),
        ("read",),
        ("readexactly", 6),
        ("readline",),
        ("readuntil", b"d\n"),
        ("__anext__",),
    ):
        reader = fed(b"a")
        task = asyncio.ensure_future(getattr(reader, method)(*arguments))
        await settle(2)
        reader.feed_data(b"b")
        await settle(2)
        reader.feed_data(b"cd\n")
        await settle(2)
        reader.feed_eof()
        await show(f"{method}{arguments} in pieces", reader, task)

        reader = fed()
        task = asyncio.ensure_future(getattr(reader, method)(*arguments))
        await settle(2)
        await show(f"{method}{arguments} beside another", reader, reader.readexactly(1))
        task.cancel("enough")
        await settle(2)
        print(method, "cancelled", task.cancelled(), reader)
        reader.set_exception(OSError("broken"))
        await show(
            f"{method}{arguments} of a broken one", reader, getattr(reader, method)(*arguments)
        )

    # The end.
    reader = fed(b"one\ntwo")
    print("at_eof", reader.at_eof())
    reader.feed_eof()
    print("at_eof", reader.at_eof(), [line async for line in reader], reader.at_eof())
    attempt("feed after the end", reader.feed_data, b"more")
    await show("read after the end", reader, reader.read(1))
    await show("readline after the end", reader, reader.readline())
    await attempt_await("anext after the end", anext(reader))
    for limit in (0, -1, "many", None):
        attempt(f"limit {limit!r}", asyncio.StreamReader, limit)
    attempt("two transports", lambda: [reader.set_transport(number) for number in (1, 2)])
    for data in (bytearray(b"x"), memoryview(b"y"), [122], "text", 5, b""):
        reader = fed()
        attempt(f"feed {data!r}"[:20], reader.feed_data, data)
        print(" ", bytes(reader._buffer))


asyncio.run(main())
