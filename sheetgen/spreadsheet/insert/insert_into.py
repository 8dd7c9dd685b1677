"""Inserts sheets of any workbook into any other, says what came along, and proves the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sheetgen.errors import InputError, RunError, nearest, shortened
from sheetgen.files.locking import in_turn
from sheetgen.files.saving import Saved, is_open_elsewhere, is_same_file, resolved
from sheetgen.spreadsheet.insert.came_along import Counts, counts_of
from sheetgen.spreadsheet.insert.insertion import add_sheets
from sheetgen.spreadsheet.insert.kept_parts import KeptParts, kept_parts
from sheetgen.spreadsheet.insert.move import kinds_of_parts
from sheetgen.spreadsheet.insert.theme import Theme
from sheetgen.spreadsheet.package_parts import Package, opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.save_workbook import save_workbook


@dataclass(frozen=True)
class Inserted:
    """What was inserted, and what became of the rest."""

    saved: Saved
    sheets: Mapping[str, Counts]
    """What is on each new sheet."""
    names: tuple[str, ...]
    """The defined names that came along."""
    left_out: tuple[str, ...]
    """What belongs to the donor's workbook and stayed there, in words."""
    kept: KeptParts | None
    """How the parts of the target are found again, if that was asked for."""


def insert_sheets(
    donor: Path | str,
    into: Path | str,
    sheets: Sequence[str] = (),
    output: Path | str | None = None,
    force: bool = False,
    check: bool = False,
) -> Inserted:
    """Insert sheets of one workbook behind those of another, which loses nothing.

    They bring their charts, pictures, notes, tables, conditional formats, validations, styles and
    defined names; every other part of the target stays the same byte for byte. With `check` all
    parts are compared before anything is replaced. `sheets` are all of the donor unless named;
    `output` is the target itself unless named, and `force` overwrites another file there. The
    donor is only read.

    Raises InputError, and writes nothing, if a file is no workbook or open elsewhere, a sheet is
    missing, its name taken, or if it cannot be moved (a pivot table, a reference to a sheet that
    stays behind); RunError if writing fails or a part is not as it was.
    """
    sheets = (sheets,) if isinstance(sheets, str) else sheets
    source, target = Path(donor), Path(into)
    path = target if output is None else Path(output)
    if path.suffix.lower() != target.suffix.lower():
        raise InputError(f"{path} must end in {target.suffix}, as {target} does")
    with in_turn(resolved(path)):
        if is_open_elsewhere(path):
            raise InputError(f"{path} is open elsewhere; close it first")
        if is_same_file(path, source) and not is_same_file(path, target):
            raise InputError(f"{path} is the workbook to insert from; expected another name")
        if resolved(path).exists() and resolved(path) != resolved(target) and not force:
            raise InputError(f"{path} already exists; --force overwrites it")
        with opened(source) as package, opened(target) as other:
            chosen = _chosen(Workbook(package), sheets)
            _refuse_taken(Workbook(other), chosen)
            counts = {name: _counts(package, name) for name in chosen}
            left_out = tuple(_left_out(package, other, chosen))
            job = _Job(source, target, path, counts, check)
        saved = save_workbook(path, job.write, former=target)
    return Inserted(saved, counts, tuple(job.names), left_out, job.kept)


@dataclass
class _Job:
    """The writing of a workbook with more sheets, and what is found out about it."""

    donor: Path
    target: Path
    output: Path
    counts: Mapping[str, Counts]
    check: bool
    names: list[str] = field(default_factory=list)
    kept: KeptParts | None = None

    def write(self, to: Path) -> None:
        """Write the new workbook; raises RunError if it does not have everything."""
        add_sheets(
            self.target, self.donor, list(self.counts), to, keep_references=True, same_sheets=False
        )
        try:
            self._compare(to)
        except RunError as error:
            raise RunError(f"{self.output} was not written: {error}") from error

    def _compare(self, new: Path) -> None:
        with opened(new) as package, opened(self.target) as former:
            for name, expected in self.counts.items():
                if _counts(package, name) != expected:
                    raise RunError(f"the sheet {shortened(name)} is not whole in it")
            old = _names(Workbook(former))
            new_names = (each for each in _names(Workbook(package)) if each not in old)
            shown = (name for name, _ in new_names if not name.startswith("_xlnm."))
            self.names = list(dict.fromkeys(shown))
        if self.check:
            self.kept = kept_parts(self.target, new)


def _chosen(workbook: Workbook, sheets: Sequence[str]) -> list[str]:
    """Return the names of the sheets that are wanted, as their workbook writes them."""
    known = {sheet.name.casefold(): sheet.name for sheet in workbook.sheets}
    for name in sheets:
        if name.casefold() not in known:
            near = nearest(name, known.values())
            listed = ", ".join(map(shortened, known.values()))
            advice = f"did you mean {shortened(near)}?" if near else f"expected one of {listed}"
            raise InputError(f"{workbook.package.path} has no sheet {shortened(name)}; {advice}")
    return list(dict.fromkeys(known[name.casefold()] for name in sheets or known))


def _refuse_taken(workbook: Workbook, names: Sequence[str]) -> None:
    taken = {sheet.name.casefold(): sheet.name for sheet in workbook.sheets}
    for name in names:
        if known := taken.get(name.casefold()):
            raise InputError(
                f"{workbook.package.path} has a sheet {shortened(known)} already; "
                "expected one with another name"
            )


def _counts(package: Package, name: str) -> Counts:
    workbook = Workbook(package)
    return counts_of(package, workbook.sheets[workbook.place(name)])


def _names(workbook: Workbook) -> list[tuple[str, str | None]]:
    """Return the defined names, each with the place of its sheet."""
    return [
        (str(element.get("name")), scope)
        for scope, names in workbook.names_of_scopes().items()
        for element in names.values()
    ]


def _left_out(donor: Package, target: Package, sheets: Sequence[str]) -> Iterator[str]:
    """Yield what belongs to the donor's workbook as a whole and cannot come along, in words."""
    source = Workbook(donor)
    if source.link("vbaProject"):
        yield f"the macros of {donor.path}"
    has_charts = any(
        {"chart", "drawing"} & set(kinds_of_parts(donor, sheet).values())
        for sheet in source.sheets
        if sheet.name in sheets
    )
    theirs, ours = Theme.of(source).colours, Theme.of(Workbook(target)).colours
    if has_charts and theirs and ours and theirs != ours:
        yield (
            f"the theme of {donor.path}: charts and shapes in its colours "
            f"get those of the theme of {target.path}"
        )
