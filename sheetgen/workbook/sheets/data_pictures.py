"""Pictures on `Data` of samples that a network looks at: the first of each class, in shaded cells.

They are beside the targets, before the columns of the pixels, which are many screens wide.
"""

from collections.abc import Iterator

import numpy as np

from sheetgen.network.answers import THRESHOLD, classes_of
from sheetgen.spreadsheet.address import choose, relative_address
from sheetgen.spreadsheet.canvas import Place
from sheetgen.spreadsheet.style import HIDDEN, KINDS, LINE, Style, band
from sheetgen.workbook.pictured import columns_of
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.grid import pixels_wide
from sheetgen.workbook.shared.live_text import Words, joined
from sheetgen.workbook.shared.page import shade_by_sign
from sheetgen.workbook.shared.sources import DataSheet

PIXEL, GAP = 20, 8  # of the screen, along the side of a cell, and between two pictures
LONGEST_CLASS = 12  # characters
CELL = Style(number_format=HIDDEN, border=LINE)
CAPTION = Style(size=8, colour=KINDS["target"].strong)


def picture_columns(plan: Plan, first: int) -> range:
    """Return the columns that the pictures take from a column on, none without planes."""
    planes = plan.network.planes
    if planes is None:
        return range(0)
    longest = max(map(len, plan.pictured_samples))
    return range(first, first + longest * columns_of(planes))


def draw_pictures(sheet: DataSheet, plan: Plan, columns: range, heading: int) -> int:
    """Draw the pictures into columns, below a heading in a row; return the last row."""
    canvas, planes = sheet.canvas, plan.network.planes
    assert planes
    canvas.widths |= {
        column: pixels_wide(PIXEL if (column - columns[0] + 1) % (planes.columns + 1) else GAP)
        for column in columns
    }
    title = "pictures: sample and class" if plan.classes else "pictures of the first samples"
    for column in columns:
        canvas.write(heading, column, title if column == columns[0] else "", band("input"))
        for row in sheet.header_rows.values():
            canvas.write(row, column, "", Style(fill=KINDS["input"].tint))
    places: list[Place] = []
    for down, line in enumerate(plan.pictured_samples):
        row = sheet.first_row + down * (planes.rows + 1)
        for across, sample in enumerate(line):
            column = columns[0] + across * columns_of(planes)
            caption = _caption(sheet, plan, sample)
            canvas.calculate(row, column, caption.formula, caption.text, CAPTION)
            places += _picture(sheet, plan, sample, (row + 1, column))
    shade_by_sign(canvas, places)
    return max(bottom for *_, bottom, _ in places)


def _caption(sheet: DataSheet, plan: Plan, sample: int) -> Words:
    """Return the number of a sample and its class, which follows its targets."""
    names = plan.network.target_names
    number = joined(f"{sample + 1}")
    if not plan.classes:
        return number
    row = sheet.rows[sample]
    first, last = (relative_address(row, sheet.columns[names[at]]) for at in (0, -1))
    if len(names) == 1:
        place = f"IF({first}>={THRESHOLD},2,1)"
    else:
        place = f"MATCH(MAX({first}:{last}),{first}:{last},0)"
    shown = [name[:LONGEST_CLASS].replace('"', '""') for name in plan.classes]
    targets = np.array([plan.data.targets[sample]])
    chosen = plan.classes[int(classes_of(targets)[0])][:LONGEST_CLASS]
    listed = choose(place, [f'"{name}"' for name in shown])
    return joined(number, ": ", Words(listed, chosen))


def _picture(sheet: DataSheet, plan: Plan, sample: int, at: tuple[int, int]) -> Iterator[Place]:
    """Draw a sample; yield the places of its channels."""
    planes, (row, column) = plan.network.planes, at
    assert planes
    size = planes.rows * planes.columns
    for channel in range(planes.channels):
        left = column + channel * (planes.columns + 1)
        for pixel in range(size):
            place = channel * size + pixel
            down, across = divmod(pixel, planes.columns)
            source = sheet.columns[plan.network.input_names[place]]
            formula = f"={relative_address(sheet.rows[sample], source)}"
            value = float(plan.data.inputs[sample][place])
            sheet.canvas.calculate(row + down, left + across, formula, value, CELL)
        yield row, left, row + planes.rows - 1, left + planes.columns - 1
