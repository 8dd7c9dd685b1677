"""The sheet `Gradient check`: every gradient at iteration 0, found in three ways, live.

The table's own gradient stands beside the chain rule of `Derivation` and beside the central
difference (E(w + ε) - E(w - ε)) / 2ε, for which the network is evaluated again in cells with one
weight moved (Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 11.5).
"""

from dataclasses import dataclass

from sheetgen import notation
from sheetgen.canvas import EPSILON as EPSILON_LIMITS
from sheetgen.canvas import POSITIVE, Canvas, cell_address
from sheetgen.network import Connection, activation_name
from sheetgen.reference import Forward
from sheetgen.sheets.derivation import Derivation
from sheetgen.sheets.plan import GRADIENT_CHECK, Plan
from sheetgen.sheets.training_table import Table
from sheetgen.style import (
    FINE,
    KINDS,
    LABEL,
    SCIENTIFIC,
    SECTION,
    SUBTITLE,
    TITLE,
    VERDICT,
    band,
    header,
    label,
    number,
)

VERDICT_CELL = (3, 3)
EPSILON = (3, 7)
TOLERANCE = (4, 7)
BAND_ROW = 6
HEADER_ROW = 7
FIRST_ROW = 8
VERDICT_COLUMN = 9
# Differences are relative to the gradient, but to no less than this much of E_total (or of 1):
# the central difference of a gradient of 0 is rounding of that size.
SMALLEST = 1e-4
# Rounding of E, some ten units in its last place, over ε is what a central difference cannot
# be better than; as a multiple of the promised tolerance of 1e-12.
ROUNDING = 4e-3


def gradient_check_sheet(
    plan: Plan, inputs: Canvas, table: Table, derivation: Derivation
) -> Canvas:
    """Draw the sheet; `table` gives the analytic gradients, `derivation` the chain rule's."""
    canvas = Canvas(GRADIENT_CHECK, tab_colour=KINDS["gradient"].strong, freeze=(FIRST_ROW, 2))
    canvas.widths = {0: 2, 1: 12, 2: 12, **dict.fromkeys(range(3, 9), 18), VERDICT_COLUMN: 12}
    canvas.heights[0] = 28
    canvas.write(0, 1, "Gradient check", TITLE)
    canvas.write(
        1,
        1,
        "The gradient of every weight at iteration 0, found in three ways that must agree.",
        SUBTITLE,
    )
    sheet = _Sheet(canvas, plan, inputs, table, derivation)
    _controls(sheet)
    _headers(canvas)
    for edge in plan.network.connections:
        _weight(sheet, edge)
    _evaluations(sheet)
    return canvas


def verdict(plan: Plan) -> str:
    """Return what the reference says about the whole check: PASS or FAIL."""
    agree = all(_agrees(plan, edge) for edge in plan.network.connections)
    return "PASS" if agree else "FAIL"


@dataclass(frozen=True)
class _Sheet:
    canvas: Canvas
    plan: Plan
    inputs: Canvas
    table: Table
    derivation: Derivation

    def row(self, edge: Connection) -> int:
        return FIRST_ROW + int(edge.name[1:]) - 1

    @property
    def evaluations_row(self) -> int:
        """The header of the table in which the network is evaluated with a weight moved."""
        return FIRST_ROW + len(self.plan.network.connections) + 3


def _gradient(plan: Plan, edge: Connection) -> float:
    return float(plan.start_gradients.weight_gradients[edge.layer][edge.unit, edge.position])


def _agrees(plan: Plan, edge: Connection) -> bool:
    difference = abs(_gradient(plan, edge) - plan.central_difference(edge))
    return difference <= _allowed(plan, edge)


def _allowed(plan: Plan, edge: Connection) -> float:
    floor = SMALLEST * max(1.0, plan.start.total_error)
    return plan.controls.tolerance * max(abs(_gradient(plan, edge)), floor)


def _controls(sheet: _Sheet) -> None:
    canvas, plan = sheet.canvas, sheet.plan
    weights = len(plan.network.connections)
    last = FIRST_ROW + weights - 1
    canvas.write(3, 1, "all weights", LABEL)
    results = f"{cell_address(FIRST_ROW, VERDICT_COLUMN)}:{cell_address(last, VERDICT_COLUMN)}"
    formula = f'=IF(COUNTIF({results},"PASS")={weights},"PASS","FAIL")'
    canvas.calculate(*VERDICT_CELL, formula, verdict(plan), VERDICT)
    canvas.verdicts.append((*VERDICT_CELL, *VERDICT_CELL))
    canvas.verdicts.append((FIRST_ROW, VERDICT_COLUMN, last, VERDICT_COLUMN))
    canvas.numbers.append((FIRST_ROW, 2, last, 5))
    canvas.write(3, 5, "ε, by which a weight is moved", LABEL)
    canvas.ask(*EPSILON, "epsilon", plan.controls.epsilon, **EPSILON_LIMITS)
    canvas.write(4, 5, "largest difference allowed, relative", LABEL)
    canvas.ask(*TOLERANCE, "tolerance", plan.controls.tolerance, **POSITIVE)


def _headers(canvas: Canvas) -> None:
    columns = {
        "gradient": ("weight", "what is checked"),
        "weight": ("weight", "the weight's value at iteration 0"),
        "analytic": ("gradient", "from the first training table, iteration 0"),
        "closed form": ("gradient", "the substituted chain rule at the end of Derivation"),
        "central difference": (
            "gradient",
            "(E(w + ε) − E(w − ε)) / 2ε, from the table below; where a weight multiplies an x "
            "beyond ±1, it is moved by ε/|x|",
        ),
        "|analytic − central|": ("helper", "must be small beside the gradient"),
        "|analytic − closed|": ("helper", "must be 0 but for rounding"),
        "allowed": ("helper", "the relative difference above, times |gradient| or what rounds"),
        "verdict": ("helper", "PASS when both differences are within what is allowed"),
    }
    for column, (text, (kind, note)) in enumerate(columns.items(), start=1):
        canvas.write(
            BAND_ROW,
            column,
            {1: "weights", 3: "∂E/∂w, found in three ways", 6: "comparison"}.get(column, ""),
            band(kind),
        )
        canvas.write(HEADER_ROW, column, text, header(kind))
        canvas.notes[HEADER_ROW, column] = note


def _weight(sheet: _Sheet, edge: Connection) -> None:
    canvas, plan, row = sheet.canvas, sheet.plan, sheet.row(edge)
    gradient, central = _gradient(plan, edge), plan.central_difference(edge)
    fine = number("gradient", FINE)
    canvas.write(row, 1, edge.gradient, label("weight"))
    value = plan.network.weight(edge)
    canvas.calculate(row, 2, f"={sheet.inputs.address(edge.name)}", value, number("weight"))
    canvas.calculate(row, 3, f"={sheet.table.cell(edge.gradient, 0)}", gradient, fine)
    canvas.calculate(row, 4, f"={sheet.derivation.cells[edge.gradient]}", gradient, fine)
    above, below = (
        cell_address(_evaluation_row(sheet, edge, side), _total(plan)) for side in (1, -1)
    )
    high, low = (cell_address(_evaluation_row(sheet, edge, side), 2) for side in (1, -1))
    formula = f"=({above}-{below})/({high}-{low})"
    noise = ROUNDING * plan.start.total_error / plan.step(edge)
    canvas.calculate(row, 5, formula, central, fine, noise)
    analytic, closed, numeric = (cell_address(row, column) for column in (3, 4, 5))
    small = number("helper", SCIENTIFIC)
    difference = abs(gradient - central)
    canvas.calculate(row, 6, f"=ABS({analytic}-{numeric})", difference, small, noise)
    canvas.calculate(row, 7, f"=ABS({analytic}-{closed})", 0.0, small)
    floor = f"{SMALLEST:.4f}*MAX(1,{sheet.table.cell('E_total', 0)})"
    formula = f"={cell_address(*TOLERANCE)}*MAX(ABS({analytic}),{floor})"
    canvas.calculate(row, 8, formula, _allowed(plan, edge), small)
    differences, allowed = f"{cell_address(row, 6)},{cell_address(row, 7)}", cell_address(row, 8)
    formula = f'=IF(MAX({differences})<={allowed},"PASS","FAIL")'
    verdict_of_row = "PASS" if _agrees(plan, edge) else "FAIL"
    canvas.calculate(row, VERDICT_COLUMN, formula, verdict_of_row, VERDICT)


def _total(plan: Plan) -> int:
    """Return the column of E_total in the evaluations."""
    return 3 + 2 * sum(layer.units for layer in plan.network.layers)


def _evaluation_row(sheet: _Sheet, edge: Connection, side: int) -> int:
    return sheet.evaluations_row + 1 + 2 * (sheet.row(edge) - FIRST_ROW) + (side < 0)


def _evaluations(sheet: _Sheet) -> None:
    canvas, plan, row = sheet.canvas, sheet.plan, sheet.evaluations_row
    canvas.write(row - 1, 1, "The network evaluated again, with one weight moved by ±ε", SECTION)
    canvas.write(row, 1, "moved", header("weight"))
    canvas.write(row, 2, "to", header("weight"))
    for column, name in enumerate(_unit_columns(plan), start=3):
        canvas.write(row, column, name, header("unit"))
        canvas.notes[row, column] = f"{name} = {_notation(plan, name)}"
        canvas.widths.setdefault(column, 12)
    canvas.write(row, _total(plan), "E_total", header("error"))
    canvas.notes[row, _total(plan)] = f"E_total = {notation.total_error(plan.network)}"
    canvas.notes[row, 2] = "the weight ± ε, or ± ε/|x| where it multiplies an x beyond ±1"
    canvas.widths[_total(plan)] = max(14, canvas.widths.get(_total(plan), 0))
    for edge in plan.network.connections:
        for side in (1, -1):
            _evaluation(sheet, edge, side)
    canvas.numbers.append((row + 1, 2, row + 2 * len(plan.network.connections), _total(plan)))


def _notation(plan: Plan, name: str) -> str:
    unit = name.removeprefix("a_")
    of_activation = name != unit
    draw = notation.activation if of_activation else notation.weighted_sum
    return draw(plan.network, unit)


def _unit_columns(plan: Plan) -> list[str]:
    return [
        name
        for units in plan.network.unit_names
        for unit in units
        for name in (unit, activation_name(unit))
    ]


def _evaluation(sheet: _Sheet, moved: Connection, side: int) -> None:
    """Write one row: the forward pass with `moved` replaced by the cell that holds w ± ε."""
    canvas, plan, network = sheet.canvas, sheet.plan, sheet.plan.network
    row = _evaluation_row(sheet, moved, side)
    step = plan.step(moved)
    run = plan.moved(moved, side * step)
    sign = "+" if side > 0 else "-"
    canvas.write(row, 1, f"{moved.name} {'+' if side > 0 else '−'} ε", label("weight"))
    value = network.weight(moved) + side * step
    address, source = sheet.inputs.address(moved.name), sheet.derivation.cells[moved.source]
    canvas.calculate(
        row,
        2,
        f"={address}{sign}{cell_address(*EPSILON)}/MAX(1,ABS({source}))",
        value,
        number("weight"),
    )
    places = {name: cell_address(row, at) for at, name in enumerate(_unit_columns(plan), start=3)}
    places.update({name: sheet.inputs.address(name) for name in network.input_names})
    places.update({edge.name: sheet.inputs.address(edge.name) for edge in network.connections})
    places[moved.name] = cell_address(row, 2)
    column = 3
    for layer, units in enumerate(network.unit_names):
        for unit, name in enumerate(units):
            products = (f"{places[edge.name]}*{places[edge.source]}" for edge in network.into(name))
            z, a = float(run.pre_activations[layer][unit]), float(run.activations[layer][unit])
            canvas.calculate(row, column, f"={'+'.join(products)}", z, number("unit"))
            formula = network.layers[layer].activation.formula(places[name])
            canvas.calculate(row, column + 1, f"={formula}", a, number("unit"))
            column += 2
    _evaluated_error(sheet, row, places, run)


def _evaluated_error(sheet: _Sheet, row: int, places: dict[str, str], run: Forward) -> None:
    network = sheet.plan.network
    errors = "+".join(
        network.loss.formula(sheet.inputs.address(target), places[activation_name(unit)])
        for target, unit in zip(network.target_names, network.unit_names[-1], strict=True)
    )
    sheet.canvas.calculate(
        row, _total(sheet.plan), f"={errors}", run.total_error, number("error", FINE)
    )
