"""Inserts sheets of one workbook into another, which loses nothing.

A spreadsheet library that loads a workbook and saves it drops what it does not know: charts,
shapes, cached values. Here the target's parts stay as they are, byte for byte, except the lists
that must know of the new sheets: content types, workbook, styles, titles.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sheetgen.errors import InputError, UnmovableError, shortened
from sheetgen.spreadsheet.insert.changed_copy import changed_copy, refuse_repeated
from sheetgen.spreadsheet.insert.changed_package import ChangedWorkbook
from sheetgen.spreadsheet.insert.dates import first_date
from sheetgen.spreadsheet.insert.move import Move, has_cell_attribute, kinds_of_parts
from sheetgen.spreadsheet.package_parts import MalformedError, Package, blaming, opened
from sheetgen.spreadsheet.package_workbook import Workbook

# These depend on caches and connections that stay behind with the donor's workbook.
_IMMOVABLE = {
    "pivotTable": "a pivot table",
    "slicer": "a slicer",
    "timeline": "a timeline",
    "queryTable": "a query",
}


def add_sheets(
    target: Path,
    donor: Path,
    sheets: Sequence[str],
    output: Path,
    replace: Mapping[str, str] | None = None,
    keep_references: bool = False,
    called: Mapping[Path, Path] | None = None,
    same_sheets: bool = True,
) -> dict[str, str]:
    """Write a copy of `target` with sheets of `donor` to a new file; return their names there.

    The sheets come last, in the order given, with all that belongs to them: charts, pictures,
    comments, tables, styles, names. A name that is taken becomes "name (2)" and so on. `replace`
    gives the sheets of the donor that take the place, and the name, of a sheet of the target.
    References to a sheet that the result lacks become #REF!, as when a sheet is deleted, or are
    refused with `keep_references`. `same_sheets` says that the donor's other sheets, and its names,
    are those that are called so in the target. `called` gives what messages call a file that the
    user does not know by its path.

    Raises InputError when a file cannot be read, is encrypted, too large or (target) signed, or
    when it lacks one of the sheets; UnmovableError, which is one, when a sheet holds what cannot
    be moved (a pivot table, a slicer, a query, a picture in a cell, dates that count from another
    year) or the target has no room for its styles. Raises OSError when writing fails.
    """
    chosen, replaced = tuple(dict.fromkeys(sheets)), dict(replace or {})
    if len(set(replaced.values())) < len(replaced) or not replaced.keys() <= set(chosen):
        raise ValueError(f"{sheets} cannot replace {replaced}")
    called = called or {}
    with changed_copy(target, output, called.get(target)) as workbook:
        _require(workbook, replaced.values())
        with opened(donor, called.get(donor)) as parts:
            source = _source(workbook, parts, chosen)
            names = _new_names(workbook, chosen, replaced)
            missing = Move(workbook, source, names, same_sheets).run()
            if missing and keep_references:
                raise _losing(missing)
    return names


def _source(workbook: ChangedWorkbook, parts: Package, sheets: Sequence[str]) -> Workbook:
    """Return the workbook of the donor, once it is sure that its sheets can be moved."""
    refuse_repeated(parts)
    parts.translate(to_strict=workbook.is_strict)
    source = Workbook(parts)
    _require(source, sheets)
    _refuse_immovable(source, sheets)
    if source.counts_from_1904 != workbook.counts_from_1904:
        _refuse_dates(source, sheets)
    return source


def _new_names(
    workbook: ChangedWorkbook, chosen: Iterable[str], replaced: Mapping[str, str]
) -> dict[str, str]:
    names: dict[str, str] = {}
    for name in chosen:
        names[name] = replaced.get(name) or workbook.free_name(name, names.values())
    return names


def _losing(missing: Mapping[str, set[str]]) -> UnmovableError:
    reasons = (f"{sheet} refers to {', '.join(sorted(lost))}" for sheet, lost in missing.items())
    return UnmovableError(
        f"formulas refer to sheets that would be gone: {'; '.join(reasons)}", tuple(missing)
    )


def _require(workbook: Workbook, sheets: Iterable[str]) -> None:
    path = workbook.package.path
    with blaming(path):
        for sheet in workbook.sheets:
            if sheet.part not in workbook.package:
                raise MalformedError(f"its sheet {shortened(sheet.name)} has no part")
    present = {sheet.name for sheet in workbook.sheets}
    for name in sheets:
        if name not in present:
            raise InputError(f"{path} has no sheet named {shortened(name)}")


def _refuse_immovable(workbook: Workbook, sheets: Iterable[str]) -> None:
    for name in sheets:
        sheet, package = workbook.sheets[workbook.place(name)], workbook.package
        kinds = kinds_of_parts(package, sheet).values()
        found = [thing for kind, thing in _IMMOVABLE.items() if kind in kinds]
        if has_cell_attribute(package, sheet.part, "vm"):
            found.append("a picture or a data type in a cell")
        if found:
            thing = f"{package.path} has {found[0]} on its sheet {shortened(name)}"
            raise UnmovableError(f"{thing}, which cannot be moved", (name,))


def _refuse_dates(workbook: Workbook, sheets: Iterable[str]) -> None:
    """Raise UnmovableError if a sheet has dates, which the target would show four years off."""
    path = workbook.package.path
    with blaming(path):
        for name in sheets:
            sheet = workbook.sheets[workbook.place(name)]
            if sheet.is_worksheet and (address := first_date(workbook, sheet)):
                year, other = (1904, 1900) if workbook.counts_from_1904 else (1900, 1904)
                raise UnmovableError(
                    f"{path} has dates that count from {year} on its sheet {shortened(name)}, the "
                    f"first in {address}; expected none, or dates that count from {other} as in "
                    "the workbook into which it goes",
                    (name,),
                )
