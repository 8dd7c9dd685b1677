"""The sheet `Explorer` of a network that looks at pictures: one moment of a training, in planes.

From left to right the input, the kernels, the maps before and after the activation, what the pools
keep, and the outputs; then, each in the same place, the gradient that comes back to it. A chosen
unit frames its window, and its sum is written out; so is the sum over positions of a chosen
weight's gradient. A strip that is too long for a laptop continues below itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sheetgen.formulas import quantities
from sheetgen.network.network import Network
from sheetgen.network.planes import Convolution, Pool, Windowed
from sheetgen.network.trace import winner_name
from sheetgen.spreadsheet.address import place_of
from sheetgen.spreadsheet.canvas import Canvas, Rule
from sheetgen.spreadsheet.style import KINDS, NOTE, SECTION, SUBTITLE
from sheetgen.workbook.plan import EXPLORER, Plan
from sheetgen.workbook.shared.grid import pixels_wide
from sheetgen.workbook.shared.moment import Moment, pass_in_row
from sheetgen.workbook.shared.plane_strip import (
    KEPT,
    Step,
    Strip,
    Tile,
    activation_step,
    band_width,
    bands,
    dense_step,
    input_step,
    kernel_step,
    map_step,
)
from sheetgen.workbook.shared.table_cells import Table
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.plane_explorer.chosen_unit import ChosenUnit
from sheetgen.workbook.sheets.plane_explorer.kernel_weight import KernelWeight
from sheetgen.workbook.sheets.plane_explorer.pictures import FACTS, PIXELS, Fact, Pictures

CONTROLS = (2, 6)  # the cell of the first drop-down
ACROSS = 4  # columns of a drop-down
TOP, LEFT = 7, 1  # the row below the frozen ones; the first column
MOST = 46  # columns that a laptop's screen shows
TITLE_COLUMNS = 21  # that the sheet's title takes
ROW, SECTION_ROW = 11.25, 16.5  # points: 15 pixels of a row of a picture, 22 of one with a title
WINNERS = "kept_by_pools"
"""The defined name of the places in their windows of what the max pools keep."""


def plane_explorer_sheet(plan: Plan, tables: Sequence[Table], workings: Workings) -> Canvas:
    """Draw the sheet; `tables` are those of the sheets that are compared."""
    return _Sheet(plan, tables, workings).draw()


class _Sheet:
    def __init__(self, plan: Plan, tables: Sequence[Table], workings: Workings) -> None:
        self.plan, self.network, self.workings = plan, plan.network, workings
        self.canvas = Canvas(EXPLORER, tab_colour=KINDS["gradient"].strong, freeze=(TOP, 0))
        self.moment = Moment.ask(
            self.canvas, plan, tables, "explorer", CONTROLS, workings, label=LEFT
        )
        self.values = pass_in_row(plan.network, self.moment.trace, self.moment.iteration).values
        self.strip = Strip(self.canvas, self.content, PIXELS)
        self.bands = bands(_groups(self.network), PIXELS, MOST)
        self.titles = {TOP}

    def content(self, symbol: str) -> tuple[str, float]:
        """Return the formula of a symbol of the chosen row, and its value."""
        return self.moment.formula(symbol), self.values[symbol]

    def draw(self) -> Canvas:
        canvas = self.canvas
        canvas.heights[0] = 24
        canvas.title("Explorer: one moment of the training", LEFT, margin=1)
        table = "an optimiser" if self.plan.template.compare else "a learning rate"
        canvas.write(1, LEFT, f"Choose {table} and what to look at in the yellow cells.", SUBTITLE)
        kept = "; green frames: what a max pool keeps" if self.network.winners else ""
        note = f"black frames: what is chosen{kept}"
        canvas.write(CONTROLS[0] + 1, FACTS, note, replace(NOTE, size=9))
        strip = self.strip
        pictures = Pictures(
            self.network, strip.addresses, self.values, canvas, self.plan, strip.places
        )
        self.facts(pictures)
        chosen: list[ChosenUnit | KernelWeight] = []
        if pictures.convolutions:
            chosen = [ChosenUnit(pictures, self.workings), KernelWeight(pictures, self.workings)]
        for down, each in enumerate(chosen, start=2):
            each.ask((CONTROLS[0] + down, CONTROLS[1]), LEFT)
        unit, weight = chosen or (None, None)
        last, right = self.part(TOP, "Forward, from the input to the outputs", unit)
        title = "Backward: ∂E/∂ of what is in the same place above"
        last, right_of_back = self.part(last + 2, title, weight, is_back=True)
        for each in chosen:
            each.frame()
        self.mark_winners()  # behind what is chosen, whose frame goes before
        self.finish(last, max(right, right_of_back))
        return canvas

    def finish(self, last: int, right: int) -> None:
        """Give rows and columns their sizes, and let it be printed."""
        canvas = self.canvas
        right = max(right, TITLE_COLUMNS, *(column for _, column in canvas.cells))
        for row, column in canvas.inputs.values():
            canvas.merges.append((row, column, row, column + ACROSS - 1))
        rows = range(TOP, last + 1)
        canvas.heights |= {row: SECTION_ROW if row in self.titles else ROW for row in rows}
        canvas.widths = {0: 1.0, **dict.fromkeys(range(LEFT, right + 1), pixels_wide(PIXELS))}
        canvas.print_area = (0, 0, last, right)

    def facts(self, pictures: Pictures) -> None:
        """Describe the moment beside the controls."""
        places = self.moment.tables[0].places
        symbols = [each for each in ("epoch", "sample") if each in places]
        facts = [Fact(each, self.moment.formula(each)[1:], self.moment.value(each))
                 for each in symbols]  # fmt: skip
        formula, value = self.content("E_total")
        facts.append(Fact("E_total", formula[1:], value, "0.0000", 2))
        pictures.facts(CONTROLS[0], facts)

    def part(
        self, row: int, title: str, chosen: ChosenUnit | KernelWeight | None, is_back: bool = False
    ) -> tuple[int, int]:
        """Draw the strip and what is written out, beside the last band if there is room.

        Return the last row and column.
        """
        self.canvas.write(row, LEFT, title, SECTION)
        self.titles.add(row)
        right, first, last = 0, row + 1, row - 1
        for band in self.bands:
            first, width = last + 2, band_width(band, PIXELS)
            if is_back and not any(step.back for step in band):
                continue
            last = self.strip.band(first, LEFT, band, is_back)
            right = max(right, LEFT + width)  # with the gap, for a long title
        if chosen is None:
            return last, right
        beside = LEFT + width + 1
        if chosen.fits(MOST + LEFT - beside, last - first + 2):
            room, at = MOST + LEFT - beside, (first - 1, beside)
        else:
            room, at = MOST, (last + 2, LEFT)
        self.titles.add(at[0])
        bottom, end = chosen.write(at, room)
        return max(last, bottom), max(right, end)

    def mark_winners(self) -> None:
        """Frame the largest of the window of each unit of a max pool, in green."""
        network = self.network
        if not network.winners:
            return
        corner = self.workings.block(EXPLORER, "What the max pools keep", 2)
        corner.headers("unit", "place in its window")
        for down, (unit, sources) in enumerate(network.winners.items(), start=1):
            symbol = winner_name(unit)
            formula = quantities.winner_formula(network, unit, self.on_sheet)
            corner.write(down, 0, unit)
            corner.calculate(down, 1, formula, self.values[symbol])
            layer, place = network.positions[unit]
            pool = network.layers[layer]
            assert isinstance(pool, Pool)
            size = pool.planes.rows * pool.planes.columns
            first = network.source_names[layer][pool.bias_row(place) * size]
            (top, left), (bottom, right) = (place_of(self.strip.addresses[each])
                                            for each in (sources[0], sources[-1]))  # fmt: skip
            where = f"(ROW()-{top + 1})*{right - left + 1}+COLUMN()-{left}"
            condition = (
                f"ROW()>{top},ROW()<={bottom + 1},COLUMN()>{left},COLUMN()<={right + 1},"
                f"{where}=INDEX({WINNERS},{down})"
            )
            rule = Rule(self.strip.places[first], f"=AND({condition})", KEPT)
            self.canvas.rules.append(rule)
        self.workings.canvas.names[WINNERS] = corner.range(1, 1, len(network.winners), 1)

    def on_sheet(self, symbol: str) -> str:
        """Return the address of a symbol's cell for other sheets."""
        return self.canvas.absolute(*place_of(self.strip.addresses[symbol]))


def _groups(network: Network) -> Iterator[list[Step]]:
    """Yield the steps of the inputs and of each layer, each with what comes back to it."""
    yield [input_step(network)]
    for layer, chosen in enumerate(network.layers):
        if isinstance(chosen, Convolution):
            maps = map_step(network, layer)
            yield [
                _with_kernels_back(network, kernel_step(network, layer)),
                replace(maps, back=_back(maps, "∂E/∂z")),
                activation_step(network, layer),
            ]
        elif isinstance(chosen, Windowed):
            pool = map_step(network, layer)
            yield [replace(pool, back=_back(pool, "∂E/∂p"))]
        else:
            dense = dense_step(network, layer)
            back = replace(_back(dense, "∂E/∂z"), tiles=(_gradient(dense.tiles[0]),), touch=False)
            yield [replace(dense, back=back)]


def _back(step: Step, title: str) -> Step:
    return replace(
        step, title=title, kind="gradient", tiles=tuple(_gradient(tile) for tile in step.tiles)
    )


def _gradient(tile: Tile) -> Tile:
    return tile.mapped(lambda symbol: f"∂E/∂{symbol}")


def _with_kernels_back(network: Network, kernels: Step) -> Step:
    """Return a convolution's step of kernels with their gradients, and those of its biases."""
    back, trained = _back(kernels, "∂E/∂k"), {each.name for each in network.parameters}
    tiles = (
        tile._replace(bias=f"∂E/∂{tile.bias}" if tile.bias in trained else "")
        for tile in back.tiles
    )
    return replace(kernels, back=replace(back, tiles=tuple(tiles)))
