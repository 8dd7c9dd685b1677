"""Draws each sheet of a workbook as a picture, through LibreOffice and Poppler."""

import re
import shutil
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sheetgen.console import progress
from sheetgen.errors import InputError, RunError, shortened
from sheetgen.files.leftovers import scratch_folder
from sheetgen.files.saving import save
from sheetgen.spreadsheet.engines.libreoffice import converted
from sheetgen.spreadsheet.engines.programs import run
from sheetgen.spreadsheet.package_parts import opened
from sheetgen.spreadsheet.package_workbook import Workbook
from sheetgen.spreadsheet.png import Pixels, blank, read_pixmap, without_margin, write_png
from sheetgen.spreadsheet.single_pages import SinglePage, edits, single_pages

INSTALL = "sudo apt-get install libreoffice-calc poppler-utils"

_PROGRAMS = ("pdfinfo", "pdftoppm")
_SECONDS = 600.0
_LONGEST = 60  # characters of a file's name; Excel's sheets have 31, and systems take 255 bytes
_DEVICE = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9¹²³]", re.IGNORECASE)  # files on Windows
_PAGE = re.compile(r"^Page +(\d+) size: +([\d.]+) x", re.MULTILINE)
_MILLIMETRES_PER_POINT = 25.4 / 72


class Picture(NamedTuple):
    """The picture of a sheet, and whether the sheet goes on beyond it."""

    path: Path
    sheet: str
    is_cut: bool


def render(
    path: Path,
    directory: Path,
    resolution: int = 96,
    sheets: Collection[str] = (),
    widest: int | None = None,
) -> list[Picture]:
    """Write one PNG per sheet, <sheet>.png, and return them in tab order.

    A picture shows the sheet's print area, or else all of its cells and drawings; formulas are
    recalculated first. `resolution` is in pixels per inch of paper: at 96, a pixel of the sheet
    at 100 % is one of the picture; sheets that would be wider than `widest` pixels are made smaller
    until they are about that wide. The sheets are the visible ones, unless named. Files of the
    same names are replaced.

    Raises:
        InputError: the workbook cannot be read or has no such sheet, or the directory cannot be
            used.
        RunError: LibreOffice or Poppler is not installed or failed.

    """
    if resolution < 1:
        raise InputError(f"found a resolution of {resolution}; expected at least 1 pixel per inch")
    with progress.step("measuring"), opened(path) as package:
        pages = single_pages(package, chosen_sheets(Workbook(package), sheets, path))
        changes = edits(package, pages)
    for program in _PROGRAMS:
        if shutil.which(program) is None:
            raise RunError(f"Poppler's {program} is not installed: {INSTALL}")
    _make(directory)
    with ExitStack() as stack:
        with progress.step("drawing"):
            document = stack.enter_context(converted(path, "pdf", _SECONDS, changes))
        numbers = _numbers_of_pages(document, pages)
        folder = Path(stack.enter_context(scratch_folder()))
        names = _file_names(page.sheet for page in pages)
        every = list(zip(pages, numbers, names, strict=True))
        pictures = []
        for page, number, name in progress.counted(every, "writing pictures"):
            share = 1.0 if widest is None else min(1.0, widest / max(1.0, page.pixels))
            pixels = _drawn(document, number, resolution * share, folder) if number else blank()
            target = save(directory / name, partial(write_png, pixels=pixels)).path
            pictures.append(Picture(target, page.sheet, page.is_cut))
        return pictures


def chosen_sheets(workbook: Workbook, names: Collection[str], path: Path) -> list[str]:
    """Return the sheets of these names, or the visible ones; raises InputError for a wrong name."""
    present = [sheet.name for sheet in workbook.sheets]
    visible = [sheet.name for sheet in workbook.sheets if sheet.is_visible]
    for name in names:
        if name not in present:
            listed = ", ".join(map(shortened, visible))
            raise InputError(f"{path}: found no sheet {shortened(name)}; expected one of {listed}")
    return list(names) or visible


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"{directory} is a file, or is inside one, not a folder") from None
    except OSError as error:
        raise InputError(f"{directory} cannot be created: {error.strerror}") from error


def _numbers_of_pages(document: Path, pages: Sequence[SinglePage]) -> list[int | None]:
    """Return the number of each sheet's page, None for an empty sheet, which has none.

    A page is known by its width, but for that of a chart sheet: LibreOffice chooses its paper.
    """
    command = ["pdfinfo", "-f", "1", "-l", str(len(pages) + 1), str(document)]
    printed = _PAGE.findall(run(command, _SECONDS))
    found = [
        (int(number), round(float(width) * _MILLIMETRES_PER_POINT)) for number, width in printed
    ]
    numbers: list[int | None] = []
    for page in pages:
        is_next = found and (page.is_chart_sheet or found[0][1] == page.width)
        numbers.append(found.pop(0)[0] if is_next else None)
    if found:
        raise RunError(
            f"LibreOffice drew a page {found[0][1]} mm wide after those of the sheets; expected "
            f"one page for each of the {len(pages)} sheets"
        )
    return numbers


def _drawn(document: Path, number: int, resolution: float, folder: Path) -> Pixels:
    """Return the picture of one page."""
    target = folder / "page"
    options = ["-singlefile", "-f", str(number), "-r", str(resolution)]
    run(["pdftoppm", *options, str(document), str(target)], _SECONDS)
    return without_margin(read_pixmap(target.with_suffix(".ppm")))


def _file_names(sheets: Iterable[str]) -> list[str]:
    """Return the names of the sheets' pictures, each another one on every system."""
    found: list[str] = []
    taken: set[str] = set()
    for sheet in sheets:
        stem = _stem(sheet)
        name, number = stem, 2
        # Names that differ in case alone are the same file on Windows and macOS.
        while name.casefold() in taken:
            name, number = f"{stem} ({number})", number + 1
        taken.add(name.casefold())
        found.append(f"{name}.png")
    return found


def _stem(sheet: str) -> str:
    """Return a sheet's name as that of a file, on every system: of no other folder or device."""
    stem = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', "_", sheet)[:_LONGEST].rstrip(". ")
    if not stem or stem.startswith(".") or _DEVICE.fullmatch(stem.partition(".")[0].rstrip()):
        stem = f"_{stem}"
    return stem
