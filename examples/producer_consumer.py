"""Producers and consumers share a queue; -p and -c say how many of each there are.

Look at: the queue holds two items, so ``put()`` makes fast producers wait for slow consumers.
``join()`` returns when every item was not only taken but finished (``task_done()``); the consumers
then wait for items that will never come, and are cancelled.

    python -m aioxide examples/producer_consumer.py -p 3 -c 2
"""

import argparse
import asyncio

ITEMS_EACH = 3


async def produce(name: str, queue: asyncio.Queue[str]) -> None:
    for number in range(1, ITEMS_EACH + 1):
        item = f"{name}{number}"
        await queue.put(item)
        print(f"producer {name} put {item}")


async def consume(name: str, queue: asyncio.Queue[str]) -> None:
    finished = 0
    try:
        while True:
            item = await queue.get()
            await asyncio.sleep(0)  # stands for work that waits: the others get their turn
            finished += 1
            print(f"consumer {name} finished {item}")
            queue.task_done()
    finally:
        # Cancellation arrives at the await in queue.get(): a `finally` sees it pass.
        print(f"consumer {name} leaves after {finished} items")


async def main(producers: int, consumers: int) -> None:
    queue: asyncio.Queue[str] = asyncio.Queue(maxsize=2)
    consuming = [asyncio.create_task(consume(str(n + 1), queue)) for n in range(consumers)]
    await asyncio.gather(*(produce(chr(ord("A") + n), queue) for n in range(producers)))
    print("the producers are done")
    await queue.join()
    print("the queue is finished")
    for task in consuming:
        task.cancel()
    outcomes = await asyncio.gather(*consuming, return_exceptions=True)
    print(f"consumers cancelled: {sum(isinstance(o, asyncio.CancelledError) for o in outcomes)}")


parser = argparse.ArgumentParser(description="Producers and consumers share a queue.")
parser.add_argument("-p", "--producers", type=int, default=2, help="how many (default: 2)")
parser.add_argument("-c", "--consumers", type=int, default=3, help="how many (default: 3)")
options = parser.parse_args()
if options.producers < 0 or options.consumers < 1:
    parser.error("there must be a consumer, or the queue is never finished")

asyncio.run(main(options.producers, options.consumers))
