"""The sheet `Digit` or `Picture`: squares to draw in, what the network sees and recognises."""

from dataclasses import dataclass, replace

import numpy as np

from cnn.export.network.stages import Shape
from cnn.export.sheets.export_style import (
    DRAWING,
    FULL,
    PAPER,
    PAPER_LINE,
    PICTURE,
    PIXEL_LINE,
    height_of,
    image_word,
    input_tab,
    square,
    width_of,
    write_links,
)
from cnn.export.sheets.layout import CHOICE, InputPlaces, SamplePlaces, Sheet
from cnn.export.sheets.one_activation import closer_sheets
from cnn.export.sheets.stage_formulas import pixel_formula
from cnn.export.sheets.subject import Subject
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import cell_address, indexed, range_address
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Rule, Value
from sheetgen.spreadsheet.style import (
    FAIL_FORMAT,
    HIDDEN,
    INK,
    INPUT,
    KINDS,
    LABEL,
    LINE,
    MUTED,
    NOTE,
    PASS_FORMAT,
    PLAIN,
    SECTION,
    SUBTITLE,
    VERDICT,
    Style,
)

SIDE = 17  # pixels of a square: the row height of Arial 10
LEFT = 1
CHOICE_ROW = 3
SENTENCE_ROW = 4
HEADING_ROW = 6
TOP = 7  # the first row of squares
GAP = 2  # columns between the parts
NARROWEST = 290  # pixels of a part: the texts above it have room
LARGE_ROWS = 11  # rows of the predicted digit
NAME_WIDTH, WIDTH = 7, 31  # characters: of a class, and of it with its bar
ROOM = 330  # points that the letters of a predicted class may have together
SHADES = (255, 192, 128, 64, 0)

DRAWN = Style(number_format=HIDDEN, fill=PAPER, border=PAPER_LINE, locked=False)
SEEN = Style(number_format=HIDDEN, border=PIXEL_LINE)
LARGE = Style(size=110, bold=True, align="center", colour=INK, fill="#F8FAFC", border=LINE)
SHARE = Style(number_format="0.0%", align="right")
CLASS = Style(bold=True, align="center", colour=KINDS["unit"].strong)
THICKNESS = 0.042
"""Half the width of the stroke of the first drawing; the height of the picture is 1."""
SOFTNESS = 0.03
"""The distance over which the stroke fades at its edges."""
# A three made of two bows, each a part of an ellipse: centre (x, y), radii, from and to in degrees.
BOWS = (
    (0.49, 0.345, 0.145, 0.135, -155.0, 85.0),
    (0.48, 0.635, 0.185, 0.165, -85.0, 150.0),
)
ONE_SHADE: dict[str, object] = {
    "validate": "decimal",
    "criteria": "between",
    "minimum": 0,
    "maximum": FULL,
    "error_title": "A shade, please",
    "error_message": "Type a number from 0 (empty) to 255 (ink).",
}
ADVICE = (
    "Type 0 into the yellow cell above; then type numbers into the pale yellow squares: "
    "255 is ink, 0 is empty, others are in between.",
    "Many squares at once: select them, hold Ctrl for those that are apart, type 255 and press "
    "Ctrl+Enter (in LibreOffice Alt+Enter).",
    "Or copy one of the shades below the drawing and paste it onto squares.",
    "To start again, select all squares and press Delete.",
)
FITTING = "The network knows digits that are in the middle and fill two thirds of the height."
ALIKE = "The network knows pictures like those of the test set."


def digit_sheet(subject: Subject) -> tuple[Canvas, InputPlaces]:
    """Draw the sheet for a network that `is_digit_reader`; return the positions of its pixels."""
    shape = subject.network.input.output
    seen_column = LEFT + shape.width + GAP
    places = InputPlaces(
        input_tab(subject.network),
        pixels=(TOP, seen_column),
        drawing=(TOP, LEFT),
        choice=(CHOICE_ROW, LEFT + 7) if len(subject.samples) else None,
        step=shape.height + 1,
    )
    canvas = Canvas(places.sheet, tab_colour=KINDS["input"].strong, zoom=90)
    sheet = _Sheet(canvas, subject, places, SamplePlaces(len(subject.samples), shape))
    canvas.widths[0] = 2
    canvas.heights[0] = 30
    canvas.title(f"Draw a {sheet.noun} and watch it being recognised", LEFT)
    canvas.write(1, LEFT, _about(subject), SUBTITLE)
    _choice(sheet)
    _pictures(sheet)
    _answer(sheet)
    _advice(sheet)
    accuracy = ["Accuracy"] if subject.run else []
    links = ["Layers", *closer_sheets(subject), "Network", *accuracy, "Weights"]
    write_links(canvas, 2, LEFT, links)
    return canvas, places


def _about(subject: Subject) -> str:
    count = sum(layer.parameters for layer in subject.network.layers)
    text = f"{subject.title}: {count:,} parameters, every activation a live formula"
    return f"{text}, {subject.run.findings.accuracy:.2%} right" if subject.run else text


@dataclass(frozen=True)
class _Sheet:
    canvas: Canvas
    subject: Subject
    places: InputPlaces
    samples: SamplePlaces

    @property
    def shape(self) -> Shape:
        return self.samples.shape

    @property
    def noun(self) -> str:
        return image_word(self.subject.network)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes, if they are not numbers."""
        return self.subject.network.input.classes

    @property
    def name_cells(self) -> str:
        """The range with these names."""
        first, column = self.first_class, self.answer
        return range_address(first, column, first + len(self.shares) - 1, column)

    @property
    def choice(self) -> str:
        assert self.places.choice is not None
        return cell_address(*self.places.choice)

    @property
    def probabilities(self) -> Sheet:
        assert self.subject.network.probabilities is not None
        return self.subject.sheets[self.subject.network.probabilities.name]

    @property
    def shares(self) -> Array:
        """The probability of each class (classes,)."""
        return self.subject.values[self.probabilities.name][:, 0, 0]

    @property
    def answer(self) -> int:
        """The first of the three columns of the network's answer."""
        return LEFT + 2 * (self.shape.width + GAP)

    @property
    def first_class(self) -> int:
        return TOP + LARGE_ROWS + 6

    @property
    def below(self) -> int:
        """The first row below all pictures and probabilities."""
        return max(TOP + self.shape.height, self.first_class + len(self.shares))


def _choice(sheet: _Sheet) -> None:
    canvas, subject, count = sheet.canvas, sheet.subject, len(sheet.subject.samples)
    if sheet.places.choice is None:
        return
    row, column = sheet.places.choice
    canvas.heights[row] = 24
    canvas.write(row, LEFT, f"{sheet.noun.capitalize()} number", Style(size=12, bold=True))
    canvas.merges.append((row, column, row, column + 2))
    style = replace(INPUT, size=14, bold=True, align="center")
    canvas.count(row, column, CHOICE, subject.choice, 0, count, style)
    text = f"Type 1 to {count} for a {sheet.noun} of the test set, 0 for your own drawing."
    canvas.write(row, column + 4, text, PLAIN)
    again = f"to see a {sheet.noun} of the test set again"
    own = f"This is your own drawing. Type 1 to {count} {again}."
    shown = indexed(sheet.samples.names, sheet.choice)
    formula = (
        f'=IF({sheet.choice}=0,"{own}","This is "&{shown}&". Type 0 to see your own drawing.")'
    )
    name = subject.samples.names[subject.choice - 1] if subject.choice else ""
    value = f"This is {name}. Type 0 to see your own drawing." if name else own
    canvas.calculate(SENTENCE_ROW, LEFT, formula, value, NOTE)


def _pictures(sheet: _Sheet) -> None:
    canvas, places, subject = sheet.canvas, sheet.places, sheet.subject
    height, width = sheet.shape.height, sheet.shape.width
    top, left = places.drawing
    seen_top, seen_left = places.pixels
    own, other = "Your drawing", "Your drawing, when you type 0 above"
    canvas.write(HEADING_ROW, left, own, SECTION)
    if sheet.places.choice is not None:
        heading = f'=IF({sheet.choice}=0,"{own}","{other}")'
        canvas.calculate(HEADING_ROW, left, heading, other if subject.choice else own, SECTION)
    canvas.write(HEADING_ROW, seen_left, "What the network sees", SECTION)
    is_digit = subject.choice and not sheet.names
    drawing = drawn_digit(height, width) if is_digit else subject.shown[0]
    for row, column in np.ndindex(height, width):
        unit = 0, row, column
        canvas.write(*places.drawn(*unit), float(drawing[row, column]), DRAWN)
        value = float(subject.shown[unit])
        canvas.calculate(
            *places.pixel(*unit), pixel_formula(places, sheet.samples, unit), value, SEEN
        )
    last_row, last_column = top + height - 1, left + width - 1
    area = top, left, last_row, last_column
    seen = seen_top, seen_left, last_row, seen_left + width - 1
    square(canvas, (top, left, last_row, sheet.answer - 1), SIDE)
    gap = width_of(max(SIDE, (NARROWEST - width * SIDE) // GAP))
    for first in (left + width, seen_left + width):
        canvas.widths |= dict.fromkeys(range(first, first + GAP), gap)
    canvas.heat_maps.append(HeatMap(area, DRAWING, (0, FULL)))
    canvas.heat_maps.append(HeatMap(seen, PICTURE, (0, FULL)))
    canvas.validations[top, left] = {**ONE_SHADE, "other_cells": [area]}


def _answer(sheet: _Sheet) -> None:
    canvas, column, shares = sheet.canvas, sheet.answer, sheet.shares
    longest = max(map(len, sheet.names), default=1)
    wide = min(max(NAME_WIDTH, longest + 3), WIDTH - NAME_WIDTH)
    canvas.widths |= {column: wide, column + 1: WIDTH - wide, column + 2: 9}
    last = TOP + LARGE_ROWS - 1
    first = sheet.first_class
    bars = first, column + 1, first + len(shares) - 1, column + 1
    classes = range_address(*bars)
    canvas.write(HEADING_ROW, column, "What it recognises", SECTION)
    canvas.merges.append((TOP, column, last, column + 2))
    predicted = int(shares.argmax())
    place = f"MATCH(MAX({classes}),{classes},0)"
    formula = f"=INDEX({sheet.name_cells},{place})" if sheet.names else f"={place}-1"
    shown = replace(LARGE, size=min(LARGE.size, max(12, ROOM // longest)), wrap=bool(sheet.names))
    canvas.calculate(TOP, column, formula, _named(sheet, predicted), shown)
    canvas.write(last + 1, column, "its probability", LABEL)
    certain = replace(SHARE, bold=True)
    canvas.calculate(last + 1, column + 2, f"=MAX({classes})", float(shares.max()), certain)
    if sheet.places.choice is not None:
        _truth(sheet, last + 2, cell_address(TOP, column), predicted)
    canvas.write(first - 1, column, "Probabilities", SECTION)
    for digit, share in enumerate(shares.tolist()):
        row = first + digit
        canvas.heights.setdefault(row, height_of(SIDE))
        canvas.write(row, column, _named(sheet, digit), CLASS)
        bar = Style(number_format=HIDDEN)
        canvas.calculate(row, column + 1, f"={sheet.probabilities.address(digit)}", share, bar)
        canvas.calculate(row, column + 2, f"={cell_address(row, column + 1)}", share, SHARE)
    canvas.bars.append((bars, KINDS["unit"].strong))


def _named(sheet: _Sheet, label: int) -> Value:
    """Return what a class is called."""
    return sheet.names[label] if sheet.names else label


def _truth(sheet: _Sheet, row: int, predicted: str, prediction: int) -> None:
    """Write the true class, if it is known, and whether the network is right."""
    canvas, column, subject = sheet.canvas, sheet.answer, sheet.subject
    label = subject.samples.labels[subject.choice - 1] if subject.choice else None
    unknown = "not known"
    found = indexed(sheet.samples.labels, sheet.choice)
    known = f"INDEX({sheet.name_cells},{found}+1)" if sheet.names else found
    formula = f'=IF({sheet.choice}=0,"{unknown}",IF({found}="","{unknown}",{known}))'
    truth = cell_address(row, column + 2)
    canvas.write(row, column, "the true class" if sheet.names else "the true digit", LABEL)
    value = unknown if label is None else _named(sheet, label)
    canvas.calculate(row, column + 2, formula, value, Style(bold=True, align="right"))
    place = row + 1, column, row + 1, column + 2
    canvas.merges.append(place)
    formula = f'=IF({truth}="{unknown}","is it right?",IF({predicted}={truth},"right","wrong"))'
    words = "is it right?" if label is None else "right" if label == prediction else "wrong"
    canvas.calculate(row + 1, column, formula, words, VERDICT)
    cell = cell_address(row + 1, column)
    grey = {"font_color": MUTED}
    for word, style in (("right", PASS_FORMAT), ("wrong", FAIL_FORMAT), ("is it right?", grey)):
        canvas.rules.append(Rule(place, f'={cell}="{word}"', dict(style)))
    place = row, column + 2, row, column + 2
    canvas.rules.append(Rule(place, f'={truth}="{unknown}"', dict(grey)))


def _advice(sheet: _Sheet) -> None:
    canvas, row = sheet.canvas, sheet.below + 1
    advice = [*ADVICE, ALIKE if sheet.names else FITTING]
    canvas.write(row, LEFT, "Shades to copy", LABEL)
    for at, shade in enumerate(SHADES):
        column = LEFT + 6 + 4 * at
        canvas.write(row, column, shade, DRAWN)
        canvas.write(row, column + 1, str(shade), LABEL)
        canvas.heat_maps.append(HeatMap((row, column, row, column), DRAWING, (0, FULL)))
    canvas.write(row + 2, LEFT, "How to draw", SECTION)
    for number, text in enumerate(advice, start=1):
        canvas.write(row + 2 + number, LEFT, f"{number}   {text}", PLAIN)
    last = max(sheet.answer + 2, column + 1)
    canvas.print_area = (0, 0, row + 2 + len(advice), last)


def drawn_digit(height: int, width: int) -> Array:
    """Return a picture (height, width) of a three: whole numbers from 0 (empty) to 255 (ink)."""
    rows, columns = np.mgrid[0:height, 0:width]
    # The centres of the pixels; that of the picture is (0.5, 0.5).
    x = (columns + 0.5 - width / 2) / height + 0.5
    y = (rows + 0.5) / height
    points = np.concatenate([_bow(*bow) for bow in BOWS])
    distance = np.sqrt((x[..., None] - points[:, 0]) ** 2 + (y[..., None] - points[:, 1]) ** 2)
    ink = (THICKNESS + SOFTNESS - distance.min(axis=2)) / SOFTNESS
    picture: Array = np.round(FULL * np.clip(ink, 0, 1))
    return picture


def _bow(x: float, y: float, across: float, down: float, start: float, end: float) -> Array:
    """Return closely spaced points (N, 2) along a part of an ellipse."""
    angle = np.radians(np.linspace(start, end, 200))
    return np.column_stack([x + across * np.cos(angle), y + down * np.sin(angle)])
