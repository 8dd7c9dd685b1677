"""The kernel's weight that is chosen on `Explorer`: its gradient, a sum over positions."""

from sheetgen.network.parameters import Weight
from sheetgen.network.planes import Convolution
from sheetgen.spreadsheet.address import range_address
from sheetgen.spreadsheet.canvas import Rule, Value
from sheetgen.spreadsheet.style import LABEL, SECTION
from sheetgen.workbook.shared.live_text import Words, joined
from sheetgen.workbook.shared.plane_strip import FRAME
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.plane_explorer.pictures import (
    NOTHING,
    SIGN,
    Fact,
    Pictures,
    title_columns,
)

KERNEL_WEIGHTS = "kernel_weights"
"""The defined name of the list of all kernels' weights."""
SUM = " = Σ δ · input over all positions"
COUNTS = ("layer", "to map", "from channel", "row in kernel", "column in kernel")


class KernelWeight:
    """Asks for a kernel's weight, frames it, and writes out the sum that is its gradient."""

    def __init__(self, pictures: Pictures, workings: Workings) -> None:
        """Find out which one is chosen."""
        self.pictures, self.workings, self.canvas = pictures, workings, pictures.canvas
        network = pictures.network
        layers = {layer for layer, _ in pictures.convolutions}
        self.weights = [each for each in network.weights if each.layer in layers]
        chosen = pictures.plan.controls.explorer_weight
        (self.weight,) = (each for each in self.weights if each.name == chosen)

    def _convolution(self, layer: int) -> Convolution:
        found = self.pictures.network.layers[layer]
        assert isinstance(found, Convolution)
        return found

    def _counts(self, weight: Weight) -> tuple[int, ...]:
        """Return COUNTS of a weight, all from 1."""
        rows, columns = self._convolution(weight.layer).window
        channel, place = divmod(weight.position, rows * columns)
        row, column = divmod(place, columns)
        return weight.layer + 1, weight.unit + 1, channel + 1, row + 1, column + 1

    def ask(self, control: tuple[int, int], label: int) -> None:
        """Write the drop-down, its label in a column, and beside it where the weight is."""
        rows: list[tuple[Value, ...]] = [(each.name, *self._counts(each)) for each in self.weights]
        title = "Kernels’ weights"
        choices = self.workings.choices(self.canvas.name, title, KERNEL_WEIGHTS, rows)
        self.canvas.write(control[0], label, "weight of a kernel", LABEL)
        names = [each.name for each in self.weights]
        chosen = self.weight.name
        self.canvas.choose(*control, "explorer_weight", chosen, names, source=KERNEL_WEIGHTS)
        self.cell = self.canvas.absolute(*control)
        found = self._counts(self.weight)
        facts = map(Fact, COUNTS, choices.of(self.cell), found)
        self.counts = dict(zip(COUNTS, self.pictures.facts(control[0], facts), strict=True))

    def frame(self) -> None:
        """Frame the weight and its gradient."""
        layer, to, channel, row, column = (self.counts[label] for label in COUNTS)
        for each in self.weights:
            number, unit, source, y, x = self._counts(each)
            if (y, x) != (1, 1):
                continue
            for symbol in (each.name, each.gradient):
                place = self.pictures.places[symbol]
                condition = (
                    f"{layer}={number},{to}={unit},{channel}={source},"
                    f"ROW()-{place[0]}={row},COLUMN()-{place[1]}={column}"
                )
                self.canvas.rules.append(Rule(place, f"=AND({condition})", FRAME))

    def fits(self, room: int, rows: int) -> bool:
        """Tell whether it can be written into so many columns and rows."""
        height, columns = self.pictures.largest_map
        return max(3 * columns + 2, self._title_columns) <= room and height + 3 <= rows

    @property
    def _title_columns(self) -> int:
        return title_columns((each.gradient for each in self.weights), SUM)

    def write(self, at: tuple[int, int], room: int) -> tuple[int, int]:
        """Write out the gradient of the chosen weight; return the last row and column.

        The products are below if there is no room for them side by side.
        """
        (row, column), pictures = at, self.pictures
        rows, columns = size = pictures.largest_map
        name = Words(f'{self.cell}&""', self.weight.name)
        title = joined("∂E/∂", name, SUM)
        self.canvas.calculate(row, column, title.formula, title.text, SECTION)
        row += 1
        deltas = pictures.block((row, column), size, self._delta)
        read = pictures.block((row, column + columns + 1), size, self._read)
        at_products = row, column + 2 * columns + 2
        if 3 * columns + 2 > room:
            at_products = row + rows + 1, column + 1
        for place, sign in (((row, column + columns), "·"), (at_products, "=")):
            across = place[1] - (sign == "=")
            self.canvas.write(place[0] + rows // 2, across, sign, SIGN)
        products = pictures.products(at_products, deltas, read)
        total, value = f"SUM({range_address(*products)})", pictures.values[self.weight.gradient]
        last = at_products[0] + rows + 1
        pictures.result(last, column + 2, "Σ = ∂E/∂k", total, value)
        return last, max(products[3], read[3], column + self._title_columns - 1)

    def _delta(self, row: int, column: int) -> tuple[str, Value]:
        """Return δ at a position, counted from 0, of the chosen weight's map."""
        expressions, value = [], float("nan")
        for layer, convolution in self.pictures.convolutions:
            shape = convolution.shape
            if row >= shape.rows or column >= shape.columns:
                expressions.append(NOTHING)
                continue
            units = self.pictures.network.unit_names[layer]
            symbols = [
                f"∂E/∂{units[shape.place(each, row, column)]}" for each in range(convolution.maps)
            ]
            cells = [self.pictures.addresses[symbol] for symbol in symbols]
            expressions.append(self.pictures.one_of(self.counts["to map"], cells))
            if layer == self.weight.layer:
                value = self.pictures.values[symbols[self.weight.unit]]
        expression = self.pictures.of_layer(self.counts["layer"], expressions)
        return expression, value if self._has(self.weight.layer, row, column) else ""

    def _has(self, layer: int, row: int, column: int) -> bool:
        shape = self._convolution(layer).shape
        return row < shape.rows and column < shape.columns

    def _read(self, row: int, column: int) -> tuple[str, Value]:
        """Return what the chosen weight multiplies at a position."""
        y, x = self.counts["row in kernel"], self.counts["column in kernel"]
        expressions = []
        for layer, convolution in self.pictures.convolutions:
            if not self._has(layer, row, column):
                expressions.append(NOTHING)
                continue
            down, across = convolution.corner(row, column)
            looked_up = [
                self.pictures.looked_up(layer, channel, f"({y}{down:+d})", f"({x}{across:+d})")
                for channel in range(convolution.planes.channels)
            ]
            expressions.append(self.pictures.one_of(self.counts["from channel"], looked_up))
        expression = self.pictures.of_layer(self.counts["layer"], expressions)
        if not self._has(self.weight.layer, row, column):
            return expression, ""
        chosen = self._convolution(self.weight.layer)
        _, _, channel, at_row, at_column = self._counts(self.weight)
        down, across = chosen.corner(row, column)
        value = self.pictures.read(
            self.weight.layer, channel - 1, at_row + down, at_column + across
        )
        return expression, value
