"""Finds references, names, functions and texts in formulas, to read them or to replace them.

The grammar is that of ECMA-376 part 1, 18.17.2, in the A1 notation of files: a comma between
arguments, a point in numbers. The tests compare the tokens with those of openpyxl's Tokenizer.
It is not used here because it takes four times as long, and files have millions of formulas, and
because it refuses T['[x], A1# and #SPILL!, and misreads 10E-05, LN (2) and A1:INDEX(B:B,2).
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Token(NamedTuple):
    """A part of a formula.

    Its kind is one of
    "cell": A1 or $A$1, each end of a range by itself,
    "number": 1E-05, without a sign,
    "text": "x", with its quotes,
    "function": SUM( with its parenthesis,
    "sheet": what is before a reference to another sheet: Data!, 'my data'!, [1]Data!, One:Two!,
    "brackets": [[#Headers],[x]], after the name of a table,
    "error": #REF!,
    "name": a defined name, a table, TRUE, or an end of a range of whole columns,
    "space",
    "symbol": an operator, a separator, a parenthesis, or a character that does not belong there.
    """

    kind: str
    text: str


# Letters of all kinds, and signs such as ∂: whatever is no operator.
_CHARACTER = r"""[^\s!"\#$%&'()*+,\-/:;<=>@\[\]^`{|}~]"""
_WORD = rf"{_CHARACTER}++"
# The first line is there for speed: it leaves symbols alone without trying all that follows.
# Excel puts quotes around the name of a sheet that looks like a cell, others do not: in Q1:Q4!A1,
# Q1 is a sheet, in A1:Data!B2 a cell.
_WORDS = rf"""
    (?=[^\s%&()*+,\-/:;<=>@\]^`{{|}}~])(?:
    (?P<cell>(?!(?i:LOG10)\s*\()\$?[A-Za-z]{{1,3}}\$?[1-9][0-9]{{0,6}}(?!{_CHARACTER}|[(!]|:[A-Za-z]{{1,3}}[0-9]+!))
    | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!{_CHARACTER}|!))
    | (?P<text>"(?:[^"]|"")*+")
    | (?P<function>{_WORD}\s*\()
    | (?P<sheet>'(?:[^']|'')++'! | (?:\[\d+\])?(?:{_WORD}:)?(?:{_WORD})?!)
    | (?P<brackets>\[(?:[^\[\]']|'.|\[(?:[^\[\]']|'.)*\])*\])
    | (?P<error>\#[A-Za-z][\w/]*[!?]?)
    | (?P<name>{_WORD}))
"""
_WORDS_ONLY = re.compile(_WORDS, re.VERBOSE)
_EVERYTHING = re.compile(rf"{_WORDS}|(?P<space>\s+)|(?P<symbol><=|>=|<>|.)", re.VERBOSE | re.DOTALL)


def tokens(formula: str) -> list[Token]:
    """Return the tokens of a formula without "="; joined, their texts are the formula."""
    return [Token(found.lastgroup or "", found[0]) for found in _EVERYTHING.finditer(formula)]


def replaced(formula: str, changes: Mapping[str, Callable[[str], str]]) -> str:
    """Return a formula with the tokens of some kinds, but not spaces or symbols, changed."""

    def change(found: re.Match[str]) -> str:
        """Return a token's new text."""
        new = changes.get(found.lastgroup or "")
        return found[0] if new is None else new(found[0])

    return _WORDS_ONLY.sub(change, formula)


def refers_to_cells(formula: str) -> bool:
    """Return whether a formula has the address of a cell in it."""
    return any(found.lastgroup == "cell" for found in _WORDS_ONLY.finditer(formula))
