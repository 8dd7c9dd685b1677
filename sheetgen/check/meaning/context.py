"""All that is known of a table before its columns are judged."""

from dataclasses import dataclass, field

from sheetgen.check.formula.expressions import Cell, Expression, Symbol, replace, symbols, written
from sheetgen.check.formula.parsing import full_address
from sheetgen.check.judging.findings import LearningRate
from sheetgen.check.meaning.column_values import Numbers
from sheetgen.check.meaning.resolving import Resolver
from sheetgen.check.meaning.simulation import Simulation
from sheetgen.check.meaning.table_network import PARAMETERS, Network, expanded, is_helper
from sheetgen.check.tables.headers import family
from sheetgen.check.tables.table import Table
from sheetgen.spreadsheet.address import relative_address


@dataclass
class Context:
    """A table, the network that it is of, and what its cells and references mean."""

    table: Table
    network: Network
    resolver: Resolver
    numbers: Numbers
    simulation: Simulation
    rate: LearningRate
    rate_cell: Cell | None
    unknown: dict[str, str] = field(default_factory=dict)
    """What is none of the known functions ("hidden", "output", "loss"), each with its words."""
    negated: bool = False
    """Whether the gradients' columns hold -∂E/∂w, which the updates add."""

    def __post_init__(self) -> None:
        self.definitions = self.network.definitions()
        present = set(self.table.columns) | set(self.numbers.constants)
        self.kept = {name for name in present if not is_helper(name)}
        self.kept_helpers = present

        self.referenced = self._referenced()

    def _referenced(self) -> set[str]:
        """Return the symbols that the formulas of the table's first two rows refer to."""
        found: set[str] = set()
        for column in self.table.columns.values():
            for row in self.table.sheet_rows[:2]:
                formula = self.table.content(row, column).formula
                tree = self.resolver.resolved(formula, row, column) if formula else None
                if tree is not None:
                    found.update(one.name for one in symbols(tree))
        return found

    def right_forms(self, symbol: str, tree: Expression | None = None) -> list[Expression]:
        """Return the definition over the nearest columns, then over those that a formula uses."""
        definition = self.definitions[symbol]
        forms = [
            expanded(definition, self.definitions, self.kept - {symbol} | self._self(symbol)),
            expanded(definition, self.definitions, self.kept_helpers),
        ]
        if tree is not None:
            used = {one.name for one in symbols(tree)}
            forms.append(expanded(definition, self.definitions, used))
        if "η" in self.table.columns and family(symbol) in PARAMETERS:
            # A scheduled rate may stand in the row of the update, or in that of the gradient.
            forms.extend([_with_earlier_rate(form) for form in forms])
        return list(dict.fromkeys(forms))

    def _self(self, symbol: str) -> set[str]:
        return {symbol} if family(symbol) in PARAMETERS else set()

    def shown(self, expression: Expression, row: int) -> str:
        """Return an expression as the formula of a row, with the file's own addresses."""

        def name(leaf: Symbol | Cell) -> str:
            if isinstance(leaf, Cell):
                return full_address(leaf, self.table.sheet)
            if leaf.name in self.table.columns:
                return relative_address(
                    self.table.row_at(row + leaf.offset), self.table.columns[leaf.name]
                )
            for cell, symbol in self.resolver.assigned.items():
                if symbol == leaf.name:
                    return full_address(cell, self.table.sheet)
            for (down, across), symbol in self.resolver.labelled.items():
                if symbol == leaf.name:
                    return full_address(Cell(self.table.sheet, down, across), self.table.sheet)
            if leaf.name == "η" and self.rate.value is not None:
                return f"{self.rate.value:g}"
            return leaf.name

        return f"={written(expression, name)}"


def _with_earlier_rate(expression: Expression) -> Expression:
    return replace(expression, lambda part: Symbol("η", -1) if part == Symbol("η") else None)
