"""`aioxide.tools` is `asyncio.tools` (3.14 and newer), loaded when somebody asks for it."""

import importlib
import sys

sys.modules[__name__] = importlib.import_module("asyncio.tools")
