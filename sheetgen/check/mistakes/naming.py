"""Names the mistake in a formula, or in numbers without one."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from sheetgen.check.formula.expressions import (
    Array,
    Cell,
    Expression,
    Leaf,
    Number,
    Symbol,
    children,
    evaluate,
    leaves,
    replace,
    symbols,
    walk,
)
from sheetgen.check.formula.parsing import Reference
from sheetgen.check.formula.relative_formulas import Formula
from sheetgen.check.meaning.searches import Effort
from sheetgen.check.meaning.simulation import Mistake, same
from sheetgen.check.meaning.table_meaning import ComputedColumn
from sheetgen.check.meaning.table_network import expanded
from sheetgen.check.mistakes.mistake_kinds import KINDS, Candidate, Mutation
from sheetgen.check.mistakes.mutations import (
    mutations,
    repairs,
    second_mutations,
    shorter_mutations,
)
from sheetgen.check.mistakes.trying import Probe, near, promising, within

_MOST_MUTATIONS = 6000
_LIKELIEST_MUTATIONS = 600
_LONGEST = 80  # symbols of a formula in which a mistake is looked for
_LONGEST_FOR_TWO = 20  # and two mistakes at once
_LONGEST_REPAIRED = 4 * _LONGEST  # of a wrong formula that may be a right one, badly written
_SHORTER = 4  # times shorter than the right one, a formula is none that a slip made of it
_EXACT = 1e-7  # relative; numbers that may be off by more are rounded
_NEARBY = 20  # times what rounding allows the right formula
_ODD = {
    *("wrong-row", "formula-of-another-column", "updated-like-a-weight", "wrong-gradient"),
    *("weights-updated-in-sequence", "wrong-previous-weight", "wrong-symbol", "extra-factor"),
    *("extra-term", "wrong-constant"),
}
"""What rounded numbers may agree with by chance: a plainer mistake that fits as well is meant."""


@dataclass(slots=True)
class Wrong:
    """A mistake in some rows of a column, counted from the table's first."""

    rows: list[int]
    kind: str
    words: str


class WrongCells:
    """Cells of a column that are wrong alike: they hold one formula, or numbers without one.

    `tree` is what the formula means; None without a formula, or if it is not understood.
    """

    def __init__(
        self,
        column: ComputedColumn,
        rows: list[int],
        formula: Formula | None = None,
        tree: Expression | None = None,
    ) -> None:
        self._column, self._rows, self._tree = column, rows, tree
        self._ended_early = False
        self._meaning, self._table = column.meaning, column.table
        raw = self._meaning.resolver.tree(formula) if formula is not None else None
        place = *self._table.place_of(column.symbol, rows[0]), self._table.sheet
        references = [] if raw is None else [n for n in walk(raw) if isinstance(n, Reference)]
        self._references = [(one, one.seen_from(*place)) for one in references]

    def named(self) -> Wrong:
        """Return the mistake that explains these cells."""
        return Wrong(self._rows, *self._mistake())

    def _mistake(self) -> Mistake:
        if self._column.is_parameter and (rate := self._slid() or self._other_rate()):
            return rate
        for _, cell in self._references:
            if cell.sheet == self._table.sheet and cell.row in self._table.skipped:
                words = f"the formula refers to row {cell.row + 1}, which holds no numbers"
                return "wrong-row", words
        found = self._found()
        if found is None:
            return self._unnamed()
        if found[0] == "wrong-row" and self._anchored():
            return "anchored-reference", KINDS["anchored-reference"]
        return found

    # References

    def _slid(self) -> Mistake | None:
        """Return how a reference left the learning rate's cell, or None if none did."""
        rate, table = self._meaning.rate_cell, self._table
        if rate is None:
            return None
        kind = "learning-rate-not-anchored"
        words = "the reference to the learning rate is not fixed with $ and slides"
        furthest = min(self._rows[0], table.row_at(self._rows[0]) - table.first - 1)
        if not table.in_rows:
            furthest = table.last - table.first
        for reference, seen in self._references:
            if seen == rate or seen.sheet != rate.sheet:
                continue
            below = seen.row - rate.row
            if not reference.row_fixed and seen.column == rate.column and 0 < below <= furthest:
                return kind, f"{words} down"
            if not reference.column_fixed and below == 0 and seen.row < table.first:
                return kind, f"{words} across"
        return None

    def _anchored(self) -> bool:
        """Return whether a reference to a cell of the table that changes has a fixed row."""
        resolver = self._meaning.resolver
        return any(
            reference.row_fixed
            and cell.sheet == self._table.sheet
            and (symbol := resolver.symbol_at(cell.row, cell.column)) is not None
            and symbol not in resolver.constant
            for reference, cell in self._references
        )

    # The learning rate

    def _other_rate(self) -> Mistake | None:
        """Return what is wrong if an update is right except for its learning rate."""
        if self._tree is None:
            return self._other_rate_by_numbers()
        parts = (part for part in walk(self._tree) if isinstance(part, Number | Cell))
        for part in islice(dict.fromkeys(parts), _LONGEST):
            if not self._column.is_right(_with(self._tree, part, Symbol("η"))):
                continue
            resolver = self._meaning.resolver
            found = part.value if isinstance(part, Number) else resolver.number(part)
            if found == self._meaning.rate.value:
                words = f"the number {found:g} is used instead of the learning rate's cell"
                return "hard-coded-number", words
            words = f"the learning rate is {found:g} here, not {self._shown_rate()}"
            return "wrong-learning-rate", words
        return None

    def _other_rate_by_numbers(self) -> Mistake | None:
        """Return what is wrong if all updates of the rows imply the same other rate."""
        numbers, symbol, usual = self._column.numbers, self._column.symbol, self._meaning.rate.value
        kept = self._meaning.kept | {symbol}
        direction = self._meaning.network.steps.direction(symbol)
        gradient = expanded(direction, self._meaning.definitions, kept)
        slopes = numbers.recomputed(gradient)[0][self._rows]
        step = numbers.recomputed(Symbol(symbol, -1) - Symbol(symbol))
        steps, errors = (one[self._rows] for one in step)
        with np.errstate(all="ignore"):
            rates, spread = steps / slopes, errors / np.abs(slopes)
        usable = np.isfinite(rates) & np.isfinite(spread)
        if np.count_nonzero(usable) < 2 or usual is None:
            return None
        rate = float(rates[usable][np.argmin(spread[usable])])
        agrees = np.abs(rates[usable] - rate) <= 2 * spread[usable] + 1e-7 * abs(rate)
        if not agrees.all() or rate <= 0 or abs(rate - usual) < 1e-6 * rate:
            return None
        if abs(rate - 1) < 1e-6:
            return "missing-learning-rate", "the factor η is missing"
        words = f"the updates imply the learning rate {rate:.6g} here, not {self._shown_rate()}"
        return "wrong-learning-rate", words

    def _shown_rate(self) -> str:
        rate = self._meaning.rate.value
        return "the table's" if rate is None else f"{rate:g}"

    # Mutations

    def _found(self) -> Mistake | None:
        """Return the known mistake that leads to this formula, or to these numbers."""
        column, tree = self._column, self._tree
        offsets = {one.offset for one in symbols(tree)} if tree is not None else set()
        forms = [one for one in column.right_forms(tree) if len(leaves(one)) <= _LONGEST]
        rate = None if self._meaning.rate.cell else self._meaning.rate.value
        if tree is not None and column.is_parameter and rate is not None:
            tree = _with(tree, Number(rate), Symbol("η"))
        wrong = column.simulated(tree) if tree is not None else None
        if wrong is None or tree is None:
            fitting = self._fitting(forms)
            return fitting and (fitting.kind, fitting.words)
        # The same mistake in a copy of the table is known.
        known = self._meaning.simulation.searched
        key = column.symbol, tree, tuple(forms), frozenset(offsets)
        if key not in known:
            found = self._searched(tree, forms, offsets, wrong)
            known[key] = found and (found.kind, found.words), self._ended_early
        mistake, self._ended_early = known[key]
        return mistake

    def _searched(
        self, tree: Expression, forms: list[Expression], offsets: set[int], wrong: Array
    ) -> Mutation | None:
        """Return the known mistake that gives a formula's values in every random training."""
        symbol, network = self._column.symbol, self._meaning.network
        definitions, truth = self._meaning.definitions, self._column.truth
        size = sum(1 for node in walk(tree) if not children(node))
        short = [len(leaves(form)) > _SHORTER * size for form in forms]
        for form, is_short in zip(forms, short, strict=True):
            if is_short:
                once = shorter_mutations(symbol, form, definitions, network)
            else:
                once = mutations(symbol, form, definitions, network, offsets)
            if found := self._first(once, form, wrong):
                return found
        if size <= _LONGEST_REPAIRED and (found := self._first(repairs(tree), tree, truth)):
            return found
        if not forms or short[0] or len(leaves(forms[0])) > _LONGEST_FOR_TWO:
            return None
        twice = second_mutations(symbol, forms[0], definitions, offsets)
        return self._first(twice, forms[0], wrong)

    def _first(
        self, candidates: Iterable[Candidate], base: Expression, wanted: Array
    ) -> Mutation | None:
        """Return the first whose formula has these values in every random training.

        Most of the candidates' parts are those of `base`.
        """
        places = np.flatnonzero(np.isfinite(wanted))
        if not len(places):
            return None
        point, simulation = int(places[0]), self._meaning.simulation

        def at(leaf: Leaf) -> float:
            """Return what a leaf is at that point, NaN if it is unknown."""
            values = simulation.at(leaf)
            return math.nan if values is None else float(values[point])

        probe = Probe(base, at, near(float(wanted[point])))
        for mutation in self._promising(candidates, probe):
            if same(self._column.simulated(mutation.expression), wanted):
                return mutation
        return None

    def _promising(self, candidates: Iterable[Candidate], probe: Probe) -> Iterator[Mutation]:
        """Yield the candidates that fit at the probe's point, as far as the effort goes."""
        effort = Effort(self._meaning.searches, _MOST_MUTATIONS, _LIKELIEST_MUTATIONS)
        if not effort.ended_early:
            yield from promising(candidates, probe, effort)
        self._ended_early |= effort.ended_early

    # Numbers

    def _fitting(self, forms: list[Expression]) -> Mutation | None:
        """Return the mistake that numbers without a formula agree with; of several, a plain one.

        A single rounded number agrees with some odd mistake or other, so it identifies none.
        """
        column, odd = self._column, None
        sizes = np.abs(column.values[self._rows])
        for form in forms:
            allowed = self._allowed(form)
            rounded = bool(np.any(allowed > _EXACT * sizes))
            meaning = self._meaning
            wrong = mutations(column.symbol, form, meaning.definitions, meaning.network, set())
            for mutation in self._promising(wrong, self._probe(form, allowed)):
                if self._fits(mutation.expression, allowed):
                    if not rounded or mutation.kind not in _ODD:
                        return mutation
                    odd = odd or mutation
        return odd if len(self._rows) > 1 else None

    def _probe(self, form: Expression, allowed: Array) -> Probe:
        """Return a row in the middle, and how far from its number a wrong formula may be."""
        middle = len(self._rows) // 2
        row, numbers = self._rows[middle], self._column.numbers
        known: dict[Leaf, float] = {}

        def at(leaf: Leaf) -> float:
            """Return the number of a leaf in the row."""
            if leaf not in known:
                known[leaf] = float(numbers.lookup(leaf)[row])
            return known[leaf]

        number = float(self._column.values[row])
        return Probe(form, at, within(number, _NEARBY * float(allowed[middle])))

    def _allowed(self, form: Expression) -> Array:
        """Return by how far a formula and these rows' numbers may be apart, shape (rows,)."""
        numbers = self._column.numbers
        off = numbers.rounding(Symbol(self._column.symbol)) + numbers.recomputed(form)[1]
        return np.asarray(off[self._rows], dtype=float)

    def _fits(self, mutated: Expression, allowed: Array) -> bool:
        """Return whether the numbers of the rows are those of a wrong formula."""
        numbers = self._column.numbers
        value = np.broadcast_to(evaluate(mutated, numbers.lookup), numbers.rows)[self._rows]
        actual = self._column.values[self._rows]
        judged = np.isfinite(value) & np.isfinite(actual)
        with np.errstate(invalid="ignore"):
            difference = np.abs(value - actual) - 1e-9 * np.abs(actual)
        if not judged.any() or np.any(difference[judged] > _NEARBY * allowed[judged]):
            return False
        # The wrong formula may pass on more of the rounding, or less, than the right one does.
        return bool(np.all(difference[judged] <= self._allowed(mutated)[judged]))

    def _unnamed(self) -> Mistake:
        column, tree = self._column, self._tree
        first = column.contents[self._rows[0]]
        if first.is_error:
            return "error-value", f"the formula gives {first.value}"
        if column.is_parameter and tree is not None:
            cells = [leaf for leaf in leaves(tree) if isinstance(leaf, Cell)]
            other = any(leaf != self._meaning.rate_cell for leaf in cells)
            if other and Symbol("η") not in leaves(tree):
                words = "the update uses another learning rate than the table's"
                return "wrong-learning-rate", words
        # Beyond the effort for a workbook only the likely mistakes were tried.
        known = "has no name here" if self._ended_early else "is not a known one"
        words = f"this is not {column.symbol}; the mistake {known}"
        if len(self._rows) == 1 and first.formula is None:
            words = f"this is not {column.symbol}; one number is not enough to identify the mistake"
        return "unknown-mistake", words


def _with(tree: Expression, old: Expression, new: Expression) -> Expression:
    """Return a formula with one leaf in place of another."""
    return replace(tree, lambda part: new if part == old else None)
