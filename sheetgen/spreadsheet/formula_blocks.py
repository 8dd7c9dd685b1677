"""Streams long tables of formulas or numbers to a worksheet; not every cell is kept in memory.

XlsxWriter runs some thirty regular expressions over each formula and keeps each cell as a
Python object until the workbook is closed. The tables of a training run have millions of
formula cells, but every row of a `Block` holds the same relative formulas. `FastWorksheet` turns
a block into the XML of one row, with gaps for the row number and the cached results, and fills
the gaps row by row while the file is written.

The file is the same, byte for byte. For that the class overrides private methods of XlsxWriter,
which may change in any release, so fast_workbook.py makes it the class of a workbook's sheets only
for the releases that the tests have compared.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import count, repeat
from operator import itemgetter
from typing import Any

import numpy as np
import xlsxwriter.worksheet as plain
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from sheetgen.spreadsheet.address import column_letters, relative_address
from sheetgen.spreadsheet.block import Block, in_row
from sheetgen.spreadsheet.block_results import CHUNK, NOT_FINITE, charted, results_of, texts_of

FormulaBlock = Block[Format | None]
"""A block as XlsxWriter takes it, its styles looked up."""

# The functions in a formula that XlsxWriter renames or turns into dynamic arrays. It takes any
# character for the S of SINGLE. The search is twice as fast without word boundaries (names that
# only end alike take the slow way), and three times without alternatives at the ends.
_CHANGED = re.compile(
    r"(?:ANCHORARRAY|BYCOL|BYROW|CHOOSECOLS|CHOOSEROWS|DROP|EXPAND|FILTER|HSTACK|LAMBDA"
    r"|MAKEARRAY|MAP|RANDARRAY|REDUCE|SCAN|INGLE|SEQUENCE|SORT|SORTBY|SWITCH|TAKE|TEXTSPLIT|TOCOL"
    r"|TOROW|UNIQUE|VSTACK|WRAPCOLS|WRAPROWS|XLOOKUP)\("
)
# Of conditional formats XlsxWriter renames some 150 functions more; of these it leaves all alone.
_CALLED = re.compile(r"[\w.]+(?=\()")
_LEFT_ALONE = frozenset(
    [
        *("ABS", "AND", "COLUMN", "COUNT", "EXP", "IF", "INDEX", "INT", "ISNUMBER", "LEN", "LN"),
        *("MATCH", "MAX", "MIN", "MOD", "N", "NOT", "OR", "ROUND", "ROW", "SQRT", "SUM"),
    ]
)
# XML forbids these characters, so no formula has them.
_ROW, _PREVIOUS, _RESULT = "\x01", "\x02", "\x03"
_GAPS = re.compile(f"([{_ROW}{_PREVIOUS}{_RESULT}])")
# A row's XML, of which every other piece is a gap, and what orders the texts that fill the gaps.
_Template = tuple[list[str], Callable[[tuple[str, ...]], tuple[str, ...]]]
_Pieces = Iterator[tuple[str, bool]]
"""XML, and whether it differs from the one before in nothing but numbers."""
_MOST_TEMPLATES = 64  # of one block; a table of scattered NaNs could need one for every row
_SPAN = 16  # rows that share one `spans` attribute


def write_block(worksheet: Worksheet, block: FormulaBlock) -> None:
    """Write `block` onto `worksheet`: as a stream if it is a `FastWorksheet`, else by cells.

    Raises ValueError if the block does not fit onto the sheet or some of its cells are taken. A
    cell written into a streamed block afterwards is refused when the workbook is closed.
    """
    if (
        block.row_range.stop > worksheet.xls_rowmax
        or block.column_range.stop > worksheet.xls_colmax
    ):
        raise ValueError(f"The block does not fit onto sheet {worksheet.name}.")
    for row in block.row_range:
        for column in worksheet.table.get(row, ()):
            if column in block.column_range:
                raise _written_twice(worksheet, row, column)
    if isinstance(worksheet, FastWorksheet):
        worksheet.add_block(block)
    else:
        _write_by_cells(worksheet, block)


class FastWorksheet(Worksheet):  # type: ignore[misc]
    """A worksheet that writes the file the plain class would write, but blocks far faster."""

    table: Any  # XlsxWriter's cells by row and column

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[FormulaBlock] = []
        self.advance: Callable[[float], None] = lambda _: None  # reports rows that are written

    @property
    def row_count(self) -> int:
        """The number of rows from the first one in use to the last."""
        return 0 if self.dim_rowmax is None else int(self.dim_rowmax - self.dim_rowmin + 1)

    def add_block(self, block: FormulaBlock) -> None:
        """Keep `block` until the file is assembled, or write it by cells if it needs XlsxWriter.

        Raises ValueError if another block covers some of its cells.
        """
        for other in self._blocks:
            rows = _common(block.row_range, other.row_range)
            columns = _common(block.column_range, other.column_range)
            if rows and columns:
                raise _written_twice(self, rows[0], columns[0])
        if not all(map(self._takes_as_is, _formulas_at(block, block.first_row))):
            _write_by_cells(self, block)
        elif block.row_range:
            self._check_dimensions(block.row_range[0], block.column_range[0])
            self._check_dimensions(block.row_range[-1], block.column_range[-1])
            self._blocks.append(block)

    def autofit(self, max_width: int | None = None) -> None:
        """Fit the columns' widths to the contents, as XlsxWriter does."""
        with self._all_cells(range(self.xls_colmax)):
            super().autofit(max_width)

    def _takes_as_is(self, formula: str) -> bool:
        """Say whether XlsxWriter would change nothing but the leading "="."""
        slow_mode = self.constant_memory or self.use_future_functions
        in_braces = formula.startswith("{") or formula.endswith("}")
        return not (slow_mode or in_braces or _CHANGED.search(formula))

    def _write_formula(
        self, row: int, col: int, formula: str, cell_format: Format | None = None, value: object = 0
    ) -> int:
        if not formula or not self._takes_as_is(formula):
            return int(super()._write_formula(row, col, formula, cell_format, value))
        if self._check_dimensions(row, col):
            return -1
        self.table[row][col] = plain.CellFormulaTuple(formula.removeprefix("="), cell_format, value)
        return 0

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        # Of conditional formats as well, of which there may be thousands.
        known = not expand_future_functions or _LEFT_ALONE.issuperset(_CALLED.findall(formula))
        if known and self._takes_as_is(formula):
            return formula.removeprefix("=")
        return str(super()._prepare_formula(formula, expand_future_functions))

    def _write_cells(self, row: int, columns: Iterable[int], cells: dict[int, Any]) -> None:
        """Write cells of a row from left to right, those of the usual kinds at one time."""
        texts: list[str] = []
        for column in columns:
            cell = cells[column]
            content = self._content(cell) if cell.format else None
            if content is None:
                self.fh.write("".join(texts))
                texts.clear()
                self._write_cell(row, column, cell)
            else:
                style = cell.format._get_xf_index()
                texts.append(f'<c r="{column_letters(column)}{row + 1}" s="{style}"{content}')
        self.fh.write("".join(texts))

    def _content(self, cell: Any) -> str | None:  # noqa: ANN401 - XlsxWriter's
        """Return the XML behind a cell's address and style, None of a kind that is rare."""
        kind = type(cell)
        if kind is plain.CellFormulaTuple and not isinstance(cell.value, bool):
            formula, value = self._escape_data(cell.formula), cell.value
            if not isinstance(value, str):
                return f"><f>{formula}</f><v>{value}</v></c>"
            if value.startswith("#"):
                return None  # it may be an error
            kind_of_value = ' t="str"' if value else ""
            return f"{kind_of_value}><f>{formula}</f><v>{self._escape_data(value)}</v></c>"
        if kind is plain.CellNumberTuple:
            return f"><v>{cell.number:.16G}</v></c>"
        if kind is plain.CellStringTuple and not self.constant_memory:
            return f' t="s"><v>{cell.string}</v></c>'
        return "/>" if kind is plain.CellBlankTuple else None

    def _get_range_data(
        self, row_start: int, col_start: int, row_end: int, col_end: int
    ) -> list[object]:
        if col_start != col_end:
            with self._all_cells(range(col_start, col_end + 1)):
                return list(super()._get_range_data(row_start, col_start, row_end, col_end))
        data: list[object] = []
        blocks = [block for block in self._blocks if col_start in block.column_range]
        while row_start <= row_end:
            here = next((block for block in blocks if row_start in block.row_range), None)
            ends = [
                each.row_range.stop if each is here else each.row_range.start for each in blocks
            ]
            end = min([row_end + 1, *(row for row in ends if row > row_start)])
            if here:
                data += charted(here, row_start, col_start, end)
            else:
                data += super()._get_range_data(row_start, col_start, end - 1, col_end)
            row_start = end
        return data

    @contextmanager
    def _all_cells(self, columns: range) -> Iterator[None]:
        table = self.table
        self.table = _AllCells(table, self._blocks, columns)
        try:
            yield
        finally:
            self.table = table

    def _calculate_spans(self) -> None:
        # XlsxWriter looks for a cell in each column of each row.
        ends = defaultdict[int, list[int]](list)
        for rows in (self.table, self.comments):
            for row, cells in rows.items():
                if cells:
                    ends[row // _SPAN] += min(cells), max(cells)
        for block in self._blocks:
            for index in range(block.row_range[0] // _SPAN, block.row_range[-1] // _SPAN + 1):
                ends[index] += block.column_range[0], block.column_range[-1]
        self.row_spans = {index: f"{min(each) + 1}:{max(each) + 1}" for index, each in ends.items()}

    def _write_rows(self) -> None:
        self._calculate_spans()
        blocks = sorted(self._blocks, key=lambda block: block.first_column)
        streams = [(block, self._row_pieces(block)) for block in blocks]
        here = streams[:0]
        edges = {edge for block in blocks for edge in (block.row_range.start, block.row_range.stop)}
        for row in range(self.dim_rowmin, self.dim_rowmax + 1):
            if row in edges:
                here = [(block, pieces) for block, pieces in streams if row in block.row_range]
            self._write_whole_row(row, here)
            self.advance(1)

    def _write_whole_row(self, row: int, streams: list[tuple[FormulaBlock, _Pieces]]) -> None:
        cells, info = self.table.get(row), self.row_info.get(row)
        span = self.row_spans.get(row // _SPAN)
        if not cells and not streams:
            if info is not None or row in self.comments:
                self._write_empty_row(row, span, info)
            return
        self._write_row(row, span, info)
        columns = sorted(cells or ())
        write_alike = getattr(self.fh, "write_alike", self.fh.write)
        # From left to right, because XlsxWriter numbers the formats in the order of first use.
        for block, pieces in streams:
            before = bisect_left(columns, block.first_column)
            self._write_cells(row, columns[:before], cells)
            columns = columns[before:]
            if columns and columns[0] in block.column_range:
                self._xml_close()
                raise _written_twice(self, row, columns[0])
            text, is_alike = next(pieces)
            (write_alike if is_alike else self.fh.write)(text)
        self._write_cells(row, columns, cells)
        self._xml_end_tag("row")

    def _row_pieces(self, block: FormulaBlock) -> _Pieces:
        """Yield the XML of the block's cells row by row."""
        former: list[str] | None = None
        template = lru_cache(_MOST_TEMPLATES)(partial(self._template, block))
        for start in block.row_range[::CHUNK]:
            columns, errors = results_of(block, start)
            texts = map(texts_of, columns, block.formulas)
            for row, results in enumerate(zip(*texts, strict=True), start):
                info = self.row_info.get(row)
                pieces, ordered = template(info.row_format if info else None, errors[row - start])
                pieces[1::2] = ordered((str(row + 1), str(row), *results))
                yield "".join(pieces), pieces is former
                former = pieces

    def _template(self, block: FormulaBlock, row_format: Format | None, errors: bytes) -> _Template:
        """Return the XML of one row's cells, with gaps for the row numbers and the results."""
        cells = []
        parts = zip(block.column_range, block.formulas, block.formats, errors, strict=True)
        for column, formula, own_format, is_error in parts:
            cell_format = own_format or row_format
            if cell_format is None and column in self.col_info:
                cell_format = self.col_info[column].column_format
            style = "" if cell_format is None else f' s="{cell_format._get_xf_index()}"'
            error = ' t="e"' if is_error else ""
            text = f"<f>{self._escape_data(formula).removeprefix('=')}</f>" if formula else ""
            text = text.replace("{row}", _ROW).replace("{previous}", _PREVIOUS)
            cells.append(
                f'<c r="{column_letters(column)}{_ROW}"{style}{error}>{text}<v>{_RESULT}</v></c>'
            )
        pieces, result = _GAPS.split("".join(cells)), count(2)
        places = {_ROW: repeat(0), _PREVIOUS: repeat(1), _RESULT: result}
        return pieces, itemgetter(*(next(places[gap]) for gap in pieces[1::2]))


class _AllCells:
    """The table of a sheet as it would be if its blocks were cells, which are made on demand."""

    def __init__(self, table: Any, blocks: list[FormulaBlock], columns: range) -> None:  # noqa: ANN401
        self._table, self._blocks, self._columns = table, blocks, columns
        self._last: tuple[int, dict[int, object]] = (-1, {})

    def __contains__(self, row: int) -> bool:
        return row in self._table or any(row in block.row_range for block in self._blocks)

    def get(self, row: int) -> dict[int, object]:
        """Return the cells of a row by column, of blocks only those in the columns asked for."""
        if self._last[0] != row:
            self._last = (row, dict(self._table.get(row, ())))
            for block in (each for each in self._blocks if row in each.row_range):
                for column in _common(self._columns, block.column_range):
                    value = block.values[column - block.first_column][row - block.first_row].item()
                    result = value if np.isfinite(value) else NOT_FINITE
                    # Neither a chart nor a column's width depends on the formula or its format.
                    self._last[1][column] = plain.CellFormulaTuple("", None, result)
        return self._last[1]

    __getitem__ = get


def _common(first: range, second: range) -> range:
    return range(max(first.start, second.start), min(first.stop, second.stop))


def _write_by_cells(worksheet: Worksheet, block: FormulaBlock) -> None:
    for start in block.row_range[::CHUNK]:
        columns, _ = results_of(block, start)
        for row, results in enumerate(zip(*columns, strict=True), start):
            cells = zip(_formulas_at(block, row), block.formats, results, strict=True)
            for column, (formula, cell_format, value) in enumerate(cells, block.first_column):
                if formula:
                    worksheet.write_formula(row, column, formula, cell_format, value)
                else:
                    worksheet.write_number(row, column, value, cell_format)


def _formulas_at(block: FormulaBlock, row: int) -> list[str]:
    return [in_row(formula, row) for formula in block.formulas]


def _written_twice(sheet: Worksheet, row: int, column: int) -> ValueError:
    place = relative_address(row, column)
    return ValueError(f"Cell {place} of sheet {sheet.name} is written twice.")
