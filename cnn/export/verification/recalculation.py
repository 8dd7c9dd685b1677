"""Recalculates one workbook for many inputs, each set through the file's own input cells."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from sheetgen.files.leftovers import scratch_folder
from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import Engine, Values, errors_about
from sheetgen.spreadsheet.engines.library_engines import IronCalc
from sheetgen.spreadsheet.library_calls import Changes
from sheetgen.verification.verify import BATCH, IMPOSSIBLE


def recalculations(engine: Engine, path: Path, cases: Iterable[Changes]) -> Iterator[Values]:
    """Yield the values of all cells after each of the changes, made to the unchanged file.

    Raises RunError if the engine fails, ValueError for a change of a cell with a formula. Empty
    cells may be changed as if they held 0.
    """
    engine.require()
    with scratch_folder() as folder:
        if isinstance(engine, IronCalc):
            copy = Path(folder, "copy.xlsx")
            write_changed(path, copy, {}, IMPOSSIBLE)
            with errors_about(path, [copy]):
                yield from engine.recalculate_changed(copy, cases)
            return
        remaining = iter(cases)
        while batch := list(islice(remaining, BATCH)):
            copies = [Path(folder, f"input-{number}.xlsx") for number in range(len(batch))]
            for copy, changes in zip(copies, batch, strict=True):
                write_changed(path, copy, changes, IMPOSSIBLE, fill=True)
            with errors_about(path, copies):
                yield from engine.recalculate_all(copies)
