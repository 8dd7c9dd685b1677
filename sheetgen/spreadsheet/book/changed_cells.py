"""Writes new values of cells, and new results of formulas, into the parts of a workbook."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING

from lxml import etree

from sheetgen.spreadsheet.address import range_address, range_of, relative_address, without_dollars
from sheetgen.spreadsheet.cell_contents import missing_cell, put_result, put_value
from sheetgen.spreadsheet.cell_places import Places
from sheetgen.spreadsheet.package_parts import MalformedError, namespace
from sheetgen.spreadsheet.reader import is_error
from sheetgen.spreadsheet.sheet_cells import Value
from sheetgen.spreadsheet.sheet_contents import cells_in
from sheetgen.spreadsheet.sheet_frame import SheetFrame

if TYPE_CHECKING:
    from openpyxl.formula.translate import Translator

Place = tuple[int, int]


class SheetChange:
    """A sheet on its way to its new values and results; all else in it stays as it is."""

    def __init__(
        self,
        name: str,
        values: Mapping[Place, Value],
        results: Mapping[Place, Value],
        format_at: Callable[[Place], str | None],
    ) -> None:
        """Take new values of cells, new results of formulas, and the formats of new cells."""
        self._results, self._format_at = results, format_at
        self._values: dict[int, dict[int, Value]] = defaultdict(dict)
        for (row, column), value in values.items():
            self._values[row][column] = value
        self._places = Places(name, refuse=True)
        self._origins: dict[str, Translator] = {}
        """The formulas that cells share, by their numbers, whose first cell has lost its own."""
        self._new: list[Place] = []
        self.lost_formula = False
        """Whether a cell had a formula that is gone."""

    def written(self, data: bytes) -> bytes:
        """Return the new XML of the sheet; raises MalformedError or etree.XMLSyntaxError."""
        frame, waiting, done = SheetFrame(), sorted(self._values), -1
        for row in frame.rows(BytesIO(data)):
            self._places.begin_row(row.get("r"))
            number = self._places.row
            if number <= done:
                raise MalformedError(f"its rows are not in order: {number + 1} is below {done + 1}")
            done = number
            while waiting and waiting[0] < number:
                frame.insert(self._new_row(waiting.pop(0), row))
            if waiting and waiting[0] == number:
                waiting.pop(0)
            row.set("r", str(number + 1))
            self._change(row)
        for number in waiting:
            frame.insert(self._new_row(number, frame.root))
        self._widen(frame.root)
        return b"".join(frame.text())

    def _new_row(self, number: int, like: etree._Element) -> etree._Element:
        row = etree.Element(f"{namespace(like)}row", r=str(number + 1))
        self._fill(row, number, {})
        return row

    def _change(self, row: etree._Element) -> None:
        cells = cells_in(row, self._places)
        new = self._values.get(self._places.row, {})
        for at, column, cell in cells:
            if new:
                cell.set("r", relative_address(at, column))
            self._share_out(cell, at, column, is_gone=column in new)
            if (at, column) in self._results:
                result = self._results[at, column]
                put_result(cell, result, is_error(result))
        if new:
            self._fill(row, self._places.row, {column: cell for _, column, cell in cells})

    def _fill(self, row: etree._Element, number: int, present: dict[int, etree._Element]) -> None:
        for column, value in sorted(self._values[number].items()):
            cell = present.get(column)
            if cell is None:
                if value is None:
                    continue
                cell = missing_cell(row, (number, column), present)
                style = self._format_at((number, column))
                if style is not None:
                    cell.set("s", style)
                self._new.append((number, column))
            self.lost_formula |= cell.find("{*}f") is not None
            put_value(cell, value)

    def _share_out(self, cell: etree._Element, row: int, column: int, is_gone: bool) -> None:
        """Give a cell its own copy of a shared formula whose first cell is given a value."""
        formula = cell.find("{*}f")
        if formula is None or formula.get("t") != "shared":
            return
        group, place = str(formula.get("si")), relative_address(row, column)
        if formula.text and is_gone:
            # Few files have shared formulas, and no command should wait for openpyxl without need.
            from openpyxl.formula.translate import Translator  # noqa: PLC0415

            self._origins[group] = Translator(f"={formula.text}", origin=place)
        elif not formula.text and group in self._origins:
            formula.text = str(self._origins[group].translate_formula(place)).removeprefix("=")
            for attribute in ("t", "si", "ref"):
                formula.attrib.pop(attribute, "")

    def _widen(self, root: etree._Element) -> None:
        """Let the sheet say that it reaches as far as its new cells."""
        dimension = root.find("{*}dimension")
        if dimension is None or not self._new:
            return
        try:
            top, left, bottom, right = range_of(str(dimension.get("ref")))
        except ValueError:
            return
        rows, columns = [row for row, _ in self._new], [column for _, column in self._new]
        widened = min(top, *rows), min(left, *columns), max(bottom, *rows), max(right, *columns)
        dimension.set("ref", without_dollars(range_address(*widened)))
