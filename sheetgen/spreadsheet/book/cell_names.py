"""Finds the cells that a user names: "Inputs!B4", "'lr 0.5'!A2:C9", or by a defined name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sheetgen.errors import CellNameError, CellValueError, nearest, shortened
from sheetgen.spreadsheet.address import (
    MAXIMUM_COLUMNS,
    MAXIMUM_ROWS,
    quoted,
    range_of,
    relative_address,
    unquoted,
    without_dollars,
)
from sheetgen.spreadsheet.book.sheet_rules import tables_of
from sheetgen.spreadsheet.package_parts import Package
from sheetgen.spreadsheet.package_workbook import Workbook

_MOST_CELLS = 1_000_000


class Area(NamedTuple):
    """Cells of a sheet, a rectangle of them; rows and columns count from 0."""

    sheet: str
    rows: range
    columns: range
    is_one: bool
    """Whether they were named as one cell, and not as a range, be it of one."""

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of columns."""
        return len(self.rows), len(self.columns)

    @property
    def places(self) -> list[tuple[int, int]]:
        """Row and column of each cell, row by row."""
        return [(row, column) for row in self.rows for column in self.columns]

    def __str__(self) -> str:
        first, last = (relative_address(self.rows[end], self.columns[end]) for end in (0, -1))
        return f"{quoted(self.sheet)}!{first}" + ("" if first == last else f":{last}")


@dataclass(frozen=True)
class CellNames:
    """The sheets and defined names of a workbook."""

    sheets: Sequence[str]
    names: Mapping[str, str]
    """Of the whole workbook: what each name, as it is written, means."""
    local: Mapping[str, Mapping[str, str]]
    """The names of each sheet."""
    tables: Mapping[str, Area]
    """The tables of Excel, by their casefolded names."""

    @classmethod
    def of(cls, package: Package) -> "CellNames":
        """Return those of a workbook, but for the names that programs keep for themselves."""
        workbook = Workbook(package)
        found: dict[str | None, dict[str, str]] = {
            scope: {
                str(element.get("name")): element.text or ""
                for name, element in names.items()
                if not name.startswith(("_xlnm.", "_xlfn."))
            }
            for scope, names in workbook.names_of_scopes().items()
        }
        sheets = [sheet.name for sheet in workbook.sheets if sheet.is_worksheet]
        local = {
            sheet.name: found.get(str(place), {}) for place, sheet in enumerate(workbook.sheets)
        }
        tables: dict[str, Area] = {}
        for sheet in workbook.sheets:
            for root in map(package.tree, tables_of(package, sheet)):
                if area := area_of(sheet.name, str(root.get("ref", ""))):
                    tables[str(root.get("displayName", "")).casefold()] = area
        return cls(sheets, found.get(None, {}), local, tables)

    def sheet(self, name: str) -> str:
        """Return the name of a sheet as the workbook writes it; raises CellNameError."""
        wanted = unquoted(name)
        if known := alike(wanted, self.sheets):
            return known
        raise CellNameError(f"found no sheet {shortened(wanted)}; {_hint(wanted, self.sheets)}")

    def area(self, key: str) -> Area:
        """Return the cells of that name; raises CellNameError, or CellValueError for no cells."""
        area = self._area(key)
        if len(area.rows) * len(area.columns) > _MOST_CELLS:
            raise CellNameError(f"found {area}; expected at most {_MOST_CELLS:,} cells at once")
        return area

    def _area(self, key: str) -> Area:
        where, mark, inside = key.strip().lstrip("=").rpartition("!")
        if not mark:
            return self._named(inside)
        sheet = self.sheet(where)
        if area := area_of(sheet, inside):
            return area
        if known := alike(inside, self.local[sheet]):
            return self._meant(known, self.local[sheet][known])
        raise CellNameError(
            f"found {shortened(inside)} on the sheet {shortened(sheet)}; expected the address of "
            f"cells, such as B4 or B4:D9, or one of the sheet's names"
        )

    def _named(self, name: str) -> Area:
        if known := alike(name, self.names):
            return self._meant(known, self.names[known])
        if area_of(self.sheets[0], name):
            example = f"{quoted(self.sheets[0])}!{name}"
            raise CellNameError(f"found {name} without a sheet; expected it as in {example}")
        having = [sheet for sheet, names in self.local.items() if alike(name, names)]
        if having:
            raise CellNameError(
                f"found {name}, which is a name on the sheet {', '.join(having)}; "
                f"expected it as in {quoted(having[0])}!{name}"
            )
        if sheet := alike(unquoted(name), self.sheets):
            raise CellNameError(
                f"found the name of a sheet; expected cells, as in {quoted(sheet)}!B4"
            )
        raise CellNameError(f"found no name {shortened(name)}; {_hint(name, self.names)}")

    def _meant(self, name: str, text: str) -> Area:
        """Return the cells that a defined name means."""
        where, mark, inside = text.rpartition("!")
        sheet = alike(unquoted(where), self.sheets) if mark else None
        area = area_of(sheet, inside) if sheet else None
        if area is None:
            raise CellValueError(f"the name {name} means ={text}; expected cells of one sheet")
        return area


def area_of(sheet: str, address: str) -> Area | None:
    """Return the cells of an address, absolute or not, None if it is not one."""
    try:
        first_row, first_column, last_row, last_column = range_of(without_dollars(address))
    except ValueError:
        return None
    rows = range(min(first_row, last_row), max(first_row, last_row) + 1)
    columns = range(min(first_column, last_column), max(first_column, last_column) + 1)
    if rows.stop > MAXIMUM_ROWS or columns.stop > MAXIMUM_COLUMNS:
        return None
    return Area(sheet, rows, columns, ":" not in address)


def alike(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is the same in large and small letters."""
    return next((each for each in known if each.casefold() == name.casefold()), None)


def _hint(name: str, known: Iterable[str]) -> str:
    listed = list(known)
    if near := nearest(name, listed):
        return f"did you mean {shortened(near)}?"
    most = 12
    more = ", …" if len(listed) > most else ""
    return f"expected one of {', '.join(listed[:most])}{more}" if listed else "it has none"
