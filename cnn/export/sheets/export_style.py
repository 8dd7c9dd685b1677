"""The formatting and wording that the sheets of an exported network share."""

from collections.abc import Iterable, Mapping

from cnn.export.network.stages import Input, Layer, Network, Shape, Stage
from sheetgen.spreadsheet.address import range_address, relative_address
from sheetgen.spreadsheet.canvas import Canvas, HeatMap, Place, Rule
from sheetgen.spreadsheet.sheet_sizes import column_pixels
from sheetgen.spreadsheet.style import DIVERGING, INK, INPUT, KINDS, LINK, MUTED, WHITE, Style

FULL = 255
"""The value of a pixel full of ink."""

PAPER = INPUT.fill
PAPER_LINE = "#EBE3B0"
PIXEL_LINE = "#E5E7EB"
DRAWING = (PAPER, INK)  # ink on the colour of cells to type in
PICTURE = (WHITE, INK)
PALE_PICTURE = (WHITE, "#9CA3AF")  # paler, where the numbers are to be read
TABLE = KINDS["iteration"].tint  # what pictures lie on
CAPTION = Style(size=9, colour=MUTED)
LARGE_NUMBERS = {9.995: "0.0", 99.95: "0", 9999.5: "0E+0", 9.5e9: '"…"'}
"""The formats of a number of two decimals by the size from which they apply, so it is not ###."""
_LEAST = "1E-300"
"""Added to the end of a scale, which must be above 0; no other number changes by it."""
_COLUMN = 8.43  # characters; the default width of a column
_LINK_PIXELS = 76  # "Activation", and a gap

DIGIT, PICTURE_TAB, INPUTS = "Digit", "Picture", "Inputs"
"""The names of the sheet with the input: drawings of digits, of others, numbers of any kind."""
VALUES = "Values"
"""The name that it had in earlier versions, for numbers of any kind."""
CASES = "Cases"
_DIGIT = 7  # pixels of a digit in Arial 10, in which widths are counted
_PADDING = 5
_POINTS = 0.75  # of a pixel


def width_of(pixels: int) -> float:
    """Return a column's width in characters, as spreadsheets count it, from pixels.

    ECMA-376 part 1, section 18.3.1.13 (col): a column of n digits is 7 n + 5 pixels wide where a
    digit has 7; Excel shrinks the padding along with columns of less than one digit.
    """
    characters = (pixels - _PADDING) / _DIGIT
    return characters if characters >= 1 else pixels / (_DIGIT + _PADDING)


def height_of(pixels: int) -> float:
    """Return a row's height in points from pixels."""
    return pixels * _POINTS


def square(canvas: Canvas, place: Place, pixels: int) -> None:
    """Make the cells of a range squares with sides of that many pixels."""
    first_row, first_column, last_row, last_column = place
    canvas.widths |= dict.fromkeys(range(first_column, last_column + 1), width_of(pixels))
    canvas.heights |= dict.fromkeys(range(first_row, last_row + 1), height_of(pixels))


def furthest(cells: str) -> str:
    """Return the expression of how far from 0 the numbers of a range are at most."""
    return f"MAX(MAX({cells}),-MIN({cells}))"


def about_zero(place: Place, end: str = "") -> HeatMap:
    """Shade a range from blue, below 0, by way of white to orange, above 0.

    `end` is the expression of the number with the strongest orange, without one the furthest of
    the range itself.
    """
    end = end or furthest(range_address(*place))
    return HeatMap(place, DIVERGING, (f"=-{end}-{_LEAST}", 0.0, f"={end}+{_LEAST}"))


def shorten(
    canvas: Canvas,
    place: Place,
    sizes: Mapping[float, str] = LARGE_NUMBERS,
    end: float = 1e308,
) -> None:
    """Show numbers of a range in other formats, each from its size on, the last one up to `end`."""
    number = f"ABS({relative_address(*place[:2])})"
    for (start, number_format), last in zip(sizes.items(), [*list(sizes)[1:], end], strict=True):
        rule = f"=AND({number}>={start!r},{number}<{last!r})".upper()
        canvas.rules.append(Rule(place, rule, {"num_format": number_format}))


def behind(canvas: Canvas, column: int, pixels: int) -> int:
    """Return the first column after a number of pixels, counted from the start of a column."""
    while pixels > 0:
        pixels -= column_pixels(canvas.widths.get(column, _COLUMN))
        column += 1
    return column


def write_links(canvas: Canvas, row: int, column: int, sheets: Iterable[str]) -> None:
    """Write links to other sheets side by side, once the widths of the columns are known."""
    for name in sheets:
        after = behind(canvas, column, _LINK_PIXELS)
        if after > column + 1:
            canvas.merges.append((row, column, row, after - 1))
        canvas.link(row, column, name, name, LINK)
        column = after


def counted(count: int) -> str:
    """Return the numbers to choose from, of so many: 1 to 5, or 1."""
    return f"1 to {count}" if count > 1 else "1"


def described(shape: Shape) -> str:
    """Return a shape in words: 16 channels of 28 × 28 pixels, or 10 units."""
    if shape.pixels == 1 or shape.flat:
        return f"{shape.size} units" if shape.size > 1 else "1 unit"
    channels = "1 channel" if shape.channels == 1 else f"{shape.channels} channels"
    if shape.line:
        return f"{channels} of {shape.width} places"
    return f"{channels} of {shape.height} × {shape.width} pixels"


def words_of(layer: Layer) -> str:
    """Return what a layer does, in words: convolution, BatchNorm, ReLU."""
    return ", ".join(dict.fromkeys(map(_word, layer.stages)))


def _word(stage: Stage) -> str:
    if isinstance(stage, Input) and stage.normalized:
        return "normalised input"
    return stage.word


def is_digit_reader(network: Network) -> bool:
    """Return whether a network classifies grey drawings with values from 0 to 255."""
    source = network.input
    is_drawing = source.normalized and source.is_ink and source.output.channels == 1
    return is_drawing and network.probabilities is not None


def input_tab(network: Network) -> str:
    """Return the name of the sheet with the network's input."""
    if not is_digit_reader(network):
        return INPUTS
    return PICTURE_TAB if network.input.classes else DIGIT


def image_word(network: Network) -> str:
    """Return what an input is called: a digit, unless the classes have other names."""
    return "picture" if network.input.classes else "digit"
