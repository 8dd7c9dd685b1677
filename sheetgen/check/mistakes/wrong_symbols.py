"""Wrong formulas with another symbol, one from another row or column, or one too many."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, count, permutations

import numpy as np

from sheetgen.check.formula.expressions import (
    Expression,
    Operation,
    Symbol,
    replace,
    symbols,
    walk,
)
from sheetgen.check.meaning.table_network import expanded, is_helper, names_of
from sheetgen.check.mistakes.mistake_kinds import Alternatives, Candidate, Choice, Mutation, choice
from sheetgen.check.tables.headers import family, is_parameter, number

Definitions = Mapping[str, Expression]

_SAME_FAMILY = {
    "a_h": "wrong-activation-index",
    "a_o": "wrong-activation-index",
    "h": "wrong-pre-activation-index",
    "o": "wrong-pre-activation-index",
    "w": "wrong-weight-index",
    "b": "wrong-bias-index",
    "i": "wrong-input-index",
    "t": "target-swapped",
    "E": "wrong-error-index",
}
_SWAPPED = {
    "a_h": "swapped-activations",
    "a_o": "swapped-activations",
    "w": "swapped-weights",
    "i": "swapped-inputs",
    "t": "target-swapped",
}
_CROSSED = {
    ("a_h", "h"): "pre-activation-for-activation",
    ("a_o", "o"): "pre-activation-for-activation",
    ("a_h", "o"): "pre-activation-for-activation",
    ("a_o", "h"): "pre-activation-for-activation",
    ("h", "a_h"): "activation-for-pre-activation",
    ("o", "a_o"): "activation-for-pre-activation",
    ("a_h", "a_o"): "wrong-activation-index",
    ("a_o", "a_h"): "wrong-activation-index",
}
"""(right family, wrong family) → the mistake."""


def other_symbols(
    column: str, right: Expression, names: Sequence[str], likely: bool
) -> Iterator[Alternatives]:
    """Yield every symbol replaced by another, everywhere, then at each pair and single place.

    Those that people mix up are the likely ones.
    """
    for symbol, places in Counter(symbols(right)).items():
        kinds = {
            other: kind
            for other in names
            if other != symbol.name
            and ((kind := _substitution_kind(column, symbol, other)) == "wrong-symbol") != likely
        }
        if kinds:
            yield _replaced(right, symbol, kinds, _subsets(places))


def _replaced(
    right: Expression, symbol: Symbol, kinds: Mapping[str, str], subsets: Sequence[tuple[int, ...]]
) -> Alternatives:
    """Return the formula with another symbol (other → kind of mistake) at some of its places."""
    names = list(kinds)
    options = (symbol, *(Symbol(other, symbol.offset) for other in names))
    places = count()

    def name(index: int) -> tuple[str, str]:
        """Return the kind and the words of one of the formulas."""
        other = names[index // len(subsets)]
        return kinds[other], f"{other} is used instead of {symbol.name}"

    def change(part: Expression) -> Expression | None:
        """Return a choice at each place of the symbol, None for all else."""
        if part != symbol:
            return None
        place = next(places)
        changes = [place in chosen for chosen in subsets]
        return Choice(options, np.outer(range(1, len(options)), changes).ravel())

    return Alternatives(replace(right, change), len(names) * len(subsets), name)


def _substitution_kind(column: str, symbol: Symbol, other: str) -> str:
    mine, theirs = family(symbol.name), family(other)
    if is_parameter(column) and symbol.name == column:
        return "wrong-previous-weight" if is_parameter(other) else "wrong-symbol"
    if "∂E/∂" in mine and "∂E/∂" in theirs:
        return "wrong-gradient"
    if mine == theirs:
        return _SAME_FAMILY.get(mine, "wrong-symbol")
    return _CROSSED.get((mine, theirs), "wrong-symbol")


def _subsets(places: int) -> list[tuple[int, ...]]:
    """Return all places, each pair of three or four, and each one alone."""
    everywhere = tuple(range(places))
    if places == 1:
        return [everywhere]
    singles = [(one,) for one in everywhere]
    return [everywhere, *(combinations(everywhere, 2) if 2 < places < 5 else ()), *singles]


def other_rows(column: str, right: Expression, offsets: set[int]) -> Iterator[Alternatives]:
    """Yield symbols taken from another row: one, all of a family, or all."""
    present = list(dict.fromkeys(symbols(right)))
    groups = [[one] for one in present]
    for name in dict.fromkeys(family(one.name) for one in present):
        members = [one for one in present if family(one.name) == name]
        groups.extend([members] if len(members) > 1 else [])
        groups.extend(list(pair) for pair in combinations(members, 2) if len(members) > 2)
    groups.append(present)
    moves: list[tuple[list[Symbol], int]] = []
    for offset in sorted(offsets | {-1, 1}, key=abs):
        for group in groups:
            chosen = [one for one in group if one.name != "η" and one.offset != offset]
            if chosen and Symbol(column) not in [Symbol(one.name, offset) for one in chosen]:
                moves.append((chosen, offset))
    if moves:
        choices = {one: _moved(one, moves) for one in present}
        changed = _exchanged(right, choices)
        yield Alternatives(changed, len(moves), lambda index: _other_row(*moves[index]))


def _moved(symbol: Symbol, moves: Sequence[tuple[list[Symbol], int]]) -> Choice:
    return choice(
        Symbol(symbol.name, offset) if symbol in chosen else symbol for chosen, offset in moves
    )


def _other_row(chosen: Sequence[Symbol], offset: int) -> tuple[str, str]:
    """Return the kind and the words of symbols that are taken from another row."""
    each = list(dict.fromkeys(one.name for one in chosen))
    names = f"{' and '.join(each)} {'are' if len(each) > 1 else 'is'}"
    right_row = f"the row that {'they' if len(each) > 1 else 'it'} should be"
    steps = offset - chosen[0].offset
    where = f"{abs(steps)} row{'s' if abs(steps) > 1 else ''} {'below' if steps > 0 else 'above'}"
    if all(is_parameter(one.name) for one in chosen) and steps == 1:
        words = f"{names} taken after its update, {where} {right_row}"
        return "weights-updated-in-sequence", words
    return "wrong-row", f"{names} taken {where} {right_row}"


def _exchanged(tree: Expression, new: Mapping[Symbol, Expression]) -> Expression:
    return replace(tree, lambda part: new.get(part) if isinstance(part, Symbol) else None)


def _pairs(right: Expression, kinds: Mapping[str, str]) -> Iterator[tuple[str, Symbol, Symbol]]:
    """Yield (kind, symbol, symbol) of each two symbols of a family."""
    for one, other in combinations(dict.fromkeys(symbols(right)), 2):
        kind = kinds.get(family(one.name))
        if kind is not None and family(one.name) == family(other.name):
            yield kind, one, other


def swapped_symbols(right: Expression) -> Iterator[Mutation]:
    """Yield two symbols of one family that changed places."""
    for kind, one, other in _pairs(right, _SWAPPED):
        words = f"{one.name} and {other.name} changed places"
        yield Mutation(kind, words, _exchanged(right, {one: other, other: one}))


def other_pairs(right: Expression, definitions: Definitions) -> Iterator[Alternatives]:
    """Yield two symbols of a family replaced by two others, such as w5, w7 by w5, w6 … w6, w8."""
    names = names_of(definitions)
    for kind, one, other in _pairs(right, _SAME_FAMILY):
        members = [name for name in names if family(name) == family(one.name)]
        new = [
            (first, second)
            for first, second in permutations(members[:16], 2)
            if first != one.name and second != other.name
        ]
        if new:
            yield _both_replaced(right, kind, (one, other), new)


def _both_replaced(
    right: Expression, kind: str, old: tuple[Symbol, Symbol], new: Sequence[tuple[str, str]]
) -> Alternatives:
    def name(index: int) -> tuple[str, str]:
        """Return the kind and the words of one of the formulas."""
        first, second = new[index]
        return kind, f"{first} and {second} are used instead of {old[0].name} and {old[1].name}"

    choices = {
        symbol: choice(Symbol(names[which], symbol.offset) for names in new)
        for which, symbol in enumerate(old)
    }
    return Alternatives(_exchanged(right, choices), len(new), name)


def other_columns(column: str, definitions: Definitions) -> Iterator[Mutation]:
    """Yield the formula of another column, and an update in a column that has none."""
    kept = {name for name in names_of(definitions) if not is_helper(name)}
    for other, definition in definitions.items():
        if other != column and family(other) == family(column) and not is_helper(other):
            words = f"this is the formula of {other}"
            whole = expanded(definition, definitions, kept)
            yield Mutation("formula-of-another-column", words, whole)
    if is_parameter(column):
        return
    words = f"{column} is updated like a weight instead of computed from its row"
    for gradient in definitions:
        if gradient.startswith("∂E/∂"):
            update = Symbol(column, -1) - Symbol("η") * Symbol(gradient, -1)
            yield Mutation("updated-like-a-weight", words, update)
    yield Mutation("wrong-row", "the value above is copied", Symbol(column, -1))


def extra_symbols(right: Expression, names: Sequence[str]) -> Iterator[Candidate]:
    """Yield the formula with a factor or a term too many."""
    last = max((one.offset for one in symbols(right)), default=0)
    extra = choice(Symbol(name, last if number(name) else 0) for name in names)
    slope = choice(one * (1 - one) for one in extra.options)
    for kind, words, changed in (
        ("extra-factor", "{} is a factor too many", right * extra),
        ("extra-term", "{} is a term too many", right + extra),
        ("extra-factor", "the slope {0}·(1 − {0}) is a factor too many", right * slope),
    ):

        def name(index: int, kind: str = kind, words: str = words) -> tuple[str, str]:
            """Return the kind and the words of one of the formulas."""
            return kind, words.format(names[index])

        yield Alternatives(changed, len(names), name)
    for part in walk(right):
        if isinstance(part, Operation) and part.operator == "-":
            yield Mutation("extra-factor", "a factor is there twice", right * part)
