"""What goes wrong around a loop: peers that vanish, descriptors that run out, code that raises.

Each test runs on asyncio, whose answer is the right one, and on aioxide. Where asyncio itself
misbehaves, the test says so and runs on aioxide alone. ``scenery.py`` holds the sockets, the
protocols and the counters that the tests share.
"""
