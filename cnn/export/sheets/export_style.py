"""The formatting and wording that the sheets of an exported network share."""

from cnn.export.network.stages import Input, Layer, Network, Shape, Stage
from sheetgen.spreadsheet.canvas import Canvas, Place
from sheetgen.spreadsheet.style import DIVERGING, INK, INPUT, KINDS, MUTED, WHITE, Style

HIDDEN = ";;;"
"""The number format of a cell that shows only its colour."""
FULL = 255
"""The value of a pixel full of ink."""

PAPER = INPUT.fill
PAPER_LINE = "#EBE3B0"
PIXEL_LINE = "#E5E7EB"
DRAWING = (PAPER, INK)  # ink on the colour of cells to type in
PICTURE = (WHITE, INK)
ACTIVATIONS = (WHITE, KINDS["unit"].strong)
# Paler, where the numbers are to be read.
PALE_ACTIVATIONS = (WHITE, "#86EFAC")
PALE_PICTURE = (WHITE, "#9CA3AF")
TABLE = KINDS["iteration"].tint  # what pictures lie on
WEIGHTS_SCALE = DIVERGING
CAPTION = Style(size=8, colour=MUTED)

DIGIT, PICTURE_TAB, VALUES = "Digit", "Picture", "Values"
"""The names of the sheet with the input: drawings of digits, of others, numbers of any kind."""
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


def pixels_of(width: float) -> int:
    """Return the pixels of a column's width of one character or more."""
    return round(width * _DIGIT) + _PADDING


def height_of(pixels: int) -> float:
    """Return a row's height in points from pixels."""
    return pixels * _POINTS


def square(canvas: Canvas, place: Place, pixels: int) -> None:
    """Make the cells of a range squares with sides of that many pixels."""
    first_row, first_column, last_row, last_column = place
    canvas.widths |= dict.fromkeys(range(first_column, last_column + 1), width_of(pixels))
    canvas.heights |= dict.fromkeys(range(first_row, last_row + 1), height_of(pixels))


def described(shape: Shape) -> str:
    """Return a shape in words: 16 channels of 28 × 28 pixels, or 10 units."""
    if shape.pixels == 1 or shape.flat:
        return f"{shape.size} units" if shape.size > 1 else "1 unit"
    channels = "1 channel" if shape.channels == 1 else f"{shape.channels} channels"
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
        return VALUES
    return PICTURE_TAB if network.input.classes else DIGIT


def image_word(network: Network) -> str:
    """Return what an input is called: a digit, unless the classes have other names."""
    return "picture" if network.input.classes else "digit"
