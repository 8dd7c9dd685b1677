"""The sheet `Network`: a diagram of the layers, their shapes, parameters and formulas."""

import re
from dataclasses import dataclass, replace
from textwrap import wrap

from cnn.export.network.stages import Convolution, Network
from cnn.export.sheets.export_style import height_of, width_of, words_of
from cnn.export.sheets.layout import InputPlaces, Sheet
from cnn.export.sheets.network_diagram import POINTS, Diagram
from cnn.export.sheets.one_activation import closer_sheets
from cnn.export.sheets.stage_formulas import unit_formulas
from cnn.export.sheets.subject import Subject
from sheetgen.spreadsheet.address import range_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.sheet_sizes import column_pixels
from sheetgen.spreadsheet.style import (
    KINDS,
    LINE,
    LINK,
    PLAIN,
    SECTION,
    SUBTITLE,
    Style,
    header,
)
from sheetgen.workbook.plan import PROOF
from sheetgen.workbook.shared.workings import Workings

NETWORK = "Network"
LEFT = 1
PROOF_ROW, TABLE_ROW = 2, 4
VERDICT_WIDTH = 15  # characters
ROW_PIXELS, LINE_PIXELS = 54, 16  # the least height of a row of the table; that of a line in it
FORMULA_TITLE = "the formula of one activation"
SCREEN, LEAST_FORMULA = 1316, 30
"""Pixels of a laptop's screen, and the least characters of a formula's column."""
COLUMNS = {
    "layer": VERDICT_WIDTH,
    "graph": 16,
    "what it does": 18,
    "output": 13,
    "parameters": 11,
    "PyTorch": 48,
    FORMULA_TITLE: 56,
}
LETTERS, CAPITALS = 1.1, 0.9  # of a text, and of a formula, in a character of a column's width
BOLD = 0.95  # characters of a column's width that a bold letter takes
LONGEST = 120  # characters of a formula that are shown
DEFAULTS = re.compile(
    r", (eps=1e-05|momentum=0\.1|affine=True|track_running_stats=True|bias=True|ceil_mode=False"
    r"|padding=(0|\(0,\)|\(0, 0\))|dilation=(1|\(1,\)|\(1, 1\)))(?=[,)])"
)
"""Options of modules that are as PyTorch has them unless they are given."""
CELL = Style(border=LINE)
WRAPPED = replace(CELL, wrap=True)
NAME = replace(CELL, colour=LINK.colour, underline=True, bold=True)
FORMULA = replace(CELL, wrap=True, indent=1, colour=KINDS["gradient"].strong)
COUNT = replace(CELL, number_format="#,##0;-#,##0;", align="right")
MODULES = replace(WRAPPED, indent=1)
DESCRIPTIONS = {
    "Digit": "draw a digit or choose one: everything follows",
    "Picture": "draw a picture or choose one: everything follows",
    "Inputs": "type the network's input, or choose a sample",
    "Cases": "many inputs at once, a row each, to paste data into",
    "Layers": "the channels of any layer as pictures",
    "Activation": "one activation taken apart: window × kernel, summed, and what follows",
    "Products": "the numbers of all channels that Activation sums",
    "Kernels": "the kernels of the convolutions as tiles, a tile for each channel",
    "Accuracy": "how often the network is right, and what it gets wrong",
    "Samples": "the inputs to choose from",
    "Weights": "all parameters: kernels, biases, and BatchNorm as scale and shift",
    PROOF: "every number against PyTorch’s, in any program that opens the file",
}
EVERY = "Each layer has a sheet on which every activation is one formula cell."
CHANNELS = (
    "Channels are side by side: with C channels, channel k of pixel column c is column c·C + k, "
    "so that the window of a convolution is one range."
)
NAMES = (
    "A name such as {}_kernel_0 is the range on Weights that holds the weights of one channel "
    "or unit; its bias, scale and shift are named alike."
)


def network_sheet(subject: Subject, places: InputPlaces, workings: Workings) -> Canvas:
    """Draw the sheet; `places` are the positions of the network's input."""
    canvas = Canvas(NETWORK, tab_colour=KINDS["iteration"].strong)
    layers = subject.network.layers
    total = sum(layer.parameters for layer in layers)
    canvas.widths |= {0: 2, **dict(enumerate(COLUMNS.values(), start=LEFT))}
    longest = max(len(layer.name) for layer in layers)
    canvas.widths[LEFT] = max(VERDICT_WIDTH, longest * BOLD + 1)
    diagram = Diagram(tuple(subject.sheets.values()))
    canvas.widths[LEFT + 1] = width_of(diagram.width)
    others = sum(column_pixels(canvas.widths[at]) for at in range(LEFT + len(COLUMNS) - 1))
    fits = width_of(SCREEN - others)
    canvas.widths[LEFT + len(COLUMNS) - 1] = max(LEAST_FORMULA, min(fits, COLUMNS[FORMULA_TITLE]))
    canvas.heights[0] = 30
    canvas.title(subject.title, LEFT)
    text = f"{len(layers)} layers, {total:,} parameters, every activation a live formula"
    canvas.write(1, LEFT, text, SUBTITLE)
    row = _Table(canvas, subject, places, diagram).draw(TABLE_ROW, workings)
    row = _sheets(canvas, subject, places.sheet, row + 2)
    _reading(canvas, subject.network, row + 1)
    return canvas


@dataclass(frozen=True)
class _Table:
    canvas: Canvas
    subject: Subject
    places: InputPlaces
    diagram: Diagram

    def draw(self, row: int, workings: Workings) -> int:
        """Draw the table of the layers from a row on; return the row of the totals."""
        canvas, layers = self.canvas, self.subject.network.layers
        canvas.write(row, LEFT, "Layers", SECTION)
        canvas.freeze, canvas.repeat_rows = (row + 2, LEFT + 1), (row + 1, row + 1)
        for column, title in enumerate(COLUMNS, start=LEFT):
            canvas.write(row + 1, column, title, replace(header("unit"), align="left"))
        first = row + 2
        sheets = self.subject.sheets.values()
        heights = [self.line(at, sheet) for at, sheet in enumerate(sheets, first)]
        behind = workings.block(NETWORK, "The lines of the diagram", 1 + 2 * POINTS, 7)
        self.diagram.draw(canvas, (first, LEFT + 1), heights, behind)
        last = first + len(layers) - 1
        canvas.write(last + 1, LEFT, "all layers", Style(bold=True))
        cells = range_address(first, LEFT + 4, last, LEFT + 4)
        total = sum(layer.parameters for layer in layers)
        bold = Style(bold=True, number_format="#,##0", align="right")
        canvas.calculate(last + 1, LEFT + 4, f"=SUM({cells})", total, bold)
        return last + 1

    def words(self, sheet: Sheet) -> str:
        """Return what a layer does, and what it reads if that is not just the layer above."""
        names = [layer.name for layer in self.subject.network.layers]
        read = [each.name for each in sheet.sources.values()]
        above = names[max(0, names.index(sheet.name) - 1)]
        words = words_of(sheet.layer)
        if read in ([], [above]):
            return words
        *others, last = read
        return f"{words}\nof {', '.join(others)} and {last}" if others else f"{words}\nof {last}"

    def line(self, row: int, sheet: Sheet) -> int:
        """Write a layer's line; return its height in pixels."""
        canvas, layer = self.canvas, sheet.layer
        middle = layer.output.height // 2, layer.output.width // 2
        formula = unit_formulas(sheet, self.places)((0, *middle))
        short = formula if len(formula) <= LONGEST else f"{formula[:LONGEST]} …"
        canvas.link(row, LEFT, layer.name, layer.name, NAME)
        canvas.write(row, LEFT + 1, "", CELL)
        canvas.write(row, LEFT + 2, self.words(sheet), WRAPPED)
        canvas.write(row, LEFT + 3, str(layer.output), CELL)
        canvas.write(row, LEFT + 4, layer.parameters, COUNT)
        modules = [DEFAULTS.sub("", text) for text in layer.modules]
        canvas.write(row, LEFT + 5, "\n".join(modules), MODULES)
        canvas.write(row, LEFT + 6, short, FORMULA)
        lines = sum(_lines(text, COLUMNS["PyTorch"] * LETTERS) for text in modules)
        lines = max(lines, _lines(short, canvas.widths[LEFT + 6] * CAPITALS))
        does = self.words(sheet).split("\n")
        lines = max(lines, sum(_lines(text, COLUMNS["what it does"]) for text in does))
        pixels = max(ROW_PIXELS, LINE_PIXELS * lines + 6)
        canvas.heights[row] = height_of(pixels)
        return pixels


def _lines(text: str, letters: float) -> int:
    return len(wrap(text, int(letters)))


def _sheets(canvas: Canvas, subject: Subject, first: str, row: int) -> int:
    """Write the links to the other sheets; return the next free row."""
    closer = closer_sheets(subject)
    closer[1:1] = ["Products"] if "Activation" in closer else []
    names = [first, *(["Cases"] if subject.cases else []), "Layers", *closer, "Weights", PROOF]
    names[-2:-2] = ["Accuracy"] if subject.run else []
    names[-2:-2] = ["Samples"] if len(subject.samples) else []
    canvas.write(row, LEFT, "Sheets", SECTION)
    for offset, name in enumerate(names, start=1):
        canvas.link(row + offset, LEFT, name, name, LINK)
        canvas.write(row + offset, LEFT + 1, DESCRIPTIONS[name], PLAIN)
    return row + len(names) + 1


def _reading(canvas: Canvas, network: Network, row: int) -> None:
    canvas.write(row, LEFT, "How to read it", SECTION)
    texts = [EVERY]
    if any(min(layer.output.channels, layer.output.pixels) > 1 for layer in network.layers):
        texts.append(CHANNELS)
    with_kernels = [layer.name for layer in network.layers if layer.find(Convolution)]
    texts += [NAMES.format(name) for name in with_kernels[:1]]
    for offset, text in enumerate(texts, start=1):
        canvas.write(row + offset, LEFT, f"{offset}   {text}", PLAIN)
