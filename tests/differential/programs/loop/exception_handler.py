"""Exceptions from callbacks: the default handler, one's own, failing ones, odd contexts."""

import asyncio

from observe import attempt, describe

loop = asyncio.new_event_loop()


def run(*callbacks):
    for callback in callbacks:
        loop.call_soon(callback)
    loop.call_soon(loop.stop)
    loop.run_forever()


def fail():
    raise ValueError("from fail")


def fail_chained():
    try:
        fail()
    except ValueError as error:
        raise KeyError("chained") from error


# The default handler logs.
run(fail, fail_chained, lambda: 1 / 0)
loop.default_exception_handler({"message": "only a message"})
loop.default_exception_handler({})
loop.default_exception_handler(
    {"message": "", "extra": 1, "another": "two", "exception": ValueError("given")}
)
loop.call_exception_handler({"message": "through call", "future": loop.create_future()})
attempt("no context", lambda: loop.default_exception_handler())
attempt("context None", lambda: loop.default_exception_handler(None))


# One's own.
def handler(loop_, context):
    print(
        "handler",
        loop_ is loop,
        sorted(context),
        context["message"],
        describe(context["exception"]),
    )


print(loop.get_exception_handler())
loop.set_exception_handler(handler)
print(loop.get_exception_handler() is handler)
run(fail, print, fail)
timer = loop.call_later(0.001, fail)
loop.call_later(0.01, loop.stop)
loop.run_forever()
attempt("not callable", loop.set_exception_handler, 5)
print(loop.get_exception_handler() is handler)


# A failing handler is reported with the first error's context.
def failing(loop_, context):
    raise RuntimeError("the handler failed")


loop.set_exception_handler(failing)
run(fail)
loop.call_exception_handler({"message": "direct"})


def leaving(loop_, context):
    raise SystemExit("handler leaves")


loop.set_exception_handler(leaving)
attempt("SystemExit from the handler", run, fail)
attempt("direct", loop.call_exception_handler, {"message": "direct"})
loop.set_exception_handler(None)
print(loop.get_exception_handler())
loop.call_soon(loop.stop)
loop.run_forever()


class Loud(type(loop)):
    def default_exception_handler(self, context):
        print("overridden", context["message"])
        raise LookupError("override failed")


# An overridden default handler, and its failure.
loop.close()
loop = Loud()
run(fail)
loop.close()
