"""Writes the CSV file of a command that takes long line by line, so that no work is lost.

The lines are on disk as they come, in `marks.partial.csv` beside `marks.csv`. At the end the whole
table replaces `marks.csv` in one step; what an interrupted command leaves is the partial file.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TextIO

from sheetgen.console.terminal import say
from sheetgen.errors import RunError
from sheetgen.files.saving import (
    Saved,
    check_replaceable,
    harmless,
    not_writable,
    reason_of,
    resolved,
    save_text,
)

ENCODING = "utf-8-sig"  # with the mark at the start, which Excel needs to read ∂ and η


class GrowingTable:
    """A CSV file (RFC 4180) that is open for more lines in a `with` block.

    `start` is how such a file begins: one that begins otherwise is not replaced, and `what` says
    in the message what it would hold. `saved` is where the complete table is, after the block.
    """

    def __init__(self, path: Path, header: Sequence[str], start: str, what: str) -> None:
        """Raise InputError if there is another file than such a table."""
        self.saved: Saved | None = None
        self.partial = path.with_name(f"{path.stem}.partial{path.suffix}")
        check_replaceable(path, start, what)
        if not _is_empty(self.partial):  # as it is where a command was killed at its start
            check_replaceable(self.partial, start, what)
        self._path, self._header, self._lines = path, header, 0
        self._text = io.StringIO(newline="")
        self._file: TextIO | None = None

    def __enter__(self) -> "GrowingTable":
        """Open the partial file; raises as `saving.save` does if nothing can be written there."""
        target = resolved(self.partial)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._file = target.open("w", encoding=ENCODING, errors="backslashreplace", newline="")
        except OSError as error:
            raise not_writable(self.partial, error) from None
        self._write([self._header])
        return self

    def add(self, rows: Iterable[Iterable[object]]) -> None:
        """Write rows, of which no text can run as a formula; raises RunError if that fails."""
        found = [[harmless(value) for value in row] for row in rows]
        self._write(found)
        self._lines += len(found)

    def _write(self, rows: Iterable[Iterable[object]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._text.write(text.getvalue())
        assert self._file is not None, "rows are written in a with block"
        try:
            self._file.write(text.getvalue())
            self._file.flush()
        except OSError as error:
            raise RunError(f"{self.partial} could not be written: {reason_of(error)}") from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Save the whole table in its place, or say where the lines so far are.

        Raises RunError if saving fails; the partial file is then kept.
        """
        assert self._file is not None, "left without having been entered"
        with suppress(OSError):  # of what could not be written, which was said by then
            self._file.close()
        try:
            if kind is None:
                # From memory: the partial file might be that of a second command by now.
                self.saved = save_text(self._path, self._text.getvalue(), ENCODING)
        finally:
            if self.saved or not self._lines:
                self.partial.unlink(missing_ok=True)
            else:
                if kind is KeyboardInterrupt:
                    say("", err=True)  # ends the line of a terminal's `^C`
                lines = "1 line is" if self._lines == 1 else f"{self._lines} lines are"
                say(f"not complete: {lines} in {self.partial}", err=True)


def _is_empty(path: Path) -> bool:
    try:
        return path.is_file() and not path.stat().st_size
    except OSError:  # check_replaceable says what is wrong with such a path
        return False
