"""Running a program as `__main__`, so that it cannot tell the launcher from `python`.

What must hold: the program gets a `__main__` module of its own (pickle and multiprocessing find
it), and `sys.argv`, `sys.path[0]`, `__file__`, `__spec__` and `__loader__` as plain `python` sets
them; an exception that ends it is shown by `sys.excepthook` without the launcher's frames; the
interpreter decides the exit status, so SystemExit, KeyboardInterrupt (death by SIGINT), -i and -X
options mean what they always mean.

What a program can still see: the launcher's frames below its own in `traceback.print_stack()`, and
`-m aioxide` in `sys.orig_argv`.
"""

import builtins
import io
import linecache
import pkgutil
import runpy
import sys
import textwrap
import traceback
from collections.abc import Callable
from importlib.machinery import BuiltinImporter, SourceFileLoader, SourcelessFileLoader
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any


def run_path(path: str, arguments: list[str]) -> None:
    """Run the script, directory or zip file at `path`. Exits with status 2 when it can't open."""
    sys.argv[:] = [path, *arguments]
    # As python makes it absolute: joined, with nothing resolved or tidied.
    file = path if path.startswith("/") else f"{Path.cwd()}/{path}"
    if pkgutil.get_importer(file) is not None:
        _drop_launcher_path()
        sys.path.insert(0, file)
        _new_main()
        _guard(lambda: _run_module_as_main("__main__", alter_argv=False))
        return

    try:
        with io.open_code(file) as stream:
            source = stream.read()
    except OSError as failure:
        sys.stderr.write(
            f"{sys.orig_argv[0]}: can't open file {file!r}: "
            f"[Errno {failure.errno}] {failure.strerror}\n"
        )
        raise SystemExit(2) from None
    _set_path(str(Path(file).resolve().parent))
    if source[: len(MAGIC_NUMBER)] == MAGIC_NUMBER:
        bytecode = SourcelessFileLoader("__main__", file)
        main = _new_main(__file__=file, __loader__=bytecode)
        _run_code(lambda: bytecode.get_code("__main__"), main)
    else:
        main = _new_main(__file__=file, __loader__=SourceFileLoader("__main__", file))
        _run_code(lambda: compile(source, file, "exec", dont_inherit=True), main)


def run_module(name: str, arguments: list[str]) -> None:
    """Run module or package `name` as `python -m` does, by the same function of the stdlib."""
    sys.argv[:] = ["-m", *arguments]
    _new_main()
    _guard(lambda: _run_module_as_main(name))


def run_command(code: str, arguments: list[str]) -> None:
    """Run the source text `code` as `python -c` does."""
    sys.argv[:] = ["-c", *arguments]
    _set_path("")
    sys.audit("cpython.run_command", code)
    if sys.version_info >= (3, 14):
        code = textwrap.dedent(code)
    code += "\n"
    main = _new_main()
    _run_code(lambda: _compile_command(code), main)


def _compile_command(source: str) -> CodeType:
    code = compile(source, "<string>", "exec", dont_inherit=True)
    if sys.version_info >= (3, 13):
        # Since 3.13 a traceback shows the lines of -c code, and this is how they get there.
        getattr(linecache, "_register_code")(code, source, "<string>")  # noqa: B009
    return code


def run_stdin(arguments: list[str]) -> None:
    """Run what standard input holds as `python -` does."""
    sys.argv[:] = ["-", *arguments]
    _set_path("")
    sys.audit("cpython.run_stdin")
    source = sys.stdin.buffer.read()
    main = _new_main(__file__="<stdin>")
    _run_code(lambda: compile(source, "<stdin>", "exec", dont_inherit=True), main)


def _new_main(**names: Any) -> ModuleType:
    """Put a `__main__` in `sys.modules` with what the interpreter's has, and `names`."""
    main = ModuleType("__main__")
    namespace = vars(main)
    namespace["__loader__"] = BuiltinImporter
    if sys.version_info < (3, 14):
        namespace["__annotations__"] = {}
    # exec() would put the dictionary of builtins here; in a `__main__` it is the module.
    namespace["__builtins__"] = builtins
    namespace.update(names)
    if "__file__" in names and sys.version_info < (3, 15):
        namespace["__cached__"] = None
    # The module that runs this launcher must outlive its place in sys.modules: its globals are in
    # use.
    _kept_alive.append(sys.modules["__main__"])
    sys.modules["__main__"] = main
    return main


_kept_alive: list[ModuleType] = []


def _drop_launcher_path() -> None:
    """Remove what `python -m` put first in `sys.path`: nothing under -P, -I and PYTHONSAFEPATH."""
    if not sys.flags.safe_path and sys.path:
        del sys.path[0]


def _set_path(first: str) -> None:
    if not sys.flags.safe_path:
        _drop_launcher_path()
        sys.path.insert(0, first)


def _run_code(compile_program: Callable[[], CodeType | None], main: ModuleType) -> None:
    _guard(lambda: _execute(compile_program, main))


def _execute(compile_program: Callable[[], CodeType | None], main: ModuleType) -> None:
    try:
        code = compile_program()
    except Exception as failure:
        # A program that does not compile has run nothing: python shows the error without a
        # traceback.
        raise failure.with_traceback(None) from None
    if code is not None:
        exec(code, vars(main))


def _guard(program: Callable[[], None]) -> None:
    """Call `program`, and show an exception that ends it without the launcher's frames."""
    try:
        program()
    except SystemExit:
        raise
    except BaseException as failure:
        failure.__traceback__ = shown = _without_launcher(failure.__traceback__)
        _report(failure)
        # The interpreter still has to see the exception: it sets sys.last_exc, serves -i, runs the
        # exit functions and ends the process. Only showing is done.
        _show_nothing_once(failure, shown)
        raise


def _without_launcher(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_globals is globals():
        trace = trace.tb_next
    return trace


def _report(failure: BaseException) -> None:
    """Give `failure` to sys.excepthook; show both when the hook fails, as the interpreter does."""
    hook = sys.excepthook
    sys.audit("sys.excepthook", hook, type(failure), failure, failure.__traceback__)
    try:
        hook(type(failure), failure, failure.__traceback__)
    except SystemExit:
        raise
    except BaseException as hook_failure:
        hook_failure.__traceback__ = _without_launcher(hook_failure.__traceback__)
        hook_failure.__context__ = None
        sys.stderr.write("Error in sys.excepthook:\n")
        traceback.print_exception(hook_failure)
        sys.stderr.write("\nOriginal exception was:\n")
        traceback.print_exception(failure)


def _show_nothing_once(failure: BaseException, shown: TracebackType | None) -> None:
    program_hook = sys.excepthook

    def restore(kind: type[BaseException], value: BaseException, trace: Any) -> None:
        sys.excepthook = program_hook
        if value is failure:
            # For pdb.pm() and python -i.
            value.__traceback__ = sys.last_traceback = shown
        else:
            program_hook(kind, value, trace)

    sys.excepthook = restore


def _run_module_as_main(name: str, *, alter_argv: bool = True) -> None:
    run: Callable[..., Any] = getattr(runpy, "_run_module_as_main")  # noqa: B009
    run(name, alter_argv)
