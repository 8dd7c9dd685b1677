"""Recalculates every built-in template in every engine and compares all numbers and texts.

    python -m benchmarks engines > docs/engines.md

Options: names of templates, `--engine NAME` (more than one), `--perturb N`. Inputs are moved in
workbooks of at most SMALL formulas. Texts are compared letter by letter with those of the first
engine, whose numbers `verify` compares with NumPy as it does those of all others.
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sheetgen.spreadsheet.engines import ENGINES, Engine, Values, engine
from sheetgen.spreadsheet.library_calls import Changes
from sheetgen.template import template
from sheetgen.verification.verify import Subject, read_subject, verify_subject
from sheetgen.workbook.build import build_workbook

SMALL = 50_000
HEADING = """# The built-in templates in five engines

Printed by `python -m benchmarks engines`: for each template the number of formulas, how often its
inputs were moved after the first comparison, and for each engine the largest difference between a
cell and NumPy, relative to the larger of the number and 1. If texts or errors differ, letter by
letter, or numbers by more than the tolerance, it says how many. LibreOffice saves 15 digits.
"""

Texts = Mapping[tuple[str, int, int], str]


class Watched(Engine):
    """An engine, and the texts that it finds, state by state."""

    name = "watched"

    def __init__(self, inner: Engine) -> None:
        self.inner, self.texts = inner, list[Texts]()

    def missing(self) -> str | None:
        return self.inner.missing()

    def version(self) -> str:
        return self.inner.version()

    def recalculate(self, path: Path) -> Values:
        return self.inner.recalculate(path)

    def recalculate_changed(self, path: Path, cases: Iterable[Changes]) -> Iterator[Values]:
        for values in self.inner.recalculate_changed(path, cases):
            found = ((sheet, *at, value) for sheet in values for at, value in values[sheet].items())
            self.texts.append(
                {(*place,): value for *place, value in found if isinstance(value, str) and value}
            )
            yield values


@dataclass
class Total:
    """What is said below the table."""

    templates: int = 0
    formulas: int = 0
    largest: float = 0.0
    wrong: int = 0
    engines: dict[str, str] = field(default_factory=dict)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help="templates; all of them if none is named")
    parser.add_argument("--engine", action="append", default=[])
    parser.add_argument("--perturb", type=int, default=1)
    given = parser.parse_args()
    engines = [engine(name) for name in given.engine] or list(ENGINES)
    print(HEADING)
    print(f"| template | formulas | moved | {' | '.join(each.name for each in engines)} |")
    print("|" + "---|" * (3 + len(engines)))
    total = Total()
    for name in given.names or template.built_in():
        row(name, engines, given.perturb, total)
    print(
        f"\n{total.templates} templates with {total.formulas:,} formulas in "
        f"{', '.join(total.engines.values())}: the largest difference is {total.largest:.1e}, and "
        f"{total.wrong or 'no'} cells have an error, another text or another number."
    )


def row(name: str, engines: Sequence[Engine], perturb: int, total: Total) -> None:
    """Print the row of a template."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "book.xlsx")
        build_workbook(template.load(name), path)
        subject = read_subject(path)
        cells, first = list[str](), list[Texts]()
        for each in engines:
            formulas, moved, largest, wrong = compared(subject, each, perturb, first)
            total.engines[each.name] = each.version()
            total.largest, total.wrong = max(total.largest, largest), total.wrong + wrong
            cells.append(f"{largest:.1e}" + (f", {wrong} others" if wrong else ""))
    total.templates, total.formulas = total.templates + 1, total.formulas + formulas
    print(f"| {name} | {formulas:,} | {moved} | {' | '.join(cells)} |", flush=True)


def compared(
    subject: Subject, by: Engine, perturb: int, first: list[Texts]
) -> tuple[int, int, float, int]:
    """Return formulas, how often inputs were moved, largest difference, and wrong cells.

    `first` are the texts of the first engine, and filled with them by it.
    """
    formulas = sum(cells.formulas for cells in subject.cells.values())
    moved = perturb if formulas <= SMALL else 0
    watched = Watched(by)
    results = list(verify_subject(subject, [watched], moved))
    first += watched.texts if not first else []
    wrong = {(*found.sheet, found.cell) for each in results for found in each.findings}
    pairs = zip(first, watched.texts, strict=True)
    others = sum(len(one.items() ^ other.items()) for one, other in pairs)
    largest = max(each.largest_difference for each in results)
    return formulas, moved, largest, len(wrong) + others


if __name__ == "__main__":
    main()
