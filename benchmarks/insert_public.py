"""Inserts a sheet into workbooks that other programs wrote, in a folder of them, and compares.

    python benchmarks/insert_public.py FOLDER [--of-each N]

The folder holds the files, which are not part of this repository; nothing in it is changed. Equal
files count once. With `--of-each` the N smallest of each program are taken: docProps/app.xml names
it, which a file of Google Sheets lacks. Of each file all parts are compared with those of before,
byte for byte, and LibreOffice, which starts once, must show the same old values with the new sheet
as without it, the new sheet's values, and its chart. It prints a line for each file and a table.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import xlsxwriter
from check_public import files_of

from sheetgen import insert_sheets
from sheetgen.errors import InputError
from sheetgen.spreadsheet.engines.engine import Values, saved_values
from sheetgen.spreadsheet.engines.libreoffice import converted_all
from sheetgen.spreadsheet.insert.came_along import counts_of
from sheetgen.spreadsheet.package_parts import opened
from sheetgen.spreadsheet.package_workbook import Workbook

Cells = Mapping[tuple[int, int], object]
SHEET = "Inserted by sheetgen"
LISTS = re.compile(
    r"\[Content_Types\]\.xml|xl/(_rels/)?(workbook|styles|calcChain)\.xml(\.rels)?|docProps/app\.xml"
)
"""The parts that may change: they list what a workbook has."""
VOLATILE = re.compile(rb"\b(RAND|RANDBETWEEN|NOW|TODAY)\(")


@dataclass(frozen=True)
class Inserted:
    """A workbook with a sheet inserted: which parts are no longer the same, or why it has none."""

    path: Path
    output: Path
    parts: int = 0
    changed: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(frozen=True)
class Shown:
    """What is wrong with what LibreOffice shows of a workbook with a sheet inserted.

    `random` is what differs in one that has random numbers or the time.
    """

    inserted: Inserted
    values: int
    faults: tuple[str, ...]
    random: tuple[str, ...] = ()


def donor(path: Path) -> Path:
    """Write a workbook whose sheet has numbers, formulas with their results, and a chart."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet(SHEET)
        sheet.write_row("A1", ["epoch", "loss", "so far"])
        for row in range(1, 11):
            sheet.write_row(row, 0, [row, 2.0**-row])
            sheet.write_formula(row, 2, f"=SUM(B$2:B{row + 1})", None, 1 - 2.0**-row)
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": [SHEET, 1, 1, 10, 1]})
        sheet.insert_chart("E2", chart)
    return path


def program(path: Path) -> str:
    """Return the program that wrote a workbook, as docProps/app.xml names it, with its version."""
    with ZipFile(path) as archive:
        if "docProps/app.xml" not in archive.namelist():
            return "none named"
        text = archive.read("docProps/app.xml").decode("utf-8", "replace")
    found = [re.search(rf"<{tag}>(.*?)</{tag}>", text) for tag in ("Application", "AppVersion")]
    name, version = (each[1] if each else "" for each in found)
    return f"{re.split('[$/]', name)[0]} {version.removesuffix('00')}".strip() or "none named"


def chosen(folder: Path, of_each: int | None) -> Iterator[Path]:
    """Yield the workbooks of a folder, of each program as many as are wanted."""
    count = Counter[str]()
    paths = (path for path in files_of(folder) if path.suffix in (".xlsx", ".xlsm"))
    for path in sorted(paths, key=lambda path: path.stat().st_size):
        maker = program(path)
        count[maker] += 1
        if of_each is None or count[maker] <= of_each:
            yield path


def inserted(source: Path, sheet: str, paths: Sequence[Path], folder: Path) -> Iterator[Inserted]:
    """Insert the sheet of a workbook into copies of others in a folder, and compare the parts."""
    for number, path in enumerate(paths):
        output = folder / f"inserted-{number}{path.suffix}"
        try:
            insert_sheets(source, path, sheet, output, check=True)
        except InputError as refusal:
            yield Inserted(path, output, refusal=str(refusal))
            continue
        with ZipFile(path) as old, ZipFile(output) as new:
            kept = [name for name in old.namelist() if not LISTS.fullmatch(name)]
            found = {*new.namelist()}
            changed = [
                name for name in kept if name not in found or old.read(name) != new.read(name)
            ]
        yield Inserted(path, output, len(kept), tuple(changed))


def shown(cases: Sequence[Inserted], source: Path, sheet: str) -> Iterator[Shown]:
    """Compare what LibreOffice shows of each workbook with what it showed before."""
    expected = saved_values(source)[sheet]
    whole = [case for case in cases if not case.refusal]
    paths = [path for case in whole for path in (case.path, case.output)]
    with converted_all(paths, "xlsx") as results:
        for case, before, after in zip(whole, results[::2], results[1::2], strict=True):
            if not (before.is_file() and after.is_file()):
                yield Shown(case, 0, ("LibreOffice cannot open it",))
                continue
            old, new = saved_values(before), saved_values(after)
            differing = tuple(differences(old, new))
            is_random = is_volatile(case.path)
            faults = [f"the part {name} has changed" for name in case.changed]
            faults += [*(() if is_random else differing), *incomplete(after, sheet, new, expected)]
            random = differing if is_random else ()
            yield Shown(case, sum(map(len, old.values())), tuple(faults), random)


def differences(old: Values, new: Values) -> Iterator[str]:
    """Yield the sheets of a workbook whose values are others with the new sheet."""
    for name, values in old.items():
        found: Cells = new.get(name, {})
        differing = [place for place in values if repr(values[place]) != repr(found.get(place))]
        if differing or len(found) != len(values):
            yield f"{len(differing)} of {len(values)} values differ on {name!r}"


def is_volatile(path: Path) -> bool:
    """Tell whether formulas of a workbook are others each time."""
    with ZipFile(path) as archive:
        sheets = (name for name in archive.namelist() if "/worksheets/" in name)
        return any(VOLATILE.search(archive.read(name)) for name in sheets)


def incomplete(path: Path, sheet: str, values: Values, expected: Cells) -> Iterator[str]:
    """Yield what a sheet lacks in a file that LibreOffice saved: a value, or its chart."""
    found: Cells = values.get(sheet, {})
    if any(found.get(place) != value for place, value in expected.items()):
        yield f"the values on {sheet!r} are others"
    with opened(path) as package:
        workbook = Workbook(package)
        if not counts_of(package, workbook.sheets[workbook.place(sheet)]).get("chart"):
            yield f"the chart on {sheet!r} is missing"


def main() -> None:
    """Insert a sheet into every workbook of a folder and print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--of-each", type=int, metavar="N")
    options = parser.parse_args()
    paths = [*chosen(options.folder, options.of_each)]
    with TemporaryDirectory() as name:
        source = donor(Path(name) / "donor.xlsx")
        cases = [*inserted(source, SHEET, paths, Path(name))]
        found = {each.inserted.path: each for each in shown(cases, source, SHEET)}
    makers: dict[str, list[Inserted]] = {}
    for case in cases:
        makers.setdefault(program(case.path), []).append(case)
        one = found.get(case.path)
        words = "; ".join(one.faults or one.random) if one else f"refused: {case.refusal}"
        size = f"{case.parts} parts, {one.values if one else 0:,} values"
        print(f"{case.path.name}: {size}: {words or 'the same'}", flush=True)
    print("| written by | files | parts compared | values compared | refused | with a fault |")
    print("|---|--:|--:|--:|--:|--:|")
    for maker, group in sorted(makers.items()):
        seen = [found[case.path] for case in group if case.path in found]
        counts = (
            *(len(group), sum(case.parts for case in group), sum(each.values for each in seen)),
            *(len(group) - len(seen), sum(bool(each.faults) for each in seen)),
        )
        print(f"| {maker} | {' | '.join(f'{count:,}' for count in counts)} |")


if __name__ == "__main__":
    main()
