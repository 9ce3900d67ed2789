"""The launcher: `python -m aioxide app.py args` runs a program of asyncio, unchanged, on aioxide.

Reads the command line as `python` itself would, patches asyncio, and hands over to `_launcher`, or
to `_repl` when there is nothing to run.
"""

import sys

from . import _launcher, _repl
from ._patch import patch

USAGE = """\
usage: python [option ...] -m aioxide [-c code | -m module | file | -] [argument ...]

Runs a program with aioxide in the place of asyncio. Without anything to run: a prompt at which
await works. Options of the interpreter, such as -X dev or -W error, go before -m aioxide.

-c code    run code
-m module  run a module or a package's __main__
file       run a script, or a directory or zip file with a __main__.py
-          run what comes from standard input (a terminal gets the prompt)
"""


def main() -> None:
    """Run what `sys.argv` asks for. Exits with status 2 when it cannot be understood."""
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else ""
    rest = arguments[1:]
    if first in ("-h", "--help"):
        print(USAGE, end="")
    elif first.startswith(("-c", "-m")):
        # -cCODE and -mMODULE mean the same as two words, as for python.
        operand = first[2:] or (rest.pop(0) if rest else "")
        if not operand and len(arguments) < 2:
            fail(f"argument expected for the {first} option")
        patch(old_programs=True)
        run = _launcher.run_command if first.startswith("-c") else _launcher.run_module
        run(operand, rest)
    elif first.startswith("-") and first != "-":
        fail(f"unknown option {first}")
    elif not arguments or (first == "-" and sys.stdin.isatty()):
        patch(old_programs=True)
        _repl.run()
    elif first == "-":
        patch(old_programs=True)
        _launcher.run_stdin(rest)
    else:
        patch(old_programs=True)
        _launcher.run_path(first, rest)


def fail(message: str) -> None:
    sys.stderr.write(f"{message}\n{USAGE}")
    raise SystemExit(2)


if __name__ == "__main__":
    main()
