"""Every argument that has a name, given by that name."""

import asyncio
import os
import signal
import socket
import warnings

from observe import attempt, attempt_await, rest


async def nothing():
    return "nothing"


async def loop_calls(loop):
    print("--- loop")
    attempt("call_soon", loop.call_soon, callback=int, context=None)
    attempt("call_soon_threadsafe", loop.call_soon_threadsafe, callback=int, context=None)
    attempt("call_later", loop.call_later, delay=0, callback=int, context=None)
    attempt("call_at", loop.call_at, when=loop.time(), callback=int, context=None)
    await attempt_await("create_task", loop.create_task(coro=nothing(), name="named"))
    await attempt_await("run_in_executor", loop.run_in_executor(executor=None, func=int))
    attempt("set_debug", loop.set_debug, enabled=False)
    attempt("set_task_factory", loop.set_task_factory, factory=None)
    attempt("set_exception_handler", loop.set_exception_handler, handler=None)
    attempt("call_exception_handler", loop.call_exception_handler, context={"message": "called"})
    attempt("default_exception_handler", loop.default_exception_handler, context={"message": "by"})
    read, write = os.pipe()
    attempt("add_reader", loop.add_reader, fd=read, callback=print)
    attempt("remove_reader", loop.remove_reader, fd=read)
    attempt("add_writer", loop.add_writer, fd=write, callback=print)
    attempt("remove_writer", loop.remove_writer, fd=write)
    os.close(read)
    os.close(write)
    attempt("add_signal_handler", loop.add_signal_handler, sig=signal.SIGUSR1, callback=print)
    attempt("remove_signal_handler", loop.remove_signal_handler, sig=signal.SIGUSR1)
    found = await loop.getaddrinfo(
        host="127.0.0.1", port=80, family=socket.AF_INET, type=socket.SOCK_STREAM, proto=0, flags=0
    )
    print(found)
    numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    print(await loop.getnameinfo(sockaddr=("127.0.0.1", 80), flags=numeric))


async def sockets(loop):
    print("--- sockets")
    near, far = socket.socketpair(type=socket.SOCK_DGRAM)
    for end in (near, far):
        end.setblocking(False)
    for _ in range(4):
        await attempt_await("sock_sendall", loop.sock_sendall(sock=near, data=b"data"))
    await attempt_await("sock_recv", loop.sock_recv(sock=far, n=10))
    await attempt_await("sock_recv_into", loop.sock_recv_into(sock=far, buf=bytearray(10)))
    await attempt_await("sock_recvfrom", loop.sock_recvfrom(sock=far, bufsize=10))
    receiving = loop.sock_recvfrom_into(sock=far, buf=bytearray(10), nbytes=2)
    await attempt_await("sock_recvfrom_into", receiving)
    near.close()
    far.close()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        address = listener.getsockname()
        listener.setblocking(False)
        client.setblocking(False)
        await attempt_await("sock_connect", loop.sock_connect(sock=client, address=address))
        accepted, _ = await loop.sock_accept(sock=listener)
        accepted.close()
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
        one.setblocking(False)
        two.bind(("127.0.0.1", 0))
        sending = loop.sock_sendto(sock=one, data=b"data", address=two.getsockname())
        await attempt_await("sock_sendto", sending)


async def transports(loop):
    print("--- transports")
    near, far = socket.socketpair()
    protocol = asyncio.Protocol()
    stream, _ = await loop.create_connection(protocol_factory=lambda: protocol, sock=near)
    read, write = os.pipe()
    with open(read, "rb", 0) as source, open(write, "wb", 0) as sink:
        reader, _ = await loop.connect_read_pipe(protocol_factory=lambda: protocol, pipe=source)
        writer, _ = await loop.connect_write_pipe(protocol_factory=lambda: protocol, pipe=sink)
        datagrams, _ = await loop.create_datagram_endpoint(
            protocol_factory=asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
        )
        address = datagrams.get_extra_info(name="sockname")
        attempt("sendto", datagrams.sendto, data=b"data", addr=address)
        for transport in (stream, reader, writer, datagrams):
            attempt("set_protocol", transport.set_protocol, protocol=transport.get_protocol())
            attempt("get_extra_info", transport.get_extra_info, name="absent", default=5)
        for transport in (stream, writer):
            attempt("write", transport.write, data=b"data")
            attempt("writelines", transport.writelines, list_of_data=[b"more", b"data"])
            attempt("limits", transport.set_write_buffer_limits, high=100, low=10)
        await rest(asyncio)
        for transport in (stream, reader, writer, datagrams):
            transport.close()
        await rest(asyncio)
    print(far.recv(100))
    far.close()


async def streams(loop):
    print("--- streams")
    near, far = socket.socketpair()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=near)
    reader = asyncio.StreamReader(limit=100, loop=loop)
    protocol = asyncio.StreamReaderProtocol(
        stream_reader=reader, client_connected_cb=None, loop=loop
    )
    attempt("set_transport", reader.set_transport, transport=transport)
    writer = asyncio.StreamWriter(transport=transport, protocol=protocol, reader=reader, loop=loop)
    attempt("feed_data", reader.feed_data, data=b"some bytes to read")
    attempt("data_received", protocol.data_received, data=b", and more of them")
    await attempt_await("read", reader.read(n=4))
    await attempt_await("readexactly", reader.readexactly(n=4))
    await attempt_await("readuntil", reader.readuntil(separator=b"t"))
    attempt("write", writer.write, data=b"one")
    attempt("writelines", writer.writelines, data=[b"two", b"three"])
    attempt("get_extra_info", writer.get_extra_info, name="absent", default=5)
    attempt("set_exception", reader.set_exception, exc=OSError("set"))
    attempt("connection_lost", protocol.connection_lost, exc=None)
    print(far.recv(100))
    transport.close()
    far.close()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    attempt("connection_made", protocol.connection_made, transport=transport)
    await rest(asyncio)


async def synchronisation():
    print("--- synchronisation")
    condition = asyncio.Condition(lock=asyncio.Lock())
    async with condition:
        attempt("notify", condition.notify, n=1)
        await attempt_await("wait_for", condition.wait_for(predicate=lambda: "true"))
    print(asyncio.Semaphore(value=2), asyncio.BoundedSemaphore(value=2), asyncio.Barrier(parties=2))
    for kind in (asyncio.Queue, asyncio.LifoQueue, asyncio.PriorityQueue):
        queue = kind(maxsize=2)
        await attempt_await("put", queue.put(item=1))
        attempt("put_nowait", queue.put_nowait, item=2)
        if hasattr(queue, "shutdown"):
            attempt("shutdown", queue.shutdown, immediate=True)


async def tasks(loop):
    print("--- tasks")
    await attempt_await("create_task", asyncio.create_task(coro=nothing(), name="named"))
    await attempt_await("ensure_future", asyncio.ensure_future(coro_or_future=nothing(), loop=loop))
    await attempt_await("sleep", asyncio.sleep(delay=0, result="slept"))
    await attempt_await("wait_for", asyncio.wait_for(fut=nothing(), timeout=None))
    await attempt_await("shield", asyncio.shield(arg=nothing()))
    task = asyncio.create_task(nothing())
    done, pending = await asyncio.wait(fs=[task], timeout=None, return_when="ALL_COMPLETED")
    print(len(done), len(pending))
    for awaitable in asyncio.as_completed(fs=[task], timeout=None):
        await attempt_await("as_completed", awaitable)
    print(asyncio.current_task(loop=loop) in asyncio.all_tasks(loop=loop))
    print(asyncio.isfuture(obj=task), asyncio.iscoroutine(obj=task))
    print(asyncio.iscoroutinefunction(func=nothing))
    outside = asyncio.run_coroutine_threadsafe(coro=nothing(), loop=loop)
    await attempt_await("wrap_future", asyncio.wrap_future(future=outside, loop=loop))
    async with asyncio.timeout(delay=None) as scope:
        attempt("reschedule", scope.reschedule, when=None)
    async with asyncio.timeout_at(when=None), asyncio.Timeout(when=None):
        pass
    async with asyncio.TaskGroup() as group:
        task = group.create_task(coro=nothing(), name="of the group")
    print(task.get_name(), task.cancel(msg="late"))


async def main():
    loop = asyncio.get_running_loop()
    await loop_calls(loop)
    await sockets(loop)
    await transports(loop)
    await streams(loop)
    await synchronisation()
    await tasks(loop)


# 3.14 and newer say that iscoroutinefunction is inspect's.
warnings.simplefilter("ignore", DeprecationWarning)
asyncio.run(main=main(), debug=None)
with asyncio.Runner(debug=None, loop_factory=None) as runner:
    attempt("run", runner.run, coro=main(), context=None)
