"""add_reader and add_writer on pipes: level-triggered, replaced, removed, refused."""

import asyncio
import os
import socket
import tempfile

from observe import attempt

loop = asyncio.new_event_loop()
read, write = os.pipe()
os.set_blocking(read, False)


def reader(*args):
    data = os.read(read, 2)
    print("reader", args, data)
    if data == b"ef":
        loop.stop()


def writer():
    print("writer", os.write(write, b"written"))
    print("removed", loop.remove_writer(write), loop.remove_writer(write))


attempt("add_reader", loop.add_reader, read, reader, 1, "two")
os.write(write, b"abcdef")
loop.run_forever()
# Replaced.
attempt(
    "replace", loop.add_reader, read, lambda: (print("replaced", os.read(read, 10)), loop.stop())
)
os.write(write, b"more")
loop.run_forever()
attempt("add_writer", loop.add_writer, write, writer)
loop.run_forever()
attempt("remove_reader", loop.remove_reader, read)
attempt("remove_reader again", loop.remove_reader, read)
attempt("remove_writer", loop.remove_writer, write)
attempt("remove unknown", loop.remove_reader, 999)

# Reader and writer on one file object with fileno().
left, right = socket.socketpair()
left.setblocking(False)
events = []


def happened(event, remove):
    events.append(event)
    remove(left)
    if len(events) == 2:
        loop.stop()


loop.add_reader(left, happened, "r", loop.remove_reader)
loop.add_writer(left, happened, "w", loop.remove_writer)
right.send(b"x")
loop.run_forever()
print(sorted(events))
attempt("both gone", loop.remove_reader, left)
attempt("both gone", loop.remove_writer, left)

# A failing reader is reported, and stays.
count = 0


def failing():
    global count
    count += 1
    if count == 2:
        loop.remove_reader(read)
        loop.stop()
    raise ValueError(f"reader failed {count}")


os.write(write, b"z")
loop.add_reader(read, failing)
loop.run_forever()

# The end of a pipe makes the reader ready.
os.read(read, 100)
os.close(write)
loop.add_reader(read, lambda: (print("end", os.read(read, 1)), loop.stop()))
loop.run_forever()
loop.remove_reader(read)

# Removing one reader from another's callback, both ready.
pairs = [socket.socketpair() for _ in range(2)]
ran = []


def remove_other(me):
    ran.append(me)
    for a, _ in pairs:
        loop.remove_reader(a)
    loop.call_later(0.01, loop.stop)


for number, (a, b) in enumerate(pairs):
    b.send(b"x")
    loop.add_reader(a, remove_other, number)
loop.run_forever()
print("ran", len(ran))


def refused(function, *args):
    """Without what was being handled inside when the system refused."""
    try:
        function(*args)
    except OSError as error:
        raise error from None


attempt("negative", loop.add_reader, -1, print)
attempt("text", loop.add_reader, "text", print)
attempt("None", loop.add_reader, None, print)
attempt("float", loop.add_reader, 1.5, print)
gone, also_gone = os.pipe()
os.close(gone)
os.close(also_gone)
attempt("closed fd", refused, loop.add_reader, also_gone, print)
attempt("remove negative", loop.remove_reader, -1)
attempt("remove text", loop.remove_writer, "text")
attempt("no callback", lambda: loop.add_reader(read))
with tempfile.TemporaryFile() as file:
    attempt("plain file", refused, loop.add_reader, file, print)
closed = socket.socket()
closed.close()
attempt("closed socket", loop.add_reader, closed, print)
attempt("remove closed socket", loop.remove_reader, closed)
loop.close()
os.close(read)
for sock in (left, right, *pairs[0], *pairs[1]):
    sock.close()
