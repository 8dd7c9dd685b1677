"""What test_workers lets worker processes do."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from sheetgen.errors import InputError, RunError, UnmovableError
from sheetgen.processes.workers import run_each


def twice(number: int) -> int:
    return 2 * number


def process_of(_: object) -> int:
    return os.getpid()


def folder_of(_: object) -> str:
    return str(Path.cwd())


def misfortune(kind: str) -> str:  # noqa: PLR0912
    """Fail in the way that is asked for."""
    match kind:
        case "input":
            raise InputError("found x; expected y")
        case "unmovable":
            raise UnmovableError("cannot be moved", ("one",))
        case "run":
            raise RunError("no space")
        case "fault":
            raise KeyError("colour")
        case "segfault":
            ctypes.string_at(0)
        case "abort":
            os.abort()
        case "exit":
            os._exit(3)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "memory":
            return str(len(bytearray(1 << 33)))
        case "hang":
            while True:
                pass
        case "unspeakable":
            return lambda: None  # type: ignore[return-value]
        case "noise":
            print("to standard output")
            os.write(1, b"\0" * 100_000)
            return repr(sys.stdin.read())
    return kind


def nested(numbers: list[int]) -> tuple[int, list[int], list[int]]:
    """Use workers inside a worker: which process are they, and what do they return?"""
    found = [outcome.result() for outcome in run_each(process_of, numbers, jobs=2)]
    return os.getpid(), found, [each.result() for each in run_each(twice, numbers)]


def sleeping(mark: str) -> None:
    """Put a mark, and then do nothing for ever, deaf to the polite signal as an engine is."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(mark).write_text(str(os.getpid()))
    signal.pause()


def tidy(mark: str) -> None:
    """Put a mark, wait for ever, and remove the mark when told to end."""
    try:
        Path(mark).write_text(str(os.getpid()))
        while True:  # signal.pause() would not end if the signal came just before it
            time.sleep(0.005)
    finally:
        Path(mark).unlink()


def meet(place: tuple[Path, int]) -> int:
    """Return this process's number when another one works at the same time."""
    folder, number = place
    (folder / f"meeting-{number}").touch()
    while not (folder / f"meeting-{1 - number}").exists():
        time.sleep(0.005)
    return os.getpid()


def limit_of(_: object) -> int:
    import resource  # noqa: PLC0415

    return resource.getrlimit(resource.RLIMIT_DATA)[0]


def tidy_after_first(mark: str) -> None:
    """Do nothing of the first item; a process that fails at the second one ends."""
    try:
        if mark:
            tidy(mark)
    except Exception:
        os._exit(1)
