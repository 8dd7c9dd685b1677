"""The output that a sheet shows, chosen from a list if the network has several."""

from collections.abc import Callable, Sequence

from sheetgen.network.network import activation_name
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import LABEL, WHOLE, label, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.moment import Snapshot
from sheetgen.workbook.shared.page import column_range, write_headers, write_value


class ChosenOutput:
    """An output with its weights in cells, so that one grid of formulas serves all outputs.

    `output` is its place among the outputs, from 0; `place` the address of that place, from 1, or
    nothing if there is only one output.
    """

    def __init__(
        self,
        canvas: Canvas,
        plan: Plan,
        snapshot: Snapshot,
        at: tuple[int, int],
        helpers: tuple[int, int],
    ) -> None:
        """Ask as `choose_output` does, and write the weights of the chosen one below."""
        units = plan.network.unit_names[-1]
        edges = [plan.network.into(unit) for unit in units]
        biases = [bias for bias in map(plan.network.bias_of, units) if bias]
        self.snapshot = snapshot
        self.output, self.place, row = choose_output(canvas, plan, at, helpers)
        symbols = {
            f"weight of {edge.source}": [each[edge.position].name for each in edges]
            for edge in edges[0]
        }
        if biases:
            symbols["bias"] = [bias.name for bias in biases]
        self.cells = []
        for at_row, (title, among) in enumerate(symbols.items(), start=row):
            addresses = [snapshot.addresses[symbol] for symbol in among]
            cell, value = addresses[0], snapshot.values[among[self.output]]
            if self.place:
                formula = f"=CHOOSE({self.place},{','.join(addresses)})"
                cell = write_value(canvas, at_row, helpers[1], title, formula, value, "weight")
            self.cells.append(cell)

    def unit_formula(self, source: Callable[[str], str]) -> str:
        """Return the expression of the output's activation, as `Snapshot.unit_formula` does.

        Of a softmax output it is the weighted sum.
        """
        network = self.snapshot.network
        edges = network.into(network.unit_names[-1][0])
        terms = [
            f"{cell}*{source(edge.source)}" for cell, edge in zip(self.cells, edges, strict=False)
        ]
        z = "+".join(terms + self.cells[len(edges) :])
        activation = network.layers[-1].activation
        return z if activation.acts_on_layer else activation.formula(f"({z})")


def choose_output(
    canvas: Canvas, plan: Plan, at: tuple[int, int], helpers: tuple[int, int]
) -> tuple[int, str, int]:
    """Write a drop-down of the outputs into a cell, its label before it.

    Returns the chosen output's place, from 0, the address of that place, from 1, and the next
    free row of the two columns that begin in the cell `helpers`. With one output nothing is
    written, and there is no address.
    """
    row, column = helpers
    names = [activation_name(unit) for unit in plan.network.unit_names[-1]]
    if len(names) == 1:
        return 0, "", row
    write_headers(canvas, row, column, ("output", ""))
    for offset, name in enumerate(names, start=1):
        canvas.write(row + offset, column, name, label("unit"))
    source = column_range(column, row + 1, row + len(names))
    canvas.write(at[0], at[1] - 1, "output", LABEL)
    canvas.choose(*at, "surface_output", plan.controls.surface_output, names, source=source)
    output = names.index(plan.controls.surface_output)
    row += len(names) + 1
    canvas.write(row, column, "place", label("helper"))
    formula = f"=MATCH({cell_address(*at)},{source},0)"
    canvas.calculate(row, column + 1, formula, output + 1, number("helper", WHOLE))
    return output, cell_address(row, column + 1), row + 1


def softmax_formula(mine: str, every: Sequence[str]) -> str:
    """Return the expression of a softmax output's activation from its z and from all z.

    a = e^z / Σ e^zⱼ = 1 / Σ e^(zⱼ − z). Where an exponent passes 700 it is practically 0.
    """
    terms = "+".join(f"EXP(MIN({each}-{mine},700))" for each in every)
    return f"1/({terms})"
