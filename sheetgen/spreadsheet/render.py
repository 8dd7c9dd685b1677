"""Draws each sheet of a workbook as a picture, through LibreOffice and Poppler."""

import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sheetgen.console import progress
from sheetgen.errors import InputError, RunError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.files.saving import save
from sheetgen.spreadsheet import reader
from sheetgen.spreadsheet.engines.libreoffice import converted, run

INSTALL = "sudo apt-get install libreoffice-calc poppler-utils"

_EXPORT = 'pdf:calc_pdf_Export:{"SinglePageSheets":{"type":"boolean","value":"true"}}'
_SECONDS = 600.0
_LONGEST = 60  # characters of a file's name; Excel's sheets have 31, and systems take 255 bytes
_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9¹²³]", re.IGNORECASE)  # files on Windows


def render(path: Path, directory: Path, resolution: int = 96) -> list[Path]:
    """Write one PNG per visible sheet, <sheet>.png, and return them in tab order.

    Formulas are recalculated first. `resolution` is in pixels per inch of paper. Files of the
    same names are replaced.

    Raises:
        InputError: the workbook cannot be read, or the directory cannot be used.
        RunError: LibreOffice or Poppler is not installed or failed.

    """
    if resolution < 1:
        raise InputError(f"found a resolution of {resolution}; expected at least 1 pixel per inch")
    sheets, visible = reader.sheet_names(path), reader.visible_sheets(path)
    program = shutil.which("pdftoppm")
    if program is None:
        raise RunError(f"Poppler's pdftoppm is not installed: {INSTALL}")
    _make(directory)
    with scratch_folder() as folder:
        with progress.step("drawing"), converted(path, _EXPORT, _SECONDS) as document:
            command = [program, "-png", "-r", str(resolution), str(document), f"{folder}/page"]
            run(command, _SECONDS)
        pages = sorted(Path(folder).iterdir(), key=lambda page: int(page.stem.rpartition("-")[2]))
        pictures = dict(zip(_names_of_pages(len(pages), sheets, visible), pages, strict=True))
        return list(_place(pictures, visible, directory))


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"{directory} is a file, or is inside one, not a directory") from None
    except OSError as error:
        raise InputError(f"{directory} cannot be created: {error.strerror}") from error


def _names_of_pages(count: int, sheets: list[str], visible: list[str]) -> list[str]:
    """Return the sheet on each page: LibreOffice 7.4 also prints the hidden ones."""
    for names in (visible, sheets):
        if len(names) == count:
            return names
    raise RunError(
        f"LibreOffice drew {count} pages for {len(visible)} visible sheets; expected one per sheet"
    )


def _place(pictures: dict[str, Path], visible: list[str], directory: Path) -> Iterator[Path]:
    """Copy the visible sheets' pictures into the directory, under valid file names."""
    taken: set[str] = set()
    for sheet in visible:
        stem = _stem(sheet)
        name, number = stem, 2
        # Names that differ in case alone are the same file on Windows and macOS.
        while name.casefold() in taken:
            name, number = f"{stem} ({number})", number + 1
        taken.add(name.casefold())
        yield save(directory / f"{name}.png", partial(shutil.copyfile, pictures[sheet])).path


def _stem(sheet: str) -> str:
    """Return a sheet's name as that of a file, on every system: of no other folder or device."""
    stem = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', "_", sheet)[:_LONGEST].rstrip(". ")
    if not stem or stem.startswith(".") or _DEVICE.fullmatch(stem.partition(".")[0].rstrip()):
        stem = f"_{stem}"
    return stem
