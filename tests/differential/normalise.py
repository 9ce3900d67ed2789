"""The only place that says which differences between two runs do not count.

Each rule names what a native implementation cannot or need not share with one written in Python.
All else counts: order, texts, exception types, task numbers, positions in the program's own file.
"""

import re

# Files whose frames come and go with the implementation: asyncio's and aioxide's own, this harness,
# and what `python -m` puts under a program. Native code has no frames at all.
INTERNAL_FILE = (
    r"(?:[^\"\n]*/(?:asyncio|aioxide|uvloop|differential)/\w+\.pyx?|aioxide/crates/[\w/]+\.rs"
    r"|<frozen runpy>|<prelude>)"
)

FRAME = re.compile(r'^(?P<indent>[ |+-]*)File "(?P<file>[^"]+)", line \d+')
INTERNAL_FRAME = re.compile(rf'^(?P<indent>[ |+-]*)File "{INTERNAL_FILE}", line \d+')
TRACEBACK_TITLE = re.compile(r"^[ |+-]*(?:Exception Group )?Traceback \(most recent call last\):$")

# These two warnings are made where the last reference happens to go, which is wherever the
# implementation is then.
COLLECTED_WARNING = re.compile(
    r"^[^\n]*?:\d+: "
    r"(?P<text>ResourceWarning: [^\n]*|RuntimeWarning: coroutine [^\n]* was never awaited)$"
)

SUBMODULES = (
    "_native|base_events|base_futures|base_tasks|coroutines|events|exceptions|futures|locks|mixins|queues|runners|"
    "selector_events|streams|taskgroups|tasks|threads|timeouts|unix_events"
)

# A function in the text of an exception, by its own name.
CALLED = r"(?:[\w<>]+\.)*(\w+\(\))"

SUBSTITUTIONS = [
    # Addresses.
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "0xADDRESS"),
    # Numbers that the system gives: of descriptors (each implementation has some of its own) and of
    # ports; the names of temporary folders.
    (re.compile(r"\bfd=\d+"), "fd=NUMBER"),
    (re.compile(r"(?<='127\.0\.0\.1', )\d{4,5}\b"), "PORT"),
    (re.compile(r"/tmp/tmp\w{8}\b"), "/tmp/FOLDER"),
    # Where an object was created on the program's behalf. Native code has no position: the future
    # of `loop.create_future()` was created by the program's own line.
    (
        re.compile(r"(<Future \w+(?: cb=\[[^]]*\])?(?: \w+=[^<>]*?)?) created at [^\s>]+:\d+"),
        r"\1 created at LINE",
    ),
    # Where an implementation defines its own callbacks and makes its own tasks; native code has no
    # place.
    (
        re.compile(
            r" at (?:[^\s\">]*/(?:asyncio|aioxide|uvloop)/\w+\.pyx?|aioxide/crates/[\w/]+\.rs):\d+"
        ),
        "",
    ),
    # Clock readings: a timer's deadline, how long a slow callback took.
    (re.compile(r"\bwhen=-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"), "when=TIME"),
    (re.compile(r"\btook \d+\.\d+ seconds"), "took TIME seconds"),
    # The modules that define a public name: `_asyncio.Future`, `asyncio.futures.Future`,
    # `aioxide.Future`.
    (
        re.compile(rf"(?<![\w./])(?:_asyncio|asyncio|aioxide|uvloop)\.(?:(?:{SUBMODULES})\.)?"),
        "asyncio.",
    ),
    # The loop's class, in its own repr and in messages about its methods.
    (
        re.compile(r"<(?:_UnixSelectorEventLoop|EventLoop|(?:asyncio\.)?Loop) running="),
        "<LOOP running=",
    ),
    (
        re.compile(
            r"\b(?:(?:Abstract|Base|BaseSelector|_UnixSelector)EventLoop|Loop|LoopBase)\.(?=\w+\()"
        ),
        "",
    ),
    # Whether the interpreter names a type with its module depends on how the type was made.
    (re.compile(r"'asyncio\.(\w+)'"), r"'\1'"),
    # How it words an attribute that can't be assigned, or not be deleted, likewise.
    (
        re.compile(
            r"(?:property|attribute) ('\w+') of '[\w.]+' objects? "
            r"(?:has no setter|has no deleter|is not writable|cannot be deleted)"
        ),
        r"\1 READ-ONLY",
    ),
    # How it words a wrong call depends on whether the function is written in Python, and on the
    # version; a C function without parameters does not even say which keyword it was given.
    (
        re.compile(
            rf"{CALLED} (?:got an unexpected keyword argument '\w+'|takes no keyword arguments)"
        ),
        r"\1 UNKNOWN KEYWORD",
    ),
    (
        re.compile(rf"'\w+' is an invalid keyword argument for {CALLED}"),
        r"\1 UNKNOWN KEYWORD",
    ),
    (
        re.compile(
            rf"{CALLED} takes [\w ]*arguments?"
            r"(?: \(\d+ given\)| but \d+ (?:was|were) given)?"
        ),
        r"\1 WRONG COUNT",
    ),
    (
        re.compile(rf"{CALLED} missing (?:\d+ )?required [\w -]*arguments?[^\"]*"),
        r"\1 MISSING ARGUMENT",
    ),
    (re.compile(r"([\"'])(\w+\(\) (?:UNKNOWN KEYWORD|WRONG COUNT|MISSING ARGUMENT))\1"), r"'\2'"),
]


def normalise(text: str) -> str:
    """``text`` as an implementation-neutral reader sees it."""
    lines = list(drop_empty_titles(drop_internal_frames(text.split("\n"))))
    text = "\n".join(mask_collected_warnings(lines))
    for pattern, replacement in SUBSTITUTIONS:
        text = pattern.sub(replacement, text)
    return text


def drop_internal_frames(lines):
    """Without the traceback entries of internal files, whatever the nesting of exception groups."""
    indent = None
    for line in lines:
        if indent is not None and line.startswith(indent + "  "):
            continue
        match = INTERNAL_FRAME.match(line)
        indent = match["indent"] if match else None
        if not match:
            yield line


def drop_empty_titles(lines):
    """Without the titles of tracebacks that kept no entry.

    An exception raised by native code may have none.
    """
    lines = list(lines)
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if not TRACEBACK_TITLE.match(line) or FRAME.match(following):
            yield line


def mask_collected_warnings(lines):
    """Without the position and source line of the warnings that the garbage collector makes."""
    skip_source = False
    for line in lines:
        if skip_source and line.startswith("  "):
            skip_source = False
            continue
        match = COLLECTED_WARNING.match(line)
        skip_source = bool(match)
        yield match["text"] if match else line
