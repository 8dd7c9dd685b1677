"""The XML of two small workbooks, held line by line in the files under tests/golden.

Renew the files with `python tests/test_golden.py`, and read their git diff before you commit it.

So that a small change in a sheet is a small change in its file, texts are written into their
cells, and a format is named by a hash of what it consists of. Neighbours in a row that continue
one formula share an element, with {} around each reference that moves right with the cell. Dates
and our version are left out.
"""

import difflib
import hashlib
import math
import re
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import pytest
from lxml import etree
from openpyxl.utils import cell as names

from sheetgen.template import template
from sheetgen.template.template import Template
from sheetgen.version import __version__
from sheetgen.workbook.build import build_workbook

GOLDEN = Path(__file__).parent / "golden"
WORKBOOKS = ("era-v1", "softmax")
TOLERANCE = 1e-12
LOOSE_TOLERANCE = 1e-9  # of central differences, which divide a last digit by a small ε
WIDTH = 120
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LEFT_OUT = re.compile(r"xl/theme/.*|xl/sharedStrings\.xml|docProps/app\.xml")
"""What XlsxWriter always writes alike, or derives from the parts that are held."""
NUMBER = re.compile(r"(?<![\w.#$])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w(])")
REFERENCE = re.compile(r""""[^"]*"|(?<![\w.])\$?[A-Z]{1,3}\$?\d+(?![\w(.])""", re.ASCII)


def source(name: str) -> Template:
    if name == "era-v1":
        return template.load(name).with_training([0.1, 0.5], 2)
    return template.load(str(GOLDEN / f"{name}.toml"))


def parts_of(name: str) -> dict[str, list[str]]:
    """Build a workbook and return its parts by their names in the package, as lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = build_workbook(source(name), Path(folder, "book.xlsx")).saved.path
        with ZipFile(path) as archive:
            trees = {part: etree.fromstring(archive.read(part)) for part in archive.namelist()
                     if part.endswith((".xml", ".rels"))}  # fmt: skip
    texts = list(trees["xl/sharedStrings.xml"])
    for each in trees["xl/sharedStrings.xml"].iter(MAIN + "t"):
        # Before the lines are broken: a version of more characters must change no line.
        each.text = str(each.text or "").replace(f"sheetgen {__version__}", "sheetgen VERSION")
    formats = _merge_formats(trees["xl/styles.xml"])
    for part, root in trees.items():
        if part.startswith("xl/worksheets/sheet"):
            _simplify_sheet(root, texts, formats)
    for date in trees["docProps/core.xml"].iterfind("{http://purl.org/dc/terms/}*"):
        date.text = "DATE"
    tabs = [each.get("name") for each in trees["xl/workbook.xml"].iter(MAIN + "sheet")]
    return {
        _with_tab(part, tabs): list(_lines(root))
        for part, root in trees.items()
        if not LEFT_OUT.fullmatch(part)
    }


def _with_tab(part: str, tabs: list[str]) -> str:
    """Return a part's name with its sheet's tab in place of a number."""
    return re.sub(r"(?<=/)sheet(\d+)(?=\.xml)", lambda match: tabs[int(match[1]) - 1], part)


def _merge_formats(styles: etree._Element) -> list[str]:
    """Put font, fill, border and number format into the formats; return the name of each."""
    kinds = {"font": "fonts", "fill": "fills", "border": "borders"}
    tables = {kind: styles.find(MAIN + table) for kind, table in kinds.items()}
    numbers = {
        each.get("numFmtId"): each.get("formatCode") for each in styles.iter(MAIN + "numFmt")
    }
    formats, found = styles.find(MAIN + "cellXfs"), []
    for each in formats:
        for kind, table in tables.items():
            each.append(_copy(table[int(each.attrib.pop(f"{kind}Id"))]))
        number = each.attrib.pop("numFmtId")
        each.set("number", numbers.get(number, number))
        found.append(hashlib.sha256(etree.tostring(each, method="c14n")).hexdigest()[:6])
        each.set("name", found[-1])
    formats[:] = sorted(formats, key=lambda each: each.get("name"))
    for table in (*tables.values(), styles.find(MAIN + "numFmts")):
        styles.remove(table)
    return found


def _simplify_sheet(root: etree._Element, texts: list[etree._Element], formats: list[str]) -> None:
    for each in root.iter(MAIN + "c", MAIN + "row", MAIN + "col"):
        for attribute in {"s", "style"} & set(each.keys()):
            each.set(attribute, formats[int(each.get(attribute))])
    for cell in root.iterfind(f".//{MAIN}c[@t='s']"):
        text = _copy(texts[int(cell.findtext(MAIN + "v"))])
        cell[:] = [text[0] if len(text) == 1 else text]
    for row in root.iter(MAIN + "row"):
        row.attrib.pop("spans", None)
        for run in list(_runs(row)):
            _join(run)


def _copy(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element, with_tail=False))


def _runs(row: etree._Element) -> Iterator[list[etree._Element]]:
    """Split a row where a cell does not continue the formula and the format on its left."""
    run = [row[0]] if len(row) else []
    for left, cell in pairwise(row):
        moved = _moved(left, cell)
        if moved is None or (len(run) > 1 and moved != _moved(*run[:2])):
            yield run
            run = []
        run.append(cell)
    yield run


def _moved(left: etree._Element, cell: etree._Element) -> list[bool] | None:
    """Say which references move right by one column between two cells; None if more differs."""
    formulas = [each.findtext(MAIN + "f") for each in (left, cell)]
    places = [names.coordinate_to_tuple(each.get("r")) for each in (left, cell)]
    alike = left.get("s") == cell.get("s") and left.get("t") is cell.get("t") is None
    if None in formulas or not alike or places[0][1] + 1 != places[1][1]:
        return None
    if len({REFERENCE.sub("", formula) for formula in formulas}) > 1:
        return None
    moved = []
    for one, other in zip(*map(REFERENCE.findall, formulas), strict=True):
        if one != other and other != _to_the_right(one):
            return None
        moved.append(one != other)
    return moved


def _to_the_right(reference: str) -> str:
    match = re.fullmatch(r"([A-Z]+)(\$?\d+)", reference)
    if match is None:
        return reference
    return names.get_column_letter(names.column_index_from_string(match[1]) + 1) + match[2]


def _join(run: list[etree._Element]) -> None:
    """Write the cells of a run as one, all values in a row, {} around the references that move."""
    if len(run) < 2:  # none in a row that only has a height
        return
    first, moved = run[0], iter(_moved(*run[:2]))
    formula, value = first.find(MAIN + "f"), first.find(MAIN + "v")
    formula.text = REFERENCE.sub(lambda m: f"{{{m[0]}}}" if next(moved) else m[0], formula.text)
    value.text = " ".join(cell.findtext(MAIN + "v") or '""' for cell in run)
    first.set("r", f"{first.get('r')}:{run[-1].get('r')}")
    for cell in run[1:]:
        first.getparent().remove(cell)


def _lines(element: etree._Element, depth: int = 0) -> Iterator[str]:
    """Write an element on one line if it fits, else each of its children on lines of its own."""
    text = _without_namespaces(element)
    indent = " " * depth
    if len(indent + text) <= WIDTH or not len(element):
        yield from (indent + line for line in text.split("\n"))
        return
    yield indent + text[: text.index(">") + 1]
    for child in element:
        yield from _lines(child, depth + 1)
    yield indent + text[text.rindex("<") :]


def _without_namespaces(element: etree._Element) -> str:
    return re.sub(r' xmlns(:\w+)?="[^"]*"', "", etree.tostring(element, encoding="unicode"))


def differences(name: str, part: str, lines: list[str]) -> list[str]:
    """The lines of a part that differ from those held, as a diff; numbers by their value."""
    path = GOLDEN / name / part
    held = path.read_text("utf-8").splitlines() if path.is_file() else []
    if len(held) == len(lines):
        tolerance = LOOSE_TOLERANCE if path.stem == "Gradient check" else TOLERANCE
        pairs = zip(held, lines, strict=True)
        lines = [old if _same(old, new, tolerance) else new for old, new in pairs]
    return list(difflib.unified_diff(held, lines, f"held {part}", f"built {part}", lineterm=""))


def _same(held: str, built: str, tolerance: float) -> bool:
    if held == built:
        return True
    if NUMBER.split(held) != NUMBER.split(built):
        return False
    pairs = zip(NUMBER.findall(held), NUMBER.findall(built), strict=True)
    return all(
        math.isclose(float(old), float(new), rel_tol=tolerance, abs_tol=tolerance)
        for old, new in pairs
    )


@pytest.mark.parametrize("name", WORKBOOKS)
def test_workbooks_have_the_xml_that_is_held(name):
    parts, folder = parts_of(name), GOLDEN / name
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    found = [line for part in parts for line in differences(name, part, parts[part])[:20]]
    found += [f"held {part} is no longer built" for part in sorted(held - set(parts))]
    shown = "\n".join(found[:100])
    assert not found, f"{name}: renew with `python tests/test_golden.py`\n{shown}"


def test_a_difference_is_shown_with_its_line_and_what_surrounds_it():
    part = "xl/worksheets/lr 0.1.xml"
    held = (GOLDEN / "era-v1" / part).read_text("utf-8")
    assert differences("era-v1", part, held.splitlines()) == []
    changed = held.replace("<v>0.1</v>", "<v>0.1000000000000001</v>").replace("E_total", "E", 1)
    shown = differences("era-v1", part, changed.splitlines())
    assert shown[0] == f"--- held {part}"
    assert sum(line.startswith(("-", "+")) for line in shown) == 4
    assert any(line.startswith("-") and "E_total" in line for line in shown)


def renew() -> None:
    """Write what has changed, and only that, so that no last digit shows in a git diff."""
    for name in WORKBOOKS:
        parts, folder = parts_of(name), GOLDEN / name
        for path in folder.rglob("*"):
            if path.is_file() and path.relative_to(folder).as_posix() not in parts:
                path.unlink()
        for part, lines in parts.items():
            if differences(name, part, lines):
                (folder / part).parent.mkdir(parents=True, exist_ok=True)
                (folder / part).write_text("\n".join(lines) + "\n", "utf-8")
                print(f"renewed tests/golden/{name}/{part}")


if __name__ == "__main__":
    renew()
