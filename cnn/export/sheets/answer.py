"""The answer of a network beside its input: in words, and every output with its name and unit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnn.export.described_numbers import Quantities, answering
from cnn.export.sheets.export_style import shorten, width_of
from cnn.export.sheets.subject import Subject
from sheetgen.spreadsheet.address import cell_address, range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Place
from sheetgen.spreadsheet.style import (
    HIDDEN,
    KINDS,
    LABEL,
    LINE,
    PERCENT,
    SECTION,
    Style,
    header,
)

WORDS = 3
"""Rows above the headers where the answer in words begins: a label, then the answer."""
NAME, VALUE, BESIDE = 120, 96, 96  # pixels: of a name, a number, a unit or a bar
LETTER = 7  # pixels of a letter of a name
WIDEST = 300  # pixels of a name
LARGE_NUMBERS = {99.9995: "0.00", 99999.5: "#,##0", 99999999.5: "0.00E+00"}
SMALL_NUMBERS = {1e-300: "0.00E+00"}  # below LEAST
LEAST = 0.0005
GIVEN = Style(number_format="0.000", align="right", border=LINE)
SHARE = replace(GIVEN, number_format=PERCENT)
NAMED = Style(bold=True, border=LINE, indent=1)
UNIT = Style(colour=LABEL.colour, border=LINE, indent=1)
SPOKEN = Style(size=16, bold=True, colour=KINDS["unit"].strong)
SPOKEN_NUMBER = replace(SPOKEN, number_format="0.000", align="right")
SPOKEN_UNIT = replace(SPOKEN, size=12, indent=1)
CONSTANT = Style(colour=LABEL.colour, align="right", border=LINE, number_format="0.0000")


def shorten_any(canvas: Canvas, place: Place) -> None:
    """Show large numbers of a range with fewer digits, and small ones with a power of ten."""
    shorten(canvas, place, LARGE_NUMBERS)
    shorten(canvas, place, SMALL_NUMBERS, LEAST)


@dataclass(frozen=True)
class Answer:
    """The block with the answer: its header row and its first column.

    `trouble` is the address of the text that says what is wrong with the input, if anything is.
    Each line takes `span` rows. `scaling` is the first of three columns with the network's own
    numbers, of which it makes those in real units.
    """

    canvas: Canvas
    subject: Subject
    row: int
    column: int
    trouble: str
    scaling: int = 0
    span: int = 1

    @property
    def known(self) -> Quantities:
        """What is known of the outputs."""
        return self.subject.quantities

    @property
    def last(self) -> int:
        """The last of its columns."""
        return self.column + 2

    def line(self, at: int) -> int:
        """Return the row of an output."""
        return self.row + 1 + at * self.span

    def cells(self, across: int) -> str:
        """Return the absolute range of a column of the table, counted from its first."""
        column, count = self.column + across, len(self.known.outputs)
        return range_address(self.line(0), column, self.line(count - 1), column)

    def draw(self) -> None:
        """Write the answer in words, and the table of the outputs."""
        canvas, outputs = self.canvas, self.known.outputs
        if not outputs:
            return
        longest = max(len(each.name) for each in outputs) * LETTER + 24
        pixels = max(NAME, min(WIDEST, longest)), VALUE, BESIDE
        for column, width in enumerate(pixels, start=self.column):
            canvas.widths[column] = width_of(width)
        shares = self.known.are_shares
        unit = "unit" if any(each.unit for each in outputs) else ""
        titles = ("class", "probability", "") if shares else ("output", "value", unit)
        for across, title in enumerate(titles):
            self.write(0, across, title, header("unit"))
        if self.known.output_scaling:
            self._scalings()
        for at, value in enumerate(self.subject.outputs):
            self._output(at, value)
        place = self.line(0), self.column + 1, self.line(len(outputs) - 1), self.column + 1
        if shares:
            bars = place[0], self.column + 2, place[2], self.column + 2
            canvas.bars.append((bars, KINDS["unit"].strong))
        else:
            shorten_any(self.canvas, place)
        self._words()

    def write(self, at: int, across: int, text: str, style: Style) -> None:
        """Write a text into a line of the table; line 0 has the headers."""
        row = self.row if at == 0 else self.line(at - 1)
        self.canvas.write(row, self.column + across, text, style)
        self._whole(row, self.column + across)

    def _whole(self, row: int, column: int) -> None:
        if self.span > 1 and row > self.row:
            self.canvas.merges.append((row, column, row + self.span - 1, column))

    def _output(self, at: int, value: float) -> None:
        canvas, row, output = self.canvas, self.line(at), self.known.outputs[at]
        self.write(at + 1, 0, output.name, NAMED)
        number = self.number(at)
        if self.known.output_scaling:
            own, times, plus = (relative_address(row, self.scaling + across) for across in range(3))
            number = f"{own}*{times}+{plus}"
        formula = f'=IF({self.trouble}="",{number},"")' if self.trouble else f"={number}"
        style = SHARE if self.known.are_shares else GIVEN
        canvas.calculate(row, self.column + 1, formula, value, style)
        self._whole(row, self.column + 1)
        if self.known.are_shares:
            bar = Style(number_format=HIDDEN, border=LINE)
            share = f"={relative_address(row, self.column + 1)}"
            canvas.calculate(row, self.column + 2, share, value, bar)
            self._whole(row, self.column + 2)
        else:
            self.write(at + 1, 2, output.unit, UNIT)

    def number(self, at: int) -> str:
        """Return the address of an output of the network."""
        sheet = self.subject.sheets[answering(self.subject.network).name]
        return sheet.address(*sheet.shape.unit(at))

    def _scalings(self) -> None:
        """Write the network's own numbers, and what makes real ones of them."""
        canvas, scaling = self.canvas, self.known.output_scaling
        assert scaling is not None
        canvas.write(self.row - 1, self.scaling, "How the answer gets its unit", LABEL)
        titles = "the network gives", "times", "plus"
        for column, title in enumerate(titles, start=self.scaling):
            canvas.write(self.row, column, title, header("helper"))
            canvas.widths[column] = width_of(VALUE + 24 if column == self.scaling else VALUE - 10)
        own = self.subject.values[answering(self.subject.network).name].reshape(-1).tolist()
        pairs = zip(scaling.divided, scaling.subtracted, strict=True)
        for at, (times, plus) in enumerate(pairs):
            row = self.line(at)
            canvas.calculate(row, self.scaling, f"={self.number(at)}", own[at], GIVEN)
            canvas.write(row, self.scaling + 1, times, CONSTANT)
            canvas.write(row, self.scaling + 2, plus, CONSTANT)
        last = self.line(len(own) - 1)
        shorten_any(canvas, (self.line(0), self.scaling, last, self.scaling + 2))

    def _words(self) -> None:
        """Write the likeliest class, or the only output, so that it stays in view."""
        canvas, top, known = self.canvas, self.row - WORDS, self.known
        canvas.heights[top + 1] = 26
        outputs = self.subject.outputs
        if known.classes:
            canvas.write(top, self.column, "The answer", SECTION)
            canvas.calculate(
                top + 1, self.column, self._class(known.classes), known.answer(outputs), SPOKEN
            )
            if known.are_shares:
                style = replace(SPOKEN_NUMBER, number_format=PERCENT)
                value, most = max(outputs), f"MAX({self.cells(1)})"
                formula = f'=IF({self.trouble}="",{most},"")' if self.trouble else f"={most}"
                canvas.calculate(top + 1, self.column + 2, formula, value, style)
        elif len(outputs) == 1:
            canvas.write(top, self.column, known.outputs[0].name, SECTION)
            first = relative_address(self.line(0), self.column + 1)
            place = top + 1, self.column
            canvas.calculate(*place, f"={first}", outputs[0], SPOKEN_NUMBER)
            shorten_any(canvas, (*place, *place))
            canvas.write(top + 1, self.column + 1, known.outputs[0].unit, SPOKEN_UNIT)

    def _class(self, classes: Sequence[str]) -> str:
        """Return the formula of the class in words."""
        names, numbers = self.cells(0), self.cells(1)
        if len(self.known.outputs) == 1:
            no, yes = ('"' + each.replace('"', '""') + '"' for each in classes)
            found = f"IF({cell_address(self.line(0), self.column + 1)}>0,{yes},{no})"
        else:
            found = f"INDEX({names},MATCH(MAX({numbers}),{numbers},0))"
        return f'=IF({self.trouble}="",{found},"")' if self.trouble else f"={found}"
