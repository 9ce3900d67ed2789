"""How fast aioxide's network is: what ``make bench-net`` runs.

Read in this order:

* ``scenario.py``: what is measured. A kind of server, a number of connections, a size of message.
* ``driver.py``: a fresh server process and a fresh load client for each figure, loops in turn.
* ``report.py``: rates, CPU time, latencies and memory as tables; what is held against an aim.

The servers are ``benchmarks/servers``; the load client, and the limit that every table ends with,
are ``benchmarks/loadgen``, in Rust. What must always hold is what holds of the other benchmarks:
equal work, one server on one core (and its client on another), and no figure where a reply was
wrong.
"""
