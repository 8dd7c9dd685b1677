"""The output that a sheet shows of a network with several, chosen from a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sheetgen.network.network import activation_name
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import LABEL, WHOLE, header, label, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.snapshot import Snapshot


@dataclass(frozen=True)
class ChosenOutput:
    """An output with its weights in cells, so that one grid of formulas serves all outputs."""

    snapshot: Snapshot
    output: int
    """Its place among the outputs, from 0."""
    place: str
    """The address of that place, from 1; nothing where there is only one output."""
    weights: tuple[str, ...]
    bias: str
    """The address of its bias; nothing where it has none."""

    @classmethod
    def ask(
        cls,
        canvas: Canvas,
        plan: Plan,
        snapshot: Snapshot,
        at: tuple[int, int],
        helpers: tuple[int, int],
    ) -> "ChosenOutput":
        """Ask as `choose_output` does, and write the weights of the chosen one below."""
        network = plan.network
        edges = [network.into(unit) for unit in network.unit_names[-1]]
        biases = [bias for bias in map(network.bias_of, network.unit_names[-1]) if bias]
        output, place, row = choose_output(canvas, plan, at, helpers)
        if not place:
            weights = tuple(snapshot.addresses[edge.name] for edge in edges[0])
            bias = snapshot.addresses[biases[0].name] if biases else ""
            return cls(snapshot, 0, "", weights, bias)
        symbols = {
            f"weight of {edge.source}": [each[edge.position].name for each in edges]
            for edge in edges[0]
        }
        if biases:
            symbols["bias"] = [bias.name for bias in biases]
        cells = []
        column = helpers[1]
        for at_row, (title, among) in enumerate(symbols.items(), start=row):
            canvas.write(at_row, column, title, label("weight"))
            addresses = ",".join(snapshot.addresses[symbol] for symbol in among)
            value = snapshot.values[among[output]]
            style = number("weight")
            canvas.calculate(at_row, column + 1, f"=CHOOSE({place},{addresses})", value, style)
            cells.append(cell_address(at_row, column + 1))
        bias = cells.pop() if biases else ""
        return cls(snapshot, output, place, tuple(cells), bias)

    def unit_formula(self, source: Callable[[str], str]) -> str:
        """Return the expression of the output's activation, as `Snapshot.unit_formula` does.

        Of a softmax output it is the weighted sum.
        """
        network = self.snapshot.network
        edges = network.into(network.unit_names[-1][0])
        terms = [
            f"{weight}*{source(edge.source)}"
            for weight, edge in zip(self.weights, edges, strict=True)
        ]
        z = "+".join([*terms, *[self.bias] * bool(self.bias)])
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
    for offset, title in enumerate(("output", "")):
        canvas.write(row, column + offset, title, header("helper"))
    for offset, name in enumerate(names, start=1):
        canvas.write(row + offset, column, name, label("unit"))
    source = f"{cell_address(row + 1, column)}:{cell_address(row + len(names), column)}"
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

    a = e^z / Σ e^zⱼ = 1 / Σ e^(zⱼ − z). It is as good as 0 where an exponent passes 700.
    """
    terms = "+".join(f"EXP(MIN({each}-{mine},700))" for each in every)
    return f"1/({terms})"
