"""The kernel's weight that is chosen on `Explorer`: its gradient, a sum over positions."""

from sheetgen.spreadsheet.address import range_address
from sheetgen.spreadsheet.canvas import Rule
from sheetgen.spreadsheet.style import LABEL, SECTION
from sheetgen.workbook.shared.kernel_terms import (
    KERNEL_WEIGHTS,
    PLACE,
    Found,
    KernelTerms,
    Where,
    kernel_choices,
    place_of_weight,
    weights_of_kernels,
)
from sheetgen.workbook.shared.live_text import Words, joined
from sheetgen.workbook.shared.plane_strip import FRAME
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.plane_explorer.pictures import (
    SIGN,
    Fact,
    Pictures,
    title_columns,
)

SUM = " = Σ δ · input over all positions"


class KernelWeight:
    """Asks for a kernel's weight, frames it, and writes out the sum that is its gradient."""

    def __init__(self, pictures: Pictures, workings: Workings) -> None:
        """Find out which one is chosen."""
        self.pictures, self.workings, self.canvas = pictures, workings, pictures.canvas
        self.weights = weights_of_kernels(pictures.network)
        chosen = pictures.plan.controls.explorer_weight
        (self.weight,) = (each for each in self.weights if each.name == chosen)

    def ask(self, control: tuple[int, int], label: int) -> None:
        """Write the drop-down, its label in a column, and beside it where the weight is."""
        network = self.pictures.network
        choices = kernel_choices(self.workings, self.canvas.name, network)
        self.canvas.write(control[0], label, "weight of a kernel", LABEL)
        names = [each.name for each in self.weights]
        chosen = self.weight.name
        self.canvas.choose(*control, "explorer_weight", chosen, names, source=KERNEL_WEIGHTS)
        self.cell = self.canvas.absolute(*control)
        facts = map(Fact, PLACE, choices.of(self.cell), place_of_weight(network, self.weight))
        place = self.pictures.facts(control[0], facts)
        self.terms = KernelTerms(self.pictures, self.weight, place)

    def frame(self) -> None:
        """Frame the weight and its gradient."""
        layer, to, channel, row, column = self.terms.place
        for each in self.weights:
            number, unit, source, y, x = place_of_weight(self.pictures.network, each)
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

    def _delta(self, row: int, column: int) -> Found:
        """Return δ at a position, counted from 0, of the chosen weight's map."""
        addresses, values = self.pictures.addresses, self.pictures.values

        def delta(unit: str) -> Found:
            return addresses[f"∂E/∂{unit}"], values[f"∂E/∂{unit}"]

        return self.terms.of_unit(_at(row, column), delta)

    def _read(self, row: int, column: int) -> Found:
        """Return what the chosen weight multiplies at a position."""
        return self.terms.read(_at(row, column))


def _at(row: int, column: int) -> Where:
    """Return the same position of all convolutions whose maps have it."""
    return lambda each: (
        (row, column) if row < each.shape.rows and column < each.shape.columns else None
    )
