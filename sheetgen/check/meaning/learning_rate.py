"""Finds the learning rate of a table: in a labelled cell, in the formulas, or from the updates."""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from sheetgen.check.formula.expressions import (
    Array,
    Cell,
    Expression,
    Number,
    Operation,
    Symbol,
    leaves,
    walk,
)
from sheetgen.check.judging.findings import LearningRate
from sheetgen.check.meaning.column_values import Numbers
from sheetgen.check.meaning.resolving import Resolver
from sheetgen.check.meaning.table_network import PARAMETERS, Network, expanded
from sheetgen.check.reading.cells import Book, Cells, number_in
from sheetgen.check.tables.headers import family, symbol_of
from sheetgen.check.tables.table import Table
from sheetgen.spreadsheet.address import relative_address

_IN_TEXT = re.compile(
    r"(?:η|ƞ|ɳ|ŋ|\blr\b|learning\s*_?rate(?:\s*\(.*?\))?)\s*[:=(\s]\s*([0-9]+(?:[.,][0-9]+)?)",
    re.IGNORECASE,
)
_BESIDE = 3  # cells to the right of a label in which its number may stand
_AGREE = 1e-6


@dataclass(frozen=True, slots=True)
class Label:
    """A cell that a label calls the learning rate, or a label that holds the number itself."""

    row: int
    column: int
    value: float


def labels_of(cells: Cells) -> list[Label]:
    """Return every labelled learning rate of a sheet; the number is beside its label or below."""
    found = []
    for (row, column), content in cells.items():
        text = content.text.strip()
        if not text or len(text) > 60:
            continue
        if symbol_of(text.rstrip(" :=")) == "η" or _mentions_rate(text):
            places = [(row, column + step) for step in range(1, _BESIDE + 1)]
            for place in [*places, (row + 1, column)]:
                neighbour = cells.get(place)
                if neighbour is not None and neighbour.number is not None:
                    found.append(Label(*place, neighbour.number))
                    break
                if neighbour is not None and neighbour.text:
                    break
            else:
                found.extend(_inside(text, row, column))
        else:
            found.extend(_inside(text, row, column))
    return found


def _mentions_rate(text: str) -> bool:
    plain = text.strip(" :=").lower()
    return plain in ("η", "ƞ", "ɳ", "ŋ", "lr", "alpha", "α") or (
        plain.startswith("learning") and "rate" in plain and number_in(plain) is None
    )


def _inside(text: str, row: int, column: int) -> list[Label]:
    match = _IN_TEXT.search(text)
    return [Label(row, column, float(match[1].replace(",", ".")))] if match else []


def rate_in(text: str) -> float | None:
    """Return the learning rate that a text such as a tab's name "lr=0.5" holds, or None."""
    match = _IN_TEXT.search(text)
    return float(match[1].replace(",", ".")) if match else None


def referenced_cell(table: Table, resolver: Resolver) -> Cell | None:
    """Return the cell that most updates of the first row refer to and that is no symbol.

    It is the learning rate's cell, for nothing else in an update w - η·∂E/∂w lies elsewhere.
    """
    counted: Counter[Cell] = Counter()
    for symbol in _parameters(table):
        column = table.columns[symbol]
        for row in table.sheet_rows[1:3]:
            formula = table.content(row, column).formula
            tree = resolver.resolved(formula, row, column) if formula is not None else None
            if tree is not None:
                weight = 2 if row == table.first + 1 else 1
                for leaf in set(leaves(tree)):
                    if isinstance(leaf, Cell) and resolver.number(leaf) != 0:
                        counted[leaf] += weight
    numbers = [(count, cell) for cell, count in counted.items() if _is_number(resolver, cell)]
    return max(numbers, key=lambda pair: pair[0])[1] if numbers else None


def _is_number(resolver: Resolver, cell: Cell) -> bool:
    return bool(np.isfinite(resolver.number(cell)))


def _parameters(table: Table) -> list[str]:
    return [symbol for symbol in table.columns if family(symbol) in PARAMETERS]


def literal_rate(table: Table, resolver: Resolver) -> float | None:
    """Return the number that the updates' formulas hold in place of a reference, or None."""
    counted: Counter[float] = Counter()
    for symbol in _parameters(table):
        row, column = table.first + 1, table.columns[symbol]
        formula = table.content(row, column).formula if table.rows > 1 else None
        tree = resolver.resolved(formula, row, column) if formula is not None else None
        if isinstance(tree, Operation) and tree.operator in "+-":
            counted.update(_literal(tree.right, symbol))
    return counted.most_common(1)[0][0] if counted else None


def _literal(step: Expression, symbol: str) -> list[float]:
    """Return the factor of the gradient in a step η·∂E/∂w; a gradient alone is a rate of 1."""
    gradient = f"∂E/∂{symbol}"
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


def inferred(table: Table, network: Network, numbers: Numbers) -> float | None:
    """Return the rate that most updates of the weights agree on, or None without any update.

    Within rounding, each update (w before - w) / (∂E/∂w before) allows an interval of rates. Where
    most of them overlap the shortest number is taken, so that a few wrong columns do not matter.
    """
    intervals = np.concatenate(
        [np.zeros((0, 2))] + [_intervals(symbol, network, numbers) for symbol in _parameters(table)]
    )
    if not len(intervals):
        return None
    # Going through all ends from the left, an interval's start adds one and its end takes one.
    ends = np.concatenate([intervals[:, 0], intervals[:, 1]])
    steps = np.concatenate([np.ones(len(intervals)), -np.ones(len(intervals))])
    order = np.lexsort((-steps, ends))
    best = int(np.argmax(np.cumsum(steps[order])))
    return _shortest(float(ends[order][best]), float(ends[order][best + 1]))


def _intervals(symbol: str, network: Network, numbers: Numbers) -> Array:
    """Return the rates that each update of a parameter allows, shape (updates, 2)."""
    kept = set(numbers.values) | set(numbers.constants)
    gradient = expanded(Symbol(f"∂E/∂{symbol}", -1), network.definitions(), kept)
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


def find_rate(
    book: Book, table: Table, network: Network, resolver: Resolver, numbers: Numbers
) -> LearningRate:
    """Return the learning rate that the table's updates use, and where that stands."""
    if "η" in table.columns:
        values = table.values("η")
        finite = values[np.isfinite(values)]
        return LearningRate(float(finite[0]) if len(finite) else None, "column", table.cell("η", 0))
    labels = labels_of(table.cells)
    cell = referenced_cell(table, resolver)
    if cell is not None:
        place = relative_address(cell.row, cell.column)
        here = cell.sheet == table.sheet
        all_labels = labels if here else labels_of(book.sheets[cell.sheet])
        known = any((one.row, one.column) == (cell.row, cell.column) for one in all_labels)
        shown = place if here else f"{cell.sheet}!{place}"
        return LearningRate(resolver.number(cell), "cell" if known else "formula", shown)
    literal = literal_rate(table, resolver)
    if literal == 1 and labels:
        # Updates without any factor, although a cell is there to be the rate, have forgotten it.
        label = min(labels, key=lambda one: abs(one.row - table.header_row))
        return LearningRate(label.value, "cell", relative_address(label.row, label.column))
    if literal is not None:
        return LearningRate(literal, "formula")
    return _by_the_updates(table, labels, network, numbers)


def _by_the_updates(
    table: Table, labels: list[Label], network: Network, numbers: Numbers
) -> LearningRate:
    """Return the labelled rate where most updates agree with it, or else what they give."""
    intervals = [_intervals(symbol, network, numbers) for symbol in _parameters(table)]
    every = np.concatenate([np.zeros((0, 2)), *intervals])
    for label in sorted(labels, key=lambda one: abs(one.row - table.header_row)):
        allowed = (every[:, 0] <= label.value) & (label.value <= every[:, 1])
        if not len(every) or np.mean(allowed) > 0.5:
            return LearningRate(label.value, "cell", relative_address(label.row, label.column))
    rate = inferred(table, network, numbers)
    return LearningRate(rate, "unknown" if rate is None else "inferred")
