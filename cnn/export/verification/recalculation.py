"""Recalculates one workbook for many inputs, each set through the file's own input cells."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from sheetgen.spreadsheet.copying import write_changed
from sheetgen.spreadsheet.engines import Engine, Values, errors_about
from sheetgen.spreadsheet.engines.library_engines import IronCalc
from sheetgen.spreadsheet.reader import Value
from sheetgen.verification.verify import BATCH, IMPOSSIBLE

Changes = Mapping[str, Mapping[tuple[int, int], float | str]]
"""Sheet → zero-based (row, column) → the new number or text of a cell."""


def recalculations(engine: Engine, path: Path, cases: Iterable[Changes]) -> Iterator[Values]:
    """Yield the values of all cells after each of the changes, made to the unchanged file.

    Raises RunError if the engine fails, ValueError for a change of a cell with a formula. Empty
    cells may be changed as if they held 0.
    """
    engine.require()
    with TemporaryDirectory(prefix="cnn-") as folder:
        if isinstance(engine, IronCalc):
            yield from _in_one_process(engine, path, Path(folder, "copy.xlsx"), cases)
            return
        remaining = iter(cases)
        while batch := list(islice(remaining, BATCH)):
            copies = [Path(folder, f"input-{number}.xlsx") for number in range(len(batch))]
            for copy, changes in zip(copies, batch, strict=True):
                write_changed(path, copy, changes, IMPOSSIBLE, fill=True)
            with errors_about(path, copies):
                yield from engine.recalculate_all(copies)


def _in_one_process(
    engine: IronCalc, path: Path, copy: Path, cases: Iterable[Changes]
) -> Iterator[Values]:
    """Recalculate with ironcalc, which takes longer to load a workbook than to compute it."""
    import ironcalc  # noqa: PLC0415 - loaded only when used, as the engines are

    write_changed(path, copy, {}, IMPOSSIBLE)
    with engine.failures(path):
        model = ironcalc.load_from_xlsx(str(copy))
        names = [sheet["name"] for sheet in model.get_worksheets_properties()]
        cells = model.get_all_cells()
    # The original content of the cells that earlier cases have changed.
    former: dict[tuple[int, int, int], float | str] = {}
    for changes in cases:
        with engine.failures(path):
            wanted = {
                (names.index(sheet), row + 1, column + 1): value
                for sheet, found in changes.items()
                for (row, column), value in found.items()
            }
            for place in wanted.keys() - former.keys():
                former[place] = _constant(model.get_cell_value(*place))
            for place, value in {**former, **wanted}.items():
                if isinstance(value, str):
                    model.update_cell_with_text(*place, value)
                else:
                    model.update_cell_with_number(*place, value)
            model.evaluate()
            values: Values = {name: {} for name in names}
            for sheet, row, column in cells:
                found = model.get_cell_value(sheet, row, column)
                values[names[sheet]][row - 1, column - 1] = found
        yield values


def _constant(value: Value) -> float | str:
    """Return the content of an input cell, 0 if it is empty.

    Raises ValueError for anything but a number or a text.
    """
    if value is None or value == "":
        return 0.0
    if not isinstance(value, (float, str)):
        raise ValueError(f"an input cell holds {value!r}; expected a number")
    return value
