"""Copies a workbook with changes to some parts; all others stay as they are, byte for byte."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sheetgen.errors import InputError
from sheetgen.spreadsheet.insert.changed_package import ChangedPackage, ChangedWorkbook
from sheetgen.spreadsheet.package_parts import MalformedError, Package, blaming, opened

_SIGNATURE = "/digital-signature/origin"


@contextmanager
def changed_copy(path: Path, output: Path, called: Path | None = None) -> Iterator[ChangedWorkbook]:
    """Open a workbook, to be changed in memory, and write it to a new file when the block ends.

    `called` is what messages call it, if that is not its path. Raises InputError when it cannot be
    read, is encrypted, too large or signed; OSError when writing fails.
    """
    failure = None
    with opened(path, called) as found:
        package = ChangedPackage(found.archive, found.path)
        refuse_repeated(package)
        _refuse_signed(package)
        yield ChangedWorkbook(package)
        try:
            package.write(output)
        except OSError as error:
            if error.errno is None:
                raise  # from unpacking a part
            # Inside of this block it would pass for an error of reading the workbook.
            failure = error
    if failure:
        raise failure


def refuse_repeated(package: Package) -> None:
    """Raise InputError where programs could disagree about what a part holds."""
    with blaming(package.path):
        for part in sorted(package.repeated):
            raise MalformedError(f"it has more than one part {part!r}")


def _refuse_signed(package: Package) -> None:
    """Raise InputError for a file whose signature, of macros or of all, a change would break."""
    names = [part.casefold() for part in package.parts]
    macros = any("vbaprojectsignature" in str(each.values()).casefold() for each in package.types)
    whole = any(link.type.endswith(_SIGNATURE) for link in package.relationships(""))
    if (
        macros
        or whole
        or any("vbaprojectsignature" in name or name.startswith("_xmlsig") for name in names)
    ):
        raise InputError(f"{package.path} is signed, and a change would make the signature invalid")
