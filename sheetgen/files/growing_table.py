"""Writes the CSV file of a command that takes long line by line, so that no work is lost.

The lines are on disk as they come, in `marks.partial.csv` beside `marks.csv`. At the end that file
replaces `marks.csv` in one step; what an interrupted command leaves is the partial file, which the
next command keeps until it has a line itself.
"""

import csv
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from sheetgen.console.terminal import say
from sheetgen.errors import RunError
from sheetgen.files.locking import in_turn
from sheetgen.files.saving import (
    Saved,
    check_replaceable,
    harmless,
    move_into_place,
    new_file,
    reason_of,
    resolved,
)

ENCODING = "utf-8-sig"  # with the mark at the start, which Excel needs to read ∂ and η


class GrowingTable:
    """A CSV file (RFC 4180) that takes more lines in a `with` block.

    `start` is how such a file begins: one that begins otherwise is not replaced, and `what` says
    in the message what it would hold. `saved` is where the complete table is, after the block.
    """

    def __init__(self, path: Path, header: Sequence[str], start: str, what: str) -> None:
        self.saved: Saved | None = None
        self.partial = path.with_name(f"{path.stem}.partial{path.suffix}")
        self._path, self._header, self._start, self._what = path, header, start, what
        self._file = self.partial
        """Where the lines are so far: a temporary file until there is one."""
        self._lines = 0
        self._leaving = ExitStack()

    def __enter__(self) -> "GrowingTable":
        """Wait until no other command writes the file, then begin.

        Raises InputError if there is another file than such a table, or if none can be written.
        """
        with ExitStack() as leaving:
            leaving.enter_context(in_turn(resolved(self._path)))
            for path in (self._path, self.partial):
                check_replaceable(path, lambda text: text.startswith(self._start), self._what)
            self._file = temporary = new_file(resolved(self.partial))
            leaving.callback(temporary.unlink, missing_ok=True)
            self._write([self._header])
            self._leaving = leaving.pop_all()
        return self

    def add(self, rows: Iterable[Iterable[object]]) -> None:
        """Write rows, of which no text can run as a formula; raises RunError if that fails."""
        found = [[harmless(value) for value in row] for row in rows]
        self._write(found)
        if found and not self._lines:
            self._file = self.partial = move_into_place(self._file, self.partial).path
        self._lines += len(found)

    def _write(self, rows: Iterable[Iterable[object]]) -> None:
        try:
            with self._file.open(
                "a", encoding=ENCODING, errors="backslashreplace", newline=""
            ) as file:
                csv.writer(file).writerows(rows)
        except OSError as error:
            raise RunError(f"{self.partial} could not be written: {reason_of(error)}") from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Move the whole table into its place, or say where the lines so far are.

        Raises RunError if that fails; the partial file is then kept.
        """
        with self._leaving:
            try:
                if kind is None:
                    self.saved = move_into_place(self._file, self._path)
                    self.partial.unlink(missing_ok=True)
            finally:
                if self._lines and not self.saved:
                    if kind is KeyboardInterrupt:
                        say("", err=True)  # ends the line of a terminal's `^C`
                    lines = "1 line is" if self._lines == 1 else f"{self._lines} lines are"
                    say(f"not complete: {lines} in {self.partial}", err=True)
