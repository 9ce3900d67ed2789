"""How fast aioxide is, beside every loop that this Python can load.

Read in this order:

* ``case.py``, ``cases/``: what is measured. One coroutine function a benchmark.
* ``implementations.py``: the loops, and how each one is entered.
* ``worker.py``: one process, one loop, one benchmark.
* ``driver.py``: the processes of one benchmark, loops in turn, pinned to one core.
* ``report.py``: from samples to medians, ratios and verdicts.
* ``memory.py``, ``instructions.py``: bytes of an idle task; instructions of an operation.
* ``network/``, ``servers/``, ``loadgen/``: the same for servers under load, with a client in Rust.
* ``install.py``: puts aioxide and its peers where the workers find them.
* ``performance_page.py``: the measured section of ``docs/performance.md``.

What must always hold: every loop does equal work, in the same process set-up, with the
garbage collector as Python starts it; and a case that did not do its work is an error, not
a figure.
"""
