"""add_signal_handler and remove_signal_handler."""

import asyncio
import os
import signal
import threading

from observe import attempt

loop = asyncio.new_event_loop()


def send(number=signal.SIGUSR1):
    os.kill(os.getpid(), number)


def note(*args):
    print("signal", args, asyncio.get_running_loop() is loop)
    loop.stop()


def run():
    guard = loop.call_later(5, loop.stop)
    loop.run_forever()
    guard.cancel()


attempt("add", loop.add_signal_handler, signal.SIGUSR1, note, 1, "two")
print(signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL)
loop.call_soon(send)
run()
# Replaced, not added to.
loop.add_signal_handler(signal.SIGUSR1, note, "replaced")
loop.call_soon(send)
run()
# Sent while the loop does not run: handled when it does.
send()
print("sent outside")
run()
# Out of a thread, into a loop that waits.
thread = threading.Timer(0.01, send)
thread.start()
run()
thread.join()


def failing():
    loop.stop()
    raise ValueError("from a signal handler")


loop.add_signal_handler(signal.SIGUSR2, failing)
loop.call_soon(send, signal.SIGUSR2)
run()
attempt("remove", loop.remove_signal_handler, signal.SIGUSR2)
attempt("remove again", loop.remove_signal_handler, signal.SIGUSR2)
print(signal.getsignal(signal.SIGUSR2) is signal.SIG_DFL)
attempt("remove SIGUSR1", loop.remove_signal_handler, signal.SIGUSR1)

# SIGINT goes back to Python's own handler.
loop.add_signal_handler(signal.SIGINT, note, "interrupt")
loop.call_soon(send, signal.SIGINT)
run()
loop.remove_signal_handler(signal.SIGINT)
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)


async def coroutine_function():
    pass


attempt("text", loop.add_signal_handler, "SIGUSR1", note)
attempt("remove text", loop.remove_signal_handler, "SIGUSR1")
attempt("zero", loop.add_signal_handler, 0, note)
attempt("too big", loop.add_signal_handler, signal.NSIG + 1, note)
attempt("float", loop.add_signal_handler, 1.5, note)
attempt("SIGKILL", loop.add_signal_handler, signal.SIGKILL, note)
attempt("coroutine function", loop.add_signal_handler, signal.SIGUSR1, coroutine_function)
attempt("no callback", lambda: loop.add_signal_handler(signal.SIGUSR1))
thread = threading.Thread(
    target=attempt, args=("in a thread", loop.add_signal_handler, signal.SIGUSR1, note)
)
thread.start()
thread.join()
print(signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL)

# Closing the loop removes its handlers.
loop.add_signal_handler(signal.SIGUSR1, note)
loop.close()
print(signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL)
print(signal.set_wakeup_fd(-1))
