"""Ends a command tidily when the user (Ctrl-C) or the system (SIGTERM, SIGHUP) interrupts it.

This module imports next to nothing, so that it comes first. It leaves alone a signal that is
ignored, as a shell has it for a program in the background and nohup for one that shall go on.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as a shell reports it."""

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if
            hasattr(signal, name)]  # fmt: skip


class Terminated(SystemExit):
    """The system asked the process to end. The exit code is 128 + the signal: SIGTERM has 143."""


def end_at_once() -> None:
    """From now on let an interruption end the process without any exception.

    For imports and the end of a process, when there is nothing to tidy: raised in the midst of
    an import, an exception may get lost or come out as another one, with a traceback.
    """
    _handle(_end)


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Do as `end_at_once` within the block."""
    with _handling(_end):
        yield


@contextmanager
def interruptible() -> Iterator[None]:
    """Let an interruption within the block raise `KeyboardInterrupt` or `Terminated`."""
    with _handling(_raise):
        yield


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    with suppress(OSError):  # of a terminal that is closed
        os.write(2, b"\nInterrupted.\n" if number == signal.SIGINT else b"Terminated.\n")
    os._exit(128 + number)


def _raise(number: int, frame: FrameType | None) -> None:
    if number == signal.SIGINT:
        signal.default_int_handler(number, frame)
    raise Terminated(128 + number)


_Handler = Callable[[int, FrameType | None], None]
_REPLACED = (_end, _raise, signal.SIG_DFL, signal.default_int_handler)


@contextmanager
def _handling(handler: _Handler) -> Iterator[None]:
    former = _handle(handler)
    try:
        yield
    finally:
        for number, previous in former.items():
            signal.signal(number, previous)


def _handle(handler: _Handler) -> dict[int, Any]:
    """Set the handler of all our signals that are neither ignored nor handled by another program.

    Returns the former ones; none outside of the main thread, which alone may set them.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    former = {number: signal.getsignal(number) for number in _SIGNALS}
    former = {number: found for number, found in former.items() if found in _REPLACED}
    for number in former:
        signal.signal(number, handler)
    return former
