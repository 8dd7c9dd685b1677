"""Brings the defined names that a moved sheet uses into the target (ECMA-376 part 1, 18.2.5)."""

from collections.abc import Iterable

from lxml import etree

from sheetgen.spreadsheet.insert.moved_formulas import Formulas, mentions
from sheetgen.spreadsheet.insert.package_workbook import ChangedWorkbook, Workbook


def add_names(
    workbook: ChangedWorkbook,
    place: int,
    replaced: bool,
    source: Workbook,
    donor_sheet: str,
    formulas: Formulas,
) -> None:
    """Add a moved sheet's own names, and those of its workbook that `formulas` has noted.

    `place` is that of the sheet in the target; `replaced` says whether another stood there.
    A name that means something else in the target keeps its meaning there. If the donor's leads
    to the moved sheet, it is added for that sheet alone, as when a sheet is copied by hand.
    """
    sheet = workbook.tabs[place].name
    own = source.names(source.place(donor_sheet))
    for element in own.values():
        workbook.define(element, formulas.translate(element.text or ""), place)
    for element in _used(source, formulas, own):
        text = formulas.translate(element.text or "")
        known = workbook.names(None).get(str(element.get("name", "")).casefold())
        if known is None:
            workbook.define(element, text, None)
        elif known.text != text and mentions(text, sheet):
            if replaced and mentions(known.text or "", sheet):
                known.text = text
            else:
                workbook.define(element, text, place)


def _used(source: Workbook, formulas: Formulas, own: Iterable[str]) -> list[etree._Element]:
    """Return the names for all sheets that are used, also by other names that are used."""
    available = source.names(None)
    found: dict[str, etree._Element] = {}
    while new := (formulas.names & available.keys()) - found.keys() - set(own):
        for name in sorted(new):
            found[name] = available[name]
            formulas.translate(available[name].text or "")
    return list(found.values())
