"""Stands where uvloop's tests look for uvloop, and hands them aioxide.

Their helpers, `uvloop._testbase`, come unmodified from the sdist, whose package folder is named by
AIOXIDE_UVLOOP_SDIST. Nothing else in that folder can be imported: its loop was never compiled.
"""

import os

from aioxide import EventLoopPolicy, Loop, install, new_event_loop, run

__all__ = ["EventLoopPolicy", "Loop", "install", "new_event_loop", "run"]

__path__.append(os.path.join(os.environ["AIOXIDE_UVLOOP_SDIST"], "uvloop"))
