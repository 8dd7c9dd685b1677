"""Puts the sheet of a run into a workbook, which loses nothing by it."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cnn.sheets.record import read_record
from cnn.sheets.training_log import RUN_CELL, training_log_sheet
from sheetgen import template
from sheetgen.build import build_workbook
from sheetgen.package import insert_sheets
from sheetgen.saving import Saved, is_open_elsewhere, resolved, save
from sheetgen.workbook import write_workbook
from sheetgen.xlsx import read_cells, sheet_names


@dataclass(frozen=True)
class Placed:
    """Where a run's sheet has been put."""

    saved: Saved
    sheet: str
    built: bool


def put_into_workbook(run: Path, workbook: Path, data_dir: Path | None) -> Placed:
    """Put the sheet of a run into a workbook, which is built from `era-v1` if it is not there.

    The sheet that shows the same run is replaced; no other sheet is touched.

    Raises InputError when the run, the data or the workbook cannot be read, RunError when the
    workbook cannot be written; it is then as it was.
    """
    record = read_record(run, data_dir)
    built = not resolved(workbook).exists()
    if built:
        build_workbook(template.load("era-v1"), workbook)
    canvas = training_log_sheet(record)
    former = _former(workbook, canvas.name, record.name)
    names: dict[str, str] = {}
    with TemporaryDirectory(prefix="cnn-") as folder:
        donor = Path(folder, "donor.xlsx")
        write_workbook([canvas], donor, canvas.name)

        def insert(to: Path) -> None:
            replaced = {canvas.name: former} if former else None
            names.update(insert_sheets(workbook, donor, [canvas.name], to, replaced))

        saved = save(workbook, insert, aside=is_open_elsewhere(workbook))
    return Placed(saved, names[canvas.name], built)


def _former(workbook: Path, name: str, run: str) -> str | None:
    """Return the sheet that shows a run of that name, if the workbook has one."""
    candidates = [each for each in sheet_names(workbook) if each.startswith(name)]
    for sheet, cells in read_cells(workbook, candidates).items() if candidates else ():
        cell = cells.get(RUN_CELL)
        if cell is not None and cell.value == run:
            return sheet
    return None
