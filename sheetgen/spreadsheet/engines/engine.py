"""The interface of the spreadsheet engines that can recalculate a workbook."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import ClassVar

from sheetgen.errors import RunError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.spreadsheet import reader
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.library_calls import Changes
from sheetgen.spreadsheet.reader import Value
from sheetgen.spreadsheet.sheet_values import SheetValues

Values = dict[str, Mapping[tuple[int, int], Value]]
"""Sheet → zero-based (row, column) → value; an error value is its text, such as "#DIV/0!"."""

BATCH = 4  # copies of a workbook that are on the disk at once
IMPOSSIBLE = -7.77e77  # replaces every cached value, so that none can pass


class Engine(ABC):
    """A spreadsheet program or library that evaluates the formulas of workbooks."""

    name: ClassVar[str]

    @abstractmethod
    def missing(self) -> str | None:
        """Return None if the engine can run here, else a sentence that says how to install it."""

    @abstractmethod
    def version(self) -> str:
        """Return name and version, such as "ironcalc 0.9.1"; RunError if it is not installed."""

    @abstractmethod
    def recalculate(self, path: Path) -> Values:
        """Evaluate every formula from scratch and return all cells; the file is not changed.

        Every tab has an entry, and every cell with a formula or a value is in it.

        Raises:
            InputError: the file cannot be read as a workbook.
            RunError: the engine is not installed or failed.

        """

    def recalculate_all(self, paths: Sequence[Path]) -> Iterator[Values]:
        """Yield what `recalculate` returns for each workbook in turn, with its errors.

        An engine that is slow to start does so once, and gives each workbook the same time.
        """
        return map(self.recalculate, paths)

    def recalculate_changed(self, path: Path, cases: Iterable[Changes]) -> Iterator[Values]:
        """Yield the values of all cells after each of the changes, made to the unchanged file.

        The engine gets copies, in which no cached result is right. Empty cells may be changed as
        if they held 0. Raises RunError and InputError as `recalculate` does, and ValueError for a
        change of a cell with a formula.
        """
        self.require()
        remaining = iter(cases)
        with scratch_folder() as folder:
            while batch := list(islice(remaining, BATCH)):
                copies = [Path(folder, f"copy-{number}.xlsx") for number in range(len(batch))]
                for copy, changes in zip(copies, batch, strict=True):
                    write_changed(path, copy, changes, IMPOSSIBLE, fill=True)
                with errors_about(path, copies):
                    yield from self.recalculate_all(copies)

    def require(self) -> None:
        """Raise RunError, which says how to install the engine, if it cannot run here."""
        if reason := self.missing():
            raise RunError(reason)


def saved_values(path: Path) -> Values:
    """Return the values in a file that a program has saved after it recalculated everything."""
    values = {sheet: SheetValues() for sheet in reader.sheet_names(path)}
    for sheet, row, column, cell in reader.iterate_cells(path):
        values[sheet].put(row, column, cell.value)
    return {**values}


@contextmanager
def errors_about(path: Path, copies: Sequence[Path]) -> Iterator[None]:
    """Let RunErrors name the user's file in place of copies, which are gone when one is read."""
    try:
        yield
    except RunError as error:
        message = str(error)
        for copy in copies:
            message = message.replace(str(copy), str(path))
        raise RunError(message) from error
