"""The servers that ``make bench-net`` puts load on: each one a small program as users write it.

``python -m benchmarks.servers LOOP KIND ADDRESS`` runs one on one loop in a process of its own.
The kinds:

* ``protocols.py``: echo with ``Protocol`` and ``BufferedProtocol``;
* ``streams.py``: echo with ``read``, ``readline`` and ``readexactly``;
* ``sockets.py``: echo with the loop's ``sock_*`` methods;
* ``datagrams.py``: UDP echo, and a counter for a flood;
* ``bulk.py``: a sink that counts and a source without end, with protocols and with streams;
* ``files.py``: a file sent again and again;
* ``apps.py``: a page of plain text by uvicorn and by aiohttp.

``address.py`` holds where they listen; ``kinds.py`` lists them. ``benchmarks/loadgen`` is the other
side, and its ``limit`` does the same work without Python.
"""
