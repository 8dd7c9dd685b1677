"""Chooses the blank cells, by topic and level, so that the given cells do not tell the answers."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from sheetgen.exercises.assignment.table_layout import Layout, Quantity, stage_of
from sheetgen.formulas.columns import Column
from sheetgen.network.activations import Array
from sheetgen.network.network import Network
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE, UPDATE, Trace

COUNTS = (BATCH_ROW, BATCH_SIZE, UPDATE)
SWEEPS = 10
RESTARTS = 20
SAME = 1e-9  # relative; values as close as this are one quantity under two names

Asked = dict[str, list[int]]
"""The rows in which each column may be blank, by its symbol."""


def choose(
    layout: Layout, network: Network, trace: Trace, topic: str, level: int
) -> list[Quantity]:
    """Return the blanks in reading order.

    Level 1: one quantity of each column that the topic asks for; what the right formula reads is
    given. Level 2: every other column, in all rows. Level 3: everything that is calculated, up to
    the topic's stage.
    """
    asked = _asked(layout, network, trace, topic, level)
    if level == 1:
        chosen = _OneEach(layout, asked, trace).chosen()
    elif level == 2:
        chosen = set(_every_other(layout, asked))
    else:
        chosen = {(symbol, row) for symbol, rows in asked.items() for row in rows}
    return sorted(chosen, key=layout.place)


def possible(layout: Layout, network: Network, trace: Trace) -> set[Quantity]:
    """Return every quantity that may be blank at some level."""
    asked = _asked(layout, network, trace, "all", 3)
    return {(symbol, row) for symbol, rows in asked.items() for row in rows}


def _asked(layout: Layout, network: Network, trace: Trace, topic: str, level: int) -> Asked:
    trained = {parameter.name for parameter in network.parameters}
    asked: Asked = {}
    for column in layout.columns:
        stage, symbol = stage_of(column), column.symbol
        rows = list(range(layout.rows))
        if symbol in trained and layout.last == "update":
            stage = "update"
            rows = [row for row in rows[1:] if trace[BATCH_ROW][row] == 1]
        is_skipped = stage == "given" or symbol in COUNTS or (level < 3 and _is_inner(column))
        if not is_skipped and rows and (topic in (stage, "all") or level == 3):
            asked[symbol] = rows
    return asked


def _is_inner(column: Column) -> bool:
    """Tell whether a column is an intermediate result that only the last level asks for."""
    return column.band.kind == "helper" and not column.symbol.startswith("∂E/∂")


def _every_other(layout: Layout, asked: Asked) -> Iterator[Quantity]:
    """Yield every other column of a kind, starting at the second for activations and weights.

    So the pre-activation of a blank activation is given, and the gradient of a blank weight.
    """
    groups = defaultdict(list)
    for symbol in asked:
        groups[layout.by_symbol[symbol].band, symbol.startswith("a_")].append(symbol)
    for (band, is_activation), symbols in groups.items():
        is_later = is_activation or (band.kind == "weight" and len(symbols) > 1)
        for symbol in symbols[is_later::2]:
            yield from ((symbol, row) for row in asked[symbol])


class _OneEach:
    """Chooses a row for each column such that no blank reads another or is beside it.

    Columns that must show the same numbers, such as o1 and a_o1 of an identity, share their row.
    The rows are improved in turn, each to its least cost given the others (coordinate descent),
    from several orders of the columns.
    """

    def __init__(self, layout: Layout, asked: Asked, trace: Trace) -> None:
        self._layout, self._asked = layout, asked
        self._groups = _equal_columns(asked, trace, layout.rows)
        self._symbols = {place: symbol for symbol, place in layout.places.items()}
        self._readers = self._read_by()

    def chosen(self) -> set[Quantity]:
        best, least = self._descended(self._groups)
        random = np.random.default_rng(0)
        for _ in range(RESTARTS):
            if not least:
                break
            order = [self._groups[place] for place in random.permutation(len(self._groups))]
            rows, cost = self._descended(order)
            if cost < least:
                best, least = rows, cost
        return set(best.items())

    def _descended(self, order: list[list[str]]) -> tuple[dict[str, int], int]:
        """Return the rows that descent in this order finds, and their total cost."""
        rows: dict[str, int] = {}
        for _ in range(SWEEPS):
            before = dict(rows)
            for group in order:
                for symbol in group:
                    rows.pop(symbol, None)
                # Of equally good rows, the one with the fewest blanks.
                candidates = self._asked[group[0]]
                counts = list(rows.values())
                best = min(
                    candidates, key=lambda row: (self._cost(group, row, rows), counts.count(row))
                )
                rows.update(dict.fromkeys(group, best))
            if rows == before:
                break
        return rows, sum(self._cost(group, rows[group[0]], rows) for group in order)

    def _cost(self, group: list[str], row: int, rows: dict[str, int]) -> int:
        """Return 10 for each other blank that is read or reads, 1 for each neighbour."""
        read = beside = 0
        for symbol in group:
            for other, at in self._readers[symbol, row]:
                read += rows.get(other) == at and other not in group
            place = self._layout.places[symbol]
            for column in (place - 1, place + 1):
                other = self._symbols.get(column, "")
                beside += rows.get(other) == row and other not in group
        return 10 * read + beside

    def _read_by(self) -> dict[Quantity, list[Quantity]]:
        """Return the other possible blanks that each one reads or is read by."""
        asked = [(symbol, row) for symbol, rows in self._asked.items() for row in rows]
        found: dict[Quantity, list[Quantity]] = {quantity: [] for quantity in asked}
        for quantity in asked:
            for other in self._layout.operands(quantity) & found.keys():
                found[quantity].append(other)
                found[other].append(quantity)
        return found


def _equal_columns(asked: Asked, trace: Trace, rows: int) -> list[list[str]]:
    """Group the columns with the same number in every row, which may be blank in the same rows."""
    groups: list[list[str]] = []
    for symbol in asked:
        for group in groups:
            same = asked[symbol] == asked[group[0]]
            if same and _are_same(trace[symbol][:rows], trace[group[0]][:rows]).all():
                group.append(symbol)
                break
        else:
            groups.append([symbol])
    return groups


def told(layout: Layout, chosen: set[Quantity], trace: Trace) -> set[Quantity]:
    """Return the given quantities that show the number of a blank in their row.

    Such as E_total beside the only E1.
    """
    found = set()
    for symbol, row in set(layout.quantities) - chosen:
        if stage_of(layout.by_symbol[symbol]) != "given" and symbol not in COUNTS:
            values = np.array([trace[blank][row] for blank, at in chosen if at == row])
            if _are_same(values, trace[symbol][row]).any():
                found.add((symbol, row))
    return found


def _are_same(one: Array, other: Array) -> Array:
    """Tell where numbers are the same; 0 and 1 are too common to give anything away."""
    is_common = (other == 0) | (other == 1)
    return np.asarray((np.abs(one - other) <= SAME * np.abs(other)) & ~is_common)
