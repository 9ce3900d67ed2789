"""`StreamReader`: what each read returns, raises and leaves behind."""

import gc
import sys
import weakref

import pytest


class Transport:
    """What a reader asks of its transport, written down."""

    def __init__(self, pausable=True):
        self.calls = []
        self.pausable = pausable

    def pause_reading(self):
        if not self.pausable:
            raise NotImplementedError
        self.calls.append("pause")

    def resume_reading(self):
        self.calls.append("resume")


def reading(run, aio, method, *arguments, feed=(), eof=True, limit=2**16):
    """Return what a read gave and what it left in the buffer."""

    async def main():
        reader = aio.StreamReader(limit=limit)
        for data in feed:
            reader.feed_data(data)
        if eof:
            reader.feed_eof()
        try:
            result = await getattr(reader, method)(*arguments)
        except Exception as error:
            result = type(error).__name__, *error.args
        return result, bytes(reader._buffer)

    return run(main)


@pytest.mark.parametrize(
    ("amount", "result", "rest"),
    [
        (0, b"", b"one two"),
        (3, b"one", b" two"),
        (7, b"one two", b""),
        (99, b"one two", b""),
        (-1, b"one two", b""),
        (-5, b"one two", b""),
        (True, b"o", b"ne two"),
        (10**30, b"one two", b""),
    ],
)
def test_read(run, aio, amount, result, rest):
    assert reading(run, aio, "read", amount, feed=[b"one ", b"two"]) == (result, rest)


def test_read_without_an_amount_goes_to_the_end(run, aio):
    chunks = [bytes([number]) * 1000 for number in range(100)]
    assert reading(run, aio, "read", feed=chunks, limit=300) == (b"".join(chunks), b"")


NO_AMOUNT = {
    False: "slice indices must be integers or None or have an __index__ method",
    True: "n must be an integer or None",
}[sys.version_info >= (3, 15)]


@pytest.mark.parametrize("amount", [None, "3", 2.5])
def test_read_of_what_is_no_amount(run, aio, amount):
    result, rest = reading(run, aio, "read", amount, feed=[b"data"])
    assert result[0] == "TypeError"
    assert rest == b"data"
    if amount == 2.5:
        assert result[1] == NO_AMOUNT


@pytest.mark.parametrize("amount", [4.0, 99.5, float("inf"), float("nan")])
def test_read_of_a_float_that_reaches_to_the_end(run, aio, amount):
    """3.15 compares the amount with what there is; before, it is an index always."""
    result, rest = reading(run, aio, "read", amount, feed=[b"data"])
    if sys.version_info >= (3, 15):
        assert (result, rest) == (b"data", b"")
    else:
        assert (result, rest) == (("TypeError", NO_AMOUNT), b"data")


@pytest.mark.parametrize(
    ("amount", "result"), [(0.0, b""), (-0.5, b"data"), (float("-inf"), b"data")]
)
def test_read_of_a_float_for_nothing_or_everything(run, aio, amount, result):
    assert reading(run, aio, "read", amount, feed=[b"data"])[0] == result


def test_read_of_a_float_waits_before_it_fails(run, aio):
    async def main():
        reader = aio.StreamReader()
        task = aio.create_task(reader.read(2.5))
        await aio.sleep(0)
        assert not task.done()
        reader.feed_data(b"data")
        with pytest.raises(TypeError):
            await task
        assert bytes(reader._buffer) == b"data"

    run(main)


@pytest.mark.parametrize(
    ("amount", "result", "rest"),
    [
        (0, b"", b"one two"),
        (5, b"one t", b"wo"),
        (7, b"one two", b""),
        (8, ("IncompleteReadError", "7 bytes read on a total of 8 expected bytes"), b""),
        (-1, ("ValueError", "readexactly size can not be less than zero"), b"one two"),
    ],
)
def test_readexactly(run, aio, amount, result, rest):
    assert reading(run, aio, "readexactly", amount, feed=[b"one ", b"two"]) == (result, rest)


@pytest.mark.parametrize(
    ("feed", "result", "rest"),
    [
        ([b"one\ntwo\n"], b"one\n", b"two\n"),
        ([b"one", b"\n"], b"one\n", b""),
        ([b"one"], b"one", b""),
        ([], b"", b""),
        (
            [b"longer than that\nnext\n"],
            ("ValueError", "Separator is found, but chunk is longer than limit"),
            b"next\n",
        ),
        (
            [b"longer than that"],
            ("ValueError", "Separator is not found, and chunk exceed the limit"),
            b"",
        ),
        ([b"12345678\n"], b"12345678\n", b""),
    ],
)
def test_readline(run, aio, feed, result, rest):
    assert reading(run, aio, "readline", feed=feed, limit=8) == (result, rest)


@pytest.mark.parametrize(
    ("separator", "feed", "result", "rest"),
    [
        (b"\r\n\r\n", [b"head\r", b"\n\r\nbody"], b"head\r\n\r\n", b"body"),
        (b"--", [b"a-b-", b"-"], b"a-b--", b""),
        (bytearray(b"-"), [b"a-b"], b"a-", b"b"),
        (memoryview(b"-"), [b"a-b"], b"a-", b"b"),
        (
            b"-",
            [b"ab"],
            ("IncompleteReadError", "2 bytes read on a total of undefined expected bytes"),
            b"",
        ),
        (
            b"-",
            [b"123456789-"],
            ("LimitOverrunError", "Separator is found, but chunk is longer than limit"),
            b"123456789-",
        ),
        (
            b"-",
            [b"123456789"],
            ("LimitOverrunError", "Separator is not found, and chunk exceed the limit"),
            b"123456789",
        ),
        (b"", [b"a"], ("ValueError", "Separator should be at least one-byte string"), b"a"),
        (
            b"-",
            [],
            ("IncompleteReadError", "0 bytes read on a total of undefined expected bytes"),
            b"",
        ),
    ],
)
def test_readuntil(run, aio, separator, feed, result, rest):
    assert reading(run, aio, "readuntil", separator, feed=feed, limit=8) == (result, rest)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="tuples of separators came with 3.13")
@pytest.mark.parametrize(
    ("separators", "feed", "result", "rest"),
    [
        ((b"\n", b"\r\n"), [b"line\r\nnext"], b"line\r\n", b"next"),
        ((b"abc", b"b"), [b"xabc"], b"xab", b"c"),
        ((b"long end", b";"), [b"a long ", b"end;"], b"a long end", b";"),
        ((b";", bytearray(b"!")), [b"a!b;"], b"a!", b"b;"),
        ((), [b"a"], ("ValueError", "Separator should contain at least one element"), b"a"),
        ((b"a", b""), [b"a"], ("ValueError", "Separator should be at least one-byte string"), b"a"),
    ],
)
def test_readuntil_one_of_several(run, aio, separators, feed, result, rest):
    assert reading(run, aio, "readuntil", separators, feed=feed) == (result, rest)


@pytest.mark.parametrize("separator", ["-", 5, None])
def test_readuntil_what_is_no_bytes(run, aio, separator):
    async def main():
        reader = aio.StreamReader()
        reader.feed_data(b"data")
        with pytest.raises(TypeError):
            await reader.readuntil(separator)

    run(main)


def test_a_line_that_is_too_long_says_where_it_comes_from(run, aio):
    async def main():
        reader = aio.StreamReader(limit=3)
        reader.feed_data(b"12345")
        with pytest.raises(ValueError) as caught:
            await reader.readline()
        return caught.value.__context__

    context = run(main)
    assert type(context).__name__ == "LimitOverrunError"
    assert context.consumed == 5


def test_async_for(run, aio):
    async def main():
        reader = aio.StreamReader()
        reader.feed_data(b"one\ntwo\nthr")
        reader.feed_eof()
        return [line async for line in reader]

    assert run(main) == [b"one\n", b"two\n", b"thr"]


READS = [("read", 3), ("read", -1), ("readexactly", 3), ("readline",), ("readuntil", b"\n")]


@pytest.mark.parametrize("call", READS)
def test_a_read_waits_for_what_arrives(run, aio, call):
    method, *arguments = call

    async def main():
        reader = aio.StreamReader()
        task = aio.create_task(getattr(reader, method)(*arguments))
        await aio.sleep(0)
        assert not reader._waiter.done()
        reader.feed_data(b"ab")
        reader.feed_data(b"\n")
        reader.feed_eof()
        assert reader._waiter is None
        return await task

    assert run(main) == b"ab\n"


@pytest.mark.parametrize("call", READS)
def test_a_cancelled_read_leaves_the_reader_usable(run, aio, call):
    method, *arguments = call

    async def main():
        reader = aio.StreamReader()
        task = aio.create_task(getattr(reader, method)(*arguments))
        await aio.sleep(0)
        task.cancel()
        with pytest.raises(aio.CancelledError):
            await task
        assert reader._waiter is None
        reader.feed_data(b"abc\n")
        return await reader.readline()

    assert run(main) == b"abc\n"


@pytest.mark.parametrize("call", READS)
def test_an_exception_reaches_reads(run, aio, call):
    method, *arguments = call

    async def main():
        reader = aio.StreamReader()
        task = aio.create_task(getattr(reader, method)(*arguments))
        await aio.sleep(0)
        error = ConnectionError("gone")
        reader.set_exception(error)
        assert reader.exception() is error
        for awaitable in (task, getattr(reader, method)(*arguments)):
            with pytest.raises(ConnectionError) as caught:
                await awaitable
            assert caught.value is error

    run(main)


@pytest.mark.parametrize("call", READS)
def test_one_read_at_a_time(run, aio, call):
    method, *arguments = call
    name = "readuntil" if method == "readline" else method

    async def main():
        reader = aio.StreamReader()
        task = aio.create_task(reader.read(1))
        await aio.sleep(0)
        with pytest.raises(RuntimeError) as caught:
            await getattr(reader, method)(*arguments)
        task.cancel()
        return str(caught.value)

    expected = f"{name}() called while another coroutine is already waiting for incoming data"
    assert run(main) == expected


def test_backpressure(run, aio):
    async def main():
        reader, transport = aio.StreamReader(limit=4), Transport()
        reader.set_transport(transport)
        reader.feed_data(b"12345678")
        assert transport.calls == []
        reader.feed_data(b"9")
        assert transport.calls == ["pause"]
        assert reader._paused
        await reader.readexactly(4)
        assert transport.calls == ["pause"]
        await reader.readexactly(1)
        assert transport.calls == ["pause", "resume"]

    run(main)


def test_a_read_that_wants_more_than_twice_the_limit_does_not_wait_for_ever(run, aio):
    async def main():
        reader, transport = aio.StreamReader(limit=4), Transport()
        reader.set_transport(transport)
        reader.feed_data(b"x" * 10)
        task = aio.create_task(reader.readexactly(12))
        await aio.sleep(0)
        assert transport.calls == ["pause", "resume"]
        reader.feed_data(b"yy")
        return await task

    assert run(main) == b"x" * 10 + b"yy"


def test_a_transport_that_can_not_be_paused_is_not_asked_again(aio, loop):
    reader = aio.StreamReader(limit=1, loop=loop)
    reader.set_transport(Transport(pausable=False))
    reader.feed_data(b"123")
    assert reader._transport is None
    reader.feed_data(b"456")
    assert reader._buffer == b"123456"


@pytest.mark.parametrize("data", [bytearray(b"abc"), memoryview(b"abc"), [97, 98, 99]])
def test_whatever_extends_a_bytearray_can_be_fed(aio, loop, data):
    reader = aio.StreamReader(loop=loop)
    reader.feed_data(data)
    assert reader._buffer == b"abc"


def test_what_was_fed_is_not_changed_by_its_owner(run, aio):
    async def main():
        reader = aio.StreamReader()
        data = bytearray(b"abc")
        reader.feed_data(data)
        data[:] = b"xyz"
        return await reader.read(10)

    assert run(main) == b"abc"


def test_nothing_can_be_fed_and_the_end_is_the_end(aio, loop):
    reader = aio.StreamReader(loop=loop)
    reader.feed_data(b"")
    assert not reader.at_eof()
    reader.feed_eof()
    assert reader.at_eof()
    with pytest.raises(AssertionError, match="feed_data after feed_eof"):
        reader.feed_data(b"more")


def test_programs_reach_into_the_buffer(run, aio):
    async def main():
        reader = aio.StreamReader()
        reader.feed_data(b"one")
        assert isinstance(reader._buffer, bytearray)
        assert reader._buffer is reader._buffer
        reader._buffer.extend(b" two")
        reader.feed_data(b" three\n!")
        assert await reader.readexactly(4) == b"one "
        del reader._buffer[:4]
        assert await reader.readline() == b"three\n"
        reader._buffer = bytearray(b"new")
        reader.feed_data(b"er")
        return await reader.read(100)

    assert run(main) == b"newer"


def test_a_view_of_the_buffer_keeps_it_as_it_is(run, aio):
    async def main():
        reader = aio.StreamReader()
        reader.feed_data(b"one")
        with memoryview(reader._buffer), pytest.raises(BufferError):
            reader.feed_data(b"two")
        reader.feed_data(b"two")
        return await reader.read(100)

    assert run(main) == b"onetwo"


def test_overridden_methods_are_called(run, aio):
    calls = []

    class Reader(aio.StreamReader):
        async def readuntil(self, separator=b"\n"):
            calls.append("readuntil")
            return await super().readuntil(separator)

        async def readline(self):
            calls.append("readline")
            return await super().readline()

        async def read(self, n=-1):
            calls.append(f"read {n}")
            return await super().read(n)

        async def _wait_for_data(self, func_name):
            calls.append(f"wait in {func_name}")
            await super()._wait_for_data(func_name)

    async def main():
        reader = Reader(limit=20)
        aio.get_running_loop().call_soon(reader.feed_data, b"one\ntwo\nthree\nfour")
        assert await reader.readline() == b"one\n"
        assert await anext(reader) == b"two\n"
        reader.feed_eof()
        assert await reader.read() == b"three\nfour"

    run(main)
    assert calls == [
        *("readline", "readuntil", "wait in readuntil"),
        *("readline", "readuntil"),
        *("read -1", "read 20", "read 20"),
    ]


def test_an_overridden_readuntil_makes_lines_too_long(run, aio):
    class Reader(aio.StreamReader):
        async def readuntil(self, separator=b"\n"):
            return await super().readuntil(separator)

    async def main():
        reader = Reader(limit=3)
        reader.feed_data(b"12345\n67\n8")
        with pytest.raises(ValueError, match="chunk is longer than limit"):
            await reader.readline()
        reader.feed_eof()
        return [line async for line in reader]

    assert run(main) == [b"67\n", b"8"]


def test_representation(aio, loop):
    reader = aio.StreamReader(limit=123, loop=loop)
    reader.feed_data(b"data")
    reader.feed_eof()
    reader.set_exception(ValueError("bad"))
    assert repr(reader) == "<StreamReader 4 bytes eof limit=123 exception=ValueError('bad')>"
    reader._waiter = loop.create_future()
    reader._transport = Transport()
    reader._paused = True
    reader._exception = None
    words = repr(reader).replace(repr(reader._waiter), "W").replace(repr(reader._transport), "T")
    assert words == "<StreamReader 4 bytes eof limit=123 waiter=W transport=T paused>"


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_has_to_be_positive(aio, loop, limit):
    with pytest.raises(ValueError, match="Limit cannot be <= 0"):
        aio.StreamReader(limit, loop)


def test_limits_of_all_kinds(run, aio):
    assert reading(run, aio, "readline", feed=[b"123\n"], limit=2.5)[0][0] == "ValueError"
    assert reading(run, aio, "readline", feed=[b"12\n"], limit=2.5)[0] == b"12\n"
    assert reading(run, aio, "readline", feed=[b"12\n"], limit=10**30)[0] == b"12\n"


def test_a_transport_is_set_once(aio, loop):
    reader = aio.StreamReader(loop=loop)
    reader.set_transport(Transport())
    with pytest.raises(AssertionError, match="Transport already set"):
        reader.set_transport(Transport())


def test_debug_mode_remembers_where_a_reader_was_made(run, aio):
    async def main():
        return aio.StreamReader()._source_traceback

    assert run(main) is None
    assert any("test_stream_reader" in frame.filename for frame in run(main, debug=True))


def test_reads_are_coroutines(run, aio):
    async def main():
        reader = aio.StreamReader()
        reader.feed_data(b"a\nb\nc\n")
        assert await aio.create_task(reader.readline()) == b"a\n"
        assert await aio.wait_for(reader.readline(), 1) == b"b\n"
        coroutine = reader.readline()
        assert aio.iscoroutine(coroutine)
        with pytest.raises(StopIteration) as stop:
            coroutine.send(None)
        assert stop.value.value == b"c\n"

    run(main)


@pytest.mark.only("aioxide")
def test_a_read_that_is_never_awaited_warns(aio, loop):
    reader = aio.StreamReader(loop=loop)
    with pytest.warns(RuntimeWarning, match=r"coroutine 'StreamReader\.read' was never awaited"):
        reader.read()
        gc.collect()


def test_the_waiting_read_says_what_it_waits_for(run, aio):
    async def main():
        reader = aio.StreamReader()
        coroutine = reader.read(1)
        task = aio.create_task(coroutine)
        await aio.sleep(0)
        assert coroutine.cr_await is not None
        task.cancel()

    run(main)


def test_a_reader_in_a_cycle_is_collected(aio, loop):
    class Holder:
        pass

    holder = Holder()
    holder.reader = aio.StreamReader(loop=loop)
    holder.reader._transport = holder
    gone = weakref.ref(holder.reader)
    del holder
    gc.collect()
    assert gone() is None


@pytest.mark.only("aioxide")
def test_the_types_pass_for_asyncios(aio, loop):
    import asyncio

    reader = aio.StreamReader(loop=loop)
    protocol = aio.StreamReaderProtocol(reader, loop=loop)
    assert isinstance(reader, asyncio.StreamReader)
    assert isinstance(protocol, asyncio.StreamReaderProtocol)
    assert isinstance(protocol, asyncio.Protocol)
    assert not isinstance(protocol, asyncio.BufferedProtocol)

    class Own(aio.StreamReader):
        pass

    assert Own(loop=loop).__class__ is Own


def test_a_whole_chunk_is_given_out_as_it_is(run, aio, implementation):
    async def main():
        reader = aio.StreamReader()
        data = bytes(range(200)) * 50
        reader.feed_data(data)
        read = await reader.read(2**16)
        assert read == data
        return read is data

    assert run(main) == (implementation == "aioxide")


def test_no_loop_is_needed_but_a_current_one(aio, loop):
    with pytest.raises(TypeError):
        aio.StreamReader(1, loop, 2)
    reader = aio.StreamReader(loop=loop)
    assert reader._loop is loop
