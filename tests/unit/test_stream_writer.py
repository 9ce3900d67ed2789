"""`StreamWriter`, `StreamReaderProtocol`, `FlowControlMixin`, over transports made for the test."""

import gc
import sys
import weakref

import pytest


class Transport:
    """Writes down what it is told."""

    def __init__(self, **info):
        self.calls = []
        self.closing = False
        self.info = info

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*arguments):
            self.calls.append((name, *arguments))
            return f"{name} returned"

        return call

    def is_closing(self):
        return self.closing

    def close(self):
        self.closing = True
        self.calls.append(("close",))

    def get_extra_info(self, name, default=None):
        return self.info.get(name, default)


def connected(aio, loop, transport=None, callback=None):
    """Return (reader, writer, protocol, transport)."""
    transport = transport or Transport()
    reader = aio.StreamReader(loop=loop)
    protocol = aio.StreamReaderProtocol(reader, callback, loop=loop)
    protocol.connection_made(transport)
    return reader, aio.StreamWriter(transport, protocol, reader, loop), protocol, transport


def test_the_writer_asks_its_transport(aio, loop):
    _, writer, _, transport = connected(aio, loop, Transport(peername="somebody"))
    assert writer.transport is transport
    assert writer.write(b"one") is None
    assert writer.writelines([b"two", b"three"]) is None
    assert writer.write_eof() == "write_eof returned"
    assert writer.can_write_eof() == "can_write_eof returned"
    assert writer.get_extra_info("peername") == "somebody"
    assert writer.get_extra_info("nothing", default=5) == 5
    assert not writer.is_closing()
    writer.close()
    assert writer.is_closing()
    assert transport.calls == [
        *(("write", b"one"), ("writelines", [b"two", b"three"])),
        *(("write_eof",), ("can_write_eof",), ("close",)),
    ]


def test_representation(aio, loop):
    reader, writer, _, transport = connected(aio, loop)
    assert repr(writer) == f"<StreamWriter transport={transport!r} reader={reader!r}>"
    without_reader = aio.StreamWriter(transport, None, None, loop)
    assert repr(without_reader) == f"<StreamWriter transport={transport!r}>"
    transport.closing = True


def test_drain_returns_at_once(run, aio):
    async def main():
        _, writer, _, transport = connected(aio, aio.get_running_loop())
        with pytest.raises(StopIteration):
            writer.drain().send(None)
        transport.closing = True

    run(main)


def test_drain_waits_while_the_transport_is_full(run, aio):
    async def main():
        _, writer, protocol, transport = connected(aio, aio.get_running_loop())
        protocol.pause_writing()
        tasks = [aio.create_task(writer.drain()) for _ in range(3)]
        await aio.sleep(0)
        assert not any(task.done() for task in tasks)
        assert len(protocol._drain_waiters) == 3
        tasks[1].cancel()
        await aio.sleep(0)
        assert len(protocol._drain_waiters) == 2
        protocol.resume_writing()
        assert await tasks[0] is None
        await tasks[2]
        assert len(protocol._drain_waiters) == 0
        transport.closing = True

    run(main)


@pytest.mark.parametrize("error", [None, OSError("gone")])
def test_drain_when_the_connection_is_lost(run, aio, error):
    async def main():
        _, writer, protocol, transport = connected(aio, aio.get_running_loop())
        protocol.pause_writing()
        task = aio.create_task(writer.drain())
        await aio.sleep(0)
        transport.closing = True
        protocol.connection_lost(error)
        if error is None:
            await task
        else:
            with pytest.raises(OSError, match="gone") as caught:
                await task
            assert caught.value is error
        with pytest.raises(OSError, match="gone" if error else "Connection lost"):
            await writer.drain()

    run(main)


def test_drain_gives_way_when_the_transport_closes(run, aio):
    async def main():
        _, writer, _, transport = connected(aio, aio.get_running_loop())
        transport.closing = True
        coroutine = writer.drain()
        assert coroutine.send(None) is None
        with pytest.raises(StopIteration):
            coroutine.send(None)

    run(main)


def test_drain_raises_what_the_reader_was_given(run, aio):
    async def main():
        reader, writer, _, transport = connected(aio, aio.get_running_loop())
        reader.set_exception(ZeroDivisionError("that"))
        with pytest.raises(ZeroDivisionError, match="that"):
            await writer.drain()
        transport.closing = True

    run(main)


def test_drain_asks_a_protocol_of_another_class(run, aio):
    class Protocol:
        asked = 0

        async def _drain_helper(self):
            self.asked += 1
            await aio.sleep(0)

    async def main():
        protocol, transport = Protocol(), Transport()
        writer = aio.StreamWriter(transport, protocol, None, aio.get_running_loop())
        await writer.drain()
        transport.closing = True
        return protocol.asked

    assert run(main) == 1


def test_wait_closed(run, aio):
    async def main():
        _, writer, protocol, transport = connected(aio, aio.get_running_loop())
        task = aio.create_task(writer.wait_closed())
        await aio.sleep(0)
        assert not task.done()
        transport.closing = True
        protocol.connection_lost(None)
        assert await task is None
        assert await writer.wait_closed() is None

    run(main)


def test_wait_closed_raises_what_the_connection_was_lost_with(run, aio):
    async def main():
        _, writer, protocol, transport = connected(aio, aio.get_running_loop())
        transport.closing = True
        protocol.connection_lost(ConnectionError("reset"))
        with pytest.raises(ConnectionError, match="reset"):
            await writer.wait_closed()

    run(main)


def test_a_lost_connection_that_nobody_waits_for_is_not_reported(run, aio):
    async def main():
        reader, writer, protocol, transport = connected(aio, aio.get_running_loop())
        transport.closing = True
        protocol.connection_lost(ConnectionError("reset"))
        with pytest.raises(ConnectionError):
            await reader.read()
        del reader, writer, protocol
        gc.collect()

    run(main)


def test_an_unclosed_writer_closes_and_warns(aio, loop):
    _, writer, _, transport = connected(aio, loop)
    with pytest.warns(ResourceWarning, match="unclosed <StreamWriter"):
        del writer
        gc.collect()
    assert ("close",) in transport.calls


def test_an_unclosed_writer_of_a_closed_loop_warns(aio, loop_factory):
    loop = loop_factory()
    _, writer, _, transport = connected(aio, loop)
    loop.close()
    with pytest.warns(ResourceWarning, match="loop is closed"):
        del writer
        gc.collect()
    assert transport.calls == []


def test_a_reader_that_is_none_of_asyncios_is_refused(aio, loop):
    transport = Transport()
    transport.closing = True
    with pytest.raises(AssertionError):
        aio.StreamWriter(transport, None, object(), loop)


def test_flow_control(aio, loop):
    flow = aio.streams.FlowControlMixin(loop)
    assert (flow._paused, flow._connection_lost) == (False, False)
    flow.pause_writing()
    with pytest.raises(AssertionError):
        flow.pause_writing()
    flow.resume_writing()
    with pytest.raises(AssertionError):
        flow.resume_writing()
    with pytest.raises(NotImplementedError):
        flow._get_close_waiter(None)
    assert issubclass(aio.StreamReaderProtocol, aio.streams.FlowControlMixin)


def test_a_protocol_that_inherits_flow_control(run, aio):
    class Pipe(aio.streams.FlowControlMixin, aio.SubprocessProtocol):
        def __init__(self):
            super().__init__()
            self.lost = None

        def connection_lost(self, exc):
            self.lost = exc
            super().connection_lost(exc)

    async def main():
        pipe = Pipe()
        writer = aio.StreamWriter(Transport(), pipe, None, aio.get_running_loop())
        pipe.pause_writing()
        task = aio.create_task(writer.drain())
        await aio.sleep(0)
        error = BrokenPipeError("shut")
        pipe.connection_lost(error)
        assert pipe.lost is error
        with pytest.raises(BrokenPipeError):
            await task
        writer.transport.closing = True

    run(main)


def test_the_protocol_feeds_its_reader(aio, loop):
    reader, _writer, protocol, transport = connected(aio, loop)
    assert protocol._stream_reader is reader
    assert reader._transport is transport
    protocol.data_received(b"data")
    assert reader._buffer == b"data"
    assert protocol.eof_received() is True
    assert reader._eof
    transport.closing = True


def test_the_end_of_tls_closes(aio, loop):
    _, _writer, protocol, transport = connected(aio, loop, Transport(sslcontext="a context"))
    assert protocol._over_ssl
    assert protocol.eof_received() is False
    transport.closing = True


def test_a_protocol_holds_its_reader_weakly(aio, loop):
    reader, writer, protocol, transport = connected(aio, loop)
    transport.closing = True
    gone = weakref.ref(reader)
    del reader, writer
    gc.collect()
    assert gone() is None
    assert protocol._stream_reader is None
    protocol.data_received(b"nobody reads this")
    assert protocol.eof_received()
    protocol.connection_lost(None)


def test_a_server_holds_the_reader_until_the_connection_is_made(run, aio):
    async def main():
        loop, met = aio.get_running_loop(), []
        protocol = aio.StreamReaderProtocol(
            aio.StreamReader(), lambda reader, writer: met.append((reader, writer)), loop
        )
        gc.collect()
        assert protocol._stream_reader is not None
        transport = Transport()
        protocol.connection_made(transport)
        [(reader, writer)] = met
        assert reader._transport is writer.transport is transport
        transport.closing = True

    run(main)


def test_a_servers_coroutine_becomes_a_task(run, aio):
    async def main():
        done = aio.Event()

        async def serve(reader, writer):
            assert await reader.readline() == b"hello\n"
            writer.write(b"bye")
            transport.closing = True
            done.set()

        transport = Transport()
        protocol = aio.StreamReaderProtocol(aio.StreamReader(), serve, loop=aio.get_running_loop())
        protocol.connection_made(transport)
        assert isinstance(protocol._task, aio.Task)
        protocol.data_received(b"hello\n")
        await done.wait()
        assert transport.calls == [("write", b"bye")]

    run(main)


def test_a_servers_task_that_fails_is_reported_and_closed(run, aio):
    async def main():
        async def serve(reader, writer):
            raise ValueError("no")

        transport = Transport()
        protocol = aio.StreamReaderProtocol(aio.StreamReader(), serve, loop=aio.get_running_loop())
        protocol.connection_made(transport)
        for _ in range(3):
            await aio.sleep(0)
        assert transport.closing
        return transport

    transport = run(main)
    report = run.reports.pop()
    assert report["message"] == "Unhandled exception in client_connected_cb"
    assert report["transport"] is transport
    assert str(report["exception"]) == "no"


@pytest.mark.skipif(sys.version_info < (3, 14), reason="reported from 3.14 on")
def test_a_servers_callback_that_fails_is_reported_and_closed(run, aio):
    async def main():
        def serve(reader, writer):
            raise ValueError("no")

        transport = Transport()
        protocol = aio.StreamReaderProtocol(aio.StreamReader(), serve, loop=aio.get_running_loop())
        protocol.connection_made(transport)
        assert transport.closing

    run(main)
    assert str(run.reports.pop()["exception"]) == "no"


def test_a_rejected_connection_is_aborted(run, aio):
    async def main():
        transport = Transport()
        reader = aio.StreamReader()
        protocol = aio.StreamReaderProtocol(reader, loop=aio.get_running_loop())
        protocol._reject_connection = True
        protocol.connection_made(transport)
        assert transport.calls == [("abort",)]

    run(main)
    assert "garbage collected prior to establishing" in run.reports.pop()["message"]


def test_overridden_protocol_methods_are_called(aio, loop):
    class Loud(aio.StreamReaderProtocol):
        heard = ()

        def data_received(self, data):
            self.heard += (data,)
            super().data_received(data)

    reader = aio.StreamReader(loop=loop)
    protocol = Loud(reader, loop=loop)
    protocol.data_received(b"psst")
    assert protocol.heard == (b"psst",)
    assert reader._buffer == b"psst"


def test_a_reader_of_another_class_is_fed_by_name(aio, loop):
    class Reader(aio.StreamReader):
        def feed_data(self, data):
            super().feed_data(data.upper())

        def feed_eof(self):
            super().feed_data(b"!")
            super().feed_eof()

    reader = Reader(loop=loop)
    protocol = aio.StreamReaderProtocol(reader, loop=loop)
    protocol.data_received(b"loud")
    protocol.connection_lost(None)
    assert reader._buffer == b"LOUD!"


def test_the_complete_future(aio, loop):
    _, writer, _, transport = connected(aio, loop)
    assert writer._complete_fut.done()
    assert writer._complete_fut is writer._complete_fut
    transport.closing = True
