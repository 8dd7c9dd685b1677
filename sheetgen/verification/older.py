"""Finds what can be verified of a workbook that an earlier version wrote.

The tables keep their cells from version to version. Any other sheet may be laid out otherwise
today: it is verified if each of its formulas is where this version would write it. The inputs are
read and moved in any case, for the tables depend on them: on `Data` they may be in other rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sheetgen.spreadsheet.canvas import Canvas, Cell
from sheetgen.spreadsheet.reader import FileCell
from sheetgen.workbook.plan import DATA, INPUTS, PLAYGROUND, PROOF, Plan
from sheetgen.workbook.shared.table_cells import HEADER_ROW
from sheetgen.workbook.sheets.training_table import FIRST_COLUMN

Place = tuple[int, int]
Cells = Mapping[str, Mapping[Place, FileCell]]


@dataclass(frozen=True)
class Older:
    """What is known of an older workbook.

    `different` are the sheets that are laid out otherwise than today; `tables` are those of them
    with a training table, of which only what is around the table is different.
    """

    different: tuple[str, ...]
    tables: tuple[str, ...]
    sheets: tuple[str, ...]
    """All sheets that the earlier version wrote."""
    lower: int = 0
    """By how many rows the samples on `Data` are lower than this version writes them."""

    @property
    def not_verified(self) -> tuple[str, ...]:
        """The names of what is left out, for a message."""
        return *self.different, *(f"{name} around its table" for name in self.tables)

    @classmethod
    def of(
        cls, plan: Plan, canvases: Sequence[Canvas], cells: Cells, sheets: tuple[str, ...]
    ) -> "Older":
        """Compare the sheets of a file with those that this version composes."""
        today = {canvas.name: canvas for canvas in canvases}
        with_table = {PLAYGROUND, *(variant.tab for variant in plan.variants)}
        different = [
            name
            for name in sheets
            if name not in today or (name in cells and not _coincides(today[name], cells[name]))
        ]
        if different and PROOF in sheets and PROOF not in different:
            different.append(PROOF)  # its checksums are of what is laid out otherwise, too
        return cls(
            tuple(name for name in different if name not in with_table),
            tuple(name for name in different if name in with_table),
            sheets,
            _first_sample(cells[DATA]) - _first_sample(today[DATA].cells) if DATA in cells else 0,
        )

    def in_file(self, sheet: str, place: Place) -> Place:
        """Return where an input cell of this version is in the file."""
        return (place[0] + self.lower, place[1]) if sheet == DATA else place

    def comparing(
        self, compose: Callable[[Plan], Sequence[Canvas]]
    ) -> Callable[[Plan], Sequence[Canvas]]:
        """Return the function that composes the sheets, or parts of them, to be verified."""

        def composed(plan: Plan) -> Sequence[Canvas]:
            """Return what of the sheets is comparable."""
            parts = (self._part(canvas) for canvas in compose(plan) if canvas.name in self.sheets)
            return [part for part in parts if part]

        return composed

    def _part(self, canvas: Canvas) -> Canvas | None:
        """Return what of a sheet is comparable, None if nothing is."""
        if canvas.name in self.tables:
            return _only_table(canvas)
        if canvas.name not in self.different:
            return canvas
        return _only_inputs(canvas) if canvas.name in (INPUTS, DATA) else None


def _first_sample(cells: Mapping[Place, Cell | FileCell]) -> int:
    """Return the row of sample 1, whose number is on the left; 0 if there is none."""
    rows = (row for (row, column), cell in cells.items() if column == 1 and cell.value == 1)
    return min(rows, default=0)


def _coincides(canvas: Canvas, cells: Mapping[Place, FileCell]) -> bool:
    """Return whether every formula of a sheet is in the file, letter by letter."""
    return all(
        (cell := cells.get((row, column))) is not None and cell.formula == formula[1:]
        for row, column, formula, _ in canvas.promised()
    )


def _only_inputs(canvas: Canvas) -> Canvas:
    kept = set(canvas.inputs.values())
    cells = {place: cell for place, cell in canvas.cells.items() if place in kept}
    return replace(canvas, cells=cells, blocks=[])


def _only_table(canvas: Canvas) -> Canvas:
    """Return a sheet without the formulas that are not in the columns of its training table."""
    last = FIRST_COLUMN
    while (HEADER_ROW, last) in canvas.cells:
        last += 1
    columns = range(FIRST_COLUMN, last)
    kept = set(canvas.inputs.values())
    cells = {
        (row, column): cell
        for (row, column), cell in canvas.cells.items()
        if (row, column) in kept or (row > HEADER_ROW and column in columns)
    }
    blocks = [block for block in canvas.blocks if block.first_column in columns]
    return replace(canvas, cells=cells, blocks=blocks)
