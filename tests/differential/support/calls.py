"""Records which of asyncio's functions and methods a program itself calls.

The prelude of a door (see ``coverage.py``) calls ``record()`` once, before the first fork; each
program, which lies in the folder ``AIOXIDE_PROGRAMS``, then leaves one JSON file in the folder that
``AIOXIDE_CALLS`` names. As a program of its own it prints what there is to call.

What counts is a call out of the program's own lines, or those of ``observe``: that asyncio calls
``call_soon`` for every task says nothing about it. Of a protocol it is the other way round: what
asyncio calls of the program's. A call has failed when an exception comes out of it into those
lines (or out of a protocol's method into asyncio's), other than a CancelledError, which is noted
where it comes in.
"""

import asyncio
import atexit
import inspect
import json
import os
import sys
import tempfile
import threading
import types

import observe

SUPPORT = os.path.dirname(os.path.abspath(__file__))
OF_PROGRAMS = tuple(
    os.path.join(folder, "") for folder in (SUPPORT, os.environ.get("AIOXIDE_PROGRAMS", SUPPORT))
)
ASYNCIO = os.path.dirname(asyncio.__file__) + os.sep
ENDS_OF_ITERATION = (StopIteration, StopAsyncIteration)

called = set()
cancelled = set()
failed = set()
owners_by_type = {}
# A function may have been defined by another name than it is offered by.
public_functions = {
    getattr(value, "__code__", value): name
    for name in asyncio.__all__
    if not isinstance(value := getattr(asyncio, name), type)
}


def is_of_a_program(code):
    return code.co_filename.startswith(OF_PROGRAMS)


def is_of_asyncio(code):
    return code.co_filename.startswith(ASYNCIO)


def owners(kind):
    """The names of asyncio's public classes that a type is or inherits from."""
    if kind not in owners_by_type:
        owners_by_type[kind] = [
            name for name in asyncio.__all__ if getattr(asyncio, name) in kind.__mro__
        ]
    return owners_by_type[kind]


def names_of(frame):
    """What the function of a frame is called from outside: "sleep", "Lock.acquire"."""
    code = frame.f_code
    if code in public_functions:
        return {public_functions[code]}
    if not code.co_argcount:
        return set()
    return names_of_method(frame.f_locals.get(code.co_varnames[0]), code.co_name)


def names_of_callable(function):
    """What a function that has no frame is called from outside."""
    instance = getattr(function, "__self__", None)
    if instance is None or isinstance(instance, types.ModuleType):
        name = public_functions.get(getattr(function, "__code__", function))
        return {name} if name else set()
    return names_of_method(instance, function.__name__)


def names_of_method(instance, name):
    return {f"{owner}.{name}" for owner in owners(type(instance))}


def note_call(frame, event, argument):
    """A profile function."""
    code = frame.f_code
    if event == "call":
        caller = frame.f_back
        from_program = caller is not None and is_of_a_program(caller.f_code)
        if from_program if is_of_asyncio(code) else is_of_a_program(code):
            called.update(names_of(frame))
    elif event == "c_call" and is_of_a_program(code):
        called.update(names_of_callable(argument))


def note_exception(frame, event, argument):
    """A trace function: notes where a CancelledError comes into, and what an error comes out of."""
    code = frame.f_code
    if not (is_of_asyncio(code) or is_of_a_program(code)):
        return None
    frame.f_trace_lines = False
    if event == "exception":
        kind, _, trace = argument
        if issubclass(kind, asyncio.CancelledError):
            if is_of_asyncio(code) and code.co_flags & inspect.CO_COROUTINE:
                cancelled.update(names_of(frame))
        elif issubclass(kind, Exception) and not issubclass(kind, ENDS_OF_ITERATION):
            failed.update(names_of_failed(frame, trace.tb_next))
    return note_exception


def names_of_failed(frame, entry):
    """What an exception that has come into a frame came out of: the next entry of its traceback.

    There is none when a C function raised, or when a Python function was not even entered because
    its arguments did not fit: then ``observe.attempt`` knows what it called.
    """
    if entry is None:
        attempted = frame.f_code is observe.attempt.__code__
        return names_of_callable(frame.f_locals["function"]) if attempted else set()
    code = entry.tb_frame.f_code
    crosses = is_of_asyncio(code) if is_of_a_program(frame.f_code) else is_of_a_program(code)
    return names_of(entry.tb_frame) if crosses else set()


def write():
    """Leaves the notes of this process."""
    sys.setprofile(None)
    sys.settrace(None)
    notes = {"called": sorted(called), "cancelled": sorted(cancelled), "failed": sorted(failed)}
    folder = os.environ["AIOXIDE_CALLS"]
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".json", delete=False) as file:
        json.dump(notes, file)


def record():
    """Starts recording, in this thread and in those that it will start."""
    atexit.register(write)
    threading.setprofile(note_call)
    threading.settrace(note_exception)
    sys.settrace(note_exception)
    sys.setprofile(note_call)


def surface():
    """What asyncio offers by public names, by what is demanded of it."""
    names = [name for name in asyncio.__all__ if not name.startswith("_")]
    found = dict(members(names))
    functions = {name: member for name, member in found.items() if callable(member)}
    return {
        "names": names,
        "called": list(found),
        "cancelled": [name for name in functions if inspect.iscoroutinefunction(functions[name])],
        "failed": list(functions),
    }


def members(names):
    """The functions, and of the classes that are no exceptions the methods and attributes."""
    for name in names:
        value = getattr(asyncio, name)
        if not isinstance(value, type):
            if callable(value):
                yield name, value
        elif not issubclass(value, BaseException):
            for attribute in dir(value):
                member = inspect.getattr_static(value, attribute)
                member = getattr(member, "__func__", member)
                is_attribute = isinstance(member, (property, types.GetSetDescriptorType))
                if not attribute.startswith("_") and (callable(member) or is_attribute):
                    yield f"{name}.{attribute}", member


if __name__ == "__main__":
    print(json.dumps(surface()))
