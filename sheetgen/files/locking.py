"""Locks files and folders, so that two commands do not overwrite each other's work.

A lock is a small file beside what it protects, on which the process holds a lock of the operating
system (flock) as long as it lives. That is taken in one step, ends with the process in whatever way
it ends, holds between the machines of a network file system and between containers, and a later
process with the same number does not seem to hold it. What the file says, which process it is and
since when, is for messages; it decides only on a file system that has no such locks.
"""

import hashlib
import os
import platform
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import IO, Self

from sheetgen.console.terminal import say
from sheetgen.errors import InputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

ENDING = ".sheetgen-lock"
_LONGEST_NAME = 40  # characters of a name that are repeated; folders take names of 255 bytes
_ATTEMPTS = 10  # before a process that does not say its name is believed to have a lock
_PAUSE = 0.1  # seconds between two attempts

_NUMBERS = (Path("/etc/machine-id"), Path("/proc/sys/kernel/random/boot_id"))

_held: set[Path] = set()
"""The locks of this process, which may need one of them again further down."""


@dataclass(frozen=True)
class Owner:
    """A process, told apart from a later one with the same number."""

    process: int
    started: int
    """When it started, in the system's own unit; 0 if the system does not tell."""
    machine: str
    """A hash of the machine's name and number and of the space in which it numbers processes."""

    @classmethod
    def this_process(cls) -> Self:
        """Return the process that asks."""
        number = os.getpid()
        return cls(number, _state(number)[1], _machine())

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the process that `str` of it describes, None if the text is no such one."""
        found = re.fullmatch(r"(\d{1,10})-([0-9a-f]{1,16})-([0-9a-f]{8})", text, re.ASCII)
        return cls(int(found[1]), int(found[2], 16), found[3]) if found else None

    def __str__(self) -> str:
        return f"{self.process}-{self.started:x}-{self.machine}"

    def is_gone(self) -> bool:
        """Tell whether the process has certainly ended; of another machine's, none has.

        Neither has any on Windows, where looking for a process by its number could end it.
        """
        if sys.platform == "win32" or self.machine != _machine():
            return False
        try:
            os.kill(self.process, 0)
        except (ProcessLookupError, OverflowError):
            return True
        except OSError:
            pass  # it is another user's
        has_ended, started = _state(self.process)
        return has_ended or bool(started and self.started and started != self.started)


@contextmanager
def reserved(folder: Path) -> Iterator[None]:
    """Keep all other processes from reserving a folder within the block.

    The folder is created, and removed if nothing is in it at the end. A lock that a process left
    when it was killed is taken over, which is said on standard error.

    Raises InputError, naming the process, if another one has reserved the folder.
    """
    folder = Path(os.path.realpath(folder))
    with _locked(folder / ENDING, folder, wait=False):
        yield


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Wait until no other process is within this block for a file, then keep them waiting.

    For commands that read the file and write it again, of which one would lose what the other
    has written. Folders that lead to it are created, and removed if nothing is in them at the end.
    """
    target = Path(os.path.realpath(path))
    lock = target.with_name(f".{target.name[:_LONGEST_NAME]}{ENDING}") if target.name else target
    with _locked(lock, target, wait=True):
        yield


def remove_stale(lock: Path) -> None:
    """Remove a lock file that a process of this machine left when it was killed."""
    with suppress(OSError), _opened(lock, "rb+") as file:
        if _is_stale(file) and _is_taken(file) and _is_stale(file) and _leads_to(lock, file):
            lock.unlink()


@contextmanager
def _locked(lock: Path, what: Path, wait: bool) -> Iterator[None]:
    if lock in _held:
        yield
        return
    made = _make(lock.parent)
    try:
        file = _take(lock, what, wait)
        if file is None:
            yield
            return
        _held.add(lock)
        try:
            yield
        finally:
            _held.discard(lock)
            if sys.platform == "win32":
                file.close()  # as an open file cannot be removed there
            with suppress(OSError):
                lock.unlink()  # elsewhere before it is given up, for no other process has it then
            file.close()
    finally:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def _make(folder: Path) -> list[Path]:
    """Create the folders that lead to a file; return those that were not there, deepest first."""
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return []  # writing the file itself will say why
    return missing


def _take(lock: Path, what: Path, wait: bool) -> IO[bytes] | None:
    """Return the locked file; None if there can be none, as writing the file itself will say.

    Raises InputError unless `wait`, if another process has it.
    """
    has_said = False
    for attempt in count():
        try:
            file = _opened_for_all(lock)
        except OSError as error:
            if os.path.lexists(lock):
                reason = error.strerror or str(error)
                raise InputError(f"the lock {lock} cannot be opened: {reason}") from None
            if attempt >= _ATTEMPTS:
                return None
            with suppress(OSError):  # its folder may have been removed just now, as it was empty
                lock.parent.mkdir(parents=True, exist_ok=True)
            continue
        if _is_taken(file):
            if _leads_to(lock, file):
                _sign(file, what, aloud=not wait)
                return file
            file.close()  # it was given up and removed just now
            continue
        holder, is_known = _holder(file), not _is_stale(file)
        file.close()
        # Who has only just taken it has not yet written its name.
        if not wait and (is_known or attempt >= _ATTEMPTS):
            raise InputError(
                f"{what} is in use by {holder}; wait until it has ended, or name another folder"
            )
        if wait and attempt >= _ATTEMPTS and not has_said:
            has_said = True
            say(f"waiting for {holder}, which is writing {what}", err=True)
        time.sleep(_PAUSE)
    raise AssertionError("count() has an end")


def _opened_for_all(lock: Path) -> IO[bytes]:
    """Open a lock file, which is created if there is none; raises OSError.

    One that another user's command left is only read, which is all that taking the lock needs.
    """
    try:
        return _opened(lock, "ab+")
    except PermissionError:
        return _opened(lock, "rb")


def _opened(lock: Path, mode: str) -> IO[bytes]:
    """Open a lock file, but no other file to which somebody has linked it: it gets written to.

    Without a buffer, of which what a full disk did not take would be tried again at its end.
    """

    def without_links(path: str, flags: int) -> int:
        """Open a path that is no link, where the system can tell."""
        return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)

    return open(lock, mode, buffering=0, opener=without_links)


def _is_taken(file: IO[bytes]) -> bool:
    """Try to get the operating system's lock of a file; tell whether this process has it now."""
    try:
        if sys.platform == "win32":
            file.seek(1 << 30)  # a place past the text, which others must be able to read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # the file system has no locks
        return _is_stale(file)
    return True


def _is_stale(file: IO[bytes]) -> bool:
    """Tell whether a lock file names a process that is gone, or none."""
    owner = Owner.read(_words(file)[0])
    return owner is None or owner.is_gone()


def _leads_to(lock: Path, file: IO[bytes]) -> bool:
    """Tell whether the name still leads to the open file, and not to a new one or to nothing."""
    try:
        return os.path.samestat(lock.stat(), os.fstat(file.fileno()))
    except OSError:
        return False


def _sign(file: IO[bytes], what: Path, aloud: bool) -> None:
    """Write into a locked file which process has it; say so if one has had it that was killed."""
    former = _words(file)
    if aloud and Owner.read(former[0]):
        say(f"taking over {what}: {_holder(file)} ended without giving it up", err=True)
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    if sys.platform != "win32":
        with suppress(OSError):  # if we are killed, other users must be able to read it
            os.fchmod(file.fileno(), 0o644)
    with suppress(OSError):  # of a full disk: the lock itself needs no room
        file.truncate(0)
        file.write(f"{Owner.this_process()} {_name()} {since}\n".encode(errors="replace"))


def _holder(file: IO[bytes]) -> str:
    """Return in words which process has a lock file."""
    first, *rest = _words(file)
    owner = Owner.read(first)
    if owner is None or len(rest) != 3:
        return "another process"
    name, day, hour = rest
    machine = "" if owner.machine == _machine() else f" on {name}"
    return f"process {owner.process}{machine} (since {day} {hour})"


def _words(file: IO[bytes]) -> list[str]:
    file.seek(0)
    return file.read(500).decode(errors="replace").split() or [""]


def _state(process: int) -> tuple[bool, int]:
    """Return whether a process has ended, and when it started: 0 where the system has no /proc."""
    try:
        text = Path(f"/proc/{process}/stat").read_text("ascii", errors="replace")
    except OSError:
        return False, 0
    # See proc_pid_stat(5); the name, in parentheses, may hold spaces and parentheses itself.
    fields = text.rpartition(")")[2].split()
    # A zombie has ended, though its parent has not asked for it yet.
    return fields[0] in "ZX", int(fields[19])


def _name() -> str:
    return "-".join(platform.node().split()) or "this-machine"


@cache
def _machine() -> str:
    try:
        numbers = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        numbers = ""
    return hashlib.sha256(f"{_name()} {_number()} {numbers}".encode()).hexdigest()[:8]


def _number() -> str:
    """Return what tells this machine from others of its name, "" where the system does not tell.

    A container has no number of its own, but that of the start of the machine that it runs on.
    """
    for place in _NUMBERS:
        with suppress(OSError):
            if text := place.read_text("ascii", errors="replace").strip():
                return text
    return ""
