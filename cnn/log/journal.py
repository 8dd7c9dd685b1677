"""Keeps the lines of a log on disk, each flushed before the training goes on."""

import errno
import json
import os
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from tempfile import gettempdir
from typing import IO, Any

from sheetgen.files.saving import reason_of


class Journal:
    """A JSON Lines file beside a workbook, with a name that no other file has.

    What cannot be written, as on a full disk, is kept in memory and tried again with the next line.
    Where no file can be created, as in a read-only folder, it is among the temporary files.
    """

    def __init__(self, workbook: Path, name: str) -> None:
        """Choose the place; the file is created with the first line."""
        self.path = workbook.with_name(f"{workbook.stem} {name}.jsonl")
        self.failure = ""
        """Why the last line is not on disk, "" if it is."""
        self.exile = ""
        """Why the file is not beside the workbook, "" if it is."""
        self._waiting: list[str] = []
        self._file: IO[bytes] | None = None
        self._end = 0

    def add(self, line: Mapping[str, Any]) -> None:
        """Write a line, and those that are waiting before it. Raises no error of the disk."""
        self._waiting.append(json.dumps(line, ensure_ascii=False))
        self.flush()

    def flush(self) -> None:
        """Write the lines that are waiting, if there are any."""
        if not self._waiting:
            return
        data = "".join(f"{each}\n" for each in self._waiting).encode(errors="replace")
        try:
            file = self._file = self._file or self._open()
            file.seek(self._end)
            file.truncate()  # half a line of a former attempt
            if file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError as error:
            self.failure = reason_of(error)
            return
        self._end, self.failure = self._end + len(data), ""
        self._waiting.clear()

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        if self._file:
            self._file.close()
            self._file = None

    def _open(self) -> IO[bytes]:
        """Open the file; create it at first, beside the workbook if that is possible."""
        if self._end:
            return self.path.open("r+b", buffering=0)
        try:
            return self._create(self.path)
        except OSError as error:
            file = self._create(Path(gettempdir(), self.path.name))
            self.exile = reason_of(error)
            return file

    def _create(self, wanted: Path) -> IO[bytes]:
        """Create the file under the first free name: "runs training.jsonl", "… (2).jsonl"."""
        wanted.parent.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            end = f" ({number})" if number > 1 else ""
            path = wanted.with_name(f"{wanted.stem}{end}.jsonl")
            try:
                # Without a buffer, of which what a full disk did not take would be tried again.
                file = path.open("xb", buffering=0)
            except FileExistsError:
                continue
            self.path = path
            return file
        raise AssertionError("count() has an end")
