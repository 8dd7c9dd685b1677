"""The unit of a convolution that is chosen on `Explorer`: its window, and its sum written out."""

from collections.abc import Callable
from functools import cached_property
from itertools import chain
from math import ceil

from sheetgen.network.network import activation_name
from sheetgen.network.planes import Convolution
from sheetgen.spreadsheet.address import range_address
from sheetgen.spreadsheet.canvas import Place, Rule, Value
from sheetgen.spreadsheet.style import LABEL, SECTION
from sheetgen.workbook.shared.live_text import Words, joined
from sheetgen.workbook.shared.plane_lookup import NOTHING
from sheetgen.workbook.shared.plane_strip import FRAME
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.plane_explorer.pictures import (
    SIGN,
    Fact,
    Pictures,
    title_columns,
)

UNITS = "convolution_units"
"""The defined name of the list of the units of all convolutions."""
SUM = " = Σ window · kernel + bias"
RESULTS = 8  # columns of the sum's results
COUNTS = ("layer", "map", "row", "column", "window from row", "window from column")


class ChosenUnit:
    """Asks for a unit, frames its window in the planes, and writes out its sum."""

    def __init__(self, pictures: Pictures, workings: Workings) -> None:
        """Find out which one is chosen."""
        self.pictures, self.workings, self.canvas = pictures, workings, pictures.canvas
        self.network = pictures.network
        self.name = pictures.plan.controls.explorer_unit
        self.layer, self.place = self.network.positions[self.name]

    @cached_property
    def convolution(self) -> Convolution:
        """The layer that it belongs to."""
        found = self.network.layers[self.layer]
        assert isinstance(found, Convolution)
        return found

    def _counts(self, layer: int, convolution: Convolution, unit: int) -> tuple[int, ...]:
        """Return COUNTS of a unit of a convolution, all from 1."""
        _, rows, columns = convolution.shape
        channel, (row, column) = unit // (rows * columns), divmod(unit % (rows * columns), columns)
        top, left = convolution.corner(row, column)
        return layer + 1, channel + 1, row + 1, column + 1, top + 1, left + 1

    def ask(self, control: tuple[int, int], label: int) -> None:
        """Write the drop-down, its label in a column, and beside it where the unit is."""
        rows: list[tuple[Value, ...]] = [
            (name, *self._counts(layer, convolution, unit))
            for layer, convolution in self.pictures.convolutions
            for unit, name in enumerate(self.network.unit_names[layer])
        ]
        title = "Units of the convolutions"
        choices = self.workings.choices(self.canvas.name, title, UNITS, rows)
        self.canvas.write(control[0], label, "unit of a convolution", LABEL)
        names = [str(name) for name, *_ in rows]
        self.canvas.choose(*control, "explorer_unit", self.name, names, source=UNITS)
        self.cell = self.canvas.absolute(*control)
        found = self._counts(self.layer, self.convolution, self.place)
        facts = map(Fact, COUNTS, choices.of(self.cell), found)
        self.counts = dict(zip(COUNTS, self.pictures.facts(control[0], facts), strict=True))

    def frame(self) -> None:
        """Frame the unit in its maps, and its window in what it looks at."""
        pictures, counts = self.pictures, self.counts
        top, left = counts["window from row"], counts["window from column"]
        for layer, convolution in pictures.convolutions:
            rows, columns = convolution.window
            for channel in range(convolution.planes.channels):
                place = pictures.places[pictures.source(layer, channel)[0]]
                row, column = _row(place), _column(place)
                self._frame(place, layer, f"{row}>={top},{row}<{top}+{rows}",
                            f"{column}>={left},{column}<{left}+{columns}")  # fmt: skip
            units, size = self.network.unit_names[layer], convolution.units // convolution.maps
            for each in range(convolution.maps):
                for symbol in (units[each * size], activation_name(units[each * size])):
                    place = pictures.places[symbol]
                    where = f"{_row(place)}={counts['row']}", f"{_column(place)}={counts['column']}"
                    self._frame(place, layer, f"{counts['map']}={each + 1}", *where)

    def _frame(self, place: Place, layer: int, *conditions: str) -> None:
        condition = ",".join((f"{self.counts['layer']}={layer + 1}", *conditions))
        self.canvas.rules.append(Rule(place, f"=AND({condition})", FRAME))

    def _in_a_line(self, room: int) -> int:
        """Return how many channels fit side by side into so many columns."""
        channels, _, columns = self.pictures.largest_window
        return min(channels, (room + 1) // (3 * columns + 3))

    def fits(self, room: int, rows: int) -> bool:
        """Tell whether it can be written into so many columns and rows."""
        channels, height, _ = self.pictures.largest_window
        in_a_line = self._in_a_line(room)
        is_high = ceil(channels / max(1, in_a_line)) * (height + 1) + 3 > rows
        return in_a_line > 0 and room >= self._title_columns and not is_high

    @property
    def _title_columns(self) -> int:
        units = (self.network.unit_names[layer] for layer, _ in self.pictures.convolutions)
        return title_columns(chain.from_iterable(units), SUM)

    def write(self, at: tuple[int, int], room: int) -> tuple[int, int]:
        """Write out the chosen unit's sum in so many columns; return the last row and column."""
        row, left = at
        pictures = self.pictures
        channels, rows, columns = pictures.largest_window
        name = Words(f'{self.cell}&""', self.name)
        title = joined(name, SUM)
        self.canvas.calculate(row, left, title.formula, title.text, SECTION)
        row, products, in_a_line = row + 1, list[str](), max(1, self._in_a_line(room))
        for channel in range(channels):
            down, across = divmod(channel, in_a_line)
            top, column = row + down * (rows + 1), left + across * (3 * columns + 3)
            window = pictures.block((top, column), (rows, columns), self._window(channel))
            at_kernel = top, column + columns + 1
            kernel = pictures.block(at_kernel, (rows, columns), self._kernel(channel))
            product = pictures.products((top, column + 2 * columns + 2), window, kernel)
            products.append(range_address(*product))
            signs = column + columns, column + 2 * columns + 1
            self._signs(top + rows // 2, signs, channel)
        last = row + ceil(channels / in_a_line) * (rows + 1)
        self._results(last, left, products)
        taken = max(RESULTS, self._title_columns, in_a_line * (3 * columns + 3) - 1)
        return last + 1, left + taken - 1

    def _signs(self, row: int, columns: tuple[int, int], channel: int) -> None:
        """Write · and = between the blocks of a channel, if the chosen layer reads so many."""
        for column, sign in zip(columns, "·=", strict=True):
            expressions = [
                f'"{sign}"' if channel < each.planes.channels else NOTHING
                for _, each in self.pictures.convolutions
            ]
            expression = self.pictures.of_layer(self.counts["layer"], expressions)
            if expression == expressions[0]:
                self.canvas.write(row, column, sign, SIGN)
                continue
            shown = sign if channel < self.convolution.planes.channels else ""
            self.canvas.calculate(row, column, f"={expression}", shown, SIGN)

    def _window(self, channel: int) -> Callable[[int, int], tuple[str, Value]]:
        top, left = self.counts["window from row"], self.counts["window from column"]

        def content(y: int, x: int) -> tuple[str, Value]:
            expressions = [
                self.pictures.looked_up(layer, channel, f"({top}+{y})", f"({left}+{x})")
                if self._has(convolution, channel, y, x)
                else NOTHING
                for layer, convolution in self.pictures.convolutions
            ]
            expression = self.pictures.of_layer(self.counts["layer"], expressions)
            if not self._has(self.convolution, channel, y, x):
                return expression, ""
            _, _, _, _, row, column = self._counts(0, self.convolution, self.place)
            return expression, self.pictures.read(self.layer, channel, row + y, column + x)

        return content

    def _kernel(self, channel: int) -> Callable[[int, int], tuple[str, Value]]:
        def content(y: int, x: int) -> tuple[str, Value]:
            expressions, value = [], float("nan")
            for layer, convolution in self.pictures.convolutions:
                if not self._has(convolution, channel, y, x):
                    expressions.append(NOTHING)
                    continue
                position = (channel * convolution.window[0] + y) * convolution.window[1] + x
                names = [
                    each.name
                    for each in self.network.weights
                    if each.layer == layer and each.position == position
                ]
                cells = [self.pictures.addresses[name] for name in names]
                expressions.append(self.pictures.one_of(self.counts["map"], cells))
                if layer == self.layer:
                    value = self.pictures.values[names[self._map]]
            expression = self.pictures.of_layer(self.counts["layer"], expressions)
            is_there = self._has(self.convolution, channel, y, x)
            return expression, value if is_there else ""

        return content

    @property
    def _map(self) -> int:
        return self.convolution.bias_row(self.place)

    def _results(self, row: int, column: int, products: list[str]) -> None:
        """Write the sum and the bias, and below them z and a."""
        pictures, values = self.pictures, self.pictures.values
        bias = self.network.bias_of(self.name)
        added = values[bias.name] if bias else 0.0
        total = pictures.result(
            row, column, "Σ", f"SUM({','.join(products)})", values[self.name] - added
        )
        expressions = []
        for layer, _ in pictures.convolutions:
            names = [each.name for each in self.network.biases if each.layer == layer]
            cells = [pictures.addresses[name] for name in names]
            expressions.append(pictures.one_of(self.counts["map"], cells) if cells else "0")
        expression = pictures.of_layer(self.counts["layer"], expressions)
        shown = pictures.result(row, column + 5, "+ b", expression, added)
        z = pictures.result(row + 1, column, "= z", f"{total}+{shown}", values[self.name])
        formulas = [each.activation.formula(z) for _, each in pictures.convolutions]
        activated = pictures.of_layer(self.counts["layer"], formulas)
        value = values[activation_name(self.name)]
        pictures.result(row + 1, column + 5, "a = f(z)", activated, value)

    def _has(self, convolution: Convolution, channel: int, y: int, x: int) -> bool:
        rows, columns = convolution.window
        return channel < convolution.planes.channels and y < rows and x < columns


def _row(place: Place) -> str:
    return f"(ROW()-{place[0]})"


def _column(place: Place) -> str:
    return f"(COLUMN()-{place[1]})"
