"""The sheet `Inputs` of a network that takes in pictures or other maps: a plane for each channel.

Planes of a few columns show their numbers; larger ones are pictures, whose numbers are seen one by
one. Red, green and blue are also shown together, in the colours of a palette.
"""

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from cnn.export.network.stages import Shape
from cnn.export.sheets.answer import CONSTANT, Answer
from cnn.export.sheets.export_style import (
    INPUTS,
    PALE_PICTURE,
    PICTURE,
    about_zero,
    behind,
    counted,
    height_of,
    shorten,
    width_of,
    write_links,
)
from cnn.export.sheets.layout import CHOICE, InputPlaces, SamplePlaces
from cnn.export.sheets.one_activation import closer_sheets
from cnn.export.sheets.subject import Subject
from sheetgen.network.activations import Array
from sheetgen.spreadsheet.address import cell_address, indexed, range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Place, Rule
from sheetgen.spreadsheet.style import (
    FAIL_FORMAT,
    HIDDEN,
    INK,
    INPUT,
    KINDS,
    LABEL,
    NOTE,
    SECTION,
    SUBTITLE,
    WARNING,
    WHITE,
    Style,
    header,
)

CHOICE_ROW, TROUBLE_ROW, HEAD = 3, 4, 6
FIRST = HEAD + 1
LEFT = 1
SCREEN, ANSWER = 1290, 400  # pixels of all planes that are shown first, and of the answer
LEAST_NUMBER, MOST_NUMBER, LEAST, MOST = 40, 64, 4, 17  # pixels of a cell with a number, without
LINE = 17  # pixels that a line of the answer takes
LABEL_WIDTH, GAP = 72, 24  # pixels
TEXT = 290  # pixels of the texts above the picture
LEVELS = 5  # of each colour in the palette
PLANES = {
    "red": ("#FF2D20", "#FF9C96"), "green": ("#22C03C", "#8FE0A0"), "blue": ("#2F6BFF", "#9DBBFF")
}  # fmt: skip
"""The brightest of each colour: on black, and on white where there are numbers to be read."""
SHOWN = Style(size=9, number_format="0.00", align="right")
TYPED = replace(INPUT, size=9, align="right")
TEXTS = "The texts marked red are no numbers."


@dataclass(frozen=True)
class _Sheet:
    canvas: Canvas
    subject: Subject

    @property
    def shape(self) -> Shape:
        return self.subject.network.input.output

    @property
    def names(self) -> list[str]:
        return [each.title for each in self.subject.quantities.features]

    @property
    def is_colour(self) -> bool:
        return self.shape.channels == len(PLANES)

    @property
    def step(self) -> int:
        return self.shape.height + 1

    @property
    def side(self) -> int:
        """Pixels of a cell: room for its number, if that can be."""
        blocks = 2 + self.is_colour
        room = (SCREEN - ANSWER * bool(self.subject.quantities.outputs)) // blocks
        side = (room - GAP) // self.shape.width
        return min(side, MOST_NUMBER) if side >= LEAST_NUMBER else max(LEAST, min(side, MOST))

    @property
    def has_numbers(self) -> bool:
        return self.side >= LEAST_NUMBER

    @property
    def together(self) -> int:
        """The first column of the picture in its colours, if there is one."""
        return LEFT

    @property
    def answer(self) -> int:
        """The first column of the answer, beside the picture."""
        return LEFT + self.shape.width + 1

    @property
    def after(self) -> int:
        """The first column after picture and answer."""
        return self.answer + 4 * bool(self.subject.quantities.outputs)

    @property
    def used(self) -> int:
        """The first column of the planes in use: the user's, or those of a sample."""
        return self.after if self.is_colour else LEFT

    @property
    def typed(self) -> int:
        return self.after + (self.shape.width + 1) * self.is_colour

    @property
    def is_scaled(self) -> bool:
        return self.subject.network.input.scaling is not None

    @property
    def scaled(self) -> int:
        """The first column of what the network takes in: the planes in use, if not scaled."""
        return self.typed + self.shape.width + 1 if self.is_scaled else self.used

    def place(self, column: int, channel: int) -> Place:
        """Return the place of a channel's plane, of those that begin in a column."""
        top = FIRST + channel * self.step
        return top, column, top + self.shape.height - 1, column + self.shape.width - 1


def planes_sheet(subject: Subject) -> tuple[Canvas, InputPlaces]:
    """Draw the sheet; return it with the positions of the input's cells."""
    canvas = Canvas(INPUTS, freeze=(FIRST, 0), tab_colour=KINDS["input"].strong)
    sheet = _Sheet(canvas, subject)
    places = InputPlaces(
        INPUTS,
        pixels=(FIRST, sheet.scaled),
        drawing=(FIRST, sheet.typed),
        choice=(CHOICE_ROW, 0) if len(subject.samples) else None,
        step=sheet.step,
    )
    _sizes(sheet)
    canvas.heights[0] = 30
    canvas.title(subject.title)
    shape = sheet.shape
    choose = "Choose a picture or type" if len(subject.samples) else "Type"
    text = f"{choose} {shape.height} × {shape.width} numbers: all else are live formulas"
    canvas.write(1, 0, text, SUBTITLE)
    _choice(sheet, places)
    _planes(sheet, places)
    if sheet.is_colour:
        _together(sheet)
    if sheet.is_scaled:
        _scaled(sheet)
    span = 1 if sheet.has_numbers else -(-LINE // sheet.side)
    constants = sheet.scaled + shape.width + 5
    trouble = cell_address(TROUBLE_ROW, 0)
    Answer(canvas, subject, HEAD, sheet.answer, trouble, constants, span).draw()
    write_links(canvas, 2, 0, ["Layers", *closer_sheets(subject), "Network", "Weights"])
    return canvas, places


def _sizes(sheet: _Sheet) -> None:
    canvas, shape = sheet.canvas, sheet.shape
    canvas.widths[0] = width_of(LABEL_WIDTH)
    blocks = {sheet.used, sheet.typed, sheet.scaled, *([sheet.together] if sheet.is_colour else [])}
    for first in blocks:
        columns = range(first, first + shape.width)
        canvas.widths |= dict.fromkeys(columns, width_of(sheet.side))
        canvas.widths[first + shape.width] = width_of(GAP)
    beside = max(GAP, TEXT - sheet.side * shape.width)
    canvas.widths |= {sheet.answer - 1: width_of(beside), sheet.after - 1: width_of(GAP)}
    if not sheet.has_numbers:
        for channel in range(shape.channels):
            top, _, bottom, _ = sheet.place(0, channel)
            canvas.heights |= dict.fromkeys(range(top, bottom + 1), height_of(sheet.side))


def _choice(sheet: _Sheet, places: InputPlaces) -> None:
    canvas, samples = sheet.canvas, sheet.subject.samples
    own = [range_address(*sheet.place(sheet.typed, at)) for at in range(sheet.shape.channels)]
    wrong = f"COUNTA({','.join(own[:255])})>COUNT({','.join(own[:255])})"
    if places.choice:
        canvas.count(*places.choice, CHOICE, sheet.subject.choice, 0, len(samples))
        text = f"{counted(len(samples))}: one of Samples, 0: your own numbers"
        canvas.write(CHOICE_ROW, LEFT, text, NOTE)
        wrong = f"AND({cell_address(*places.choice)}=0,{wrong})"
    canvas.calculate(TROUBLE_ROW, 0, f'=IF({wrong},"{TEXTS}","")', "", WARNING)


def _planes(sheet: _Sheet, places: InputPlaces) -> None:
    """Draw the planes in use, and those to type in."""
    canvas, subject, shape = sheet.canvas, sheet.subject, sheet.shape
    samples = SamplePlaces(len(subject.samples), shape)
    hidden: dict[str, str] = {} if sheet.has_numbers else {"number_format": HIDDEN}
    # Dark, so that numbers can be read on all shades.
    shown, typed = replace(SHOWN, **hidden), replace(TYPED, colour=INK, **hidden)  # type: ignore[arg-type]
    for column, text in ((sheet.used, "what is shown"), (sheet.typed, "your own numbers")):
        canvas.write(HEAD - 1, column, text, SECTION)
    for unit, value in np.ndenumerate(subject.shown):
        own = places.drawn(*unit)
        canvas.write(*own, 0.0 if subject.choice else float(value), typed)
        used = f"IF(ISNUMBER({relative_address(*own)}),{relative_address(*own)},0)"
        if places.choice:
            choice = cell_address(*places.choice)
            used = f"IF({choice}=0,{used},{indexed(samples.column(*unit), choice)})"
        cell = places.beside((FIRST, sheet.used), unit)
        canvas.calculate(*cell, f"={used}", float(value), shown)
    for channel, name in enumerate(sheet.names):
        for column in (sheet.used, sheet.typed):
            place = sheet.place(column, channel)
            if shape.channels > 1:
                canvas.write(place[0] - 1, column, name, LABEL)
            _shade(sheet, place, channel)
        place = sheet.place(sheet.typed, channel)
        first = relative_address(*place[:2])
        text = f'=AND({first}<>"",NOT(ISNUMBER({first})))'
        canvas.rules.append(Rule(place, text, dict(FAIL_FORMAT)))


def _shade(sheet: _Sheet, place: Place, channel: int) -> None:
    source = sheet.subject.network.input
    limits = (0.0, source.white) if source.normalized else ()
    if sheet.is_colour:
        full, pale = list(PLANES.values())[channel]
        colours = (WHITE, pale) if sheet.has_numbers else ("#000000", full)
        sheet.canvas.heat_maps.append(HeatMap(place, colours, limits))
    elif source.normalized:
        colours = PALE_PICTURE if sheet.has_numbers else PICTURE
        sheet.canvas.heat_maps.append(HeatMap(place, colours, limits))
    else:
        sheet.canvas.heat_maps.append(about_zero(place))
    if sheet.has_numbers:
        shorten(sheet.canvas, place)


def _together(sheet: _Sheet) -> None:
    """Draw the picture in its colours: each is the nearest of a palette, by its number there."""
    canvas, shape, first = sheet.canvas, sheet.shape, sheet.together
    canvas.write(HEAD - 1, first, "the colours together", SECTION)
    low, high = _ends(sheet)
    palette = palette_of(sheet.subject.shown, *(canvas.value(*place) for place in (low, high)))  # type: ignore[arg-type]
    darkest, brightest = cell_address(*low), cell_address(*high)
    for row, column in np.ndindex(shape.height, shape.width):
        cells = (sheet.place(sheet.used, channel)[:2] for channel in range(len(PLANES)))
        parts = (
            f"ROUND({LEVELS - 1}*({relative_address(top + row, left + column)}-{darkest})"
            f"/({brightest}-{darkest}),0)*{LEVELS**power}"
            for (top, left), power in zip(cells, (2, 1, 0), strict=True)
        )
        formula = f"=IF({brightest}>{darkest},{'+'.join(parts)},0)"
        place = FIRST + row, first + column
        canvas.calculate(*place, formula, int(palette[row, column]), Style(number_format=HIDDEN))
    area, own = sheet.place(first, 0), relative_address(FIRST, first)
    for number, levels in enumerate(product(range(LEVELS), repeat=len(PLANES))):
        shades = (round(255 * level / (LEVELS - 1)) for level in levels)
        colour = "#" + "".join(f"{shade:02X}" for shade in shades)
        canvas.rules.append(Rule(area, f"={own}={number}", {"bg_color": colour}))


def _ends(sheet: _Sheet) -> tuple[tuple[int, int], tuple[int, int]]:
    """Write below the picture which numbers are its darkest and its brightest; return the cells."""
    canvas, source, shown = sheet.canvas, sheet.subject.network.input, sheet.subject.shown
    row, places = FIRST + sheet.shape.height, []
    planes = ",".join(range_address(*sheet.place(sheet.used, at)) for at in range(len(PLANES)))
    column = sheet.together
    ends = ("dark is", "MIN", 0.0, float(shown.min())), (
        "bright is", "MAX", source.white, float(shown.max()),
    )  # fmt: skip
    for text, function, constant, value in ends:
        for pixels, is_label in ((62, True), (56, False)):
            after = behind(canvas, column, pixels)
            canvas.merges.append((row, column, row, after - 1))
            if is_label:
                canvas.write(row, column, text, LABEL)
            else:
                places.append((row, column))
                style = replace(LABEL, number_format="0.##", align="left")
                if source.normalized:
                    canvas.write(row, column, constant, style)
                else:
                    canvas.calculate(row, column, f"={function}({planes})", value, style)
            column = after
    return places[0], places[1]


def palette_of(planes: Array, darkest: float, brightest: float) -> Array:
    """Return the number in the palette (height, width) of each pixel's colour, of three planes."""
    if brightest <= darkest:
        return np.zeros(planes.shape[1:])
    # Spreadsheets round a half away from 0.
    levels = np.floor((LEVELS - 1) * (planes - darkest) / (brightest - darkest) + 0.5)
    found: Array = levels[0] * LEVELS**2 + levels[1] * LEVELS + levels[2]
    return found


def _scaled(sheet: _Sheet) -> None:
    """Draw what the network takes in: each plane less a number and divided by another."""
    canvas, scaling, shape = sheet.canvas, sheet.subject.network.input.scaling, sheet.shape
    assert scaling is not None
    table = sheet.scaled + shape.width + 1
    canvas.write(HEAD - 1, sheet.scaled, "what the network takes in", SECTION)
    for at, text in enumerate(("channel", "minus", "divided by")):
        canvas.write(HEAD, table + at, text, header("helper"))
        canvas.widths[table + at] = width_of(90)
    canvas.widths[table + 3] = width_of(GAP)
    hidden: dict[str, str] = {} if sheet.has_numbers else {"number_format": HIDDEN}
    style = replace(SHOWN, **hidden)  # type: ignore[arg-type]
    span = 1 if sheet.has_numbers else -(-LINE // sheet.side)
    numbers = scaling.scaled(sheet.subject.shown, 0)
    for channel, name in enumerate(sheet.names):
        row, place = FIRST + channel * span, sheet.place(sheet.scaled, channel)
        canvas.write(row, table, name, CONSTANT)
        canvas.write(row, table + 1, scaling.subtracted[channel], CONSTANT)
        canvas.write(row, table + 2, scaling.divided[channel], CONSTANT)
        if span > 1:
            places = ((row, table + at, row + span - 1, table + at) for at in range(3))
            canvas.merges.extend(places)
        minus, over = (cell_address(row, table + side) for side in (1, 2))
        if shape.channels > 1:
            canvas.write(place[0] - 1, place[1], name, LABEL)
        for (down, across), value in np.ndenumerate(numbers[channel]):
            used = relative_address(place[0] + down, sheet.used + across)
            cell = place[0] + down, place[1] + across
            canvas.calculate(*cell, f"=({used}-{minus})/{over}", float(value), style)
        canvas.heat_maps.append(about_zero(place))
