#!/bin/sh
# Makes the virtual environment, or brings it up to date with requirements/dev.txt.
#     tools/make_venv.sh FOLDER [PYTHON]
# An environment of the same interpreter is kept: others may have installed more into it.
set -eu

folder=$1
if [ -z "${2:-}" ] && "$folder/bin/python" --version >/dev/null 2>&1 && [ -f "$folder/.python" ]; then
    python=$(cat "$folder/.python")
else
    python=$(sh tools/find_python.sh "${2:-}")
fi

if [ ! -x "$folder/bin/python" ] || [ "$python" != "$(cat "$folder/.python" 2>/dev/null)" ]; then
    echo "making $folder with $("$python" --version) ($python)"
    rm -rf "$folder"
    "$python" -m venv "$folder"
    echo "$python" >"$folder/.python"
fi
echo "installing requirements/dev.txt into $folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --requirement requirements/dev.txt
