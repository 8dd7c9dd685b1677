"""Builds a workbook: guards what stands in its place, composes, writes, saves."""

from dataclasses import dataclass
from pathlib import Path

from sheetgen import fingerprint
from sheetgen.compose import compose, with_origin
from sheetgen.errors import InputError
from sheetgen.saving import Saved, is_open_elsewhere, resolved, save
from sheetgen.sheets import origin
from sheetgen.sheets.plan import Plan
from sheetgen.template import Template
from sheetgen.workbook import write_workbook
from sheetgen.xlsx import read_cells, sheet_names


@dataclass(frozen=True)
class Built:
    """Where a workbook was saved, and what it was made from."""

    saved: Saved
    plan: Plan


def build_workbook(template: Template, path: Path, force: bool = False) -> Built:
    """Write the workbook of a template; `force` overwrites whatever stands there.

    Raises InputError when the network does not fit a worksheet, when nothing can be written at
    that place, or when a file stands there that would lose something; RunError when writing
    fails. Whatever stood there before is then as it was.
    """
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path} must end in .xlsx, so that spreadsheet programs open it")
    target, aside = resolved(path), is_open_elsewhere(path)
    if target.exists() and not force and not aside:
        _refuse_loss(path)
    plan = Plan.of(template)
    canvases = with_origin(plan, compose(plan))
    saved = save(path, lambda to: write_workbook(canvases, to, template.title), aside)
    return Built(saved, plan)


def _refuse_loss(path: Path) -> None:
    """Raise InputError when overwriting the file would lose a person's work."""
    try:
        sheets = sheet_names(path)
    except InputError:
        raise InputError(
            f"{path} is there already and is no workbook; --force overwrites it"
        ) from None
    if origin.NAME not in sheets:
        raise InputError(
            f"{path} is there already and was not made by sheetgen; --force overwrites it"
        )
    cells = read_cells(path, [origin.NAME])[origin.NAME]
    try:
        made_from = origin.read_origin({place: cell.value for place, cell in cells.items()})
    except InputError as error:
        raise InputError(f"{path} is there already and {error}; --force overwrites it") from None
    added = [name for name in sheets if name not in (*made_from.sheets, origin.NAME)]
    if added:
        raise InputError(
            f"{path} holds sheets that build did not write ({', '.join(added)}); "
            "--force overwrites them"
        )
    missing = [name for name in made_from.sheets if name not in sheets]
    if missing or fingerprint.of_file(path, made_from.sheets) != made_from.fingerprint:
        raise InputError(
            f"{path} has been edited since it was built; --force overwrites the changes"
        )
