"""Moves sheets, with every part that they lead to, from one open package into another."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain, count
from typing import NamedTuple
from urllib.parse import unquote

from lxml import etree

from sheetgen.errors import UnmovableError
from sheetgen.spreadsheet.insert.changed_package import ChangedWorkbook, add_titles
from sheetgen.spreadsheet.insert.chart_defaults import is_of_2007, spell_out
from sheetgen.spreadsheet.insert.companions import Companions
from sheetgen.spreadsheet.insert.moved_formulas import Formulas, mentions
from sheetgen.spreadsheet.insert.moved_sheet import SheetMover
from sheetgen.spreadsheet.insert.styles import StyleMerger, plain_styles
from sheetgen.spreadsheet.insert.theme import Theme
from sheetgen.spreadsheet.package_parts import (
    Package,
    blaming,
    extension,
    namespace,
    number,
    serialized,
)
from sheetgen.spreadsheet.package_workbook import Sheet, Workbook

_STYLES = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"


class Table(NamedTuple):
    """A table that moves, with the name by which formulas call it, old and new."""

    old: str
    name: str
    identifier: int


class Move:
    """Sheets on their way from the donor to the target."""

    def __init__(
        self,
        workbook: ChangedWorkbook,
        source: Workbook,
        names: Mapping[str, str],
        same_sheets: bool,
    ) -> None:
        """Prepare to move sheets of the donor; `names` gives their names in the target.

        `same_sheets` says whether the other sheets, and names, of the donor mean the same as those
        that are called alike in the target.
        """
        self._workbook, self._source, self._names = workbook, source, names
        self._same_sheets = same_sheets
        self._package, self._parts = workbook.package, source.package
        self._places = {sheet.name: place for place, sheet in enumerate(workbook.sheets)}
        self._moving = [source.sheets[source.place(name)] for name in names]
        self._companions = Companions(workbook, source)
        self._kinds: dict[str, str] = {}
        self._table_names: set[str] = set()
        self._names_there = source.names_of_scopes()
        self._names_here = workbook.names(None)
        for sheet in self._moving:
            self._kinds |= kinds_of_parts(self._parts, sheet)
        self._is_of_2007 = is_of_2007(self._parts, source.properties)
        self._target_is_of_2007 = is_of_2007(self._package, workbook.properties)

    def run(self) -> dict[str, set[str]]:
        """Change the target; return the sheets that lose references, and to which sheets.

        Raises MalformedError when the donor is damaged, UnmovableError when the target has no
        room for the styles.
        """
        self._remove_replaced()
        tables = self._rename_tables()
        new_names = {table.old.casefold(): table.name for table in tables.values()}
        formulas = Formulas(self._sheets(), new_names, self._companions.book)
        styles = self._merge_styles()
        mover = SheetMover(
            styles, formulas, self._strings(), self._workbook.windows, self._metadata()
        )
        place = partial(_translate_place, formulas)
        new = {part: self._package.free_name(part) for part in self._kinds}
        missing: dict[str, set[str]] = {}
        for sheet in self._moving:
            formulas.names, formulas.missing = set(), set()
            for part in kinds_of_parts(self._parts, sheet):
                data = self._moved(part, mover, formulas, tables.get(part))
                self._package.copy_part(self._parts, part, new, data, place)
            self._register(sheet, new[sheet.part], formulas)
            missing[sheet.name] = formulas.missing
        self._require_room(styles)
        if "threadedComment" in self._kinds.values():
            self._companions.authors()
        self._save(styles)
        return {sheet: lost for sheet, lost in missing.items() if lost}

    def _remove_replaced(self) -> None:
        """Remove the parts of the sheets that are replaced, except those used elsewhere too."""
        places = [self._places[name] for name in self._names.values() if name in self._places]
        old = [self._workbook.sheets[place].part for place in places]
        used = set(self._package.reachable([""], without=old)) if old else set()
        for part in self._package.reachable(old):
            if part not in used:
                self._package.remove(part)

    def _rename_tables(self) -> dict[str, Table]:
        """Give each table that moves an identifier and a name that the target lacks."""
        identifiers = set[int]()
        with blaming(self._package.path):
            for sheet in self._workbook.sheets:
                if sheet.name not in self._names.values():
                    for part in _tables(self._package, sheet.part):
                        root = self._package.tree(part)
                        identifiers.add(number(root, "id"))
                        self._table_names.add(str(root.get("displayName", "")).casefold())
        taken = self._table_names | self._names_here.keys()
        renamed = {}
        for part in (part for part, kind in self._kinds.items() if kind == "table"):
            old = str(self._parts.tree(part).get("displayName", ""))
            identifier = next(each for each in count(1) if each not in identifiers)
            renamed[part] = Table(old, _free_table_name(old, taken), identifier)
            taken.add(renamed[part].name.casefold())
            identifiers.add(identifier)
        return renamed

    def _sheets(self) -> dict[str, str | None]:
        """Return what becomes of each sheet that formulas of the donor may name."""
        theirs: dict[str, str | None]
        ours: dict[str, str | None]
        theirs = {sheet.name.casefold(): None for sheet in self._source.sheets}
        ours = {sheet.name.casefold(): sheet.name for sheet in self._workbook.sheets}
        sheets = theirs | ours if self._same_sheets else ours | theirs
        return sheets | {old.casefold(): name for old, name in self._names.items()}

    def _merge_styles(self) -> StyleMerger:
        tag = namespace(self._workbook.root)
        ours, theirs = self._workbook.link("styles"), self._source.link("styles")
        styles = StyleMerger(
            self._package.tree(ours.part) if ours else plain_styles(tag),
            self._parts.tree(theirs.part) if theirs else plain_styles(tag),
            lambda: self._companions.features,
            (Theme.of(self._workbook), Theme.of(self._source)),
        )
        with blaming(self._package.path):
            styles.read_target()
        return styles

    def _strings(self) -> list[etree._Element]:
        link = self._source.link("sharedStrings")
        return list(self._parts.tree(link.part).iterchildren("{*}si")) if link else []

    def _metadata(self) -> bool:
        """Return whether cells may keep their numbers of metadata."""
        needed = any(has_cell_attribute(self._parts, sheet.part, "cm") for sheet in self._moving)
        return needed and self._companions.metadata()

    def _moved(
        self, part: str, mover: SheetMover, formulas: Formulas, table: Table | None
    ) -> bytes:
        """Return what a part of the donor holds in the target."""
        data = self._parts.read(part)
        if self._kinds[part] in ("worksheet", "chartsheet"):
            return mover.sheet(data)
        if table:
            return mover.table(data, table.identifier, table.name)
        if extension(part) != "xml":
            return data
        root = self._parts.tree(part)
        is_changed = formulas.translate_part(root)
        if self._kinds[part] == "chart" and self._is_of_2007 != self._target_is_of_2007:
            is_changed |= spell_out(root, self._is_of_2007)
        return serialized(root) if is_changed else data

    def _register(self, sheet: Sheet, part: str, formulas: Formulas) -> None:
        name = self._names[sheet.name]
        place = self._places.get(name)
        if place is None:
            with blaming(self._package.path):
                self._workbook.append(name, sheet.state, sheet.relationship.type, part)
        else:
            self._workbook.replace(place, sheet.relationship.type, part)
        self._add_names(sheet.name, formulas)

    def _add_names(self, moved: str, formulas: Formulas) -> None:
        """Add a moved sheet's own names, and those of its workbook that `formulas` has noted.

        A name that means something else in the target keeps its meaning there. If the donor's
        leads to the moved sheet, it is added for that sheet alone, as when a sheet is copied by
        hand (ECMA-376 part 1, 18.2.5).
        """
        workbook, sheet = self._workbook, self._names[moved]
        place = workbook.place(sheet)
        own = self._names_there.get(str(self._source.place(moved)), {})
        for element in own.values():
            workbook.define(element, formulas.translate(element.text or ""), place)
        for element in _used(self._names_there.get(None, {}), formulas, own):
            text = formulas.translate(element.text or "")
            name = str(element.get("name", "")).casefold()
            known = self._names_here.get(name)
            if name in self._table_names:
                # It cannot be the name of something else in all sheets.
                workbook.define(element, text, place)
            elif known is None:
                self._names_here[name] = workbook.define(element, text, None)
            elif known.text != text and (mentions(text, sheet) or not self._same_sheets):
                if sheet in self._places and mentions(known.text or "", sheet):
                    known.text = text
                else:
                    workbook.define(element, text, place)

    def _require_room(self, styles: StyleMerger) -> None:
        if excess := next(styles.excesses(), None):
            needed = "the sheet needs" if len(self._names) == 1 else "the sheets need"
            raise UnmovableError(
                f"{self._package.path} has {excess.present:,} {excess.what}; {needed} "
                f"{excess.added:,} more and Excel allows {excess.limit:,}",
                tuple(self._names),
            )

    def _save(self, styles: StyleMerger) -> None:
        data = serialized(styles.target)
        if link := self._workbook.link("styles"):
            self._package.change(link.part, data)
        else:
            folder = posixpath.dirname(self._workbook.part)
            part = posixpath.join(folder, "styles.xml")
            if part in self._package:
                part = self._package.free_name(part)
            self._package.add(part, data, _STYLES)
            self._workbook.relate(f"{self._workbook.links}/styles", part)
        self._add_titles()
        self._workbook.compute_when_opened()
        self._workbook.forget_order()
        self._workbook.save()

    def _add_titles(self) -> None:
        part = self._workbook.properties
        if part in self._package:
            root = self._package.tree(part)
            added = [
                self._names[sheet.name]
                for sheet in self._moving
                if sheet.relationship.kind == "worksheet"
                and self._names[sheet.name] not in self._places
            ]
            if add_titles(root, self._places, added):
                self._package.change(part, serialized(root))


def kinds_of_parts(parts: Package, sheet: Sheet) -> dict[str, str]:
    """Return a sheet's part and every part it leads to, each with its kind.

    The kind is the last word of the type of the relationship that leads to the part. Raises
    MalformedError when the package is damaged.
    """
    kinds = {sheet.part: sheet.relationship.kind}
    for part in parts.reachable([sheet.part]):
        for link in parts.relationships(part):
            if link.part in parts:
                kinds.setdefault(link.part, link.kind)
    return kinds


def has_cell_attribute(parts: Package, sheet: str, name: str) -> bool:
    """Return whether a cell of a sheet has that attribute; raises InputError if damaged."""
    if not re.search(rb"\s" + name.encode() + rb"\s*=", parts.read(sheet)):
        return False  # as in nearly every sheet
    with blaming(parts.path):
        return any(cell.get(name) is not None for cell in parts.elements(sheet, "c"))


def _used(
    available: Mapping[str, etree._Element], formulas: Formulas, own: Iterable[str]
) -> list[etree._Element]:
    """Return the names for all sheets that are used, also by other names that are used."""
    found: dict[str, etree._Element] = {}
    while new := (formulas.names & available.keys()) - found.keys() - set(own):
        for name in sorted(new):
            found[name] = available[name]
            formulas.translate(available[name].text or "")
    return list(found.values())


def _tables(parts: Package, sheet: str) -> list[str]:
    links = parts.relationships(sheet)
    return [link.part for link in links if link.kind == "table" and link.part in parts]


def _free_table_name(name: str, taken: set[str]) -> str:
    names = chain([name], (f"{name}_{number}" for number in count(2)))
    return next(each for each in names if each.casefold() not in taken)


def _translate_place(formulas: Formulas, target: str) -> str:
    """Translate "#Sheet!A1", to which a shape or a picture leads."""
    old = unquote(target[1:])
    new = formulas.translate(old, keep_missing=True)
    return target if new == old else "#" + new.replace(" ", "%20")
