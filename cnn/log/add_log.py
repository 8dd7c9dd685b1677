"""Puts the sheet of a log into a workbook and keeps everything else in it."""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cnn.log.description import TrainingLog
from cnn.log.log_sheet import log_sheet
from sheetgen.console import progress
from sheetgen.errors import InputError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.files.locking import in_turn
from sheetgen.files.saving import Saved, is_open_elsewhere, resolved
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.insert import add_sheets
from sheetgen.spreadsheet.reader import read_cells, sheet_names
from sheetgen.spreadsheet.save_workbook import save_workbook
from sheetgen.spreadsheet.stamp import sheet_stamp
from sheetgen.spreadsheet.writer import write_workbook
from sheetgen.template import template
from sheetgen.workbook.build import build_workbook


@dataclass(frozen=True)
class Placed:
    """The place of a log's sheet."""

    saved: Saved
    sheet: str
    built: bool
    edited: str | None = None
    """The former sheet of the log, if it was edited; it is left as it was."""


def require_usable(workbook: Path) -> None:
    """Check, without writing anything, that a sheet can be put into a workbook.

    Raises InputError if the path is a folder or not a readable workbook, or if no file is there
    and the name does not end in .xlsx.
    """
    if resolved(workbook).exists():
        sheet_names(workbook)
    elif workbook.suffix.lower() != ".xlsx":
        raise InputError(f"{workbook} must end in .xlsx, so that spreadsheet programs open it")


def add_log(log: TrainingLog, source: Path, workbook: Path, alone: bool = False) -> Placed:
    """Put the sheet of a log into a workbook, which is built from `era-v1` if it does not exist.

    With `alone` a workbook that does not exist gets the sheet alone. An existing sheet of the same
    log is replaced, unless it was edited; no other sheet is touched. `source` is what messages
    call the log by.

    Raises InputError if the workbook cannot be read, RunError if it cannot be written; it is
    unchanged then.
    """
    return add_sheet(log_sheet(log), log.mark, source, workbook, alone)


def add_sheet(
    canvas: Canvas, mark: str, source: Path, workbook: Path, alone: bool = False
) -> Placed:
    """Put a sheet with a stamp into a workbook, as `add_log` does."""
    with in_turn(resolved(workbook)):
        built = not resolved(workbook).exists()
        if built and alone:
            write = partial(write_workbook, [canvas], title=canvas.name)
            return Placed(save_workbook(workbook, write), canvas.name, built=False)
        if built:
            build_workbook(template.load("era-v1"), workbook)
        return _insert(canvas, mark, source, workbook, built)


def _insert(canvas: Canvas, mark: str, source: Path, workbook: Path, built: bool) -> Placed:
    former, edited = _former(workbook, canvas.name, mark)
    names: dict[str, str] = {}
    with scratch_folder() as folder:
        donor = Path(folder, "donor.xlsx")
        write_workbook([canvas], donor, canvas.name)

        def insert(to: Path) -> None:
            replaced = {canvas.name: former} if former else None
            called = {donor: source}
            names.update(add_sheets(workbook, donor, [canvas.name], to, replaced, called=called))

        with progress.step("inserting the sheet"):
            saved = save_workbook(workbook, insert, is_open_elsewhere(workbook), former=workbook)
    return Placed(saved, names[canvas.name], built, None if former else edited)


def _former(workbook: Path, name: str, mark: str) -> tuple[str | None, str | None]:
    """Return the name of the log's unedited sheet and of an edited one, None if there is none.

    An unedited copy cannot be told from the original: the one with the lowest number is replaced.
    """
    ours = re.compile(rf"{re.escape(name)}(?: \(([1-9][0-9]*)\))?")
    numbers = {
        sheet: int(match[1] or 1)
        for sheet in sheet_names(workbook)
        if (match := ours.fullmatch(sheet))
    }
    cells = read_cells(workbook, numbers) if numbers else {}
    former: dict[bool, str] = {}
    for sheet in sorted(numbers, key=numbers.__getitem__):
        found = sheet_stamp(cells[sheet])
        if found is not None and found.mark == mark:
            former.setdefault(found.is_edited, sheet)
    return former.get(False), former.get(True)
