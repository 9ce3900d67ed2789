"""Records which of asyncio's functions and methods a program itself calls.

The prelude of a door (see ``coverage.py``) calls ``record()`` once, before the first fork; each
program then leaves one JSON file in the folder that ``AIOXIDE_CALLS`` names. As a program of its
own it prints what there is to call.

What counts is a call out of the program's own lines, or those of ``observe``: that asyncio calls
``call_soon`` for every task says nothing about it. Of a protocol it is the other way round: what
asyncio calls of the program's.
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

SUPPORT = os.path.dirname(os.path.abspath(__file__)) + os.sep
PROGRAMS = os.path.join(os.path.dirname(SUPPORT[:-1]), "programs") + os.sep
ASYNCIO = os.path.dirname(asyncio.__file__) + os.sep

called = set()
cancelled = set()
owners_by_type = {}
# A function may have been defined by another name than it is offered by.
public_functions = {
    getattr(asyncio, name).__code__: name
    for name in asyncio.__all__
    if isinstance(getattr(asyncio, name), types.FunctionType)
}


def is_of_a_program(code):
    return code.co_filename.startswith((PROGRAMS, SUPPORT))


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
    instance = frame.f_locals.get(code.co_varnames[0])
    return {f"{owner}.{code.co_name}" for owner in owners(type(instance))}


def note_call(frame, event, argument):
    """A profile function."""
    code = frame.f_code
    if event == "call":
        caller = frame.f_back
        from_program = caller is not None and is_of_a_program(caller.f_code)
        if from_program if code.co_filename.startswith(ASYNCIO) else is_of_a_program(code):
            called.update(names_of(frame))
    elif event == "c_call" and is_of_a_program(code):
        instance = getattr(argument, "__self__", None)
        if instance is None or isinstance(instance, types.ModuleType):
            called.add(argument.__name__)
        else:
            called.update(f"{owner}.{argument.__name__}" for owner in owners(type(instance)))


def note_cancellation(frame, event, argument):
    """A trace function: notes each CancelledError that comes into one of asyncio's coroutines."""
    code = frame.f_code
    if not (code.co_filename.startswith(ASYNCIO) and code.co_flags & inspect.CO_COROUTINE):
        return None
    frame.f_trace_lines = False
    if event == "exception" and issubclass(argument[0], asyncio.CancelledError):
        cancelled.update(names_of(frame))
    return note_cancellation


def write():
    """Leaves the notes of this process."""
    sys.setprofile(None)
    sys.settrace(None)
    notes = {"called": sorted(called), "cancelled": sorted(cancelled)}
    folder = os.environ["AIOXIDE_CALLS"]
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".json", delete=False) as file:
        json.dump(notes, file)


def record():
    """Starts recording, in this thread and in those that it will start."""
    atexit.register(write)
    threading.setprofile(note_call)
    threading.settrace(note_cancellation)
    sys.settrace(note_cancellation)
    sys.setprofile(note_call)


def surface():
    """What asyncio offers by public names: all names, what can be called, what can be cancelled."""
    names = [name for name in asyncio.__all__ if not name.startswith("_")]
    callables, waiting = [], []
    for name in names:
        value = getattr(asyncio, name)
        if not isinstance(value, type):
            if callable(value):
                callables.append(name)
            if inspect.iscoroutinefunction(value):
                waiting.append(name)
        elif not issubclass(value, BaseException):
            for attribute in dir(value):
                member = inspect.getattr_static(value, attribute)
                member = getattr(member, "__func__", member)
                is_attribute = isinstance(member, (property, types.GetSetDescriptorType))
                if attribute.startswith("_") or not (callable(member) or is_attribute):
                    continue
                callables.append(f"{name}.{attribute}")
                if inspect.iscoroutinefunction(member):
                    waiting.append(f"{name}.{attribute}")
    return {"names": names, "called": callables, "cancelled": waiting}


if __name__ == "__main__":
    print(json.dumps(surface()))
