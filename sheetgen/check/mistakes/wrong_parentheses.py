"""Wrong formulas whose parentheses are missing, too many, or in another place."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from sheetgen.check.formula.expressions import Expression, Leaf, replace, written
from sheetgen.check.formula.parsing import Reference, UnsupportedError, parse_text
from sheetgen.check.mistakes.mistake_kinds import Mutation
from sheetgen.spreadsheet.tokens import tokens

_LONGEST = 75  # tokens; longer formulas are not tried with parentheses at every other place

Variants = Iterator[tuple[str, list[str]]]


def missing_parentheses(tree: Expression) -> Iterator[Mutation]:
    """Yield the formula without each pair of parentheses that can be left out."""
    return _parsed(tree, _without_pairs)


def misplaced_parentheses(tree: Expression) -> Iterator[Mutation]:
    """Yield the formula with parentheses in a wrong place, or with one pair too many."""
    return _parsed(tree, _misplaced)


def _parsed(tree: Expression, variants: Callable[[list[str]], Variants]) -> Iterator[Mutation]:
    leaves: list[Leaf] = []

    def name(leaf: Leaf) -> str:
        leaves.append(leaf)
        return f"$A${len(leaves)}"

    def named(part: Expression) -> Expression | None:
        return leaves[part.row] if isinstance(part, Reference) else None

    for words, changed in variants([token.text for token in tokens(written(tree, name))]):
        found = _parse("".join(changed))
        if found is not None:
            yield Mutation("missing-parenthesis", words, replace(found, named))


@lru_cache(maxsize=1 << 14)  # the gradients of a layer are all written alike
def _parse(text: str) -> Expression | None:
    try:
        return parse_text(text)
    except UnsupportedError:
        return None


def _without_pairs(tokens: list[str]) -> Variants:
    for first, last in _bare_pairs(tokens):
        yield "a pair of parentheses is missing", _without(tokens, first, last)


def _misplaced(tokens: list[str]) -> Variants:
    if len(tokens) > 3 * _LONGEST:
        return
    for first, last in _pairs(tokens):
        moved = _without(tokens, last)
        for place in range(first + 2, len(moved) + 1):
            yield "a parenthesis closes at the wrong place", [*moved[:place], ")", *moved[place:]]
    for first, last in _bare_pairs(tokens):
        moved = _without(tokens, first)
        for place in range(last):
            yield "a parenthesis opens at the wrong place", [*moved[:place], "(", *moved[place:]]
    if len(tokens) > _LONGEST:
        return
    for first in range(len(tokens)):
        for last in range(first + 2, len(tokens)):
            changed = [*tokens[:first], "(", *tokens[first : last + 1], ")", *tokens[last + 1 :]]
            yield "there are parentheses that do not belong there", changed


def _without(tokens: list[str], *places: int) -> list[str]:
    return [token for place, token in enumerate(tokens) if place not in places]


def _pairs(tokens: list[str]) -> list[tuple[int, int]]:
    """Return the places of each parenthesis, or function, and of the one that closes it."""
    opened, found = [], []
    for place, token in enumerate(tokens):
        if token.endswith("("):
            opened.append(place)
        elif token == ")":
            found.append((opened.pop(), place))
    return sorted(found)


def _bare_pairs(tokens: list[str]) -> list[tuple[int, int]]:
    return [(first, last) for first, last in _pairs(tokens) if tokens[first] == "("]
