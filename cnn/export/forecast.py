"""Says how large an export will be, and how long LibreOffice needs for it, before it is written."""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from cnn.export.network.joining_stages import MatrixProduct
from cnn.export.network.stages import Convolution, Softmax
from cnn.export.sheets.compose_export import Book
from cnn.export.sheets.export_proof import foretold
from cnn.export.sheets.layout import InputPlaces, Sheet
from cnn.export.sheets.stage_formulas import unit_formulas
from cnn.export.sheets.subject import Subject
from sheetgen.spreadsheet.address import relative_address
from sheetgen.spreadsheet.block import Block
from sheetgen.spreadsheet.canvas import Canvas, Value
from sheetgen.spreadsheet.fast_workbook import LEVEL
from sheetgen.spreadsheet.style import Style

SAMPLE, PLACES = 200, 4
"""Cells in a row whose packed size is measured, behind as many that the packing learns from; and
how many such rows of cells of a sheet."""
WHOLE, EACH, CHART, RULE, LINE, PLAIN = 9_000, 1_000, 1_100, 40, 10, 6
"""Bytes, packed: of a workbook without sheets, of a sheet without cells, of a chart, of a colour
scale or rule, of a row's element, and of a heading or a 0 in the border of a map."""
PROVEN, RANGE = 350, 13
"""The same of a row of `Proof`, and of a range that it sums."""

MOST_OPENING, MOST_RECALCULATION = 20.0, 3.0
"""Seconds that one gladly waits for LibreOffice; benchmarks/export_sizes.py measures them."""

Cell = tuple[tuple[int, int], str | None, Value]
"""A cell's place, its formula, and its value."""


@dataclass(frozen=True)
class Forecast:
    """What an export will be: its formula cells, the products that they sum, its size in bytes."""

    formulas: int
    products: int
    size: float

    @property
    def opening(self) -> float:
        """The seconds that LibreOffice takes to open it, measured by benchmarks/export_sizes.py."""
        return 2 + 8e-6 * self.formulas + 1.5e-7 * self.size

    @property
    def recalculation(self) -> float:
        """The seconds that LibreOffice takes to compute all of it again."""
        return 2e-6 * self.formulas + 1.2e-7 * self.products

    @property
    def is_pleasant(self) -> bool:
        """Whether LibreOffice is quick enough to try one input after another."""
        return self.opening <= MOST_OPENING and self.recalculation <= MOST_RECALCULATION

    def __str__(self) -> str:
        """Say it in a line."""
        size = f"{self.formulas:,} formulas, about {size_of(self.size)}"
        seconds = f"{self.opening:.0f} s to open and {_rounded(self.recalculation)} after a change"
        verdict = "" if self.is_pleasant else ", too slow to try many inputs"
        return f"{size}: LibreOffice takes about {seconds}{verdict}; Excel was not measured"


def size_of(count: float) -> str:
    """Return a number of bytes in megabytes: 0.04 MB, 12.3 MB."""
    return f"{count / 1e6:.{1 if count >= 1e6 else 2}f} MB"


def _rounded(seconds: float) -> str:
    return "less than 1 s" if seconds < 1 else f"{seconds:.0f} s"


def forecast(book: Book) -> Forecast:
    """Return what a workbook will be.

    The formulas are counted. The size is that of some cells of each sheet, packed as in the file,
    in proportion to all of its cells.
    """
    subject, others = book.subject, (*book.pictures, book.workings.canvas)
    proof = foretold(book.proven, subject.sheets.values())
    formulas = proof.formulas + sum(canvas.formulas for canvas in others)
    size = WHOLE + PROVEN * proof.rows + RANGE * proof.ranges + sum(map(_size_of, others))
    products = 0
    for sheet in subject.sheets.values():
        formulas += sheet.shape.size
        products += sheet.shape.size * _products(sheet)
        if isinstance(sheet.layer.base, Softmax):
            formulas += sheet.shape.size + 2
        size += EACH + _size_of_layer(sheet, subject, book.places)
    return Forecast(formulas, products, size)


def _products(sheet: Sheet) -> int:
    """Return the number of products that one activation of a layer is the sum of."""
    base = sheet.layer.base
    if isinstance(base, Convolution):
        return int(base.kernels[0].size)
    return sheet.layer.reads[0].indices.shape[2] if isinstance(base, MatrixProduct) else 0


def _size_of_layer(sheet: Sheet, subject: Subject, places: InputPlaces) -> float:
    formula, values = unit_formulas(sheet, places), subject.values[sheet.name]

    def cells(start: int, end: int) -> Iterable[Cell]:
        for unit in islice(sheet.units(), start, end):
            yield sheet.cell(*unit), formula(unit), float(values[unit])

    rows, columns = len(sheet.pixel_rows), len(sheet.pixel_columns)
    border = (rows + 2) * columns - sheet.shape.pixels  # with two rows of headings
    fixed = LINE * rows + PLAIN * border * sheet.shape.channels
    return fixed + _packed(sheet.shape.size, cells)


def _size_of(canvas: Canvas) -> float:
    places = sorted(canvas.cells)

    def cells(start: int, end: int) -> Iterable[Cell]:
        for place in places[start:end]:
            cell = canvas.cells[place]
            yield place, cell.formula, cell.value

    pictures = sum(len(each.data) for each in canvas.pictures)
    fixed = EACH + CHART * len(canvas.charts) + pictures + LINE * len(canvas.heights)
    fixed += RULE * (len(canvas.heat_maps) + len(canvas.rules))
    return fixed + _packed(len(places), cells) + _size_of_blocks(canvas.blocks)


def _size_of_blocks(blocks: Sequence[Block[Style]]) -> float:
    counts = [each.rows * len(each.formulas) for each in blocks]

    def cells(start: int, end: int) -> Iterable[Cell]:
        for block, count in zip(blocks, counts, strict=True):
            for at in range(max(start, 0), min(end, count)):
                down, across = divmod(at, len(block.formulas))
                place = block.first_row + down, block.first_column + across
                yield place, block.formula(*place), float(block.values[across][down])
            start, end = start - count, end - count

    return _packed(sum(counts), cells)


def _packed(count: int, cells: Callable[[int, int], Iterable[Cell]]) -> float:
    """Return the packed size of a number of cells, of which `cells` returns those of a range."""
    if count <= 2 * SAMPLE * PLACES:
        return _deflated("".join(map(_xml, cells(0, count))))
    sizes = []
    for number in range(PLACES):
        start = (count - 2 * SAMPLE) * number // (PLACES - 1)
        texts = [_xml(cell) for cell in cells(start, start + 2 * SAMPLE)]
        sizes.append(_deflated("".join(texts[SAMPLE:]), behind="".join(texts[:SAMPLE])))
    return sum(sizes) / len(sizes) / SAMPLE * count


def _xml(cell: Cell) -> str:
    """Return a cell much as it is in the file."""
    place, formula, value = cell
    start = f'<c r="{relative_address(*place)}" s="12"'
    if formula:
        return f"{start}><f>{formula[1:]}</f><v>{value}</v></c>"
    if isinstance(value, str):
        return f'{start} t="s"><v>{value}</v></c>' if value else f"{start}/>"
    return f"{start}><v>{value:.16G}</v></c>"


def _deflated(text: str, behind: str = "") -> int:
    """Return the packed size of a text behind another, from which the packing has learned."""
    packer = zlib.compressobj(LEVEL)
    if behind:
        packer.compress(behind.encode())
        packer.flush(zlib.Z_SYNC_FLUSH)
    return len(packer.compress(text.encode()) + packer.flush())
