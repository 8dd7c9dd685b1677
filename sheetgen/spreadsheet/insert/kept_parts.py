"""Proves that a copy of a workbook has lost nothing: each part, and each entry of its lists."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from sheetgen.errors import RunError
from sheetgen.spreadsheet.package_parts import (
    CHUNK,
    CONTENT_TYPES,
    Package,
    local_name,
    opened,
    relationships_part,
)
from sheetgen.spreadsheet.package_workbook import Workbook

_SETTINGS = "calcPr"  # where the file says that programs compute everything when they open it
_CHAIN = ("/calcChain", ".calcChain+xml")  # the types of the part with the order of formulas
_LENGTHS = ("count", "size")  # attributes that say how long a list is
_NUMBER = "i4"  # the element that says so in the properties of a document


@dataclass(frozen=True)
class KeptParts:
    """How the parts of a workbook are found again in a copy."""

    same: int
    """The number of parts that are the same byte for byte."""
    grown: tuple[str, ...]
    """The parts with lists that have all their former entries, in their order, and new ones."""
    gone: tuple[str, ...]
    """The order in which a program last computed the formulas, which programs find again."""
    new: int
    """The number of parts that only the copy has."""

    def __str__(self) -> str:
        total = self.same + len(self.grown) + len(self.gone)
        words = [f"{self.same} of {total} parts are the same byte for byte"]
        if self.grown:
            words.append(f"entries were added, and none changed, in {', '.join(self.grown)}")
        if self.gone:
            words.append(f"{', '.join(self.gone)} is gone, the order of calculation")
        new = "1 part is new" if self.new == 1 else f"{self.new} parts are new"
        return "; ".join([*words, new])


def kept_parts(before: Path, after: Path) -> KeptParts:
    """Compare all parts of a workbook with those of a copy that has more sheets.

    Raises RunError, naming the part, if one is gone or has changed but for lists that have grown.
    """
    with opened(before) as old, opened(after) as new:
        workbook = Workbook(old)
        chain, depths = workbook.link("calcChain"), _depths(workbook)
        same, grown, gone = 0, list[str](), list[str]()
        for part in old.parts:
            if part not in new.parts:
                if chain is None or part != old.spelled(chain.part):
                    raise RunError(f"the part {part} is gone")
                gone.append(part)
            elif _is_same(old, new, part):
                same += 1
            elif part in depths and _has_grown(old.tree(part), new.tree(part), depths[part]):
                grown.append(part)
            else:
                raise RunError(f"the part {part} has changed")
        added = new.parts.keys() - old.parts.keys()
        return KeptParts(same, tuple(grown), tuple(gone), len(added))


def canonical(element: etree._Element) -> bytes:
    """Return the XML of an element in the one form that is the same for all that means the same."""
    return etree.tostring(element, method="c14n", with_tail=False)


def _depths(workbook: Workbook) -> dict[str, int]:
    """Return the parts that list what a workbook has, and how deep in them the lists are."""
    styles = workbook.link("styles")
    depths = {
        CONTENT_TYPES: 0,
        relationships_part(workbook.part): 0,
        workbook.part: 1,
        workbook.properties: 3,
    }
    return depths | ({styles.part: 1} if styles else {})


def _is_same(old: Package, new: Package, part: str) -> bool:
    one, other = old.parts[part], new.parts[part]
    if one.file_size != other.file_size:
        return False
    with old.archive.open(one) as before, new.archive.open(other) as after:
        while chunk := before.read(CHUNK):
            if chunk != after.read(CHUNK):
                return False
    return True


def _has_grown(old: etree._Element, new: etree._Element, depth: int) -> bool:
    """Tell whether a list has all its former entries in their order, and so lists in it.

    These may be so deep; below, an entry must be the same.
    """
    if old.tag != new.tag or _attributes(old) != _attributes(new):
        return False
    if (old.text or "").strip() != (new.text or "").strip():
        return False
    others = _entries(new)
    return all(any(_is_kept(entry, other, depth) for other in others) for entry in _entries(old))


def _is_kept(entry: etree._Element, other: etree._Element, depth: int) -> bool:
    is_same = canonical(entry) == canonical(other)
    if is_same or local_name(entry) == local_name(other) == _NUMBER:
        return True
    return depth > 0 and _has_grown(entry, other, depth - 1)


def _attributes(element: etree._Element) -> dict[str, str]:
    return {str(key): str(value) for key, value in element.items() if key not in _LENGTHS}


def _entries(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the entries of a list but those that may change or go."""
    for each in root.iterchildren("{*}*"):
        is_of_chain = any(str(value).endswith(_CHAIN) for value in each.values())
        if local_name(each) != _SETTINGS and not is_of_chain:
            yield each
