"""The sheet `Values`, on which the user types the network's input or chooses a sample."""

from dataclasses import replace

import numpy as np

from cnn.export.sheets.export_style import (
    VALUES,
    about_zero,
    behind,
    shorten,
    width_of,
    write_links,
)
from cnn.export.sheets.layout import CHOICE, InputPlaces, SamplePlaces
from cnn.export.sheets.one_activation import closer_sheets
from cnn.export.sheets.stage_formulas import pixel_formula
from cnn.export.sheets.subject import Subject
from sheetgen.spreadsheet.address import choose
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import INPUT, LABEL, NOTE, SECTION, TITLE, Style

MOST_NAMES = 100
"""Of classes, in a formula."""
HEADING_COLUMNS = 3
"""Columns of the usual width that a heading above numbers takes."""
HEADING = 22  # characters
SCREEN = 1180  # pixels of both planes side by side
NARROWEST, WIDEST = 36, 64  # pixels of a column of numbers
GAP, LABEL_PIXELS = 40, 96  # behind the sample's number, and of "recognised as"
SHOWN = Style(size=9, number_format="0.00", align="right")
TYPED = replace(INPUT, size=9, align="right")


def values_sheet(subject: Subject) -> tuple[Canvas, InputPlaces]:
    """Draw the sheet; return it with the positions of the input's cells.

    The cells to type in hold the input that is shown if no sample is chosen, else zeros.
    """
    shape, samples = subject.network.input.output, subject.samples
    canvas = Canvas(VALUES, freeze=(5, 1))
    canvas.write(0, 0, "Type the network's input, or choose a sample", TITLE)
    canvas.heights[0] = 30
    canvas.widths[0] = 12
    places = InputPlaces(
        VALUES,
        pixels=(5, 1),
        drawing=(5, shape.width + 2),
        choice=(2, 1) if len(samples) else None,
        step=shape.height + 1,
    )
    listed = SamplePlaces(len(samples), shape)
    if places.choice:
        canvas.write(2, 0, "sample", SECTION)
        canvas.count(*places.choice, CHOICE, subject.choice, 0, len(samples))
        canvas.write(3, 1, f"1 to {len(samples)}, or 0 for the numbers on the right", NOTE)
    headings = (places.pixels, "what the network sees"), (places.drawing, "your own numbers")
    pixels = max(NARROWEST, min(WIDEST, SCREEN // (2 * shape.width)))
    for (_, column), text in headings:
        canvas.write(4, column, text, LABEL)
        canvas.widths |= dict.fromkeys(range(column, column + shape.width), width_of(pixels))
        if shape.width < HEADING_COLUMNS:
            canvas.widths[column] = HEADING
    write_links(canvas, 1, 1, ["Layers", *closer_sheets(subject), "Network", "Weights"])
    for unit, shown in np.ndenumerate(subject.shown):
        value, formula = float(shown), pixel_formula(places, listed, unit)
        canvas.calculate(*places.pixel(*unit), formula, value, SHOWN)
        canvas.write(*places.drawn(*unit), 0.0 if subject.choice else value, TYPED)
    if shape.channels > 1:
        name = "unit" if shape.pixels == 1 else "channel"
        for channel in range(shape.channels):
            canvas.write(places.pixel(channel, 0, 0)[0], 0, f"{name} {channel}", LABEL)
    for first in (places.pixels, places.drawing):
        area = *first, first[0] + shape.channels * places.step - 2, first[1] + shape.width - 1
        canvas.heat_maps.append(about_zero(area))
        shorten(canvas, area)
    _say_class(canvas, subject)
    return canvas, places


def _say_class(canvas: Canvas, subject: Subject) -> None:
    """Write the name of the likeliest class, if the classes have names."""
    network = subject.network
    names, shares = network.input.classes[:MOST_NAMES], network.probabilities
    if shares is None or not names:
        return
    label = behind(canvas, 2, GAP)
    canvas.write(2, label, "recognised as", LABEL)
    row = subject.sheets[shares.name].map
    known = ['"' + name.replace('"', '""') + '"' for name in names]
    place = int(subject.values[shares.name].argmax())
    found = f"MATCH(MAX({row}),{row},0)"
    formula = f'=IF({found}>{len(names)},"another class",{choose(found, known)})'
    value = names[place] if place < len(names) else "another class"
    canvas.calculate(2, behind(canvas, label, LABEL_PIXELS), formula, value, SECTION)
