"""Checks what a student's formula refers to before it is calculated.

It is calculated in a workbook without the answers, so it cannot reach any. The check says why a
formula scores nothing, and lets honest formulas use the student's own sheet name and defined names.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate

from sheetgen.exercises.grading.handed_in import HandedIn
from sheetgen.exercises.grading.submission import Submission
from sheetgen.exercises.sheets import exercise_sheet
from sheetgen.exercises.sheets.exercise_workbook import ANSWERS
from sheetgen.spreadsheet.address import (
    MAXIMUM_COLUMNS,
    MAXIMUM_FORMULA,
    MAXIMUM_ROWS,
    place_of,
    quoted,
    unquoted,
)
from sheetgen.spreadsheet.tokens import Token, tokens

# What can reach a cell that the formula does not name, or something outside of the workbook.
REACHING = (
    "INDIRECT", "EVALUATE", "CALL", "REGISTER.ID", "DDE", "RTD", "WEBSERVICE", "FILTERXML", "EXEC",
)  # fmt: skip
MAXIMUM_DEPTH = 8  # of names that lead to names
DEEPEST = 64  # brackets within each other; Excel takes as many functions
MOST_CELLS = 2 * MAXIMUM_ROWS  # of all ranges in a formula: an engine may look at each of them

_RANGE = re.compile(
    r"(?<![\w.])\$?(?P<left>[a-z]{0,3})\$?(?P<top>[0-9]{0,7})"
    r":\$?(?P<right>[a-z]{0,3})\$?(?P<bottom>[0-9]{0,7})(?![\w.(])",
    re.IGNORECASE,
)
_SYMBOLS = {*"+-*/^&%=<>(),;:{}@$", "<=", ">=", "<>"}


class RefusedError(Exception):
    """A formula that scores nothing; `is_cheating` tells that it refers to the answers."""

    def __init__(self, reason: str, is_cheating: bool) -> None:
        super().__init__(reason)
        self.is_cheating = is_cheating


def scrutinised(formula: str, submission: Submission, known: Collection[str]) -> str:
    """Return a formula, without "=", as it is calculated; `known` are the sheets it may read.

    Raises RefusedError if it scores nothing.
    """
    return _Reader(submission.handed_in, submission.sheet, known).read(formula)


@dataclass(frozen=True)
class _Reader:
    handed_in: HandedIn
    own: str
    known: Collection[str]

    def read(self, formula: str, depth: int = 0) -> str:
        """Return the formula with the names of the student's workbook written out."""
        if ANSWERS in formula.casefold():
            raise RefusedError("refers to the answers", True)
        if depth > MAXIMUM_DEPTH:
            raise RefusedError("uses names that lead to names without end", False)
        if len(formula) > MAXIMUM_FORMULA:
            raise RefusedError(
                f"has {len(formula):,} characters; expected at most {MAXIMUM_FORMULA:,}", False
            )
        found = tokens(formula)
        _check_size(found)
        texts, rest, length = [], iter(found), 0
        for token in rest:
            if token.kind == "sheet":
                texts.append(self._on_sheet(token.text[:-1], next(rest, Token("end", "")), depth))
            else:
                texts.append(self._token(token, depth))
            # Names that lead to several names each could otherwise grow without end.
            if (length := length + len(texts[-1])) > MAXIMUM_FORMULA:
                reason = f"has more than {MAXIMUM_FORMULA:,} characters with its names written out"
                raise RefusedError(reason, False)
        return "".join(texts)

    def _token(self, token: Token, depth: int) -> str:
        kind, text = token
        if kind == "brackets" or text in ("[", "|"):
            raise RefusedError("refers to another workbook, or to a table that is not there", True)
        if kind == "sheet" or (kind == "symbol" and text not in _SYMBOLS):
            raise RefusedError("cannot be read as a formula", False)
        if kind == "function":
            self._function(text[:-1].strip().casefold().removeprefix("_xlfn."), depth)
        return self._name(text, depth) if kind == "name" else text

    def _function(self, name: str, depth: int) -> None:
        if name.upper() in REACHING:
            raise RefusedError(f"uses {name.upper()}, which can reach the answers", True)
        if name in self.handed_in.names:
            self.read(self.handed_in.names[name], depth + 1)
            raise RefusedError(f"uses the function {name} of its own workbook", False)

    def _on_sheet(self, place: str, token: Token, depth: int) -> str:
        """Return a reference to a cell, or a name, with its sheet before it."""
        name = unquoted(place)
        folded = name.casefold()
        if "[" in name:
            raise RefusedError("refers to another workbook, or to a table that is not there", True)
        if ":" in name:
            raise RefusedError("refers to several sheets at once, and so to the answers", True)
        if folded in self.handed_in.answers_sheets:
            raise RefusedError("refers to the answers", True)
        if folded == self.own.casefold():
            name = exercise_sheet.NAME
        elif folded not in {each.casefold() for each in self.known}:
            raise RefusedError(f"refers to {name}, which is not a sheet of the exercise", False)
        if token.kind == "name" and token.text.casefold() in self.handed_in.names:
            return self._name(token.text, depth)
        return f"{quoted(name)}!{self._token(token, depth)}"

    def _name(self, name: str, depth: int) -> str:
        text = self.handed_in.names.get(name.casefold())
        return name if text is None else f"({self.read(text, depth + 1)})"


def _check_size(found: Sequence[Token]) -> None:
    """Raise RefusedError for brackets or ranges that no engine need bear."""
    steps = ((each.text == "(" or each.kind == "function") - (each.text == ")") for each in found)
    depths = list(accumulate(steps))
    if min(depths, default=0) < 0:
        raise RefusedError("cannot be read as a formula", False)
    if (deepest := max(depths, default=0)) > DEEPEST:
        reason = f"has {deepest:,} brackets within each other; expected at most {DEEPEST}"
        raise RefusedError(reason, False)
    if (cells := _cells_in_ranges(found)) > MOST_CELLS:
        reason = f"refers to ranges of {cells:,} cells; expected at most {MOST_CELLS:,}"
        raise RefusedError(reason, False)


def _cells_in_ranges(found: Sequence[Token]) -> int:
    """Return the number of cells in all ranges; where an end is calculated it counts as a cell."""
    kinds = ("cell", "name", "number", "symbol", "function")
    cells = 0
    for each in _RANGE.finditer("".join(token.text for token in found if token.kind in kinds)):
        left, top, right, bottom = each["left"], each["top"], each["right"], each["bottom"]
        height = abs(int(bottom) - int(top)) + 1 if top and bottom else MAXIMUM_ROWS
        width = abs(_column(right) - _column(left)) + 1 if left and right else MAXIMUM_COLUMNS
        is_whole = bool(left and right) or bool(top and bottom)
        cells += height * width if is_whole else 1
    return cells


def _column(letters: str) -> int:
    return place_of(f"{letters.upper()}1")[1]
