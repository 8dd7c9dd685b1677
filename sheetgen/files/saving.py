"""Writes files so that nothing on disk is ever lost or half-written."""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sheetgen.errors import InputError, RunError
from sheetgen.files.leftovers import temporary_file

_BEGINNING = 1 << 16  # bytes that tell what a file holds


@dataclass(frozen=True)
class Saved:
    """Where a file was saved, and why not where it was asked for ("" when it was)."""

    path: Path
    reason: str = ""


def save(
    path: Path,
    write: Callable[[Path], None],
    aside: bool = False,
    check: Callable[[Path], None] | None = None,
) -> Saved:
    """Let `write` fill a new file beside `path`, then move it there in one step.

    Before it is moved, `check` reads it and raises an error if it is not as it must be. A file
    that is open elsewhere, or that cannot be replaced, stays as it is; the new one is then
    saved under a free name next to it, as always with `aside`. A folder that does not exist is
    created. If the path is a link, its target is replaced.

    Raises InputError if nothing can be written at that place, RunError if writing fails; both
    leave everything as it was.
    """
    temporary = new_file(resolved(path))
    try:
        write(temporary)
        if check:
            check(temporary)
        return move_into_place(temporary, path, aside)
    except OSError as error:
        raise RunError(f"{path} could not be written: {reason_of(error)}") from error
    finally:
        temporary.unlink(missing_ok=True)


def move_into_place(temporary: Path, path: Path, aside: bool = False) -> Saved:
    """Move a complete file to a path of its folder in one step; `save` says what it replaces.

    Raises RunError if that fails.
    """
    target = resolved(path)
    try:
        _flush(temporary)
        _set_mode(temporary, target)
        return _move(temporary, target, aside or is_open_elsewhere(path))
    except OSError as error:
        raise RunError(f"{path} could not be written: {reason_of(error)}") from error


def save_text(path: Path, text: str, encoding: str = "utf-8") -> Saved:
    """Save a text with the line ends that it has; raises as `save` does.

    What is no character, as in the name of a file that is not UTF-8, is written as its code.
    """
    return save(path, lambda to: _write_text(to, text, encoding))


def _write_text(path: Path, text: str, encoding: str) -> None:
    path.write_text(text, encoding=encoding, errors="backslashreplace", newline="")


def harmless(value: object) -> object:
    """Return a value for a CSV file, where no spreadsheet program must run a text as a formula.

    Source: OWASP, "CSV Injection": a leading apostrophe makes it a text.
    """
    risky = ("=", "+", "-", "@", "\t", "\r", "\n")
    return f"'{value}" if isinstance(value, str) and value.startswith(risky) else value


def is_same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one file that exists, through links or spelled otherwise."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def check_replaceable(path: Path, is_such: Callable[[str], object], what: str) -> None:
    """Raise InputError unless a path is free or holds a text whose beginning passes `is_such`.

    `what` says in the message what such a file holds.
    """
    target = resolved(path)
    if not target.exists():
        return
    try:
        with target.open("rb") as file:
            found = file.read(_BEGINNING).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {reason_of(error)}") from None
    if not is_such(found):
        raise InputError(f"{path} already exists and holds no {what}; expected another name")


def resolved(path: Path) -> Path:
    """Return the file that a path leads to through links; it need not exist.

    Raises InputError if no file can be there: it is a folder, or the path cannot be followed.
    """
    try:
        target = path.resolve()
        is_there, is_folder, is_file = target.exists(), target.is_dir(), target.is_file()
    except (OSError, RuntimeError) as error:  # which pathlib raises for a loop of links
        reason = reason_of(error) if isinstance(error, OSError) else "it is a link to itself"
        raise InputError(f"{path} cannot be written: {reason}") from None
    if is_folder:
        raise InputError(f"{path} is a folder; expected the name of a file")
    if is_there and not is_file:
        raise InputError(f"{path} is a device or a pipe; expected the name of a file")
    return target


def is_open_elsewhere(path: Path) -> bool:
    """Tell whether LibreOffice or Excel has the file open, by the lock file beside it.

    A lock beside no file is left from one that is gone.
    """
    return _exists(path) and any(
        _exists(place.parent / lock)
        for place in {path, resolved(path)}
        for lock in (f".~lock.{place.name}#", f"~${place.name}")
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # no file has a name that is too long
        return False


def new_file(path: Path) -> Path:
    """Create an empty temporary file beside a path; raises as `save` does if there can be none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return temporary_file(path)
    except OSError as error:
        raise _not_writable(path, error) from error


def _not_writable(path: Path, error: OSError) -> InputError | RunError:
    """Return the complaint about a place at which no file can be created."""
    if _is_full(error):
        return RunError(f"{path} could not be written: {reason_of(error)}")
    if isinstance(error, FileExistsError):
        return InputError(f"{path} cannot be written: {path.parent} is not a folder")
    return InputError(f"{path} cannot be written: {reason_of(error)}")


def _is_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def _flush(path: Path) -> None:
    # Without this a power cut after the move could leave an empty file under the final name.
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _set_mode(temporary: Path, path: Path) -> None:
    """Give the file the permissions of the one that it replaces, or those of any new file."""
    if path.exists():
        mode = path.stat().st_mode & 0o777
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    temporary.chmod(mode)


def _move(temporary: Path, path: Path, aside: bool) -> Saved:
    reason = "it is open elsewhere"
    if not aside:
        try:
            temporary.replace(path)
        except OSError as error:
            reason = f"it could not be replaced ({reason_of(error)})"
        else:
            return Saved(path)
    free = _claim_free_name(path)
    try:
        temporary.replace(free)
    except OSError:
        with suppress(OSError):
            free.unlink()
        raise
    return Saved(free, reason)


def _claim_free_name(path: Path) -> Path:
    """Create an empty file "NAME (2).xlsx", or with the next free number."""
    number = 2
    while True:
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
        try:
            free.touch(exist_ok=False)
        except FileExistsError:
            number += 1
        else:
            return free


def reason_of(error: OSError) -> str:
    """Return what the operating system says about an error, for a message."""
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    return error.strerror or str(error)
