"""The gradient of a chosen kernel's weight on `Derivation`: its sum, a line for each position.

A line is ∂E/∂a · f′(z) · what the weight multiplies there, and says why a term is 0: because a max
pool keeps another unit, because the activation is flat, or because the weight multiplies 0.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isnan, nan

import numpy as np

from sheetgen.formulas import quantities
from sheetgen.network.network import activation_name
from sheetgen.network.planes import Convolution, Pool
from sheetgen.network.trace import winner_name
from sheetgen.network.wording import constant
from sheetgen.spreadsheet.address import cell_address, choose, relative_address
from sheetgen.spreadsheet.canvas import Value
from sheetgen.spreadsheet.style import LABEL, VALUE, Style, label, number
from sheetgen.workbook.plan import DERIVATION
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
from sheetgen.workbook.shared.live_text import Words, decimal, fixed, joined
from sheetgen.workbook.shared.page import write_headers
from sheetgen.workbook.shared.plane_lookup import PlaneLookup
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.derivation.derivation_pens import (
    BLOCKS,
    FIRST_NUMBER,
    SYMBOL,
    MatrixPen,
)

MOST_POSITIONS = 150  # of a map, with a line each
HEADERS = ("unit", "∂E/∂a", "f′(z)", "δ", "reads", "its value", "δ · value", "0 because")
NAME, ARRIVING, SLOPE, DELTA, READS, VALUE_READ, TERM, REASON = range(SYMBOL, SYMBOL + len(HEADERS))
TINY = constant(1e-12)
"""Less is a rounding error of 0."""
REMARK = "Choose a weight in the yellow cell: its sum over all positions follows, with its numbers."


def write_kernel_sum(pen: MatrixPen, workings: Workings) -> None:
    """Write the section of the sheet, with the weight that is chosen there."""
    written = _KernelSum(pen, workings)
    pen.section("The gradient of one kernel’s weight, position by position", "gradient")
    pen.palette = BLOCKS[0]
    if written.positions > MOST_POSITIONS:
        pen.remark(f"{written.positions} terms are too many here: Explorer has them in planes.")
        return
    pen.remark(REMARK)
    pen.row += 1
    written.write()


@dataclass(frozen=True)
class _KernelSum:
    pen: MatrixPen
    workings: Workings

    @cached_property
    def lookup(self) -> PlaneLookup:
        """What the sheet has drawn so far."""
        sheet = f"{DERIVATION}!"
        cells = {symbol: cell.removeprefix(sheet) for symbol, cell in self.pen.cells.items()}
        return PlaneLookup(self.pen.network, cells, self.pen.values)

    @property
    def positions(self) -> int:
        """The positions of the largest map."""
        return max(each.shape.rows * each.shape.columns for _, each in self.lookup.convolutions)

    def write(self) -> None:
        pen, canvas = self.pen, self.pen.canvas
        control = pen.row
        terms = self.ask()
        pen.row += 2
        write_headers(canvas, pen.row, SYMBOL, HEADERS, "gradient")
        first = pen.row + 1
        kept = dict(self.winners())
        for position in range(self.positions):
            pen.row += 1
            self.line(terms, _at(position), kept)
        # Even of one cell it is $A$1:$A$1: ironcalc takes no COUNTIF of $A$1.
        total = f"{cell_address(first, TERM)}:{cell_address(pen.row, TERM)}"
        value = pen.values[terms.weight.gradient]
        pen.row += 1
        canvas.write(pen.row, NAME, "Σ = ∂E/∂k", label("gradient"))
        style = Style(bold=True, number_format=VALUE, align="right")
        canvas.calculate(pen.row, TERM, f"=SUM({total})", value, style)
        self.summarize(control, terms, total)
        pen.row += 2

    def ask(self) -> KernelTerms:
        """Let a weight be chosen; fetch its place, on the workings."""
        pen, network = self.pen, self.pen.network
        names = [each.name for each in weights_of_kernels(network)]
        chosen = pen.plan.controls.derivation_weight
        (weight,) = (each for each in weights_of_kernels(network) if each.name == chosen)
        choices = kernel_choices(self.workings, DERIVATION, network)
        at = pen.row, FIRST_NUMBER
        pen.canvas.write(pen.row, SYMBOL, "weight of a kernel", LABEL)
        pen.canvas.choose(*at, "derivation_weight", chosen, names, source=KERNEL_WEIGHTS)
        pen.canvas.merges.append((*at, pen.row, FIRST_NUMBER + 1))
        corner = self.workings.block(DERIVATION, "The chosen kernel’s weight", 2)
        found = zip(
            PLACE,
            choices.of(pen.canvas.absolute(*at)),
            place_of_weight(network, weight),
            strict=True,
        )
        cells = []
        for down, (name, expression, value) in enumerate(found):
            corner.write(down, 0, name)
            cells.append(corner.calculate(down, 1, expression, value))
        return KernelTerms(self.lookup, weight, cells)

    def winners(self) -> Iterator[tuple[str, Words]]:
        """Write the unit that each max pool keeps into the workings; yield it by the pool."""
        network, addresses = self.pen.network, self.pen.cells
        if not network.winners:
            return
        corner = self.workings.block(DERIVATION, "What the max pools keep", 3)
        corner.headers("pool", "place in its window", "unit")
        for down, (pool, pooled) in enumerate(network.winners.items(), start=1):
            names = [each.removeprefix("a_") for each in pooled]
            place = self.pen.values[winner_name(pool)]
            expression = quantities.winner_formula(network, pool, addresses.__getitem__)
            corner.write(down, 0, pool)
            cell = corner.calculate(down, 1, expression, place)
            text: str | float = place if isnan(place) else names[int(place) - 1]
            listed = choose(cell, [f'"{name}"' for name in names])
            yield pool, corner.words(down, 2, Words(listed, text))

    def line(self, terms: KernelTerms, where: Where, kept: Mapping[str, Words]) -> None:
        """Write the term of a position."""
        canvas, row = self.pen.canvas, self.pen.row
        cell = [relative_address(row, column) for column in range(REASON + 1)]

        def both(one: int, other: int) -> str:
            product = f"{cell[one]}*{cell[other]}"
            is_single = len(self.lookup.convolutions) == 1
            return product if is_single else f'IF({cell[NAME]}="","",{product})'

        def value_of(symbol: str) -> Found:
            return self.lookup.addresses[symbol], self.lookup.values[symbol]

        name = terms.of_unit(where, lambda unit: (f'"{unit}"', unit))
        arriving = terms.of_unit(where, lambda unit: value_of(f"∂E/∂{activation_name(unit)}"))
        slope = terms.of_unit(where, lambda u: value_of(f"∂{activation_name(u)}/∂{u}"))
        reads, read = terms.name_read(where), terms.read(where)
        _, delta = terms.of_unit(where, lambda unit: value_of(f"∂E/∂{unit}"))
        term = delta * read[1] if isinstance(delta, float) and isinstance(read[1], float) else ""
        style = number("gradient", VALUE)
        text = Style(align="center")
        for column, (expression, value), shown in (
            (NAME, name, label("gradient")),
            (ARRIVING, arriving, style),
            (SLOPE, slope, style),
            (DELTA, (both(ARRIVING, SLOPE), delta), style),
            (READS, reads, text),
            (VALUE_READ, read, style),
            (TERM, (both(DELTA, VALUE_READ), term), style),
        ):
            canvas.calculate(row, column, f"={expression}", value, shown)
        why = terms.of_unit(where, lambda unit: self.not_kept(unit, kept))
        flat = terms.of_unit(where, self.flat)
        reasons = ((ARRIVING, why), (SLOPE, flat), (VALUE_READ, ('"it reads 0"', "it reads 0")))
        self.reason(row, cell[NAME], [(cell[at], canvas.value(row, at), r) for at, r in reasons])

    def reason(self, row: int, name: str, factors: list[tuple[str, Value, Found]]) -> None:
        """Say which of the factors are 0, and why."""
        parts = "&".join(
            f'IF(ABS({cell})<{TINY},"; "&{expression},"")' for cell, _, (expression, _) in factors
        )
        numbers = [value for _, value, _ in factors if isinstance(value, float)]
        text: Value = ""
        if numbers:
            text = "; ".join(
                str(found) for _, value, (_, found) in factors if abs(float(value)) < float(TINY)
            )
            text = nan if any(map(isnan, numbers)) else text
        formula = f'=IF({name}="","",MID({parts},3,99))'
        self.pen.canvas.calculate(row, REASON, formula, text, Style(indent=1))

    def not_kept(self, unit: str, kept: Mapping[str, Words]) -> Found:
        """Return why nothing comes back to a unit."""
        network = self.pen.network
        after = network.layers[network.positions[unit][0] + 1]
        pools = network.pools_of(activation_name(unit))
        if not isinstance(after, Pool) or (pools and after.kind == "average"):
            words = '"nothing comes back"', "nothing comes back"
        elif not pools:
            words = '"no pool looks at it"', "no pool looks at it"
        elif len(pools) > 1:
            words = '"no pool keeps it"', "no pool keeps it"
        else:
            keeps = joined(f"{pools[0]} keeps ", kept[pools[0]])
            return keeps.expression, keeps.text
        return words

    def flat(self, unit: str) -> Found:
        """Return what to say where the activation of a unit is flat."""
        network = self.pen.network
        name = network.layers[network.positions[unit][0]].activation.name
        text = "z ≤ 0" if name == "relu" else "f′(z) = 0"
        return f'"{text}"', text

    def summarize(self, row: int, terms: KernelTerms, total: str) -> None:
        """Write beside the drop-down what the sum is, and how many of its terms are not 0."""
        pen, weight = self.pen, terms.weight
        cell = pen.canvas.absolute(row, FIRST_NUMBER)
        layer = pen.network.layers[weight.layer]
        assert isinstance(layer, Convolution)
        count = layer.shape.rows * layer.shape.columns
        top = pen.row - self.positions
        values = np.array([pen.canvas.value(top + down, TERM) for down in range(count)])
        others = nan if np.isnan(values).any() else float((np.abs(values) > float(TINY)).sum())
        not_zero = f'(COUNTIF({total},">{TINY}")+COUNTIF({total},"<-{TINY}"))'
        words = joined(
            "∂E/∂", Words(f'{cell}&""', weight.name), " = Σ ∂E/∂a · f′(z) · value = ",
            fixed(relative_address(pen.row, TERM), pen.values[weight.gradient]), ": ",
            decimal(not_zero, others, 0), " of ",
            decimal(f"COUNT({total})", count, 0),
            " terms are not 0",
        )  # fmt: skip
        pen.canvas.calculate(row, FIRST_NUMBER + 3, words.formula, words.text, Style(bold=True))


def _at(position: int) -> Where:
    """Return a position of maps row by row, of all convolutions whose maps have so many."""

    def where(each: Convolution) -> tuple[int, int] | None:
        rows, columns = each.shape.rows, each.shape.columns
        return divmod(position, columns) if position < rows * columns else None

    return where
