"""Ctrl-C that waits for a good moment."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Self


class Interruption:
    """While active, notes Ctrl-C instead of raising `KeyboardInterrupt` anywhere in the code.

    The second Ctrl-C has its usual effect. Outside the main thread, which alone gets signals,
    it does nothing.
    """

    def __init__(self) -> None:
        self._requested = False
        self._active = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Self:
        if self._active:
            self._previous = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._active:
            signal.signal(signal.SIGINT, self._previous)

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if Ctrl-C was pressed."""
        if self._requested:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._requested = True
        signal.signal(signal.SIGINT, self._previous)
