"""The sheet `Explorer` of a network that looks at pictures: one moment of a training, in planes.

From left to right the input, the kernels, the maps before and after the activation, what the pools
keep, and the outputs; below each the gradient that comes back to it. A chosen unit frames its
window, and its sum is written out; so is the sum over positions of a chosen weight's gradient.
"""

from collections.abc import Iterator, Sequence

from sheetgen.formulas import quantities
from sheetgen.network.network import Network
from sheetgen.network.planes import Convolution, Pool
from sheetgen.network.trace import winner_name
from sheetgen.spreadsheet.address import place_of
from sheetgen.spreadsheet.canvas import Canvas, Rule
from sheetgen.spreadsheet.style import KINDS, SECTION, SUBTITLE, TITLE, Style
from sheetgen.workbook.plan import EXPLORER, Plan
from sheetgen.workbook.shared.moment import Moment, pass_in_row
from sheetgen.workbook.shared.plane_strip import (
    KEPT,
    WIDTH,
    Step,
    Strip,
    Tile,
    activation_step,
    input_step,
    kernel_step,
    unit_step,
)
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.plane_explorer.chosen_unit import ChosenUnit
from sheetgen.workbook.sheets.plane_explorer.kernel_weight import KernelWeight
from sheetgen.workbook.sheets.plane_explorer.pictures import Pictures

CONTROLS = (2, 2)  # the cell of the first drop-down
TOP, LEFT, STRIP = 7, 1, 4  # the row below the frozen ones; columns
COUNTS = ("epoch", "sample")


def plane_explorer_sheet(plan: Plan, tables: Sequence[Table], workings: Workings) -> Canvas:
    """Draw the sheet; `tables` are those of the sheets that are compared."""
    return _Sheet(plan, tables, workings).draw()


class _Sheet:
    def __init__(self, plan: Plan, tables: Sequence[Table], workings: Workings) -> None:
        self.plan, self.network, self.workings = plan, plan.network, workings
        self.canvas = Canvas(EXPLORER, tab_colour=KINDS["gradient"].strong, freeze=(TOP, 0))
        self.moment = Moment.ask(self.canvas, plan, tables, "explorer", CONTROLS, workings)
        self.values = pass_in_row(plan.network, self.moment.trace, self.moment.iteration).values
        self.strip = Strip(self.canvas, self.content)

    def content(self, symbol: str) -> tuple[str, float]:
        """Return the formula of a symbol of the chosen row, and its value."""
        unit = symbol.removeprefix(winner_name(""))
        if unit != symbol:
            cell = self.strip.addresses.__getitem__
            return f"={quantities.winner_formula(self.network, unit, cell)}", self.values[symbol]
        return self.moment.formula(symbol), self.values[symbol]

    def draw(self) -> Canvas:
        canvas = self.canvas
        canvas.heights[0] = 22
        canvas.write(0, LEFT, "Explorer: one moment of the training", TITLE)
        table = "an optimiser" if self.plan.template.compare else "a learning rate"
        text = f"Choose {table}, an iteration, a unit and a weight in the yellow cells."
        kept = " Green frames: what a max pool keeps." if self.network.winners else ""
        canvas.write(1, LEFT, text + kept, SUBTITLE)
        row = self.state()
        below, right = self.steps()
        pictures = Pictures(
            canvas, self.plan, self.network, self.strip.addresses, self.strip.places, self.values
        )
        unit = ChosenUnit(pictures, self.workings)
        row = unit.ask((CONTROLS[0] + 2, CONTROLS[1]), (row + 1, LEFT))
        weight = KernelWeight(pictures, self.workings)
        row = weight.ask((CONTROLS[0] + 3, CONTROLS[1]), (row + 1, LEFT))
        self.mark_winners()  # behind what is chosen, whose frame goes before
        ends = [unit.write((below + 1, STRIP))]
        ends.append(weight.write((ends[0][0] + 1, STRIP)))
        last = max(row, *(down for down, _ in ends))
        right = max(right, *(across for _, across in ends))
        canvas.widths = {0: 1.3, LEFT: 19, LEFT + 1: 14, LEFT + 2: 2}
        canvas.widths |= dict.fromkeys(range(STRIP, right + 1), WIDTH)
        canvas.print_area = (0, 0, last, right)
        return canvas

    def state(self) -> int:
        """Describe the moment, below the controls; return the row behind it."""
        canvas, row = self.canvas, TOP + 1
        canvas.write(TOP, LEFT, "This moment", SECTION)
        for symbol in COUNTS:
            if symbol in self.moment.tables[0].places:
                value = self.moment.value(symbol)
                canvas.write(row, LEFT, symbol)
                style = Style(number_format="0")
                canvas.calculate(row, LEFT + 1, self.moment.formula(symbol), value, style)
                row += 1
        strong = Style(bold=True, number_format="0.000000", colour=KINDS["error"].strong)
        for symbol in (*self.network.target_names, "E_total"):
            style = strong if symbol == "E_total" else Style(number_format="General")
            canvas.write(row, LEFT, symbol, style)
            canvas.calculate(row, LEFT + 1, *self.content(symbol), style)
            row += 1
        return row

    def steps(self) -> tuple[int, int]:
        """Draw the way forward and, below it, the way back; return the last row and column."""
        columns = list(_columns(self.network))
        middle = TOP + 1 + max(forward.rows for forward, _ in columns) + 2
        self.canvas.write(TOP, STRIP, "Forward, from the input to the outputs", SECTION)
        title = "Backward: ∂E/∂ of what is above it"
        self.canvas.write(middle - 1, STRIP, title, SECTION)
        column, last = STRIP, middle
        for forward, backward in columns:
            self.strip.step(TOP + 1, column, forward)
            if backward:
                self.strip.step(middle, column, backward)
                last = max(last, middle + backward.rows)
            column += forward.width
        return last, column - 2

    def mark_winners(self) -> None:
        """Frame the largest of the window of each unit of a max pool, in green."""
        for unit, sources in self.network.winners.items():
            layer, place = self.network.positions[unit]
            pool = self.network.layers[layer]
            assert isinstance(pool, Pool)
            size = pool.planes.rows * pool.planes.columns
            first = self.network.source_names[layer][pool.bias_row(place) * size]
            (top, left), (bottom, right) = (place_of(self.strip.addresses[each])
                                            for each in (sources[0], sources[-1]))  # fmt: skip
            where = f"(ROW()-{top + 1})*{right - left + 1}+COLUMN()-{left}"
            condition = (
                f"ROW()>{top},ROW()<={bottom + 1},COLUMN()>{left},COLUMN()<={right + 1},"
                f"{where}={self.strip.addresses[winner_name(unit)]}"
            )
            rule = Rule(self.strip.places[first], f"=AND({condition})", KEPT)
            self.canvas.rules.append(rule)


def _columns(network: Network) -> Iterator[tuple[Step, Step | None]]:
    """Yield the steps forward, each with what comes back to it."""
    yield input_step(network), None
    for layer, chosen in enumerate(network.layers):
        units = unit_step(network, layer)
        deltas = units.mapped("∂E/∂z", "gradient", lambda unit: f"∂E/∂{unit}")
        if isinstance(chosen, Pool):
            yield _with_winners(network, units), deltas.mapped("∂E/∂p", "gradient", str)
            continue
        if isinstance(chosen, Convolution):
            kernels = kernel_step(network, layer)
            trained = {each.name for each in network.parameters}
            back = Step("∂E/∂k", "gradient", tuple(
                tile._replace(symbols=tuple(f"∂E/∂{name}" for name in tile.symbols))
                for tile in kernels.tiles if tile.symbols[0] in trained
            ))  # fmt: skip
            yield kernels, back
        yield units, deltas
        yield activation_step(network, layer), None


def _with_winners(network: Network, pool: Step) -> Step:
    """Return a pool's step, with the place in its window of what each unit of a max pool keeps."""
    tiles = list(pool.tiles)
    if pool.tiles[0].symbols[0] in network.winners:
        for tile in pool.tiles:
            names = tuple(map(winner_name, tile.symbols))
            tiles.append(Tile("which of the window", names, tile.columns, "0", is_shaded=False))
    return Step(pool.title, pool.kind, tuple(tiles))
