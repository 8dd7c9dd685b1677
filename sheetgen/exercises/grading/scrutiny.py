"""Checks what a student's formula refers to before it is calculated.

It is calculated in a workbook without the answers, so it cannot reach any. The check says why a
formula scores nothing, and lets honest formulas use the student's own sheet name and defined names.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token

from sheetgen.exercises.grading.handed_in import HandedIn
from sheetgen.exercises.grading.submission import Submission
from sheetgen.exercises.sheets import exercise_sheet
from sheetgen.exercises.sheets.exercise_workbook import ANSWERS
from sheetgen.spreadsheet.address import quoted

# What can reach a cell that the formula does not name, or something outside of the workbook.
REACHING = (
    "INDIRECT", "EVALUATE", "CALL", "REGISTER.ID", "DDE", "RTD", "WEBSERVICE", "FILTERXML", "EXEC",
)  # fmt: skip
MAXIMUM_DEPTH = 8  # of names that lead to names

_CELLS = re.compile(
    r"\$?[A-Z]{1,3}\$?\d+(:\$?[A-Z]{1,3}\$?\d+)?|\$?[A-Z]{1,3}:\$?[A-Z]{1,3}|\$?\d+:\$?\d+",
    re.IGNORECASE,
)


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
        try:
            tokens = Tokenizer(f"={formula}").items
        except Exception:  # it raises IndexError and others on what is no formula
            raise RefusedError("cannot be read as a formula", False) from None
        return "".join(self._token(token, depth) for token in tokens)

    def _token(self, token: Token, depth: int) -> str:
        text = str(token.value)
        if token.type == Token.FUNC and token.subtype == Token.OPEN:
            self._function(text[:-1].casefold().removeprefix("_xlfn."), depth)
        if token.type != Token.OPERAND or token.subtype != Token.RANGE:
            return text
        if "[" in text or "|" in text:
            raise RefusedError("refers to another workbook, or to a table that is not there", True)
        place, mark, cells = text.rpartition("!")
        if mark:
            return self._on_sheet(place, cells, depth)
        return text if _CELLS.fullmatch(text) else self._name(text, depth)

    def _function(self, name: str, depth: int) -> None:
        if name.upper() in REACHING:
            raise RefusedError(f"uses {name.upper()}, which can reach the answers", True)
        if name in self.handed_in.names:
            self.read(self.handed_in.names[name], depth + 1)
            raise RefusedError(f"uses the function {name} of its own workbook", False)

    def _on_sheet(self, place: str, cells: str, depth: int) -> str:
        name = place.removeprefix("$")
        if name.startswith("'"):
            name = name.strip("'").replace("''", "'")
        folded = name.casefold()
        if ":" in name:
            raise RefusedError("refers to several sheets at once, and so to the answers", True)
        if folded in self.handed_in.answers_sheets:
            raise RefusedError("refers to the answers", True)
        if folded == self.own.casefold():
            name = exercise_sheet.NAME
        elif folded not in {each.casefold() for each in self.known}:
            raise RefusedError(f"refers to {name}, which is no sheet of the exercise", False)
        if not _CELLS.fullmatch(cells):
            return self._name(cells, depth)
        return f"{quoted(name)}!{cells}"

    def _name(self, name: str, depth: int) -> str:
        text = self.handed_in.names.get(name.casefold())
        return name if text is None else f"({self.read(text, depth + 1)})"
