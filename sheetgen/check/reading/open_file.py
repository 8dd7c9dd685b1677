"""Opens any file that people hand in, without ever writing to it.

An .xlsx package is read directly, then tolerantly; other formats, and packages that neither can
read, are converted by LibreOffice, on a copy.
"""

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

from sheetgen.check.reading.cells import Book, read_package
from sheetgen.errors import InputError, RunError, UnrepairableError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.engines.libreoffice import INSTALL, office
from sheetgen.spreadsheet.package_parts import DAMAGE
from sheetgen.spreadsheet.reader import Damage

_SECONDS = 120.0
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The directory of a compound file names its streams in UTF-16; this one means encryption.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def read_book(path: Path) -> Book:
    """Return the cells of a workbook; raises InputError if that is impossible."""
    _check_is_file(path)
    kind = _kind(path)
    if kind == "encrypted":
        raise InputError(f"{path} is password-protected; save a copy without the password")
    if kind == "convert":
        return _converted_book(path, f"{path} is not an .xlsx workbook")
    if kind == "unknown":
        raise InputError(f"{path} is not a workbook")
    try:
        return read_package(path)
    except UnrepairableError:
        raise
    except InputError as error:
        return _read_damaged(path, error)


def _check_is_file(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path} cannot be read: it is a folder")
    if not path.exists():
        raise InputError(f"{path} cannot be read: there is no such file")
    if not path.is_file():
        raise InputError(f"{path} cannot be read: it is a device or a pipe")


def _kind(path: Path) -> str:
    """Return how to read the file, from its first bytes rather than its name."""
    try:
        with path.open("rb") as file:
            start = file.read(1 << 16)
            if not start.strip():
                raise InputError(f"{path} is empty")
            if start.startswith(_COMPOUND_FILE):
                file.seek(0)
                return "encrypted" if _ENCRYPTED in file.read(64 << 20) else "convert"
        if start.startswith(b"PK"):
            return _kind_of_zip(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    return "convert" if path.suffix.lower() in {".fods", ".csv", ".tsv"} else "unknown"


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "mimetype" in names:
                spreadsheet = b"opendocument.spreadsheet" in archive.read("mimetype")[:100]
                return "convert" if spreadsheet else "unknown"
            if any(name.endswith("workbook.bin") for name in names):
                return "convert"
    except (*DAMAGE, RuntimeError):  # which encryption raises
        pass  # the readers say what is wrong with it
    return "package"


def _read_damaged(path: Path, error: InputError) -> Book:
    """Try the tolerant reader, then LibreOffice; raises what the first reader said."""
    try:
        return replace(read_package(path, Damage.RECOVER), damage=str(error))
    except InputError:
        pass
    if not zipfile.is_zipfile(path) or _missing():
        raise error
    try:
        return replace(_converted_book(path, str(error)), damage=str(error))
    except InputError:
        raise error from None


def _missing() -> str | None:
    return engines.engine("libreoffice").missing()


def _converted_book(path: Path, reason: str) -> Book:
    """Return the cells of a copy of the file that LibreOffice converts to .xlsx."""
    if _missing():
        raise InputError(f"{reason}, and LibreOffice, which could read it, is missing: {INSTALL}")
    with scratch_folder() as name:
        folder = Path(name)
        # Odd characters in its name, and a lock file beside it, must not matter.
        copy, output = folder / f"workbook{path.suffix.lower()}", folder / "output"
        shutil.copyfile(path, copy)
        options = ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(output)]
        try:
            office([*options, str(copy)], folder, _SECONDS)
        except RunError as error:
            raise InputError(f"{path} cannot be read: {error}") from error
        if not (output / "workbook.xlsx").is_file():
            raise InputError(f"{path} is damaged or is not a workbook: LibreOffice cannot read it")
        book = read_package(output / "workbook.xlsx")
    return Book(book.sheets, book.names, "LibreOffice")
