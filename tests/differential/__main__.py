"""``python -m tests.differential``: the differential programs without pytest, on any interpreter.

python -m tests.differential --python /usr/bin/python3.14 --path build/3.14 --door loop futures/
tasks/cancel
"""

import argparse
import shlex
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import local

from .doors import AIOXIDE_DOORS, DOORS
from .runner import SECONDS, Session, excluded_door, find_programs, needed_version, program_name


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.differential", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--python", default=sys.executable, help="command of the interpreter under test"
    )
    parser.add_argument(
        "--path", action="append", default=[], help="folder to put on its PYTHONPATH"
    )
    parser.add_argument(
        "--door", action="append", choices=DOORS, help="door to compare (default: all of aioxide's)"
    )
    parser.add_argument("--repeat", type=int, default=1, help="compare each program so many times")
    parser.add_argument("--jobs", type=int, default=2, help="programs to run at a time")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="time limit of one run")
    parser.add_argument(
        "--brief", action="store_true", help="name the programs that differ, without their diffs"
    )
    parser.add_argument(
        "programs", nargs="*", help="parts of area/name; all programs when none is given"
    )
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    command = shlex.split(arguments.python)
    doors = [DOORS[name] for name in arguments.door] if arguments.door else list(AIOXIDE_DOORS)
    programs = find_programs(arguments.programs)
    if not programs:
        print("no program has such a name", file=sys.stderr)
        return 2

    sessions: list[Session] = []
    mine = local()

    def compare(work):
        program, door = work
        if not hasattr(mine, "session"):
            mine.session = Session(command, arguments.path, arguments.seconds)
            sessions.append(mine.session)
        if mine.session.version < needed_version(program):
            return None
        return program_name(program), door.name, mine.session.compare(program, door)

    started = time.monotonic()
    work = [
        (program, door)
        for _ in range(arguments.repeat)
        for program in programs
        for door in doors
        if door.name != excluded_door(program)
    ]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        outcomes = [outcome for outcome in pool.map(compare, work) if outcome]
    version = ".".join(map(str, sessions[0].version))
    for session in sessions:
        session.close()

    failures = [outcome for outcome in outcomes if outcome[2]]
    for name, door, diff in failures:
        print(f"=== {name} through {door}" + ("" if arguments.brief else f"\n{diff}\n"))
    skipped = len(work) - len(outcomes)
    print(
        f"Python {version}: {len(outcomes)} comparisons, {len(failures)} different, "
        f"{skipped} for newer Pythons, {time.monotonic() - started:.1f} s"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
