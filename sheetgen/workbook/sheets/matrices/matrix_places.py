"""Where the vectors and matrices of the sheet `Matrices` are: each layer's columns, side by side.

A layer is the equation W·a + b = z → f → a. What is below it on the way back has the same columns:
∂E/∂W is below W, ∂E/∂b below b, δ below z, f′ below f, ∂E/∂a below a.
"""

from dataclasses import dataclass

from sheetgen.network.network import Network

MARGIN = 1.5  # characters, left of everything
SIGN, NAMES, GAP = 1.8, 5.0, 3.0  # characters of width
NUMBERS = ((4, 7.4), (3, 5.8))  # decimals, and the characters of width for a number with them
PIXELS_OF_CHARACTER, PIXELS_OF_COLUMN = 7, 5
SCREEN = 1320  # pixels: what a window of 1366 shows
PAPER = 1389  # pixels across A4 on its side at a scale of 70 %, where texts have 7 points
ZOOMS = range(100, 69, -5)
MOST_ROWS = 12  # of a matrix; two of them, one below the other, fill a screen


@dataclass(frozen=True)
class LayerPlaces:
    """The columns of a layer: its units' names, and the first column of each matrix or vector.

    The column before each of them has the sign that leads to it. `bias` is None without biases.
    """

    names: int
    weights: int
    source: int
    bias: int | None
    z: int
    slope: int
    a: int


@dataclass(frozen=True)
class Places:
    """The columns of all layers, of the targets and of the errors; widths by column.

    `decimals` are those of the numbers: more if all fits the screen without a zoom.
    """

    decimals: int
    layers: tuple[LayerPlaces, ...]
    target: int
    error: int
    widths: dict[int, float]

    @classmethod
    def of(cls, network: Network) -> "Places":
        """Return the places of a network's matrices."""
        wide, narrow = (cls._with(network, *numbers) for numbers in NUMBERS)
        return wide if wide.zoom == 100 else narrow

    @classmethod
    def _with(cls, network: Network, decimals: int, number: float) -> "Places":
        widths, layers = {0: MARGIN}, []

        def take(width: float, count: int = 1) -> int:
            """Return the first of some new columns of a width."""
            first = len(widths)
            widths.update(dict.fromkeys(range(first, first + count), width))
            return first

        def after_sign() -> int:
            """Return a new column of numbers, behind one for a sign."""
            take(SIGN)
            return take(number)

        for layer in network.layers:
            layers.append(
                LayerPlaces(
                    names=take(NAMES),
                    weights=take(number, layer.fan_in),
                    source=after_sign(),
                    bias=None if layer.biases is None else after_sign(),
                    z=after_sign(),
                    slope=after_sign(),
                    a=after_sign(),
                )
            )
            take(GAP)
        target, error = take(number), after_sign()
        return cls(decimals, tuple(layers), target, error, widths)

    @property
    def pixels(self) -> int:
        """The width of all columns at a zoom of 100 %."""
        return self._pixels(0, len(self.widths))

    def _pixels(self, first: int, end: int) -> int:
        return sum(
            round(self.widths[at] * PIXELS_OF_CHARACTER) + PIXELS_OF_COLUMN
            for at in range(first, end)
        )

    @property
    def pages(self) -> dict[int, int]:
        """The layers with which a page of paper begins, by their first columns, but the first."""
        found, left = dict[int, int](), 0
        ends = [*(each.names for each in self.layers[1:]), self.error + 1]
        for layer, (at, end) in enumerate(zip(self.layers, ends, strict=True)):
            if layer and self._pixels(left, end) > PAPER:
                found[at.names], left = layer, at.names
        return found

    @property
    def zoom(self) -> int:
        """The zoom in per cent at which all fits a laptop's screen; 0 if it does not."""
        return next((each for each in ZOOMS if self.pixels * each / 100 <= SCREEN), 0)


def rows_of(network: Network) -> int:
    """Return the rows of the tallest matrix or vector."""
    return max(network.inputs, *(layer.units for layer in network.layers))


def is_shown(network: Network) -> bool:
    """Tell whether a network is small enough: MOST_ROWS rows, and a screen's width at 70 %."""
    return rows_of(network) <= MOST_ROWS and Places.of(network).zoom > 0
