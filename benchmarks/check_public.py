"""Measures what `sheetgen check` says of workbooks that people made, in a folder of them.

    python benchmarks/check_public.py FOLDER [--each] [--judged FILE]

The folder holds the files, which are not part of this repository. Equal files count once. An owner
is what a file's name has before its first "+". Of each file the table says whether its tables were
read and what the verdict is; whose file it is, it does not say. Accusations are judged by hand:
`--judged FILE` is a CSV with the columns file and false (the number of false accusations).
"""

import argparse
import csv
import hashlib
import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sheetgen.check import WorkbookReport, check_workbook
from sheetgen.check.check_report import verdict
from sheetgen.errors import InputError, RunError

_KINDS = {".xlsx", ".xlsm", ".ods", ".xls"}


@dataclass(frozen=True)
class Said:
    """What was said of a file: "right", "partly", "accused" or "not read", and why."""

    file: Path
    what: str
    mistakes: int
    words: str


def files_of(folder: Path) -> Iterator[Path]:
    """Yield the workbooks of a folder, of equal ones the first."""
    seen: set[str] = set()
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in _KINDS and not file.name.startswith("~"):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            if digest not in seen:
                seen.add(digest)
                yield file


def checked(file: Path) -> Said:
    """Return what is said of a file."""
    try:
        report = check_workbook(file)
    except (InputError, RunError) as error:
        return Said(file, "not read", 0, str(error))
    return Said(file, _what(report), len(report.mistakes), verdict(report))


def _what(report: WorkbookReport) -> str:
    if report.mistakes:
        return "accused"
    if not report.checked:
        return "not read"
    return "right" if report.conclusive else "partly"


def _shown(said: Sequence[Said], false: Counter[str]) -> Iterator[str]:
    counts = Counter(one.what for one in said)
    owners = {one.file.name.partition("+")[0] for one in said}
    wrong = [one for one in said if one.what == "accused" and false[one.file.name]]
    yield "| files | owners | read | not read | right | in part | accused | falsely |"
    yield "| --: " * 8 + "|"
    cells = (
        *(len(said), len(owners), len(said) - counts["not read"], counts["not read"]),
        *(counts["right"], counts["partly"], counts["accused"], len(wrong)),
    )
    yield f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    """Check every file of a folder and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--judged", type=Path, help="a CSV with the columns file and false")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--each", action="store_true", help="also a line for each file")
    options = parser.parse_args()
    false: Counter[str] = Counter()
    if options.judged:
        with options.judged.open(encoding="utf-8", newline="") as lines:
            false.update({one["file"]: int(one["false"]) for one in csv.DictReader(lines)})
    with multiprocessing.Pool(options.jobs, maxtasksperchild=1) as pool:
        said = []
        for one in pool.imap(checked, files_of(options.folder)):
            said.append(one)
            if options.each:
                print(f"{one.what}\t{one.mistakes}\t{one.file.name}\t{one.words}", flush=True)
    print("\n".join(_shown(said, false)))


if __name__ == "__main__":
    main()
