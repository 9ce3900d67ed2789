"""`aioxide.proactor_events` is `asyncio.proactor_events`, loaded when somebody asks for it."""

import importlib
import sys

sys.modules[__name__] = importlib.import_module("asyncio.proactor_events")
