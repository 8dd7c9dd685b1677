"""What both programs do before anything else, so that it imports next to nothing."""

import atexit
import gc

from sheetgen.console.interruption import end_at_once

RARELY = 20_000
"""Objects, made and not freed, after which Python looks for cycles among them: a workbook has as
many cells, and of what a command makes hardly anything is garbage. Python's own number is 700."""


def begin() -> None:
    """Let an interruption end the imports that follow, and Python look for garbage rarely."""
    end_at_once()
    gc.set_threshold(RARELY, *gc.get_threshold()[1:])
    # Python would look through all that is there once more, just before the process frees it.
    atexit.register(gc.freeze)
