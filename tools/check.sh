#!/bin/sh
# Says, in one line for each, what a target needs and this machine lacks, and how to get it.
#     tools/check.sh python cargo linker rustfmt clippy valgrind file PATH
set -u

missing=0
lack() {
    echo "make: $1" >&2
    missing=1
}

# Links a program, since a compiler without the C library's headers and start-up files is no linker.
can_link() {
    program=$(mktemp) || return 1
    echo 'int main(void) { return 0; }' | cc -x c - -o "$program" 2>/dev/null
    status=$?
    rm -f "$program"
    return $status
}

while [ $# -gt 0 ]; do
    case $1 in
    python)
        # An environment that works needs no other Python; find_python.sh has its own words.
        [ -x .venv/bin/python ] || sh tools/find_python.sh "${PYTHON:-}" >/dev/null || missing=1
        ;;
    cargo)
        cargo --version >/dev/null 2>&1 ||
            lack "Rust 1.85 or newer is missing: install it from https://rustup.rs"
        ;;
    linker)
        can_link ||
            lack "a C linker (cc) is missing: apt install gcc libc6-dev, or dnf install gcc"
        ;;
    rustfmt)
        cargo fmt --version >/dev/null 2>&1 ||
            lack "rustfmt is missing: rustup component add rustfmt"
        ;;
    clippy)
        cargo clippy --version >/dev/null 2>&1 ||
            lack "clippy is missing: rustup component add clippy"
        ;;
    valgrind)
        command -v valgrind >/dev/null ||
            lack "valgrind is missing: apt install valgrind libc6-dbg, or dnf install valgrind"
        ;;
    file)
        shift
        [ -f "$1" ] ||
            lack "there is no file '$1': name a program with SCRIPT=path/to/app.py"
        ;;
    *)
        lack "tools/check.sh knows no '$1'"
        ;;
    esac
    shift
done
exit $missing
