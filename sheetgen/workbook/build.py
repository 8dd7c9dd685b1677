"""Builds a workbook: protects an existing file, composes the sheets, writes and saves them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sheetgen.console import progress
from sheetgen.errors import InputError, UnmovableError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.files.locking import in_turn
from sheetgen.files.saving import Saved, is_open_elsewhere, resolved
from sheetgen.spreadsheet import stamp
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.parsed_part import Sums
from sheetgen.spreadsheet.reader import sheet_names
from sheetgen.spreadsheet.save_workbook import save_workbook
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.template.template import Template
from sheetgen.workbook.compose import compose, with_origin
from sheetgen.workbook.extent import formulas_of
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.sheets import origin


@dataclass(frozen=True)
class Built:
    """Where a workbook was saved, and what it was made from."""

    saved: Saved
    plan: Plan
    canvases: Sequence[Canvas] = ()
    """The sheets as they were composed, all but `_sheetgen`."""
    kept: tuple[str, ...] = ()
    """The sheets carried over from the former workbook, by their present names."""
    lost: str = ""
    """Which sheets could not be carried over, and why; empty if all were."""


@dataclass(frozen=True)
class _Former:
    """The file that is in the place of the new workbook."""

    added: tuple[str, ...] = ()
    """Sheets of a workbook of ours that build did not write."""
    work: str = ""
    """The work that overwriting would lose, in words; empty if there is none."""


def build_workbook(template: Template, path: Path | str, force: bool = False) -> Built:
    """Write the workbook of a template; `force` overwrites any file that is there.

    Sheets that the user or `cnn` has added to a workbook of ours are carried over.

    Raises InputError if the network does not fit a worksheet, if nothing can be written at that
    path, or if overwriting the file there would lose something; RunError if writing fails. The
    file there is then unchanged.
    """
    formulas_of(template)  # which refuses what is too large before any work is done
    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path} must end in .xlsx, so that spreadsheet programs open it")
    target = resolved(path)
    with in_turn(target):
        return _build(template, path, target, force)


def _build(template: Template, path: Path, target: Path, force: bool) -> Built:
    aside = is_open_elsewhere(path)
    may_lose = force or aside
    former = _inspect(target, may_lose) if target.exists() else _Former()
    if former.work and not may_lose:
        raise InputError(f"{path} {former.work}")
    plan = Plan.of(template)
    sheets = compose(plan)
    canvases = with_origin(plan, sheets)
    kept, lost = dict[str, str](), ""

    def write(to: Path) -> Sums:
        """Write the workbook with as many of the added sheets as can be carried over."""
        nonlocal kept, lost
        movable = former.added
        while movable:
            try:
                kept = _write_with(canvases, template.title, path, movable, to)
                return set()
            except InputError as error:
                # Damage to the former file may be in any of its sheets.
                left = error.sheets if isinstance(error, UnmovableError) else movable
                named = ", ".join(left)
                lost += ("; " if lost else "") + f"{named}, which cannot be carried over: {error}"
                if not may_lose:
                    raise InputError(f"{path} holds {lost}; --force builds without it") from error
                movable = tuple(name for name in movable if name not in left)
        return write_workbook(canvases, to, template.title)

    saved = save_workbook(path, write, aside, former=target)
    return Built(saved, plan, sheets, tuple(kept.values()), lost)


def _write_with(
    canvases: Sequence[Canvas], title: str, former: Path, added: Sequence[str], to: Path
) -> dict[str, str]:
    """Write the canvases, then sheets of the former workbook; return the names of the latter.

    Raises UnmovableError if one of these cannot be moved unchanged.
    """
    # Few workbooks had such sheets, and the others should not wait for what moves them.
    from sheetgen.spreadsheet.insert import add_sheets  # noqa: PLC0415

    with scratch_folder() as folder:
        plain = Path(folder, "new-workbook.xlsx")
        write_workbook(canvases, plain, title)
        with progress.step("carrying over sheets"):
            return add_sheets(
                plain, former, added, to, keep_references=True, called={plain: former}
            )


def _inspect(target: Path, may_lose: bool) -> _Former:
    """Find out what overwriting a file would lose, and what can be carried over.

    What is edited in the sheets that build wrote is not looked for where that may be lost.
    """
    try:
        hidden = stamp.hidden_values(target, origin.NAME)
    except InputError:
        return _Former(work="already exists and is not a workbook; --force overwrites it")
    if hidden is None:
        return _Former(work="already exists and was not made by sheetgen; --force overwrites it")
    try:
        made_from = origin.read_origin(hidden)
    except InputError as error:
        return _Former(work=f"already exists and {error}; --force overwrites it")
    sheets = sheet_names(target)
    added = tuple(name for name in sheets if name not in (*made_from.sheets, origin.NAME))
    missing = [name for name in made_from.sheets if name not in sheets]
    try:
        is_unedited = may_lose or stamp.is_unedited(target, made_from.sheets, made_from.fingerprint)
    except InputError as error:
        return _Former(added, f"cannot be read: {error}; --force overwrites it")
    if not is_unedited:
        lacks = f" (it lacks {', '.join(missing)})" if missing else ""
        return _Former(
            added, f"has been edited since it was built{lacks}; --force overwrites the changes"
        )
    return _Former(added)
