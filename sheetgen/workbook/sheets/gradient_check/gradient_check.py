"""The sheet `Gradient check`: every gradient at iteration 0, found in three ways, live.

The table's own gradient stands beside the chain rule of `Derivation` and beside the central
difference (E(w + ε) - E(w - ε)) / 2ε, for which the network is evaluated again in cells with one
weight moved (Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 11.5). Of a large
network the weights into a unit are moved together, by unit_check.py.
"""

from sheetgen.network.network import Connection, Network, Parameter
from sheetgen.spreadsheet.address import cell_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import KINDS
from sheetgen.workbook.plan import GRADIENT_CHECK, Plan
from sheetgen.workbook.shared.sources import Sources
from sheetgen.workbook.sheets.derivation.derivation import Derivation, is_by_unit
from sheetgen.workbook.sheets.gradient_check import unit_check
from sheetgen.workbook.sheets.gradient_check.evaluations import Evaluations, write_moved
from sheetgen.workbook.sheets.gradient_check.gradient_rows import (
    EPSILON,
    FIRST_ROW,
    VERDICT_CELL,
    Comparisons,
    Gradients,
    Texts,
)
from sheetgen.workbook.sheets.gradient_check.probes import is_by_parameter, probes, verdict_of
from sheetgen.workbook.sheets.training_table import Table

__all__ = ["VERDICT_CELL", "gradient_check_sheet", "verdict"]


def gradient_check_sheet(
    plan: Plan, sources: Sources, table: Table, derivation: Derivation
) -> Canvas:
    """Draw the sheet; `table` gives the analytic gradients, `derivation` the chain rule's."""
    canvas = Canvas(GRADIENT_CHECK, tab_colour=KINDS["gradient"].strong, freeze=(FIRST_ROW, 2))
    if not is_by_parameter(plan.network):
        unit_check.draw(canvas, plan, sources, table, derivation)
        return canvas
    found = probes(plan)
    header = FIRST_ROW + len(found) + 3
    evaluations = Evaluations(canvas, plan.network, header)
    total = table.cell("E_total", 0)
    comparisons = Comparisons(canvas, plan, found, evaluations, header + 1, total)
    comparisons.frame(_texts(plan.network))
    for place, parameter in enumerate(plan.network.parameters):
        gradients = Gradients(
            parameter.gradient,
            sources.first(parameter.name),
            plan.value(parameter),
            table.cell(parameter.gradient, 0),
            derivation.cells[parameter.gradient],
        )
        comparisons.row(place, gradients)
    evaluations.headers(
        f"The network evaluated again, with one {_moved(plan.network)} moved by ±ε",
        "the weight ± ε, or ± ε/|x| where it multiplies an x beyond ±1",
    )
    known = _known(plan.network, sources)
    for place, parameter in enumerate(plan.network.parameters):
        _evaluations(comparisons, place, parameter, known, derivation)
    last = header + 2 * len(found)
    canvas.numbers.append((header + 1, 2, last, evaluations.total))
    return canvas


def verdict(plan: Plan) -> str:
    """Return what the reference says about the whole check: PASS or FAIL.

    It is kink where no central difference is a derivative.
    """
    return verdict_of(probes(plan))


def _moved(network: Network) -> str:
    return "weight or bias" if _has_biases(network) else "weight"


def _has_biases(network: Network) -> bool:
    return any(bias.is_trained for bias in network.biases)


def _texts(network: Network) -> Texts:
    both = _has_biases(network)
    what = "every weight and trained bias" if both else "every weight"
    closed = "the substituted chain rule at the end of Derivation"
    if not is_by_unit(network):
        closed = "δ·aᵀ, and δ for a bias, from Derivation"
    moved = "weight" if not both else "weight or bias"
    return Texts(
        f"The gradient of {what} at iteration 0, found in three ways that must agree.",
        "all weights and biases" if both else "all weights",
        ("weights and biases" if both else "weights", "∂E/∂w, found in three ways"),
        {
            "gradient": "what is checked",
            "weight": f"the {moved}'s value at iteration 0",
            "analytic": "from the first training table, iteration 0",
            "closed form": closed,
            "central difference": (
                "(E(w + ε) − E(w − ε)) / 2ε, from the table below; where a weight multiplies an x "
                "beyond ±1, it is moved by ε/|x|"
            ),
        },
    )


def _known(network: Network, sources: Sources) -> dict[str, str]:
    """Return the address of all that a forward pass begins with."""
    names = [*network.input_names, *network.target_names]
    names += [edge.name for edge in network.connections]
    names += [bias.name for bias in network.biases]
    return {name: sources.first(name) for name in names}


def _evaluations(
    comparisons: Comparisons,
    place: int,
    parameter: Parameter,
    known: dict[str, str],
    derivation: Derivation,
) -> None:
    """Write two forward passes with a parameter replaced by the cell that holds w ± ε."""
    probe, value = comparisons.probes[place], comparisons.plan.value(parameter)
    step = cell_address(*EPSILON)
    if isinstance(parameter, Connection):
        step += f"/MAX(1,ABS({derivation.cells[parameter.source]}))"
    for side, run, sign, shown in ((1, probe.above, "+", "+"), (-1, probe.below, "-", "−")):
        row = comparisons.evaluation(place, side)
        formula = f"{known[parameter.name]}{sign}{step}"
        text = f"{parameter.name} {shown} ε"
        write_moved(comparisons.canvas, row, text, formula, value + side * probe.step)
        moved = known | {parameter.name: cell_address(row, 2)}
        comparisons.evaluations.evaluate(row, run, moved)
