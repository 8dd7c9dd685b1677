"""The very hidden sheet `_sheetgen`: what the workbook was made from, for `verify` and `build`."""

from collections.abc import Mapping
from dataclasses import dataclass

from sheetgen.errors import InputError
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.stamp import in_cells
from sheetgen.template.template import Template, parse
from sheetgen.workbook.plan import Plan

NAME = "_sheetgen"
FORMAT = 1  # of this sheet; a later one that cannot be read as this one counts up
ROWS = ("format", "fingerprint", "written by", "sheets", "learning rates", "iterations", "template")
FIRST_LINE = len(ROWS)


@dataclass(frozen=True)
class Origin:
    """What `_sheetgen` says: the template, the sheets that `build` wrote, their fingerprint.

    `written_by` is the program that wrote them, such as "sheetgen 0.1.0".
    """

    template: Template
    sheets: tuple[str, ...]
    fingerprint: str
    written_by: str

    def is_of(self, plan: Plan) -> bool:
        """Tell whether a workbook of this origin has the plan that a new one would have."""
        mine, other = self.template, plan.template
        same = mine.source == other.source and mine.files == other.files
        return same and (mine.learning_rates, mine.iterations) == (plan.tabs, other.iterations)


def origin_sheet(plan: Plan, sheets: tuple[str, ...], fingerprint: str, version: str) -> Canvas:
    """Draw the sheet; `sheets` are the names of all others that `build` writes."""
    canvas = Canvas(NAME, very_hidden=True)
    for row, title in enumerate(ROWS):
        canvas.write(row, 0, title)
    texts = [plan.template.source, *plan.template.files.values()]
    lines = [line for text in texts for line in text.split("\n")]
    counts = [len(text.split("\n")) for text in texts]
    files = [part for pair in zip(plan.template.files, counts[1:], strict=True) for part in pair]
    contents: tuple[tuple[Value, ...], ...] = (
        (FORMAT,),
        (fingerprint,),
        (f"sheetgen {version}",),
        sheets,
        plan.tabs,
        (plan.template.iterations,),
        (counts[0], *files),
    )
    for row, values in enumerate(contents):
        for column, value in enumerate(values, start=1):
            canvas.write(row, column, value)
    for row, line in enumerate(lines, start=FIRST_LINE):
        for column, piece in enumerate(in_cells(line)):
            canvas.write(row, column, piece)
    return canvas


def read_origin(cells: Mapping[tuple[int, int], object]) -> Origin:
    """Read what `origin_sheet` wrote, from the sheet's values by row and column.

    Raises InputError when the sheet is of a later format or has been damaged.
    """
    try:
        if cells[0, 1] != FORMAT:
            raise InputError(
                f"its sheet {NAME} has format {cells[0, 1]}; this sheetgen reads format {FORMAT}"
            )
        source, files = _texts(cells)
        template = parse(source, f"the sheet {NAME}", files).with_training(
            [_number(rate) for rate in _row(cells, 4)[1:]], int(_number(cells[5, 1]))
        )
        sheets = tuple(str(name) for name in _row(cells, 3)[1:])
        return Origin(template, sheets, str(cells[1, 1]), str(cells.get((2, 1), "")))
    except (KeyError, ValueError) as error:
        raise InputError(f"its sheet {NAME} is damaged: {error}") from None


def _texts(cells: Mapping[tuple[int, int], object]) -> tuple[str, dict[str, str]]:
    """Return the template and the files that it names, by their names."""
    first, *others = _row(cells, 6)[1:]
    names, counts = others[::2], [first, *others[1::2]]
    texts, row = [], FIRST_LINE
    for count in map(_number, counts):
        rows = range(row, row + int(count))
        texts.append("\n".join("".join(map(str, _row(cells, each))) for each in rows))
        row += int(count)
    return texts[0], {str(name): text for name, text in zip(names, texts[1:], strict=True)}


def _row(cells: Mapping[tuple[int, int], object], row: int) -> list[object]:
    values: list[object] = []
    while (row, len(values)) in cells:
        values.append(cells[row, len(values)])
    return values


def _number(found: object) -> float:
    if not isinstance(found, (int, float)):
        raise ValueError(f"found {found!r} where a number belongs")
    return float(found)
