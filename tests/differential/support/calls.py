"""Records which of asyncio's functions and methods a program itself calls, and in which it is cancelled.

The prelude of a door (see ``coverage.py``): ``record()`` is called once, before the first fork, and each
program leaves one JSON file in the folder that ``AIOXIDE_CALLS`` names.

What counts is a call out of the program's own lines, or those of ``observe``: that asyncio calls
``call_soon`` for every task says nothing about it.
"""

import atexit
import inspect
import json
import os
import sys
import tempfile
import threading
import types

import asyncio

OWN = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.join(os.path.dirname(OWN), "programs") + os.sep
ASYNCIO = os.path.dirname(asyncio.__file__) + os.sep

called = set()
cancelled = set()


def is_of_a_program(code):
    return code.co_filename.startswith((PROGRAMS, OWN + os.sep))


def owners(value):
    """The names of asyncio's public classes that an object is an instance of."""
    return PUBLIC_CLASSES.get(type(value)) or remember_owners(type(value))


def remember_owners(kind):
    bases = kind.__mro__
    PUBLIC_CLASSES[kind] = names = [
        name for name in asyncio.__all__ if getattr(asyncio, name) in bases
    ]
    return names


PUBLIC_CLASSES = {}


def names_of(frame):
    """What the function of a frame is called from outside: "sleep", "Lock.acquire"."""
    code = frame.f_code
    name = code.co_name
    if "<" in name:
        return []
    if code.co_argcount and "." in code.co_qualname:
        instance = frame.f_locals.get(code.co_varnames[0])
        return [f"{owner}.{name}" for owner in owners(instance)]
    return [name] if getattr(asyncio, name, None) is not None else []


def note_call(frame, event, argument):
    """A profile function."""
    if event == "call":
        code = frame.f_code
        if code.co_filename.startswith(ASYNCIO):
            caller = frame.f_back
            if caller is not None and is_of_a_program(caller.f_code):
                called.update(names_of(frame))
        elif is_of_a_program(code):
            # What asyncio calls of the program's: the methods of its protocols.
            called.update(names_of(frame))
    elif event == "c_call" and is_of_a_program(frame.f_code):
        instance = getattr(argument, "__self__", None)
        if isinstance(instance, types.ModuleType) or instance is None:
            called.add(argument.__name__)
        else:
            called.update(f"{owner}.{argument.__name__}" for owner in owners(instance))


def note_cancellation(frame, event, argument):
    """A trace function: CancelledError that comes into one of asyncio's coroutines."""
    if not frame.f_code.co_filename.startswith(ASYNCIO):
        return None
    if not frame.f_code.co_flags & inspect.CO_COROUTINE:
        return None
    frame.f_trace_lines = False
    if event == "exception" and issubclass(argument[0], asyncio.CancelledError):
        cancelled.update(names_of(frame))
    return note_cancellation


def write():
    sys.setprofile(None)
    sys.settrace(None)
    notes = {"called": sorted(called), "cancelled": sorted(cancelled)}
    folder = os.environ["AIOXIDE_CALLS"]
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".json", delete=False) as file:
        json.dump(notes, file)


def surface():
    """Everything that asyncio offers by a public name: names, methods, and which of them can wait."""
    names, methods, waiting = list(asyncio.__all__), [], []
    for name in names:
        value = getattr(asyncio, name)
        if inspect.iscoroutinefunction(value):
            waiting.append(name)
        if not isinstance(value, type):
            continue
        for attribute in dir(value):
            if attribute.startswith("_") or hasattr(BaseException, attribute):
                continue
            member = inspect.getattr_static(value, attribute)
            if isinstance(member, (staticmethod, classmethod)):
                member = member.__func__
            if callable(member) or isinstance(member, (property, types.GetSetDescriptorType)):
                methods.append(f"{name}.{attribute}")
                if inspect.iscoroutinefunction(member):
                    waiting.append(f"{name}.{attribute}")
    return {"names": names, "methods": methods, "waiting": waiting}


def record():
    """Starts recording, in this thread and in those that it will start."""
    atexit.register(write)
    threading.setprofile(note_call)
    threading.settrace(note_cancellation)
    sys.settrace(note_cancellation)
    sys.setprofile(note_call)


if __name__ == "__main__":
    print(json.dumps(surface()))
