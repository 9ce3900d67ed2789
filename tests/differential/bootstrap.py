"""Runs inside the interpreter under test: opens one door, then forks once for each program.

``python bootstrap.py '{"prelude": ..., "module": ...}'`` reads one JSON request a line and answers
each with one JSON line. The child leaves the serving loop and becomes the program: it ends as any
Python program does, through the interpreter's own finalisation, because reports made at exit are
part of what is compared.

What must hold: the program cannot tell that it was forked. It is ``__main__``, has its own
``sys.argv`` and ``sys.path[0]``, and no frame of this file shows in its tracebacks (``runner`` has
a control door that checks this).
"""

import ast
import json
import os
import select
import signal
import sys
import types

GRACE_SECONDS = 5


class ImportRenamer(ast.NodeTransformer):
    """Makes imports of asyncio mean another module, keeping every source position."""

    def __init__(self, module):
        self.module = module

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name == "asyncio":
                alias.asname = alias.asname or "asyncio"
                alias.name = self.module
        return node

    def visit_ImportFrom(self, node):
        if node.module == "asyncio" and not node.level:
            node.module = self.module
        return node


def load(path, module):
    """The code of the program at ``path``, its imports of asyncio meaning ``module``."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read(), path)
    if module != "asyncio":
        tree = ImportRenamer(module).visit(tree)
    return compile(tree, path, "exec")


def hide_own_frames(kind, error, trace):
    """An excepthook: the uncaught exception as a plain ``python program.py`` would show it."""
    # The interpreter deletes the main module's __file__ before it calls this.
    own = hide_own_frames.__code__.co_filename
    while trace is not None and trace.tb_frame.f_code.co_filename == own:
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


def become(request, code):
    """Turn this process into the program. Returns or raises as the program does."""
    main = types.ModuleType("__main__")
    main.__file__ = request["program"]
    main.__builtins__ = __builtins__
    # The program's teardown must not reach this module, whose functions are still on the stack.
    sys.modules["bootstrap"], sys.modules["__main__"] = sys.modules["__main__"], main
    sys.argv[:] = [request["program"], *request["arguments"]]
    sys.path[0] = os.path.dirname(request["program"])
    sys.excepthook = hide_own_frames
    exec(code, main.__dict__)


def redirect(output, errors):
    """Give the child its own standard streams and process group."""
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (errors, 2)):
        os.dup2(source, target)
        os.close(source)


def await_child(pid, seconds):
    """The exit code of the child (negative: a signal), or None when it was killed for time."""
    descriptor = os.pidfd_open(pid)
    try:
        finished, _, _ = select.select([descriptor], [], [], seconds)
        if not finished:
            # SIGABRT first: faulthandler then writes where the program hung to its standard error.
            os.kill(pid, signal.SIGABRT)
            select.select([descriptor], [], [], GRACE_SECONDS)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(descriptor)
    return os.waitstatus_to_exitcode(status) if finished else None


def read_all(descriptor):
    """The whole content of an in-memory file as text; closes it."""
    with open(descriptor, "rb") as file:
        file.seek(0)
        return file.read().decode("utf-8", "backslashreplace")


def serve(module):
    """Answer requests until input ends.

    Returns (request, code) in a child, None in the server at the end.
    """
    requests = os.fdopen(os.dup(0), "r")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    print(json.dumps({"version": sys.version_info[:3]}), file=answers, flush=True)
    loaded = {}
    while line := requests.readline():
        request = json.loads(line)
        program = request["program"]
        if program not in loaded:
            loaded[program] = load(program, module)
        output, errors = os.memfd_create("stdout"), os.memfd_create("stderr")
        pid = os.fork()
        if pid == 0:
            requests.close()
            answers.close()
            redirect(output, errors)
            return request, loaded[program]
        status = await_child(pid, request["seconds"])
        answer = {"status": status, "stdout": read_all(output), "stderr": read_all(errors)}
        print(json.dumps(answer), file=answers, flush=True)
    return None


def main():
    """Open the door that the command line describes and serve."""
    door = json.loads(sys.argv[1])
    import asyncio  # noqa: F401 - once here instead of once in every child

    exec(compile(door["prelude"], "<prelude>", "exec"), {"__name__": "prelude"})
    request = serve(door["module"])
    if request is not None:
        become(*request)


if __name__ == "__main__":
    main()
