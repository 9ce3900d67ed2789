"""One program, two implementations, the same observable behaviour.

Reading order:

``doors``       the ways into aioxide, each as what must run before the program
``bootstrap``   runs inside the interpreter under test: opens a door, forks once per program
``runner``      starts the bootstraps, collects results, compares them
``normalise``   the only place that says which differences do not count
``programs/``   the programs, one folder for each area; in ``errors/`` everything is used wrongly
``coverage``    what of asyncio's public surface the programs leave out without an excuse
``trees``       random trees of tasks, and ``tree_program`` which performs one

Nothing here imports the implementation under test: it lives in other processes, so a crash or a
hang of one program is the failure of that program alone.
"""
