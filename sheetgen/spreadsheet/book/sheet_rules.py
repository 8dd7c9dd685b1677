"""Says which cells of a sheet may be given values, and which format a new cell has."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from io import BytesIO

from lxml import etree

from sheetgen.errors import CellValueError, shortened
from sheetgen.spreadsheet.address import quoted, range_of, relative_address
from sheetgen.spreadsheet.cell_places import Places
from sheetgen.spreadsheet.package_parts import Package, children, number
from sheetgen.spreadsheet.package_workbook import Sheet, Workbook
from sheetgen.spreadsheet.sheet_contents import cells_in
from sheetgen.spreadsheet.sheet_frame import SheetFrame

_Range = tuple[int, int, int, int]
_TRUE = ("1", "true")
_FILLING = ("array", "dataTable")  # the formulas whose results fill several cells


@dataclass
class SheetRules:
    """What a sheet says about its cells besides what they hold."""

    name: str
    guarded: set[tuple[int, int]] = field(default_factory=set)
    """The formulas that protection keeps from being typed over."""
    row_formats: dict[int, str] = field(default_factory=dict)
    column_formats: list[tuple[range, str]] = field(default_factory=list)
    filled: list[_Range] = field(default_factory=list)
    """The cells that one formula fills together."""
    merged: list[_Range] = field(default_factory=list)
    headers: dict[_Range, str] = field(default_factory=dict)
    """The header rows of tables, with the names of these."""

    @classmethod
    def of(cls, package: Package, workbook: Workbook, sheet: Sheet) -> "SheetRules":
        """Return the rules of a sheet; raises one of DAMAGE, or InputError."""
        data, rules = package.read(sheet.part), cls(sheet.name)
        unlocked = _unlocked_formats(package, workbook)
        frame, places = SheetFrame(), Places(sheet.name, refuse=True)
        for row in frame.rows(BytesIO(data)):
            places.begin_row(row.get("r"))
            if row.get("s") is not None:
                rules.row_formats[places.row] = str(row.get("s"))
            rules._read_row(row, places, unlocked)
        rules._read_frame(frame.root)
        for part in tables_of(package, sheet):
            rules._read_table(package.tree(part))
        return rules

    def refuse(self, place: tuple[int, int], protection: bool) -> None:
        """Raise CellValueError if a cell may not be given a value."""
        address = f"{quoted(self.name)}!{relative_address(*place)}"
        if protection and place in self.guarded:
            raise CellValueError(
                f"{address} is a locked formula of a protected sheet; expected another cell "
                f"(open_workbook(path, unlock=True) sets such cells, too)"
            )
        if area := _around(place, self.filled):
            raise CellValueError(f"{address} is one of the cells {area}, which one formula fills")
        if (area := _around(place, self.merged)) and not area.startswith(
            f"{relative_address(*place)}:"
        ):
            raise CellValueError(
                f"{address} is hidden in the merged cells {area}; expected its first"
            )
        for header, table in self.headers.items():
            if _around(place, [header]):
                raise CellValueError(
                    f"{address} is a header of the table {shortened(table)}, by which formulas "
                    f"call its column; expected another cell"
                )

    def is_filled(self, place: tuple[int, int]) -> bool:
        """Tell whether a formula in another cell fills this one, together with others."""
        return bool(self.filled) and _around(place, self.filled) is not None

    def format_at(self, place: tuple[int, int]) -> str | None:
        """Return the number of the format that a new cell has: its row's, or its column's."""
        row, column = place
        if row in self.row_formats:
            return self.row_formats[row]
        return next((each for columns, each in self.column_formats if column in columns), None)

    def _read_row(self, row: etree._Element, places: Places, unlocked: Container[str]) -> None:
        for at, column, cell in cells_in(row, places):
            for formula in cell.iterchildren("{*}f"):
                if cell.get("s", "0") not in unlocked:
                    self.guarded.add((at, column))
                area = str(formula.get("ref", ""))
                if formula.get("t") in _FILLING and ":" in area:
                    self.filled += _ranges(area)

    def _read_frame(self, root: etree._Element) -> None:
        protection = root.find("{*}sheetProtection")
        if protection is None or protection.get("sheet") not in _TRUE:
            self.guarded.clear()
        for each in children(root, "mergeCells"):
            self.merged += _ranges(str(each.get("ref", "")))
        for each in children(root, "cols"):
            if each.get("style") is not None:
                columns = range(number(each, "min") - 1, number(each, "max"))
                self.column_formats.append((columns, str(each.get("style"))))

    def _read_table(self, root: etree._Element) -> None:
        for first_row, first, _, last in _ranges(str(root.get("ref", ""))):
            if root.get("headerRowCount", "1") != "0":
                self.headers[first_row, first, first_row, last] = str(root.get("displayName"))


def _unlocked_formats(package: Package, workbook: Workbook) -> set[str]:
    """Return the formats, by their numbers, of cells that are for input on a protected sheet."""
    link = workbook.link("styles")
    formats = children(package.tree(link.part), "cellXfs") if link else []
    protections = [each.find("{*}protection") for each in formats]
    return {
        str(place)
        for place, each in enumerate(protections)
        if each is not None and each.get("locked", "1") not in _TRUE
    }


def filling_sheets(package: Package, workbook: Workbook) -> set[str]:
    """Return the sheets that may have a formula that fills several cells, mostly none."""
    return {
        sheet.name
        for sheet in workbook.sheets
        if sheet.is_worksheet
        and any(f'"{kind}"'.encode() in package.read(sheet.part) for kind in _FILLING)
    }


def tables_of(package: Package, sheet: Sheet) -> list[str]:
    """Return the parts of a sheet's tables."""
    links = package.relationships(sheet.part)
    return [link.part for link in links if link.kind == "table" and link.part in package]


def _ranges(address: str) -> Iterator[_Range]:
    try:
        yield range_of(address)
    except ValueError:
        return


def _around(place: tuple[int, int], ranges: list[_Range]) -> str | None:
    """Return the first range with a cell in it, as its address."""
    row, column = place
    for first_row, first, last_row, last in ranges:
        if first_row <= row <= last_row and first <= column <= last:
            return f"{relative_address(first_row, first)}:{relative_address(last_row, last)}"
    return None
