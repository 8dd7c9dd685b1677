"""Every part that an insertion adds has a content type, however the target declares its own.

A strict reader finds it in two ways (ECMA-376 part 2, 10.1.2.2 to 10.1.2.4): an Override names the
part, or else a Default names the extension, in large or small letters.
"""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urljoin
from zipfile import ZipFile

import openpyxl
import pytest
from full_donor import full_donor
from handmade import KIND, PARTS, written
from packages import RELATIONSHIPS, check_kept, check_sound, content_types, orphans, tree

from sheetgen.spreadsheet.insert import add_sheets

pytestmark = pytest.mark.filterwarnings("ignore:.*not supported:UserWarning")

CASES = Path(__file__).parent / "cases" / "insert"
TYPES = "[Content_Types].xml"
ADDED = {"rels", "xml", "vml", "png"}
"""The extensions of the parts that come along with the sheet "Log"."""
Spelling = Callable[[str], str]


def without_default(extension: str) -> Spelling:
    """Declare the parts with that extension one by one."""

    def rewrite(types: str) -> str:
        found = re.search(f'<Default Extension="{extension}" ContentType="([^"]*)"/>', types)
        assert found
        parts = [part for part in PARTS if part.endswith(f".{extension}") and part not in types]
        overrides = (f'<Override PartName="/{part}" ContentType="{found[1]}"/>' for part in parts)
        return types.replace(found[0], "").replace("</Types>", "".join(overrides) + "</Types>")

    return rewrite


def with_one(kind: str, name: str, content_type: str) -> Spelling:
    """Declare one more extension or part."""
    attribute = "Extension" if kind == "Default" else "PartName"
    element = f'<{kind} {attribute}="{name}" ContentType="{content_type}"/>'
    return lambda types: types.replace("</Types>", f"{element}</Types>")


SPELLINGS: dict[str, Spelling] = {
    "as usual": str,
    "without a default for rels": without_default("rels"),
    "without a default for xml": without_default("xml"),
    "without any default": lambda types: without_default("rels")(
        without_default("xml")(without_default("bin")(without_default("dat")(types)))
    ),
    "in large letters": lambda types: types.replace('"rels"', '"RELS"').replace('"xml"', '"XML"'),
    "with another default for rels": lambda types: without_default("rels")(types).replace(
        "<Override", '<Default Extension="rels" ContentType="application/xml"/><Override', 1
    ),
    "with a default for PNG": with_one("Default", "PNG", "image/png"),
    "with another default for png": with_one("Default", "png", "image/x-png"),
    "with another default for vml": with_one("Default", "vml", "application/xml"),
    "with a sheet that is not there": with_one(
        "Override", "/xl/worksheets/sheet1.xml", f"{KIND}.chartsheet+xml"
    ),
    "with relationships that are not there": with_one(
        "Override", "/xl/worksheets/_rels/Sheet1.xml.rels", "application/xml"
    ),
    "with a prefix": lambda types: re.sub(
        r"<(/?)(\w)", r"<\1ct:\2", types.replace(" xmlns=", " xmlns:ct=")
    ),
}


@pytest.fixture(scope="module")
def donor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook whose second sheet, "Log", has one of everything."""
    return full_donor(tmp_path_factory.mktemp("donor"))


def check_strictly(before: Path, after: Path) -> None:
    """Read both as a strict consumer does: each part of the sheet is reached, and has its type."""
    with ZipFile(before) as old, ZipFile(after) as new:
        names = new.namelist()
        added = set(names) - set(old.namelist())
        assert {part.rpartition(".")[2] for part in added} == ADDED
        for part in added:
            (found,) = content_types(new, part)
            assert (found == RELATIONSHIPS) == part.endswith(".rels"), part
            assert (found == "image/png") == part.endswith(".png"), part
        for part in set(old.namelist()) & set(names) - {TYPES}:
            assert content_types(new, part) == content_types(old, part), part
        for part in (part for part in names if part.endswith(".rels")):
            source = f"/{part.replace('_rels/', '').removesuffix('.rels')}"
            for link in tree(new, part):
                target = urljoin(source, link.get("Target"))
                if link.get("TargetMode") != "External" and target.partition("#")[0] != source:
                    assert unquote(target)[1:] in names, f"{part} leads to {target}"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_added_part_has_one_content_type(tmp_path: Path, donor: Path, spelling: str) -> None:
    types = SPELLINGS[spelling](PARTS[TYPES])
    target, output = written(tmp_path / "hand.xlsx", PARTS | {TYPES: types}), tmp_path / "new.xlsx"
    add_sheets(target, donor, ["Log"], output)
    check_strictly(target, output)
    check_sound(output)
    check_kept(target, output)
    assert orphans(output) <= orphans(target)


def test_a_workbook_without_a_default_for_relationships_gets_all_of_the_sheet(
    tmp_path: Path, donor: Path
) -> None:
    target, output = CASES / "no-default-rels.xlsx", tmp_path / "new.xlsx"
    add_sheets(target, donor, ["Log"], output)
    check_strictly(target, output)
    check_sound(output)
    check_kept(target, output)
    sheet = openpyxl.load_workbook(output)["Log"]
    assert sheet["B4"].comment.text == "the best one"
    assert (len(sheet._charts), len(sheet._images)) == (1, 1)


def test_a_replaced_sheet_leaves_no_content_type_behind(tmp_path: Path, donor: Path) -> None:
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    add_sheets(CASES / "no-default-rels.xlsx", donor, ["Log"], first)
    with ZipFile(first) as old, ZipFile(tmp_path / "declared.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == TYPES:
                # A program that declares each of the relationships one by one.
                data = data.replace(b'<Default Extension="rels"', b'<Default Extension="other"')
                overrides = b"".join(
                    f'<Override PartName="/{part}" ContentType="{RELATIONSHIPS}"/>'.encode()
                    for part in old.namelist()
                    if part.endswith(".rels") and part.encode() not in data
                )
                data = data.replace(b"</Types>", overrides + b"</Types>")
            new.writestr(name, data)
    add_sheets(tmp_path / "declared.xlsx", donor, ["First"], second, {"First": "Log"})
    check_sound(second)
    with ZipFile(second) as archive:
        assert b"drawing" not in archive.read(TYPES)
