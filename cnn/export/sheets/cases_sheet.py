"""The sheet `Cases`: many inputs at once, a row of formulas each, to paste data into.

A row has the features, the answer, and to the right, folded, every unit of every layer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cnn.export.described_numbers import Quantities, answering
from cnn.export.network.stages import Border, Layer, Softmax
from cnn.export.sheets.answer import GIVEN, SHARE, shorten_any
from cnn.export.sheets.export_style import CASES, INPUTS, shorten, width_of, write_links
from cnn.export.sheets.features_sheet import GAP, SEEN_NUMBERS, TYPED, UNUSUAL, FeatureTable
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.stage_formulas import row_formulas
from cnn.export.sheets.subject import Subject
from sheetgen.spreadsheet.address import (
    cell_address,
    range_address,
    relative_address,
    without_dollars,
)
from sheetgen.spreadsheet.canvas import Canvas, Rule, Value
from sheetgen.spreadsheet.sheet_sizes import column_pixels
from sheetgen.spreadsheet.style import (
    FAIL_FORMAT,
    KINDS,
    LABEL,
    LINE,
    MUTED,
    SUBTITLE,
    Style,
    band,
    header,
)

LEFT = 1
HEAD = 6
FIRST = HEAD + 1
NUMBER, NARROW, STATE = 44, 76, 124  # pixels of columns
LETTER, WIDEST = 8, 170  # pixels of a letter of a bold name, and of a column
COMPLETE = "ok"
OUTSIDE = Style(colour=MUTED, align="right")
STATED = Style(align="center", border=LINE)
WORDED = Style(bold=True, border=LINE, colour=KINDS["unit"].strong, indent=1)
UNIT = Style(size=9, number_format="0.000", align="right")
TEXT = 500  # pixels of the texts above the table
READING = "Type or paste a case into each row; to have more, drag the last row down."
FOLDED = "The + above the columns on the right unfolds every unit of every layer."


@dataclass(frozen=True)
class CaseLayer(Sheet):
    """The positions of one layer's units in the row of a case, from a column on."""

    row: int = 0
    first: int = 0

    def cell(self, channel: int, row: int, column: int) -> tuple[int, int]:  # noqa: ARG002
        """Return row and column of a unit, which is a channel of one pixel."""
        return self.row, self.first + channel

    @property
    def columns(self) -> int:
        """The number of columns that it takes, a softmax with its helper cells."""
        count = self.shape.channels
        return 2 * count + 2 if isinstance(self.layer.base, Softmax) else count

    @property
    def greatest(self) -> tuple[int, int]:
        """The cell of a softmax's largest z."""
        return self.row, self.first + self.shape.channels

    @property
    def total(self) -> tuple[int, int]:
        """The cell of the sum of a softmax's exponentials."""
        return self.row, self.first + self.shape.channels + 1

    def exponential(self, channel: int, row: int, column: int) -> tuple[int, int]:
        """Return the cell of an exponential of a softmax."""
        return self.row, self.cell(channel, row, column)[1] + self.shape.channels + 2

    def address(self, channel: int, row: int = 0, column: int = 0) -> str:
        """Return the relative address of a unit, on the same sheet."""
        return relative_address(*self.cell(channel, row, column))

    def window(self, row: int, column: int, height: int, width: int) -> str:  # noqa: ARG002
        """Return the range of all units."""
        last = self.cell(self.shape.channels - 1, 0, 0)
        return without_dollars(range_address(*self.cell(0, 0, 0), *last))

    def helper(self, place: tuple[int, int]) -> str:
        """Return the address of a helper cell, which moves with its row."""
        return relative_address(*place)


@dataclass(frozen=True)
class _Sheet:
    canvas: Canvas
    subject: Subject

    @property
    def known(self) -> Quantities:
        return self.subject.quantities

    @property
    def features(self) -> int:
        return len(self.known.features)

    @property
    def state(self) -> int:
        """The column that says whether a case is complete."""
        return LEFT + self.features

    @property
    def outputs(self) -> int:
        """The first column of the outputs; the class in words is before them."""
        return self.state + 1 + bool(self.known.classes)

    @property
    def last(self) -> int:
        """The last column that is not folded."""
        return self.outputs + len(self.known.outputs) - 1

    @property
    def units(self) -> int:
        """The first of the folded columns."""
        return self.last + 2

    def layers(self, row: int) -> list[CaseLayer]:
        """Return the positions of all layers in a row."""
        found, first = list[CaseLayer](), self.units
        for layer in self.subject.network.layers:
            sources = {at: each for at, each in enumerate(found) if _reads(layer, at)}
            found.append(CaseLayer(layer, Border(), sources, row, first))
            first += found[-1].columns
        return found

    def cells(self, row: int, first: int, count: int) -> str:
        """Return the range of cells in a row, which moves with it along the rows."""
        place = range_address(row, first, row, first + count - 1)
        return place.replace(f"${row + 1}", f"{row + 1}")


def _reads(layer: Layer, at: int) -> bool:
    return any(bool((view.sources == at).any()) for view in layer.reads)


def cases_sheet(subject: Subject) -> Canvas:
    """Draw the sheet of a subject that has cases."""
    assert subject.cases is not None
    canvas = Canvas(CASES, freeze=(FIRST, LEFT), tab_colour=KINDS["input"].strong, protected=False)
    sheet = _Sheet(canvas, subject)
    canvas.repeat_rows, canvas.repeat_columns = (HEAD, HEAD), (0, 0)
    canvas.heights[0] = 30
    canvas.title("Many cases at once")
    canvas.write(1, 0, READING, SUBTITLE)
    canvas.write(3, 0, FOLDED, LABEL)
    _headers(sheet)
    write_links(canvas, 2, 0, [INPUTS, "Network", "Weights"])
    complete = -1
    for at, held in enumerate(subject.cases.held):
        is_complete = all(isinstance(value, float) for value in held)
        complete += is_complete
        _Row(sheet, FIRST + at, held, complete if is_complete else None).draw()
    _mark(sheet, FIRST + len(subject.cases.held) - 1)
    canvas.print_area = (0, 0, FIRST + len(subject.cases.held) - 1, sheet.last)
    return canvas


def _headers(sheet: _Sheet) -> None:
    canvas, known = sheet.canvas, sheet.known
    canvas.widths[0] = width_of(NUMBER)
    titles = [(each.title, "input", NARROW) for each in known.features]
    titles.append(("complete?", "iteration", STATE))
    titles += [("answer", "unit", STATE)] if known.classes else []
    outputs = [each.name if known.are_shares else each.title for each in known.outputs]
    titles += [(title, "unit", NARROW) for title in outputs]
    canvas.write(HEAD, 0, "case", header("iteration"))
    for column, (title, kind, least) in enumerate(titles, start=LEFT):
        wide = max(least, min(WIDEST, len(title) * LETTER + 12))
        style = header(kind)  # what is cut shows its beginning
        canvas.write(HEAD, column, title, replace(style, align="left") if wide == WIDEST else style)
        canvas.widths[column] = width_of(wide)
    room = sum(column_pixels(canvas.widths[at]) for at in range(sheet.last + 1))
    canvas.widths[sheet.state] += max(0, TEXT - room) / 7
    if known.have_ranges:
        canvas.write(HEAD - 2, 0, "from", LABEL)
        canvas.write(HEAD - 1, 0, "to", LABEL)
        text = "seen in training"
        canvas.write(HEAD - 2, sheet.state, text, LABEL)
        for column, each in enumerate(known.features, start=LEFT):
            for row, end in ((HEAD - 2, each.least), (HEAD - 1, each.greatest)):
                canvas.write(row, column, "" if end is None else end, OUTSIDE)
    canvas.folded = True
    canvas.widths[sheet.units - 1] = width_of(GAP)
    for layer in sheet.layers(FIRST):
        helpers = ["largest", "sum", *(f"e^ {at}" for at in range(layer.shape.channels))]
        names = [*map(str, range(layer.shape.channels)), *helpers][: layer.columns]
        for column, name in enumerate(names, start=layer.first):
            is_first = column == layer.first
            canvas.write(HEAD - 1, column, layer.name if is_first else "", band("helper"))
            canvas.write(HEAD, column, name, header("helper"))
            canvas.widths[column] = width_of(NARROW)
            canvas.outline[column] = 1


@dataclass(frozen=True)
class _Row:
    """The row of a case; `number` is its place among the complete ones, None if it is not."""

    sheet: _Sheet
    row: int
    held: tuple[Value | None, ...]
    number: int | None

    def draw(self) -> None:
        """Write the features, and the formulas of all else."""
        sheet, canvas = self.sheet, self.sheet.canvas
        canvas.write(self.row, 0, self.row - FIRST + 1, LABEL)
        for column, value in enumerate(self.held, start=LEFT):
            canvas.write(self.row, column, "" if value is None else value, TYPED)
        cells, count = sheet.cells(self.row, LEFT, sheet.features), sheet.features
        formula = (
            f'=IF(COUNTA({cells})=0,"",IF(COUNT({cells})={count},"{COMPLETE}",'
            f'IF(COUNTA({cells})<{count},{count}-COUNTA({cells})&" missing",'
            f'{count}-COUNT({cells})&" not a number")))'
        )
        canvas.calculate(self.row, sheet.state, formula, state_of(self.held), STATED)
        for layer in sheet.layers(self.row):
            self._layer(layer)
        self._outputs()

    def write(self, column: int, expression: str, value: Value, style: Style) -> None:
        """Write the formula of a cell that is empty unless the case is complete."""
        state = f"${relative_address(self.row, self.sheet.state)}"
        formula = f'=IF({state}="{COMPLETE}",{expression},"")'
        shown = "" if self.number is None else value
        self.sheet.canvas.calculate(self.row, column, formula, shown, style)

    def values(self, name: str) -> list[float]:
        """Return the activations of a layer, of any number if the case is not complete."""
        cases = self.sheet.subject.cases
        assert cases is not None
        if self.number is None:
            return [0.0] * self.sheet.subject.network.layer(name).output.size
        found: list[float] = cases.values[name][self.number].reshape(-1).tolist()
        return found

    def _layer(self, layer: CaseLayer) -> None:
        values = self.values(layer.name)
        if not layer.layer.reads:
            for at, value in enumerate(values):
                self.write(layer.first + at, self._scaled(at), value, UNIT)
            return
        formula = row_formulas(layer)
        for unit in layer.units():
            self.write(layer.cell(*unit)[1], formula(unit)[1:], values[unit[0]], UNIT)
        if isinstance(layer.layer.base, Softmax) and layer.before is not None:
            self._helpers(layer, layer.before)

    def _scaled(self, at: int) -> str:
        """Return the expression of what the network takes in of a feature."""
        value = relative_address(self.row, LEFT + at)
        if self.sheet.subject.network.input.scaling is None:
            return value
        minus, over = FeatureTable(self.sheet.canvas, self.sheet.subject).constants(at)
        return f"({value}-{minus})/{over}"

    def _helpers(self, layer: CaseLayer, before: Sheet) -> None:
        """Write the largest z, the sum of the exponentials, and these."""
        scores = np.array(self.values(before.name))
        exponentials = np.exp(scores - scores.max())
        greatest = layer.helper(layer.greatest)
        self.write(layer.greatest[1], f"MAX({before.map})", float(scores.max()), UNIT)
        first, last = layer.exponential(0, 0, 0), layer.exponential(len(scores) - 1, 0, 0)
        cells = without_dollars(range_address(*first, *last))
        self.write(layer.total[1], f"SUM({cells})", float(exponentials.sum()), UNIT)
        for unit in layer.units():
            expression = f"EXP({before.address(*unit)}-{greatest})"
            value = float(exponentials[unit[0]])
            self.write(layer.exponential(*unit)[1], expression, value, UNIT)

    def _outputs(self) -> None:
        sheet, known = self.sheet, self.sheet.known
        name = answering(sheet.subject.network).name
        layer = next(each for each in sheet.layers(self.row) if each.name == name)
        values = known.restored(np.array(self.values(name))).tolist()
        table = FeatureTable(sheet.canvas, sheet.subject)
        for at, value in enumerate(values[: len(known.outputs)]):
            number = layer.address(at)
            if known.output_scaling is not None:
                times, plus = table.output_constants(at)
                number = f"{number}*{times}+{plus}"
            self.write(sheet.outputs + at, number, value, SHARE if known.are_shares else GIVEN)
        if known.classes:
            expression = self._class(known)
            self.write(sheet.state + 1, expression, known.answer(values), WORDED)

    def _class(self, known: Quantities) -> str:
        outputs, count = self.sheet.outputs, len(known.outputs)
        if count == 1:
            no, yes = ('"' + each.replace('"', '""') + '"' for each in known.classes)
            return f"IF({relative_address(self.row, outputs)}>0,{yes},{no})"
        names = range_address(HEAD, outputs, HEAD, outputs + count - 1)
        numbers = self.sheet.cells(self.row, outputs, count)
        return f"INDEX({names},MATCH(MAX({numbers}),{numbers},0))"


def state_of(held: tuple[Value | None, ...]) -> str:
    """Return what is said of a case with these features: whether it is complete."""
    filled = sum(value is not None for value in held)
    numbers = sum(isinstance(value, float) for value in held)
    if not filled or numbers == len(held):
        return COMPLETE if filled else ""
    if filled < len(held):
        return f"{len(held) - filled} missing"
    return f"{len(held) - numbers} not a number"


def _mark(sheet: _Sheet, last: int) -> None:
    """Colour what is missing or no number, and what is beyond the range in training."""
    canvas, known = sheet.canvas, sheet.known
    first = relative_address(FIRST, LEFT)
    row = sheet.cells(FIRST, LEFT, sheet.features)
    place = FIRST, LEFT, last, LEFT + sheet.features - 1
    text = f"=AND(COUNTA({row})>0,NOT(ISNUMBER({first})))"
    canvas.rules.append(Rule(place, text, dict(FAIL_FORMAT)))
    for column, each in enumerate(known.features, start=LEFT):
        if each.least is not None:
            cell = relative_address(FIRST, column)
            least, most = (cell_address(HEAD - 2 + end, column) for end in range(2))
            text = f"=AND(ISNUMBER({cell}),OR({cell}<{least},{cell}>{most}))"
            canvas.rules.append(Rule((FIRST, column, last, column), text, dict(UNUSUAL)))
    if known.outputs and not known.are_shares:
        place = FIRST, sheet.outputs, last, sheet.last
        shorten_any(canvas, place)
    ends = sheet.layers(FIRST)[-1]
    shorten(canvas, (FIRST, sheet.units, last, ends.first + ends.columns - 1), SEEN_NUMBERS)


def held_rows(
    cells: dict[tuple[int, int], Value | None], rows: int, features: int
) -> Iterator[tuple[Value | None, ...]]:
    """Yield what the rows of the table hold; `cells` are the contents of the sheet."""
    for row in range(FIRST, FIRST + rows):
        yield tuple(cells.get((row, LEFT + at)) for at in range(features))
