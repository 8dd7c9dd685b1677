"""The unit of a convolution that is chosen on `Explorer`: its window, and its sum written out."""

from collections.abc import Callable
from functools import cached_property

from sheetgen.network.network import activation_name
from sheetgen.network.planes import Convolution
from sheetgen.spreadsheet.address import range_address
from sheetgen.spreadsheet.canvas import Place, Rule, Value
from sheetgen.spreadsheet.style import LABEL, SECTION
from sheetgen.workbook.shared.live_text import Words, joined
from sheetgen.workbook.shared.plane_strip import FRAME
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.plane_explorer.pictures import NOTHING, SIGN, Pictures

UNITS = "convolution_units"
"""The defined name of the list of the units of all convolutions."""
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

    def ask(self, control: tuple[int, int], at: tuple[int, int]) -> int:
        """Write the drop-down, and below a heading where the unit is; return the row behind."""
        rows: list[tuple[Value, ...]] = [
            (name, *self._counts(layer, convolution, unit))
            for layer, convolution in self.pictures.convolutions
            for unit, name in enumerate(self.network.unit_names[layer])
        ]
        columns = self.pictures.list(self.workings, "Units of the convolutions", UNITS, rows)
        self.canvas.write(control[0], control[1] - 1, "unit of a convolution", LABEL)
        names = [str(name) for name, *_ in rows]
        self.canvas.choose(*control, "explorer_unit", self.name, names, source=UNITS)
        self.cell = self.canvas.absolute(*control)
        place = f"MATCH({self.cell},{columns[0]},0)"
        row, column = at
        self.canvas.write(row, column, "The chosen unit", SECTION)
        found = rows[names.index(self.name)][1:]
        self.counts = {}
        for down, (label, source, value) in enumerate(
            zip(COUNTS, columns[1:], found, strict=True), start=1
        ):
            expression = f"INDEX({source},{place})"
            assert isinstance(value, int)
            self.counts[label] = self.pictures.count(row + down, column, label, expression, value)
        self._frames()
        return row + len(COUNTS) + 1

    def _frames(self) -> None:
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

    def write(self, at: tuple[int, int]) -> tuple[int, int]:
        """Write out the chosen unit's sum; return the last row and column."""
        row, column = at
        pictures = self.pictures
        channels, rows, columns = pictures.largest_window
        name = Words(f'{self.cell}&""', self.name)
        title = joined("Forward: ", name, " is the sum of window · kernel, and its bias")
        self.canvas.calculate(row, column, title.formula, title.text, SECTION)
        row += 1
        first, products = row, list[str]()
        for channel in range(channels):
            window = pictures.block((row, column), (rows, columns), self._window(channel))
            kernel = pictures.block(
                (row, column + columns + 1), (rows, columns), self._kernel(channel)
            )
            product = pictures.products((row, column + 2 * columns + 2), window, kernel)
            products.append(range_address(*product))
            self._signs(row + rows // 2, (column + columns, column + 2 * columns + 1), channel)
            row += rows + 1
        last = self._results(first, column + 3 * columns + 3, products)
        return max(row, first + 2), last

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

    def _results(self, row: int, column: int, products: list[str]) -> int:
        """Write the sum, the bias, z and a; return the last column."""
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
        shown = pictures.result(row, column + 1, "+ b", expression, added)
        z = pictures.result(row, column + 2, "= z", f"{total}+{shown}", values[self.name])
        formulas = [each.activation.formula(z) for _, each in pictures.convolutions]
        activated = pictures.of_layer(self.counts["layer"], formulas)
        value = values[activation_name(self.name)]
        pictures.result(row, column + 3, "a = f(z)", activated, value)
        return column + 3

    def _has(self, convolution: Convolution, channel: int, y: int, x: int) -> bool:
        rows, columns = convolution.window
        return channel < convolution.planes.channels and y < rows and x < columns


def _row(place: Place) -> str:
    return f"(ROW()-{place[0]})"


def _column(place: Place) -> str:
    return f"(COLUMN()-{place[1]})"
