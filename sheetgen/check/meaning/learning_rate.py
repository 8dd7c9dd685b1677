"""Finds the learning rate of a table: in a labelled cell, in the formulas, or from the updates."""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from sheetgen.check.findings import LearningRate
from sheetgen.check.formula.expressions import (
    Array,
    Call,
    Cell,
    Expression,
    Number,
    Operation,
    Symbol,
    leaves,
    walk,
)
from sheetgen.check.meaning.column_values import Numbers
from sheetgen.check.meaning.resolving import Resolver
from sheetgen.check.meaning.table_network import Network, expanded
from sheetgen.check.reading.cells import Cells, number_in
from sheetgen.check.tables.headers import PARAMETERS, symbol_of
from sheetgen.check.tables.table import Table
from sheetgen.spreadsheet.address import relative_address

_IN_TEXT = re.compile(
    r"(?:η|ƞ|ɳ|ŋ|\blr\b|learning\s*_?rate(?:\s*\(.*?\))?)\s*[:=(\s]\s*([0-9]+(?:[.,][0-9]+)?)",
    re.IGNORECASE,
)
_RATE_NAMES = ("η", "ƞ", "ɳ", "ŋ", "lr", "alpha", "α")
_BESIDE = 3  # cells to the right of a label that may hold its number


@dataclass(frozen=True, slots=True)
class Label:
    """A cell that a label calls the learning rate, or a label that holds the number itself."""

    row: int
    column: int
    value: float

    @property
    def place(self) -> str:
        """The address of the number."""
        return relative_address(self.row, self.column)


def labels_of(cells: Cells) -> list[Label]:
    """Return every labelled learning rate of a sheet; the number is beside its label or below."""
    found = []
    texts = [each for each in cells.items() if isinstance(each[1].value, str)]
    for (row, column), content in texts:
        text = content.text.strip()
        if not text or len(text) > 60:
            continue
        named = symbol_of(text.rstrip(" :=")) == "η" or _mentions_rate(text)
        beside = [(row, column + step) for step in range(1, _BESIDE + 1)]
        for place in [*beside, (row + 1, column)] if named else []:
            neighbour = cells.get(place)
            if neighbour is not None and neighbour.number is not None:
                found.append(Label(*place, neighbour.number))
                break
            if neighbour is not None and neighbour.text:
                break
        else:
            if (value := rate_in(text)) is not None:
                found.append(Label(row, column, value))
    return found


def _mentions_rate(text: str) -> bool:
    plain = text.strip(" :=").lower()
    return plain in _RATE_NAMES or (
        plain.startswith("learning") and "rate" in plain and number_in(plain) is None
    )


def rate_in(text: str) -> float | None:
    """Return the learning rate that a text such as a tab's name "lr=0.5" holds, or None."""
    match = _IN_TEXT.search(text)
    return float(match[1].replace(",", ".")) if match else None


def find_rate(network: Network, resolver: Resolver, numbers: Numbers) -> LearningRate:
    """Return the learning rate that the table's updates use, and where it is."""
    table = resolver.table
    if "η" in table.columns:
        values = table.values("η")
        finite = values[np.isfinite(values)]
        return LearningRate(float(finite[0]) if len(finite) else None, "column", table.cell("η", 0))
    cell = referenced_cell(resolver)
    if cell is not None:
        here = cell.sheet == table.sheet
        labels = labels_of(resolver.book.sheets[cell.sheet])
        known = any((one.row, one.column) == (cell.row, cell.column) for one in labels)
        place = relative_address(cell.row, cell.column)
        shown = place if here else f"{cell.sheet}!{place}"
        return LearningRate(resolver.number(cell), "cell" if known else "formula", shown)
    labels = sorted(labels_of(table.cells), key=lambda one: abs(one.row - table.header_row))
    literal = _literal_rate(resolver)
    if literal == 1 and labels:
        # The updates have no factor although there is a cell for the rate: they forgot it.
        return LearningRate(labels[0].value, "cell", labels[0].place)
    if literal is not None:
        return LearningRate(literal, "formula")
    return _by_the_updates(table, labels, network, numbers)


def referenced_cell(resolver: Resolver) -> Cell | None:
    """Return the cell that most updates of the first rows refer to and that is not a symbol.

    It is the learning rate's cell, for all else in an update w - η·∂E/∂w is in the table.
    """
    table = resolver.table
    counted: Counter[Cell] = Counter()
    for symbol in table.columns_of(*PARAMETERS):
        for row in range(table.rows)[1:3]:
            tree = resolver.of(symbol, row)
            for leaf in dict.fromkeys(leaves(tree)) if tree is not None else ():
                if isinstance(leaf, Cell) and resolver.number(leaf) != 0:
                    counted[leaf] += 2 if row == 1 else 1
    numbers = {cell: votes for cell, votes in counted.items() if np.isfinite(resolver.number(cell))}
    labelled = {
        Cell(sheet, one.row, one.column)
        for sheet in {cell.sheet for cell in numbers}
        for one in labels_of(resolver.book.sheets[sheet])
    }
    return max(numbers, key=lambda cell: (numbers[cell], cell in labelled), default=None)


def _literal_rate(resolver: Resolver) -> float | None:
    """Return the number that the updates' formulas hold in place of a reference, or None."""
    table = resolver.table
    counted: Counter[float] = Counter()
    for symbol in table.columns_of(*PARAMETERS):
        tree = resolver.of(symbol, 1) if table.rows > 1 else None
        if isinstance(tree, Call) and tree.name == "IF":
            tree = tree.arguments[1]  # at the end of a batch
        if isinstance(tree, Operation) and tree.operator in "+-":
            counted.update(_literal(tree.right, f"∂E/∂{symbol}"))
    return counted.most_common(1)[0][0] if counted else None


def _literal(step: Expression, gradient: str) -> list[float]:
    """Return the factor of the gradient in a step η·∂E/∂w; a gradient alone is a rate of 1."""
    match step:
        case Symbol(name) if name == gradient:
            return [1.0]
        case Operation("*", Number(value), Symbol(name)) if name == gradient:
            return [value]
        case Operation("*", Symbol(name), Number(value)) if name == gradient:
            return [value]
        case Operation("/", Symbol(name), Number(value)) if name == gradient and value:
            return [1 / value]
    numbers = [node.value for node in walk(step) if isinstance(node, Number)]
    return [one for one in numbers if one not in (0.5, 1, 2)][:1]


def _by_the_updates(
    table: Table, labels: list[Label], network: Network, numbers: Numbers
) -> LearningRate:
    """Return the labelled rate that most updates agree with, or else the one that they imply.

    Within rounding, each update (w before - w) / (∂E/∂w before) allows an interval of rates. Of
    the rates that most of them allow, the shortest number is taken, so that a few wrong columns do
    not matter.
    """
    updates = [_intervals(one, network, numbers) for one in table.columns_of(*PARAMETERS)]
    intervals = np.concatenate([np.zeros((0, 2)), *updates])
    for label in labels:
        allowed = (intervals[:, 0] <= label.value) & (label.value <= intervals[:, 1])
        if not len(intervals) or np.mean(allowed) > 0.5:
            return LearningRate(label.value, "cell", label.place)
    if not len(intervals):
        return LearningRate(None, "unknown")
    # Going through all ends from the left, an interval's start adds one and its end takes one.
    ends = np.concatenate([intervals[:, 0], intervals[:, 1]])
    steps = np.concatenate([np.ones(len(intervals)), -np.ones(len(intervals))])
    order = np.lexsort((-steps, ends))
    best = int(np.argmax(np.cumsum(steps[order])))
    rate = _shortest(float(ends[order][best]), float(ends[order][best + 1]))
    return LearningRate(rate, "inferred")


def _intervals(symbol: str, network: Network, numbers: Numbers) -> Array:
    """Return the rates that each update of a parameter allows, shape (updates, 2)."""
    kept = set(numbers.values) | set(numbers.constants)
    gradient = expanded(network.steps.direction(symbol), network.definitions(), kept)
    slopes, doubts = numbers.recomputed(gradient)
    steps, errors = numbers.recomputed(Symbol(symbol, -1) - Symbol(symbol))
    with np.errstate(all="ignore"):
        rates = steps / slopes
        spread = (errors + np.abs(rates) * doubts) / np.abs(slopes)
        usable = np.isfinite(rates) & np.isfinite(spread) & (np.abs(slopes) > 2 * doubts)
        found = np.stack([rates - spread, rates + spread], axis=-1)[usable]
    return np.asarray(found, dtype=float)


def _shortest(low: float, high: float) -> float:
    """Return the number with the fewest digits in an interval."""
    middle = (low + high) / 2
    for digits in range(1, 17):
        short = float(f"{middle:.{digits}g}")
        if low <= short <= high:
            return short
    return middle
