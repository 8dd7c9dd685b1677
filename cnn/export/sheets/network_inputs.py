"""The cells that a person changes, and those that the network reads."""

from dataclasses import dataclass

from cnn.export.network.stages import Array, Network, Shape
from cnn.export.samples import Samples
from sheetgen.spreadsheet.address import cell_address, quoted, relative_address
from sheetgen.spreadsheet.canvas import Canvas, HeatMap
from sheetgen.spreadsheet.style import INPUT, LABEL, NOTE, SECTION, TITLE

SAMPLES = "Samples"
VALUES = "Values"
CHOICE = "choice"
"""The key of the cell that chooses a sample, or 0 for a person's own numbers."""
HEADING_COLUMNS = 3
"""Columns of the usual width that a heading above numbers takes."""
HEADING = 22  # characters
FIRST_SAMPLE = 3
"""The row of the first sample on `Samples`."""
FIRST_VALUE = 3
"""The column of a sample's first number on `Samples`."""


@dataclass(frozen=True)
class InputPlaces:
    """Where the input's planes stand on a sheet; rows and columns count from 0.

    Each plane is an ordinary picture, height × width; the plane of each further channel is
    `step` rows below. `pixels` and `drawing` are the first cells of what the network reads and of
    what a person types, `choice` is the cell that chooses a sample, None if there are none.
    """

    sheet: str
    pixels: tuple[int, int]
    drawing: tuple[int, int]
    choice: tuple[int, int] | None
    step: int

    def pixel(self, channel: int, row: int, column: int) -> tuple[int, int]:
        """Return the cell that the network reads."""
        return self.pixels[0] + channel * self.step + row, self.pixels[1] + column

    def drawn(self, channel: int, row: int, column: int) -> tuple[int, int]:
        """Return the cell that a person changes."""
        return self.drawing[0] + channel * self.step + row, self.drawing[1] + column

    def pixel_address(self, channel: int, row: int, column: int) -> str:
        """Return the relative address of the cell that the network reads: Digit!C5."""
        return f"{quoted(self.sheet)}!{relative_address(*self.pixel(channel, row, column))}"


@dataclass(frozen=True)
class SamplePlaces:
    """Where things stand on `Samples`: a sample a row, its numbers channel by channel."""

    count: int
    shape: Shape

    @property
    def labels(self) -> str:
        """The range of the classes."""
        return self._range(1)

    @property
    def names(self) -> str:
        """The range of the names."""
        return self._range(2)

    def column(self, channel: int, row: int, column: int) -> str:
        """Return the range of all samples' numbers of one pixel: Samples!$D$4:$D$103."""
        return self._range(FIRST_VALUE + self.at(channel, row, column))

    def at(self, channel: int, row: int, column: int) -> int:
        """Return the place of a pixel among a sample's numbers."""
        return (channel * self.shape.height + row) * self.shape.width + column

    @property
    def extent(self) -> tuple[int, int]:
        """Number of rows and of columns of the sheet."""
        return FIRST_SAMPLE + self.count, FIRST_VALUE + self.shape.size

    def _range(self, column: int) -> str:
        first = cell_address(FIRST_SAMPLE, column)
        return f"{SAMPLES}!{first}:{cell_address(FIRST_SAMPLE + self.count - 1, column)}"


@dataclass(frozen=True, eq=False)
class InputSheets:
    """The sheets of the input, in the order of their tabs, and where its cells stand."""

    canvases: tuple[Canvas, ...]
    places: InputPlaces


def samples_sheet(samples: Samples, shape: Shape) -> Canvas:
    """Draw the sheet of the samples: number, label, name and the numbers of each."""
    canvas = Canvas(SAMPLES, freeze=(FIRST_SAMPLE, FIRST_VALUE))
    canvas.write(0, 0, SAMPLES, TITLE)
    canvas.heights[0] = 30
    for column, title in enumerate(("number", "label", "name", "values")):
        canvas.write(FIRST_SAMPLE - 1, column, title, LABEL)
    canvas.widths |= {0: 9, 1: 9, 2: 24}
    for at, values in enumerate(samples.values.reshape(len(samples), shape.size).tolist()):
        row, label = FIRST_SAMPLE + at, samples.labels[at]
        canvas.write(row, 0, at + 1)
        canvas.write(row, 1, "" if label is None else label)
        canvas.write(row, 2, samples.names[at])
        for column, value in enumerate(values, start=FIRST_VALUE):
            canvas.write(row, column, value)
    return canvas


def pixel_formula(places: InputPlaces, samples: SamplePlaces, unit: tuple[int, int, int]) -> str:
    """Return the formula of a cell that the network reads: the person's number or a sample's."""
    drawn = relative_address(*places.drawn(*unit))
    if places.choice is None:
        return f"={drawn}"
    choice = cell_address(*places.choice)
    return f"=IF({choice}=0,{drawn},INDEX({samples.column(*unit)},{choice}))"


def values_sheet(
    network: Network, samples: Samples, shown: Array, choice: int
) -> tuple[Canvas, InputPlaces]:
    """Draw the sheet `Values`, where a person types numbers or chooses a sample.

    `shown` (channels, height, width) is what the network sees when the workbook is opened; the
    cells to type in hold it if `choice` is 0, else zeros.
    """
    shape = network.input.output
    canvas = Canvas(VALUES, freeze=(5, 1))
    canvas.write(0, 0, VALUES, TITLE)
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
        canvas.count(*places.choice, CHOICE, choice, 0, len(samples))
        canvas.write(3, 1, f"1 to {len(samples)}, or 0 for the numbers on the right", NOTE)
    for (_, column), text in (
        (places.pixels, "what the network sees"),
        (places.drawing, "your own numbers"),
    ):
        canvas.write(4, column, text, LABEL)
        if shape.width < HEADING_COLUMNS:
            canvas.widths[column] = HEADING
    for channel in range(shape.channels):
        for row in range(shape.height):
            for column in range(shape.width):
                unit = channel, row, column
                value = float(shown[unit])
                formula = pixel_formula(places, listed, unit)
                canvas.calculate(*places.pixel(*unit), formula, value)
                canvas.write(*places.drawn(*unit), 0.0 if choice else value, INPUT)
        for first in (places.pixel(channel, 0, 0), places.drawn(channel, 0, 0)):
            last = first[0] + shape.height - 1, first[1] + shape.width - 1
            canvas.heat_maps.append(HeatMap((*first, *last)))
    return canvas, places
