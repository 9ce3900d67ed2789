"""The prompt of `python -m aioxide`, at which `await` works outside a function.

Two threads: the main thread runs the loop, so that tasks go on while nobody types; the prompt's
thread reads and compiles, hands each statement to the loop and waits for its result. What must
hold: a statement runs in the loop's thread and in one context, so that context variables last from
line to line; Ctrl-C cancels the statement that is awaited and never ends the prompt; `exit(n)` ends
the process with status n.

It behaves as `python -m asyncio` of Python 3.13 and newer on every version; the editor with
colours, history and several lines (`_pyrepl`) is there where the Python has it.
"""

import ast
import asyncio
import code
import concurrent.futures
import contextvars
import inspect
import os
import site
import sys
import threading
import tokenize
import types
import warnings
from importlib.machinery import BuiltinImporter
from typing import Any, NoReturn

import aioxide

Console: Any = code.InteractiveConsole
PYREPL = False
if sys.version_info >= (3, 13):
    try:
        from _pyrepl.console import (  # type: ignore[import-not-found]
            InteractiveColoredConsole,
        )
        from _pyrepl.main import CAN_USE_PYREPL  # type: ignore[import-not-found]
    except ModuleNotFoundError:
        # Some distributions leave the editor out; the plain console does the same job.
        pass
    else:
        Console = InteractiveColoredConsole
        basic_wanted = not sys.flags.ignore_environment and os.getenv("PYTHON_BASIC_REPL")
        PYREPL = CAN_USE_PYREPL and not basic_wanted


def run() -> NoReturn:
    """Run statements from standard input until its end or `exit()`; then exit the process."""
    sys.audit("cpython.run_stdin")
    loop = aioxide.new_event_loop()
    aioxide.set_event_loop(loop)
    prompt = Prompt(loop)
    _set_up_line_editing(prompt)
    threading.Thread(target=prompt.read, name="Interactive thread", daemon=True).start()
    while True:
        try:
            loop.run_forever()
        except KeyboardInterrupt:
            prompt.interrupt()
        except SystemExit as request:
            # From a task: the loop lets it through.
            prompt.exit_status = request.code
            break
        else:
            break
    prompt.write("exiting aioxide REPL...\n")
    loop.close()
    sys.exit(prompt.exit_status)


class Prompt(Console):  # type: ignore[misc]
    """A console that runs each statement in `loop`; `exit_status` is what `exit()` was given."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        names = {
            "asyncio": aioxide,
            "__name__": "__main__",
            "__package__": None,
            "__loader__": BuiltinImporter,
            "__spec__": None,
            "__builtins__": __builtins__,
        }
        super().__init__(names, filename="<stdin>")
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self.exit_status: Any = 0
        self._loop = loop
        self._context = contextvars.copy_context()
        self._task: asyncio.Task[Any] | None = None
        self._interrupted = False

    def runcode(self, code: types.CodeType) -> Any:
        """Run a compiled statement in the loop's thread. Called in the prompt's, which waits."""
        outcome: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._loop.call_soon_threadsafe(self._start, code, outcome, context=self._context)
        try:
            return outcome.result()
        except SystemExit as request:
            self._exit(request)
            return None
        except BaseException as failure:
            if not self._interrupted:
                self._drop_own_frames(failure)
                self.showtraceback()
            elif not PYREPL:
                self.write("\nKeyboardInterrupt\n")
            return getattr(self, "STATEMENT_FAILED", None)

    def _drop_own_frames(self, failure: BaseException) -> None:
        """Let the traceback begin just before the statement: showtraceback() drops one frame."""
        trace = failure.__traceback__
        while trace is not None and trace.tb_next is not None:
            if trace.tb_next.tb_frame.f_globals is self.locals:
                failure.__traceback__ = trace
                return
            trace = trace.tb_next

    def _start(self, code: types.CodeType, outcome: concurrent.futures.Future[Any]) -> None:
        """Run `code` up to its first await. Called in the loop's thread."""
        self._task = None
        self._interrupted = False
        try:
            result = types.FunctionType(code, self.locals)()
        except SystemExit as request:
            self._exit(request)
        except BaseException as failure:
            self._interrupted = isinstance(failure, KeyboardInterrupt)
            outcome.set_exception(failure)
        else:
            if inspect.iscoroutine(result):
                self._task = self._loop.create_task(result, context=self._context)
                self._task.add_done_callback(lambda task: _settle(outcome, task))
            else:
                outcome.set_result(result)

    def _exit(self, request: SystemExit) -> None:
        self.exit_status = request.code
        self._loop.call_soon_threadsafe(self._loop.stop)

    def interrupt(self) -> None:
        """Cancel the awaited statement, or empty the typed line. Called in the main thread."""
        self._interrupted = True
        if self._task is not None and not self._task.done():
            self._task.cancel()
        if PYREPL:
            from _pyrepl.simple_interact import _get_reader  # type: ignore[import-not-found]

            if (hook := _get_reader().threading_hook) is not None:
                hook.add("")

    def read(self) -> None:
        """Be the prompt's thread: greet, run PYTHONSTARTUP, read to the end, stop the loop."""
        try:
            self._greet()
            self._run_startup_file()
            self._read_statements()
        finally:
            # A statement typed but never run to its end is nobody's mistake.
            warnings.filterwarnings(
                "ignore", message=r"^coroutine .* was never awaited$", category=RuntimeWarning
            )
            self._loop.call_soon_threadsafe(self._loop.stop)

    def _greet(self) -> None:
        if not sys.flags.quiet:
            self.write(
                f"aioxide REPL, Python {sys.version} on {sys.platform}\n"
                'Use "await" directly instead of "asyncio.run()".\n'
                'Type "help", "copyright", "credits" or "license" for more information.\n'
            )
        self.write(f"{getattr(sys, 'ps1', '>>> ')}import aioxide as asyncio\n")

    def _run_startup_file(self) -> None:
        path = None if sys.flags.ignore_environment else os.getenv("PYTHONSTARTUP")
        if not path:
            return
        sys.audit("cpython.run_startup", path)
        try:
            with tokenize.open(path) as file:
                exec(compile(file.read(), path, "exec", dont_inherit=True), self.locals)
        except SystemExit:
            raise
        except BaseException:
            self.showtraceback()

    def _read_statements(self) -> None:
        if not PYREPL:
            self.interact(banner="", exitmsg="")
            return
        from _pyrepl.simple_interact import run_multiline_interactive_console

        try:
            run_multiline_interactive_console(self)
        except SystemExit:
            # What the editor's own `exit` and `quit` commands raise.
            pass
        except BaseException:
            self.showtraceback()
            self.write("Internal error, ")
            self.exit_status = 1


def _settle(outcome: concurrent.futures.Future[Any], task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        outcome.cancel()
    elif (failure := task.exception()) is not None:
        outcome.set_exception(failure)
    else:
        outcome.set_result(task.result())


def _set_up_line_editing(prompt: Prompt) -> None:
    """Load readline's history as `python` does, and complete the prompt's own names."""
    hook = getattr(sys, "__interactivehook__", None)
    if hook is None:
        return
    sys.audit("cpython.run_interactivehook", hook)
    hook()
    if hook is not getattr(site, "register_readline", None):
        return
    try:
        import readline
        import rlcompleter
    except ImportError:
        return
    readline.set_completer(rlcompleter.Completer(prompt.locals).complete)
