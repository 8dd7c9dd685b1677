"""Defines the colours, fonts, number formats and widths of all sheets.

A colour has one meaning throughout the workbook: it tells what kind of quantity a cell holds.
Texts have a contrast of 4.5 to the fills that they are on, and lines one of 3 to white, as WCAG 2.1
AA wants; nothing is told by a colour alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

FONT = "Arial"  # on every machine, or replaced by a font of the same widths
INK = "#1F2933"
MUTED = "#5F6875"
LINE = "#CBD5E1"
GREY = "#848E9C"  # of lines in charts that are of no number, or of 0
WHITE = "#FFFFFF"


@dataclass(frozen=True)
class Palette:
    """A kind of quantity: the tint of its cells, the strong colour of its headers and lines."""

    tint: str
    strong: str


KINDS: dict[str, Palette] = {
    "iteration": Palette("#F1F5F9", "#5B6B82"),
    "target": Palette("#FCE7F3", "#BE185D"),
    "input": Palette("#DBEAFE", "#1D4ED8"),
    "weight": Palette("#FFE4D0", "#A84C08"),
    "unit": Palette("#DCFCE7", "#15803D"),
    "error": Palette("#FEE2E2", "#B91C1C"),
    "gradient": Palette("#EDE9FE", "#6D28D9"),
    "helper": Palette("#F3F4F6", MUTED),
}

# The hues of Okabe and Ito (2008), distinct for the colour-blind, dark enough to be seen on white.
_SERIES = ("#0072B2", "#C27C00", "#007A59", "#B5548E", "#B23A00", "#3A8FC9", "#000000")
_DASHES = (
    "", "long_dash", "square_dot", "dash_dot", "round_dot", "long_dash_dot", "long_dash_dot_dot",
    "dash",
)  # fmt: skip
SYMBOLS = ("circle", "square", "diamond", "triangle", "star", "x", "plus")

# One section each: with conditions in a number format LibreOffice drops the minus sign.
VALUE = "0.000000"
FINE = "0.000000000"
# The format of larger numbers, which would otherwise fill the cell with ####.
LARGE = 10_000
LARGE_FORMAT = {"num_format": "0.000E+00"}
LONG = 1000  # from here on six decimals would fill a narrow column, so that there are three
LONG_FORMAT: dict[str, object] = {"num_format": "0.000"}
MIDDLE = 100  # from here on nine decimals would fill a column, so that there are six
SMALL = 0.0001  # smaller learning rates have a format of their own, or would show 0.000000
SMALL_FORMAT: dict[str, object] = {"num_format": "0.00E+00"}
MOST_DECIMALS = 6
WHOLE = "0"
PERCENT = "0.0%"
GENERAL = "General"
SCIENTIFIC = "0.0E+00;-0.0E+00;0"  # nothing is 0.0E+00
HIDDEN = ";;;"
"""The number format of a cell that shows only its colour."""


@dataclass(frozen=True)
class Style:
    """The format of a cell; cells of equal style share one cell format of the file."""

    size: int = 10
    bold: bool = False
    italic: bool = False
    colour: str = INK
    fill: str = ""
    number_format: str = GENERAL
    align: str = ""
    vertical: str = "vcenter"
    wrap: bool = False
    indent: int = 0
    border: str = ""  # colour of a thin frame
    open: tuple[str, ...] = ()  # its sides that are not drawn: "left", "right"
    underline: bool = False
    locked: bool = True
    heads: bool = False  # a column, whatever that looks like: see header_names

    def __hash__(self) -> int:
        """Return the hash of what tells most styles apart: it is asked for every cell."""
        return hash((self.size, self.bold, self.colour, self.fill, self.number_format, self.align))

    def properties(self) -> dict[str, object]:
        """Return XlsxWriter's format properties."""
        always: dict[str, object] = {
            "font_name": FONT,
            "font_size": self.size,
            "font_color": self.colour,
            "valign": self.vertical,
            "num_format": self.number_format,
            "locked": self.locked,
        }
        optional = {
            "bold": self.bold,
            "italic": self.italic,
            "text_wrap": self.wrap,
            "underline": self.underline,
            "bg_color": self.fill,
            "align": self.align,
            "indent": self.indent,
            "border": 1 if self.border else 0,
            "border_color": self.border,
        }
        found = always | {key: value for key, value in optional.items() if value}
        return found | dict.fromkeys(self.open, 0)  # after "border", which sets all sides


PLAIN = Style()
TITLE = Style(size=18, bold=True)
MARGIN = 2.0  # characters of a column left of all texts, about as wide as an indent of each
SUBTITLE = Style(size=11, colour=MUTED)
SECTION = Style(size=12, bold=True)
LABEL = Style(colour=MUTED)
NOTE = Style(colour=MUTED, italic=True)
LINK = Style(colour="#1D4ED8", underline=True)
# The one style of cells to type in: pale yellow with a frame.
INPUT = Style(fill="#FFFBD6", border="#B08D00", colour="#1D4ED8", locked=False)
RESULT = Style(bold=True, number_format=FINE, align="right")
WARNING = Style(colour=KINDS["error"].strong, bold=True)
VERDICT = Style(bold=True, align="center", border=LINE)
HEAT = ("#FFFFFF", "#F59E0B")
BELOW, ABOVE = "#3B82F6", "#D97706"  # lines of negative and of positive numbers
DIVERGING = ("#60A5FA", WHITE, "#F59E0B")  # fills below, at and above the middle
LOWER, HIGHER = "#1E40AF", "#A84C08"  # points and numbers at the lower and the higher end
PASS_FORMAT = {"bg_color": "#BBF7D0", "font_color": "#166534"}
FAIL_FORMAT = {"bg_color": "#FECACA", "font_color": "#991B1B", "bold": True}


@dataclass(frozen=True)
class Look:
    """What tells the series of a chart from the others: the colour, and with it dash or symbol."""

    colour: str
    dash: str
    symbol: str

    @property
    def light_dash(self) -> str:
        """The dash of what belongs to the series, in a thinner line."""
        return self.dash or _DASHES[-1]


def look(place: int) -> Look:
    """Return the look of a series by its place in the chart: the first have nothing in common.

    With each turn through the colours these have another dash and another symbol.
    """
    turn, colour = divmod(place, len(_SERIES))
    dash, symbol = _DASHES[place % len(_DASHES)], SYMBOLS[(colour + turn) % len(SYMBOLS)]
    return Look(_SERIES[colour], dash, symbol)


@cache
def header(kind: str) -> Style:
    """Return the style of a column header for a kind of quantity."""
    palette = KINDS[kind]
    how = Style(bold=True, colour=palette.strong, fill=palette.tint, align="center", border=LINE)
    return replace(how, heads=True)


@cache
def band(kind: str) -> Style:
    """Return the style of the title above a band of columns."""
    return Style(bold=True, colour=WHITE, fill=KINDS[kind].strong, size=9)


@cache
def number(kind: str, number_format: str = VALUE) -> Style:
    """Return the style of a number of a kind in a table."""
    return Style(fill=KINDS[kind].tint, number_format=number_format, border=WHITE)


@cache
def label(kind: str) -> Style:
    """Return the style of a quantity's name beside its value."""
    return replace(header(kind), align="left", indent=1, heads=False)


def number_format(kind: str) -> str:
    """Return the number format of a kind of quantity."""
    if kind == "iteration":
        return WHOLE
    return FINE if kind in ("error", "gradient", "helper") else VALUE


def common_format(values: Iterable[float]) -> str:
    """Return a number format for quantities that belong together: with the same decimals in all.

    Whole numbers, and those that would need more than six decimals, are left to the program. A
    number that is typed instead may have more decimals than the others.
    """
    numbers = [abs(value) for value in values]
    if any(0 < value < SMALL or value >= LARGE for value in numbers):
        return GENERAL
    exact = (at for at in range(MOST_DECIMALS) if all(round(each, at) == each for each in numbers))
    needed = next(exact, MOST_DECIMALS)
    return f"0.{'0' * needed}{'#' * (MOST_DECIMALS - needed)}" if needed else GENERAL


def column_width(kind: str, title: str = "") -> float:
    """Return a column's width in characters, enough for its number format and its header."""
    width = {"iteration": 10, "error": 13.5, "gradient": 13.5, "helper": 13.5}.get(kind, 11.5)
    return len(title) + 2 if len(title) + 1 > width else width
