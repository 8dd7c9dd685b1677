"""Wrong formulas whose parentheses are missing, too many, or in another place."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from sheetgen.check.formula.expressions import Expression, Leaf, written
from sheetgen.check.formula.matrix_expressions import UnsupportedError
from sheetgen.check.formula.parsing import parse_tokens
from sheetgen.check.mistakes.mistake_kinds import Alternatives
from sheetgen.spreadsheet.tokens import Token, tokens

_LONGEST = 75  # tokens; longer formulas are not tried with parentheses at every other place
_OPERATORS = frozenset("+-*/^,<>=") | {"<=", ">=", "<>"}

Variants = Iterator[tuple[str, list[Token]]]
_OPEN, _CLOSE = Token("symbol", "("), Token("symbol", ")")


def missing_parentheses(tree: Expression) -> Iterator[Alternatives]:
    """Yield the formula without each pair of parentheses that can be left out."""
    return _parsed(tree, _without_pairs)


def misplaced_parentheses(tree: Expression) -> Iterator[Alternatives]:
    """Yield the formula with parentheses in a wrong place, or with one pair too many."""
    return _parsed(tree, _misplaced)


def _parsed(
    tree: Expression, variants: Callable[[Sequence[Token]], Variants]
) -> Iterator[Alternatives]:
    leaves: list[Leaf] = []

    def numbered(leaf: Leaf) -> str:
        """Return a cell that stands for a leaf while the text is parsed again."""
        leaves.append(leaf)
        return f"$A${len(leaves)}"

    for words, changed in _trees(tuple(tokens(written(tree, numbered))), variants):

        def name(_: int, words: str = words) -> tuple[str, str]:
            """Return the kind and the words, which are those of every formula here."""
            return "missing-parenthesis", words

        yield Alternatives(changed, 1, name, tuple(leaves))


@lru_cache(maxsize=256)  # the gradients of a layer are all written alike
def _trees(
    parts: tuple[Token, ...], variants: Callable[[Sequence[Token]], Variants]
) -> list[tuple[str, Expression]]:
    """Return the variants that mean something, and not the same as the formula or one before."""
    known, found = {_parse(parts), None}, []
    texts: dict[tuple[Token, ...], str] = {}
    for words, changed in variants(parts):
        texts.setdefault(tuple(changed), words)
    for text, words in texts.items():
        tree = _parse(text)
        if tree is not None and tree not in known:
            known.add(tree)
            found.append((words, tree))
    return found


def _parse(parts: Sequence[Token]) -> Expression | None:
    try:
        return parse_tokens(parts)
    except UnsupportedError:
        return None


def _without_pairs(tokens: Sequence[Token]) -> Variants:
    for first, last in _bare_pairs(tokens):
        yield "a pair of parentheses is missing", _without(tokens, first, last)


def _misplaced(tokens: Sequence[Token]) -> Variants:
    if len(tokens) > 3 * _LONGEST:
        return
    for first, last in _pairs(tokens):
        moved = _without(tokens, last)
        for place in range(first + 2, len(moved) + 1):
            if _ends_a_value(moved[place - 1]):
                changed = [*moved[:place], _CLOSE, *moved[place:]]
                yield "a parenthesis closes at the wrong place", changed
    for first, last in _bare_pairs(tokens):
        moved = _without(tokens, first)
        for place in range(last):
            if _may_open(moved, place):
                changed = [*moved[:place], _OPEN, *moved[place:]]
                yield "a parenthesis opens at the wrong place", changed
    if len(tokens) > _LONGEST:
        return
    for first in range(len(tokens)):
        for last in range(first + 2, len(tokens)) if _may_open(tokens, first) else ():
            if _ends_a_value(tokens[last]):
                changed = [*tokens[: last + 1], _CLOSE, *tokens[last + 1 :]]
                changed.insert(first, _OPEN)
                yield "there are parentheses that do not belong there", changed


def _ends_a_value(token: Token) -> bool:
    return token.text not in _OPERATORS and not token.text.endswith("(")


def _may_open(tokens: Sequence[Token], place: int) -> bool:
    """Return whether a parenthesis may open before a token: elsewhere it means nothing."""
    begins = tokens[place] != _CLOSE and _ends_a_value(tokens[place])
    opens = tokens[place].text.endswith("(") or tokens[place].text in ("+", "-")
    return (begins or opens) and (place == 0 or not _ends_a_value(tokens[place - 1]))


def _without(tokens: Sequence[Token], *places: int) -> list[Token]:
    return [token for place, token in enumerate(tokens) if place not in places]


def _pairs(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Return the places of each parenthesis, or function, and of the one that closes it."""
    opened, found = [], []
    for place, token in enumerate(tokens):
        if token.text.endswith("("):
            opened.append(place)
        elif token == _CLOSE:
            found.append((opened.pop(), place))
    return sorted(found)


def _bare_pairs(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    return [(first, last) for first, last in _pairs(tokens) if tokens[first] == _OPEN]
