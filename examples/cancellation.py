"""Asking a task to stop, and what it does about it.

Look at: ``cancel()`` only asks. The task gets a CancelledError at its ``await``, may clean up (and
even await) in ``finally``, and is cancelled when the error leaves it. ``shield()`` keeps what must
not be interrupted out of reach.
"""

import asyncio


async def guest() -> None:
    print("guest: checked in")
    try:
        await asyncio.sleep(5)
    finally:
        print("guest: packing")
        await asyncio.sleep(0.05)
        print("guest: checked out")


async def pay(bank: asyncio.Event) -> str:
    await bank.wait()
    print("payment: arrived")
    return "paid"


async def customer(payment: asyncio.Task[str]) -> None:
    try:
        await asyncio.shield(payment)
    except asyncio.CancelledError as error:
        print(f"customer: cancelled ({error}), payment done: {payment.done()}")
        raise


async def stop(task: asyncio.Task[None], reason: str | None = None) -> None:
    await asyncio.sleep(0)  # lets it start; a task cancelled before that never runs at all
    print(f"cancel() returns {task.cancel(reason)}, cancelled(): {task.cancelled()}")
    try:
        await task
    except asyncio.CancelledError:
        print(f"awaiting it raises CancelledError, cancelled(): {task.cancelled()}")


async def main() -> None:
    await stop(asyncio.create_task(guest()))

    bank = asyncio.Event()
    payment = asyncio.create_task(pay(bank))
    await stop(asyncio.create_task(customer(payment)), "the shop closes")
    bank.set()
    print(f"the payment went on: {await payment}")
    print(f"cancel() of a finished task returns {payment.cancel()}")


asyncio.run(main())
