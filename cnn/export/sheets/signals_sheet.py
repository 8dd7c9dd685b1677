"""The sheet `Inputs` of a network that takes in signals: a table, time down, with a chart."""

from dataclasses import dataclass, replace

import numpy as np

from cnn.export.described_numbers import Quantity
from cnn.export.sheets.answer import CONSTANT, GIVEN, Answer
from cnn.export.sheets.export_style import INPUTS, counted, shorten, width_of, write_links
from cnn.export.sheets.features_sheet import (
    ANY,
    CHOICE_ROW,
    FIRST,
    GAP,
    HEAD,
    LEFT,
    SEEN_NUMBERS,
    TROUBLE_ROW,
    TYPED,
)
from cnn.export.sheets.layout import CHOICE, InputPlaces, SamplePlaces
from cnn.export.sheets.one_activation import closer_sheets
from cnn.export.sheets.subject import Subject
from sheetgen.spreadsheet.address import cell_address, indexed, range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, Chart, Place, Rule, Series
from sheetgen.spreadsheet.style import (
    FAIL_FORMAT,
    KINDS,
    LABEL,
    NOTE,
    SECTION,
    SUBTITLE,
    WARNING,
    common_format,
    header,
    look,
)
from sheetgen.workbook.shared.alternative_texts import as_built, courses

STEP_WIDTH, NUMBER = 64, 86  # pixels of a column
LETTER = 8  # pixels of a letter of a bold name
WIDEST = 160  # pixels of a column
CHART_HEIGHT, LEAST_CHART, MOST_CHART = 360, 300, 500  # pixels
MOST_DRAWN = 8  # signals in the chart
ROOM = 800  # pixels of the table and the chart, so that the answer is in view
TEXTS = "The texts marked red are no numbers."


@dataclass(frozen=True)
class _Sheet:
    canvas: Canvas
    subject: Subject

    @property
    def signals(self) -> tuple[Quantity, ...]:
        return self.subject.quantities.features

    @property
    def steps(self) -> int:
        return self.subject.network.input.output.size // len(self.signals)

    @property
    def chart(self) -> int:
        """The column on which the chart lies."""
        return LEFT + len(self.signals) + 1

    @property
    def chart_width(self) -> int:
        """Pixels of the chart."""
        table = sum(map(_wide, self.signals)) + STEP_WIDTH + 2 * GAP
        return max(LEAST_CHART, min(MOST_CHART, ROOM - table))

    @property
    def answer(self) -> int:
        return self.chart + 2

    @property
    def used(self) -> int:
        """The first of the columns with the numbers in use: the user's, or a sample's."""
        return self.answer + (4 if self.subject.quantities.outputs else 0)

    @property
    def scaled(self) -> int:
        """The first of the columns with what the network takes in, if that is scaled."""
        is_scaled = self.subject.network.input.scaling is not None
        return self.used + (len(self.signals) + 1) * is_scaled

    def table(self, first: int) -> Place:
        """Return the place of a table whose first column this is."""
        return FIRST, first, FIRST + self.steps - 1, first + len(self.signals) - 1


def signals_sheet(subject: Subject) -> tuple[Canvas, InputPlaces]:
    """Draw the sheet; return it with the positions of the input's cells."""
    canvas = Canvas(INPUTS, freeze=(FIRST, LEFT), tab_colour=KINDS["input"].strong)
    sheet = _Sheet(canvas, subject)
    shape = subject.network.input.output
    places = InputPlaces(
        INPUTS,
        pixels=(FIRST, sheet.scaled),
        drawing=(FIRST, LEFT),
        choice=(CHOICE_ROW, LEFT) if len(subject.samples) else None,
        step=1,
        turned=shape.named_axis == 0,
    )
    canvas.repeat_rows, canvas.repeat_columns = (HEAD, HEAD), (0, 0)
    _widths(sheet)
    canvas.heights[0] = 30
    canvas.title(subject.title)
    count = "1 signal" if len(sheet.signals) == 1 else f"{len(sheet.signals)} signals"
    read = "read the answer on the right: " if subject.quantities.outputs else ""
    text = f"Type on the left, {read}{count} at {sheet.steps:,} times, all by live formulas"
    canvas.write(1, 0, text, SUBTITLE)
    write_links(canvas, 2, 0, ["Layers", *closer_sheets(subject), "Network", "Weights"])
    _choice(sheet, places)
    _headers(sheet)
    _numbers(sheet, places)
    _chart(sheet)
    trouble = cell_address(TROUBLE_ROW, 0)
    after = sheet.table(sheet.scaled)[3] + 2
    Answer(canvas, subject, HEAD, sheet.answer, trouble, after).draw()
    return canvas, places


def _widths(sheet: _Sheet) -> None:
    canvas, count = sheet.canvas, len(sheet.signals)
    canvas.widths |= {0: width_of(STEP_WIDTH), sheet.chart - 1: width_of(GAP)}
    canvas.widths |= {sheet.chart: width_of(sheet.chart_width + 10), sheet.chart + 1: width_of(GAP)}
    for first in (LEFT, sheet.used, sheet.scaled):
        for column, signal in enumerate(sheet.signals, start=first):
            canvas.widths[column] = width_of(_wide(signal))
        canvas.widths.setdefault(first + count, width_of(GAP))
    if sheet.subject.quantities.outputs:
        canvas.widths[sheet.used - 1] = width_of(NUMBER)  # "divided by" is there


def _wide(signal: Quantity) -> int:
    return max(NUMBER, min(WIDEST, len(signal.title) * LETTER + 12))


def _choice(sheet: _Sheet, places: InputPlaces) -> None:
    canvas, samples = sheet.canvas, sheet.subject.samples
    own = range_address(*sheet.table(LEFT))
    wrong = f"COUNTA({own})>COUNT({own})"
    if places.choice:
        canvas.write(CHOICE_ROW, 0, "sample", LABEL)
        canvas.count(*places.choice, CHOICE, sheet.subject.choice, 0, len(samples))
        text = f"0 for your own numbers, {counted(len(samples))} for one of the sheet Samples"
        canvas.write(CHOICE_ROW, LEFT + 1, text, NOTE)
        wrong = f"AND({cell_address(*places.choice)}=0,{wrong})"
    canvas.calculate(TROUBLE_ROW, 0, f'=IF({wrong},"{TEXTS}","")', "", WARNING)


def _headers(sheet: _Sheet) -> None:
    canvas, scaling = sheet.canvas, sheet.subject.network.input.scaling
    canvas.write(HEAD, 0, "time", header("iteration"))
    canvas.write(HEAD - 1, sheet.used, "The numbers in use", LABEL)
    for at, signal in enumerate(sheet.signals):
        canvas.write(HEAD, LEFT + at, signal.title, header("input"))
        canvas.write(HEAD, sheet.used + at, signal.title, header("helper"))
        if scaling is not None:
            canvas.write(HEAD, sheet.scaled + at, signal.title, header("helper"))
            canvas.write(HEAD - 3, sheet.scaled + at, scaling.subtracted[at], CONSTANT)
            canvas.write(HEAD - 2, sheet.scaled + at, scaling.divided[at], CONSTANT)
    if scaling is not None:
        canvas.write(HEAD - 1, sheet.scaled, "What the network takes in", LABEL)
        canvas.write(HEAD - 3, sheet.scaled - 1, "minus", LABEL)
        canvas.write(HEAD - 2, sheet.scaled - 1, "divided by", LABEL)
        canvas.widths[sheet.scaled - 1] = width_of(NUMBER)


def _numbers(sheet: _Sheet, places: InputPlaces) -> None:
    canvas, subject = sheet.canvas, sheet.subject
    shape, scaling = subject.network.input.output, subject.network.input.scaling
    samples = SamplePlaces(len(subject.samples), shape)
    typed = replace(TYPED, number_format=common_format(np.round(subject.shown, 3).flat))
    for step in range(sheet.steps):
        canvas.write(FIRST + step, 0, step, LABEL)
        for at in range(len(sheet.signals)):
            unit = (at, 0, step) if places.turned else (step, 0, at)
            value, own = float(subject.shown[unit]), relative_address(FIRST + step, LEFT + at)
            canvas.write(FIRST + step, LEFT + at, 0.0 if subject.choice else value, typed)
            canvas.validations[FIRST + step, LEFT + at] = ANY
            used = f"IF(ISNUMBER({own}),{own},0)"
            if places.choice:
                choice = cell_address(*places.choice)
                used = f"IF({choice}=0,{used},{indexed(samples.column(*unit), choice)})"
            cell = FIRST + step, sheet.used + at
            canvas.calculate(*cell, f"={used}", value, GIVEN)
            if scaling is not None:
                column = sheet.scaled + at
                minus, over = (cell_address(HEAD - 3 + side, column) for side in range(2))
                number = (value - scaling.subtracted[at]) / scaling.divided[at]
                formula = f"=({relative_address(*cell)}-{minus})/{over}"
                canvas.calculate(FIRST + step, column, formula, number, GIVEN)
    place, own = sheet.table(LEFT), relative_address(FIRST, LEFT)
    text = f'=AND({own}<>"",NOT(ISNUMBER({own})))'
    canvas.rules.append(Rule(place, text, dict(FAIL_FORMAT)))
    shorten(canvas, place, SEEN_NUMBERS)
    for first in {sheet.used, sheet.scaled}:
        shorten(canvas, sheet.table(first), SEEN_NUMBERS)


def _courses(sheet: _Sheet) -> str:
    """Say how the signals that are drawn go."""
    cells = sheet.canvas.cells
    return courses(
        {
            signal.title: [
                float(cells[FIRST + step, sheet.used + at].value) for step in range(sheet.steps)
            ]
            for at, signal in enumerate(sheet.signals[:MOST_DRAWN])
        }
    )


def _chart(sheet: _Sheet) -> None:
    """Draw the signals in use over time."""
    canvas, last = sheet.canvas, FIRST + sheet.steps - 1
    canvas.write(HEAD - 1, sheet.chart, "The numbers in use, over time", SECTION)
    times = canvas.range(FIRST, 0, last, 0)
    columns = range(sheet.used, sheet.used + len(sheet.signals))
    series = tuple(
        Series(
            times,
            canvas.range(FIRST, column, last, column),
            canvas.absolute(HEAD, column),
            look(place).colour,
            dash=look(place).dash,
        )
        for place, column in enumerate(columns[:MOST_DRAWN])
    )
    limits = 0.0, float(max(1, sheet.steps - 1)), None, None
    legend = "bottom" if len(series) > 1 else "none"
    words = as_built(f"The signals over {sheet.steps} times", _courses(sheet))
    chart = Chart(
        (HEAD, sheet.chart),
        (sheet.chart_width, CHART_HEIGHT),
        series,
        words,
        ("time", ""),
        legend=legend,
        limits=limits,
    )
    canvas.charts.append(chart)
