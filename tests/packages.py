"""Checks that hold of every sound .xlsx package, and of a copy that has lost nothing."""

import posixpath
from collections.abc import Collection, Iterable
from pathlib import Path
from zipfile import ZipFile

from lxml import etree

from sheetgen.spreadsheet.package_parts import Package
from sheetgen.spreadsheet.package_workbook import Workbook

WORKBOOK = [
    "fileVersion",
    "fileSharing",
    "workbookPr",
    "workbookProtection",
    "bookViews",
    "sheets",
    "functionGroups",
    "externalReferences",
    "definedNames",
    "calcPr",
    "oleSize",
    "customWorkbookViews",
    "pivotCaches",
    "extLst",
]
RELATIONSHIPS = "application/vnd.openxmlformats-package.relationships+xml"
STYLES = [
    "numFmts",
    "fonts",
    "fills",
    "borders",
    "cellStyleXfs",
    "cellXfs",
    "cellStyles",
    "dxfs",
    "tableStyles",
    "colors",
    "extLst",
]


def tree(archive: ZipFile, part: str) -> etree._Element:
    return etree.fromstring(archive.read(part))


def children(root: etree._Element, name: str) -> list[etree._Element]:
    group = root.find(f"{{*}}{name}")
    return [] if group is None else list(group)


def local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def related(archive: ZipFile, part: str) -> dict[str, str]:
    """What a part refers to inside of the package, by kind (the last of each)."""
    return dict(links(archive, part))


def links(archive: ZipFile, part: str) -> list[tuple[str, str]]:
    folder, name = posixpath.split(part)
    rels = posixpath.join(folder, "_rels", f"{name}.rels")
    if rels not in archive.namelist():
        return []
    inside = [
        element.get("Id")
        for element in tree(archive, rels)
        if element.get("TargetMode") != "External" and not element.get("Target").startswith("#")
    ]
    found = {each.identifier: each for each in Package(archive).relationships(part)}
    return [(found[identifier].kind, found[identifier].part) for identifier in inside]


def check_sound(path: Path) -> None:
    """Check what spreadsheet programs rely on; they call a file damaged that breaks it."""
    with ZipFile(path) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert len({name.casefold() for name in names}) == len(names)
        for name in names:
            if name.endswith((".xml", ".rels", ".vml")):
                tree(archive, name)
        _check_links(archive)
        _check_types(archive)
        _check_workbook(archive)
        _check_styles(archive)
        _check_tables(archive)


def _check_links(archive: ZipFile) -> None:
    for name in archive.namelist():
        if name.endswith(".rels"):
            folder, rels = posixpath.split(name)
            part = posixpath.join(posixpath.dirname(folder), rels.removesuffix(".rels"))
            assert not part or part in archive.namelist(), f"{name} belongs to no part"
            for kind, target in links(archive, part):
                assert target in archive.namelist(), f"{part} refers to a missing {kind} {target}"


def _check_types(archive: ZipFile) -> None:
    types = tree(archive, "[Content_Types].xml")
    defaults = [each.get("Extension").casefold() for each in types.iterfind("{*}Default")]
    overrides = [each.get("PartName")[1:] for each in types.iterfind("{*}Override")]
    assert len(set(defaults)) == len(defaults)
    assert len({each.casefold() for each in overrides}) == len(overrides)
    assert set(overrides) <= set(archive.namelist())
    for name in archive.namelist():
        if name != "[Content_Types].xml" and not name.endswith("/"):
            found = content_types(archive, name)
            assert found, f"{name} has no type"
            is_relationships = "/_rels/" in f"/{name}" and name.endswith(".rels")
            assert (found[0] == RELATIONSHIPS) == is_relationships, name


def content_types(archive: ZipFile, part: str) -> list[str]:
    """The content type of a part as a strict reader finds it: an Override, or else a Default.

    ECMA-376 part 2, 10.1.2.4: names and extensions are the same in large and small letters.
    """
    types, name = tree(archive, "[Content_Types].xml"), f"/{part}".casefold()
    extension = name.rpartition("/")[2].rpartition(".")[2]
    overrides = types.iterfind("{*}Override")
    found = [each for each in overrides if each.get("PartName").casefold() == name] or [
        each
        for each in types.iterfind("{*}Default")
        if each.get("Extension").casefold() == extension
    ]
    return [each.get("ContentType") for each in found]


def _check_workbook(archive: ZipFile) -> None:
    workbook = Workbook(Package(archive))
    part = workbook.part
    root = tree(archive, part)
    check_order(root, WORKBOOK)
    sheets = children(root, "sheets")
    for attribute in ("name", "sheetId"):
        assert len({each.get(attribute).casefold() for each in sheets}) == len(sheets)
    assert all(len(each.get("name")) <= 31 for each in sheets)
    parts = [sheet.part for sheet in workbook.sheets]
    assert len(set(parts)) == len(parts)
    assert set(parts) <= set(archive.namelist())
    names = [
        (each.get("name").casefold(), each.get("localSheetId"))
        for each in children(root, "definedNames")
    ]
    assert len(set(names)) == len(names)
    assert all(int(scope or 0) < len(sheets) for _, scope in names)


def _check_styles(archive: ZipFile) -> None:
    root = tree(archive, related(archive, Workbook(Package(archive)).part)["styles"])
    check_order(root, STYLES)
    sizes = {local(group): len(group) for group in root}
    for group in root:
        assert int(group.get("count", len(group))) == len(group)
    for each in [*children(root, "cellXfs"), *children(root, "cellStyleXfs")]:
        for attribute, name in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders")):
            assert int(each.get(attribute, 0)) < sizes[name]
        assert int(each.get("xfId", 0)) < sizes.get("cellStyleXfs", 1)
    for sheet in Workbook(Package(archive)).sheets:
        for element in tree(archive, sheet.part).iter("{*}*"):
            if local(element) in ("c", "row"):
                assert int(element.get("s", 0)) < sizes["cellXfs"]
            assert int(element.get("dxfId", -1)) < sizes.get("dxfs", 0)


def _check_tables(archive: ZipFile) -> None:
    tables = [
        tree(archive, part)
        for sheet in Workbook(Package(archive)).sheets
        for kind, part in links(archive, sheet.part)
        if kind == "table"
    ]
    for attribute in ("id", "displayName"):
        assert len({each.get(attribute).casefold() for each in tables}) == len(tables)


def check_order(root: etree._Element, order: list[str]) -> None:
    places = [order.index(local(each)) for each in root if local(each) in order]
    assert places == sorted(places)


def check_kept(before: Path, after: Path, replaced: Collection[str] = ()) -> None:
    """Check that all parts are as they were, but for lists that have grown."""
    with ZipFile(before) as old, ZipFile(after) as new:
        part = Workbook(Package(old)).part
        kinds = related(old, part)
        properties = [name for kind, name in links(old, "") if kind.endswith("-properties")]
        styles = kinds.get("styles", "")
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        may_change = {"[Content_Types].xml", part, rels, styles, *properties}
        may_go = {kinds.get("calcChain", "")} | _only_of(old, replaced)
        kept = [each for each in old.namelist() if each not in may_go]
        assert [each for each in new.namelist() if each in kept] == kept
        for each in kept:
            assert old.getinfo(each).compress_type == new.getinfo(each).compress_type
            if each not in may_change:
                assert new.read(each) == old.read(each), each
        if styles:
            _check_grown(tree(old, styles), tree(new, styles))
        if not replaced:
            _check_grown(tree(old, part), tree(new, part))


def _only_of(archive: ZipFile, sheets: Iterable[str]) -> set[str]:
    """The parts to which sheets lead, with their relationships."""
    parts = {sheet.name: sheet.part for sheet in Workbook(Package(archive)).sheets}
    return _reached(archive, [parts[name] for name in sheets])


def _reached(archive: ZipFile, starts: Iterable[str]) -> set[str]:
    waiting, found = list(starts), set()
    while waiting:
        part = waiting.pop()
        folder, name = posixpath.split(part)
        if part not in found:
            found |= {part, posixpath.join(folder, "_rels", f"{name}.rels")}
            waiting += [target for _, target in links(archive, part)]
    return found


def orphans(path: Path) -> set[str]:
    """The parts to which nothing leads."""
    with ZipFile(path) as archive:
        known = {"[Content_Types].xml", *_reached(archive, [""])}
        return {name for name in archive.namelist() if name not in known}


def _check_grown(old: etree._Element, new: etree._Element) -> None:
    """Check that each list still begins with all that was in it, and no list is gone."""
    found = {local(group): group for group in new}
    for group in old:
        if local(group) == "calcPr":
            continue
        now = found[local(group)]
        attributes = {key: value for key, value in group.items() if key != "count"}
        assert {key: now.get(key) for key in attributes} == attributes
        texts = [etree.tostring(each, method="c14n") for each in group]
        assert [etree.tostring(each, method="c14n") for each in now][: len(texts)] == texts
