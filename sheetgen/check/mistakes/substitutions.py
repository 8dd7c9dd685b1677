"""Wrong formulas in which a symbol stands for another, or comes from another row or column."""

from collections.abc import Iterator, Mapping
from itertools import combinations, permutations
from typing import NamedTuple

from sheetgen.check.formula.expressions import Expression, Symbol, replace, symbols
from sheetgen.check.meaning.table_network import PARAMETERS, expanded, is_helper
from sheetgen.check.tables.headers import family


class Mutation(NamedTuple):
    """A wrong formula: the kind of mistake, what it is in words, and the formula."""

    kind: str
    words: str
    expression: Expression


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


def other_symbols(
    column: str, right: Expression, definitions: Mapping[str, Expression]
) -> tuple[list[Mutation], list[Mutation]]:
    """Return every symbol replaced by another, everywhere, then at each pair and single place.

    The first list has those that people mix up, the second the rest.
    """
    likely: list[Mutation] = []
    unlikely: list[Mutation] = []
    for symbol in dict.fromkeys(symbols(right)):
        places = sum(1 for one in symbols(right) if one == symbol)
        for other in names_of(definitions):
            if other == symbol.name or is_helper(other):
                continue
            kind = _substitution_kind(column, symbol, other)
            target = likely if kind != "wrong-symbol" else unlikely
            new = Symbol(other, symbol.offset)
            words = f"{other} stands where {symbol.name} belongs"
            for chosen in _subsets(places):
                target.append(Mutation(kind, words, _at_places(right, symbol, new, chosen)))
    return likely, unlikely


def _subsets(places: int) -> list[tuple[int, ...]]:
    """Return all places, each one alone, and each pair of three or four."""
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


def names_of(definitions: Mapping[str, Expression]) -> list[str]:
    """Return every symbol that definitions are about or refer to, but for the learning rate."""
    names = dict.fromkeys(definitions)
    for definition in definitions.values():
        names.update(dict.fromkeys(one.name for one in symbols(definition)))
    names.pop("η", None)
    return list(names)


def _substitution_kind(column: str, symbol: Symbol, other: str) -> str:
    mine, theirs = family(symbol.name), family(other)
    if family(column) in PARAMETERS and symbol.name == column:
        return "wrong-previous-weight" if theirs in PARAMETERS else "wrong-symbol"
    if mine.startswith("∂E/∂") and theirs.startswith("∂E/∂"):
        return "wrong-gradient"
    if mine == theirs:
        return _SAME_FAMILY.get(mine, "wrong-symbol")
    return _CROSSED.get((mine, theirs), "wrong-symbol")


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


def other_rows(column: str, right: Expression, offsets: set[int]) -> Iterator[Mutation]:
    """Yield symbols taken from another row: one, all of a family, or all."""
    groups: list[list[Symbol]] = [[one] for one in dict.fromkeys(symbols(right))]
    for name in dict.fromkeys(family(one.name) for one in symbols(right)):
        members = [one for one in dict.fromkeys(symbols(right)) if family(one.name) == name]
        groups.extend([members] if len(members) > 1 else [])
        groups.extend(list(pair) for pair in combinations(members, 2) if len(members) > 2)
    groups.append(list(dict.fromkeys(symbols(right))))
    for offset in sorted(offsets | {-1, 1}, key=abs):
        for group in groups:
            chosen = [one for one in group if one.name != "η" and one.offset != offset]
            if chosen and Symbol(column) not in [Symbol(one.name, offset) for one in chosen]:
                yield _other_row(right, chosen, offset)


def _other_row(right: Expression, chosen: list[Symbol], offset: int) -> Mutation:
    moved = replace(
        right,
        lambda part: Symbol(part.name, offset) if part in chosen else None,
    )
    each = list(dict.fromkeys(one.name for one in chosen))
    names = f"{' and '.join(each)} {'are' if len(each) > 1 else 'is'}"
    right_row = f"the row that {'they' if len(each) > 1 else 'it'} should be"
    steps = offset - chosen[0].offset
    where = f"{abs(steps)} row{'s' if abs(steps) > 1 else ''} {'below' if steps > 0 else 'above'}"
    if all(family(one.name) in PARAMETERS for one in chosen) and steps == 1:
        words = f"{names} taken after its update, {where} {right_row}"
        return Mutation("weights-updated-in-sequence", words, moved)
    return Mutation("wrong-row", f"{names} taken {where} {right_row}", moved)


def exchanged(right: Expression) -> Iterator[Mutation]:
    """Yield two symbols of one family that changed places."""
    present = list(dict.fromkeys(symbols(right)))
    for one, other in combinations(present, 2):
        kind = _SWAPPED.get(family(one.name))
        if kind is None or family(one.name) != family(other.name):
            continue
        exchange = {one: other, other: one}
        yield Mutation(
            kind,
            f"{one.name} and {other.name} changed places",
            replace(right, lambda part, to=exchange: to.get(part)),  # type: ignore[misc]
        )


def pairs_of_symbols(
    right: Expression, definitions: Mapping[str, Expression]
) -> Iterator[Mutation]:
    """Yield two symbols of a family replaced by two others, such as w5, w7 by w5, w6 … w6, w8."""
    present = list(dict.fromkeys(symbols(right)))
    names = names_of(definitions)
    for one, other in combinations(present, 2):
        kind = _SAME_FAMILY.get(family(one.name))
        if kind is None or family(one.name) != family(other.name):
            continue
        members = [name for name in names if family(name) == family(one.name)]
        for first, second in permutations(members[:16], 2):
            if first == one.name or second == other.name:
                continue
            to = {one: Symbol(first, one.offset), other: Symbol(second, other.offset)}
            words = f"{first} and {second} stand where {one.name} and {other.name} belong"
            yield Mutation(kind, words, replace(right, lambda part, to=to: to.get(part)))  # type: ignore[misc]


def whole_columns(column: str, definitions: Mapping[str, Expression]) -> Iterator[Mutation]:
    """Yield the formula of another column, and an update in a column that has none."""
    for other, definition in definitions.items():
        if other != column and family(other) == family(column) and not is_helper(other):
            words = f"this is the formula of {other}"
            kept = set(names_of(definitions)) - {name for name in definitions if is_helper(name)}
            whole = expanded(definition, definitions, kept)
            yield Mutation("formula-of-another-column", words, whole)
    if family(column) in PARAMETERS:
        return
    words = f"{column} is updated like a weight instead of computed from its row"
    for gradient in definitions:
        if gradient.startswith("∂E/∂"):
            update = Symbol(column, -1) - Symbol("η") * Symbol(gradient, -1)
            yield Mutation("updated-like-a-weight", words, update)
    yield Mutation("wrong-row", "the value above is copied", Symbol(column, -1))
