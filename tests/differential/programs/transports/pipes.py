"""connect_read_pipe and connect_write_pipe: ordinary use, ends, misuse, cancelled waits."""

import asyncio
import os

from observe import attempt, cancel_while_waiting, rest


class Recorder(asyncio.Protocol):
    def __init__(self, name):
        self.name = name
        self.came = asyncio.Event()
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        print(self.name, "connection_made")

    def data_received(self, data):
        print(self.name, "data_received", data)
        self.came.set()

    def eof_received(self):
        print(self.name, "eof_received")

    def pause_writing(self):
        print(self.name, "pause_writing")

    def resume_writing(self):
        print(self.name, "resume_writing")

    def connection_lost(self, exc):
        print(self.name, "connection_lost", repr(exc))
        self.lost.set_result(None)


def pipe():
    reading, writing = os.pipe()
    return open(reading, "rb", 0), open(writing, "wb", 0)


async def connect(loop):
    reading, writing = pipe()
    reader, source = await loop.connect_read_pipe(lambda: Recorder("reader"), reading)
    writer, sink = await loop.connect_write_pipe(lambda: Recorder("writer"), writing)
    return reader, source, writer, sink


async def main():
    loop = asyncio.get_running_loop()
    reader, source, writer, sink = await connect(loop)
    print(isinstance(reader, asyncio.ReadTransport), isinstance(writer, asyncio.WriteTransport))
    print(reader.is_reading(), reader.is_closing(), writer.is_closing(), writer.can_write_eof())
    print(type(reader.get_extra_info("pipe")).__name__, reader.get_protocol() is source)
    attempt("write", writer.write, b"hello")
    await source.came.wait()
    attempt("write a text", writer.write, "text")
    attempt("pause_reading", reader.pause_reading)
    attempt("pause_reading again", reader.pause_reading)
    print(reader.is_reading())
    attempt("resume_reading", reader.resume_reading)
    attempt("resume_reading again", reader.resume_reading)
    attempt("limits", writer.set_write_buffer_limits, 1000)
    print(writer.get_write_buffer_limits(), writer.get_write_buffer_size())
    attempt("writelines", writer.writelines, [b"a", b"b"])
    await rest(asyncio)
    attempt("write_eof", writer.write_eof)
    attempt("write after the end", writer.write, b"late")
    await source.lost
    await sink.lost

    reader, source, writer, sink = await connect(loop)
    reader.pause_reading()
    writer.write(bytes(1 << 20))
    print(writer.get_write_buffer_size() > 0)
    reader.close()
    await source.lost
    await sink.lost
    attempt("close again", reader.close)

    reader, source, writer, sink = await connect(loop)
    writer.abort()
    await sink.lost
    await source.lost

    reading, writing = pipe()
    for label, connecting in (
        ("connect_read_pipe", loop.connect_read_pipe(lambda: Recorder("reader"), reading)),
        ("connect_write_pipe", loop.connect_write_pipe(lambda: Recorder("writer"), writing)),
    ):
        await cancel_while_waiting(label, asyncio.create_task(connecting))
    await rest(asyncio)
    reading.close()
    writing.close()


asyncio.run(main())
