"""Shares the formulas that go on from row to row, which a library then reads only once.

In a file such a formula is in the first of its cells alone, and the others name it: ECMA-376 part
1, 18.3.1.40. Only what can mean nothing else is shared: formulas whose relative references are all
to their own row or the one above, and which are the same in all but the number of the row.
"""

import re
from itertools import count

from sheetgen.spreadsheet.address import MAXIMUM_ROWS

_MOST = 64  # kinds of rows that are remembered
_START = re.compile(r'<row r="([0-9]+)"')
_OWN, _ABOVE = "\x01", "\x02"  # for the numbers of the rows; XML forbids these characters
_FORMULA = re.compile(rf'(<c r="([A-Z]+){_OWN}"[^<>]*>)<f>([^<]*)</f>')
_NAMED = re.compile(r"'[^']*'!")  # a sheet whose name is quoted
_RELATIVE = re.compile(rf"(?<![\w.$])\$?[A-Za-z]{{1,3}}[{_OWN}{_ABOVE}](?![\w.(!\x01\x02])")
# Another relative reference, to a row or to a cell, or what may be one; a text, an array, a table.
_OTHER = re.compile(
    r"(?<![\w.$])\$?[A-Za-z]{1,3}[0-9]+(?![\w.(])|(?<![A-Za-z$0-9])[0-9]+:"
    r"|[\"'{\[]|&quot;|&apos;"
)


class SharedFormulas:
    """The rows of one sheet, from the first to the last."""

    def __init__(self) -> None:
        """Begin a sheet."""
        self._count = 0
        self._others: dict[str, str] = {}
        """Rows with marks, and how one after the first two of them is written: "" until then."""

    def row(self, text: str) -> str:
        """Return the XML of a row with formulas that are shared with rows before it.

        That row of which this one is the second says what the formulas are: only then is it known
        that they go on.
        """
        start = _START.match(text)
        number = int(start[1]) if start else 1
        if number == 1:
            return text
        own, above = str(number), str(number - 1)
        marked = text.replace(own, _OWN).replace(above, _ABOVE)
        written = self._others.get(marked)
        if written is None:
            if len(self._others) == _MOST:
                self._others.clear()
            self._others[marked] = ""
            return text
        if not written:
            written, self._others[marked] = self._shared(marked)
        return written.replace(_OWN, own).replace(_ABOVE, above)

    def _shared(self, marked: str) -> tuple[str, str]:
        """Return such a row with the formulas that others share, and one that shares them.

        Both are the row itself if it has a formula that others cannot share.
        """
        formulas = _FORMULA.findall(marked)
        if len(formulas) != marked.count("<f") or not all(_can_move(each[2]) for each in formulas):
            return marked, marked
        first, others = count(self._count), count(self._count)
        self._count += len(formulas)
        return _FORMULA.sub(
            lambda each: (
                f'{each[1]}<f t="shared" ref="{each[2]}{_OWN}:{each[2]}{MAXIMUM_ROWS}" '
                f'si="{next(first)}">{each[3]}</f>'
            ),
            marked,
        ), _FORMULA.sub(lambda each: f'{each[1]}<f t="shared" si="{next(others)}"/>', marked)


def _can_move(formula: str) -> bool:
    """Tell whether a formula with marks is the same one in every row."""
    if any(mark in name for name in _NAMED.findall(formula) for mark in (_OWN, _ABOVE)):
        return False
    plain = _NAMED.sub("", formula)
    marks = plain.count(_OWN) + plain.count(_ABOVE)
    return len(_RELATIVE.findall(plain)) == marks and not _OTHER.search(plain)
