"""Wrong formulas with another symbol, one from another row or column, or one too many."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations, permutations

from sheetgen.check.formula.expressions import (
    Expression,
    Operation,
    Symbol,
    replace,
    symbols,
    walk,
)
from sheetgen.check.meaning.table_network import expanded, is_helper, names_of
from sheetgen.check.mistakes.mistake_kinds import Mutation
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
    column: str, right: Expression, definitions: Definitions, likely: bool
) -> Iterator[Mutation]:
    """Yield every symbol replaced by another, everywhere, then at each pair and single place.

    Those that people mix up are the likely ones.
    """
    names = [name for name in names_of(definitions) if not is_helper(name)]
    for symbol, places in Counter(symbols(right)).items():
        for other in names:
            kind = _substitution_kind(column, symbol, other)
            if other != symbol.name and (kind != "wrong-symbol") == likely:
                words = f"{other} is used instead of {symbol.name}"
                for chosen in _subsets(places):
                    changed = _at_places(right, symbol, Symbol(other, symbol.offset), chosen)
                    yield Mutation(kind, words, changed)


def _substitution_kind(column: str, symbol: Symbol, other: str) -> str:
    mine, theirs = family(symbol.name), family(other)
    if is_parameter(column) and symbol.name == column:
        return "wrong-previous-weight" if is_parameter(other) else "wrong-symbol"
    if mine.startswith("∂E/∂") and theirs.startswith("∂E/∂"):
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


def _at_places(
    tree: Expression, old: Symbol, new: Expression, chosen: tuple[int, ...]
) -> Expression:
    seen = -1

    def change(part: Expression) -> Expression | None:
        nonlocal seen
        if part != old:
            return None
        seen += 1
        return new if seen in chosen else None

    return replace(tree, change)


def other_rows(column: str, right: Expression, offsets: set[int]) -> Iterator[Mutation]:
    """Yield symbols taken from another row: one, all of a family, or all."""
    present = list(dict.fromkeys(symbols(right)))
    groups = [[one] for one in present]
    for name in dict.fromkeys(family(one.name) for one in present):
        members = [one for one in present if family(one.name) == name]
        groups.extend([members] if len(members) > 1 else [])
        groups.extend(list(pair) for pair in combinations(members, 2) if len(members) > 2)
    groups.append(present)
    for offset in sorted(offsets | {-1, 1}, key=abs):
        for group in groups:
            chosen = [one for one in group if one.name != "η" and one.offset != offset]
            if chosen and Symbol(column) not in [Symbol(one.name, offset) for one in chosen]:
                yield _other_row(right, chosen, offset)


def _other_row(right: Expression, chosen: list[Symbol], offset: int) -> Mutation:
    moved = _exchanged(right, {one: Symbol(one.name, offset) for one in chosen})
    each = list(dict.fromkeys(one.name for one in chosen))
    names = f"{' and '.join(each)} {'are' if len(each) > 1 else 'is'}"
    right_row = f"the row that {'they' if len(each) > 1 else 'it'} should be"
    steps = offset - chosen[0].offset
    where = f"{abs(steps)} row{'s' if abs(steps) > 1 else ''} {'below' if steps > 0 else 'above'}"
    if all(is_parameter(one.name) for one in chosen) and steps == 1:
        words = f"{names} taken after its update, {where} {right_row}"
        return Mutation("weights-updated-in-sequence", words, moved)
    return Mutation("wrong-row", f"{names} taken {where} {right_row}", moved)


def _exchanged(tree: Expression, new: Mapping[Symbol, Symbol]) -> Expression:
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


def other_pairs(right: Expression, definitions: Definitions) -> Iterator[Mutation]:
    """Yield two symbols of a family replaced by two others, such as w5, w7 by w5, w6 … w6, w8."""
    names = names_of(definitions)
    for kind, one, other in _pairs(right, _SAME_FAMILY):
        members = [name for name in names if family(name) == family(one.name)]
        for first, second in permutations(members[:16], 2):
            if first != one.name and second != other.name:
                to = {one: Symbol(first, one.offset), other: Symbol(second, other.offset)}
                words = f"{first} and {second} are used instead of {one.name} and {other.name}"
                yield Mutation(kind, words, _exchanged(right, to))


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


def extra_symbols(right: Expression, definitions: Definitions) -> Iterator[Mutation]:
    """Yield the formula with a factor or a term too many."""
    last = max((one.offset for one in symbols(right)), default=0)
    for name in names_of(definitions):
        if not is_helper(name):
            extra = Symbol(name, last if number(name) else 0)
            yield Mutation("extra-factor", f"{name} is a factor too many", right * extra)
            yield Mutation("extra-term", f"{name} is a term too many", right + extra)
            words = f"the slope {name}·(1 − {name}) is a factor too many"
            yield Mutation("extra-factor", words, right * (extra * (1 - extra)))
    for part in walk(right):
        if isinstance(part, Operation) and part.operator == "-":
            yield Mutation("extra-factor", "a factor is there twice", right * part)
