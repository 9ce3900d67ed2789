#!/bin/sh
# Prints the path of a CPython, 3.11 or newer, that can make virtual environments.
#     tools/find_python.sh [PYTHON]
# Looks at PYTHON alone when it is given, else along PATH and among pyenv's versions.
set -u

probe='
import platform, sys
if platform.python_implementation() == "CPython" and sys.version_info >= (3, 11):
    import ensurepip, venv
    # In an activated .venv, the interpreter behind it: .venv may be about to be remade.
    print(sys._base_executable)
else:
    sys.exit(3)
'

if [ -n "${1:-}" ]; then
    set -- "$1"
else
    set -- python3 python3.15 python3.14 python3.13 python3.12 python3.11 python \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3
fi

without_venv=
for candidate in "$@"; do
    if found=$("$candidate" -c "$probe" 2>/dev/null); then
        echo "$found"
        exit 0
    elif [ $? -eq 1 ] && [ -z "$without_venv" ]; then
        without_venv=$candidate
    fi
done

if [ -n "$without_venv" ]; then
    echo "make: $without_venv lacks its venv module: apt install python3-venv" \
        "(python3.X-venv for another than Debian's own), or name another: PYTHON=/path/to/python3" >&2
elif [ $# -eq 1 ]; then
    echo "make: '$1' is not CPython 3.11 or newer: name another with PYTHON=/path/to/python3" >&2
else
    echo "make: CPython 3.11 or newer is missing: apt install python3 python3-venv," \
        "or name one: PYTHON=/path/to/python3" >&2
fi
exit 1
