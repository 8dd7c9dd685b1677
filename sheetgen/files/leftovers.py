"""Names temporary files after their process, and removes those whose process is gone.

A process that is killed cannot clean up. Its files tell by their names which process made them, so
that the next command that writes into the same folder can remove them: `.book.4711-8f3a-1b2c….tmp`
beside a workbook, and folders `sheetgen-4711-8f3a-1b2c…` among the system's temporary files.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from sheetgen.files.locking import ENDING, Owner, remove_stale

_PATTERN = re.compile(r"(?:\..*\.|sheetgen-)(\d+-[0-9a-f]+-[0-9a-f]{8})-[a-z0-9_]+(?:\.tmp)?")
_LONGEST_STEM = 40  # characters of a name that are repeated; folders take names of 255 bytes


def temporary_file(beside: Path) -> Path:
    """Create an empty file beside a path, to be moved there when it is complete.

    What killed commands have left in that folder is removed. Raises OSError.
    """
    remove_leftovers(beside.parent)
    prefix = f".{beside.stem[:_LONGEST_STEM]}.{Owner.this_process()}-"
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=".tmp", dir=beside.parent)
    os.close(handle)
    return Path(name)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Create a folder for temporary files and yield it; it is removed when the block ends."""
    remove_leftovers(Path(tempfile.gettempdir()))
    prefix = f"sheetgen-{Owner.this_process()}-"
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        yield Path(folder)


@cache
def remove_leftovers(folder: Path) -> None:
    """Remove our temporary files and folders of processes that are gone; once for each folder.

    Those of other users and machines, and all that cannot be removed, are left.
    """
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            if entry.name.endswith(ENDING) and _is_mine(entry):
                remove_stale(Path(entry.path))
            found = _PATTERN.fullmatch(entry.name)
            owner = Owner.read(found[1]) if found else None
            if owner and owner.is_gone() and _is_mine(entry):
                _remove(entry)


def _is_mine(entry: "os.DirEntry[str]") -> bool:
    try:
        # On Windows, which numbers no users, st_uid is 0.
        user = getattr(os, "getuid", lambda: 0)()
        return bool(entry.stat(follow_symlinks=False).st_uid == user)
    except OSError:  # another command was faster
        return False


def _remove(entry: "os.DirEntry[str]") -> None:
    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path, ignore_errors=True)
    elif entry.is_file(follow_symlinks=False):
        with suppress(OSError):
            Path(entry.path).unlink()
