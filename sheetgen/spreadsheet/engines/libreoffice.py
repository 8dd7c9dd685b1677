"""Recalculates and converts workbooks with LibreOffice Calc, without a window."""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice, repeat
from pathlib import Path

from sheetgen.errors import RunError
from sheetgen.files.leftovers import scratch_folder
from sheetgen.spreadsheet import copying
from sheetgen.spreadsheet.engines.engine import BATCH, Engine, Values, saved_values
from sheetgen.spreadsheet.engines.programs import run
from sheetgen.spreadsheet.library_calls import Changes

INSTALL = "sudo apt-get install libreoffice-calc"
SECONDS = 600.0

_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.com",
    r"C:\Program Files (x86)\LibreOffice\program\soffice.com",
)

# A stranger's file must not reach the network. Type 2 sends all requests to the proxies that are
# named, here to the port of a service that would discard them.
_PROXIES = tuple(
    ("/org.openoffice.Inet/Settings", f"ooInet{kind}Proxy{name}", value)
    for kind in ("HTTP", "HTTPS", "FTP")
    for name, value in (("Name", "127.0.0.1"), ("Port", "9"))
)
# OOXMLRecalcMode 0 is "always": by default Calc trusts the cached results of some files.
# The locale is set because TEXT and FIXED write numbers as the user's locale does.
_SETTINGS = (
    ("/org.openoffice.Office.Calc/Formula/Load", "OOXMLRecalcMode", "0"),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", "2"),
    ("/org.openoffice.Office.Common/Misc", "FirstRun", "false"),
    ("/org.openoffice.Office.Common/Misc", "UseOpenCL", "false"),
    ("/org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("/org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("/org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("/org.openoffice.Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("/org.openoffice.Setup/L10N", "ooSetupSystemLocale", "en-US"),
    ("/org.openoffice.Inet/Settings", "ooInetProxyType", "2"),
    ("/org.openoffice.Inet/Settings", "ooInetNoProxy", ""),
    *_PROXIES,
)
_ITEM = (
    '<item oor:path="{}"><prop oor:name="{}" oor:op="fuse"><value>{}</value></prop></item>'.format
)
_REGISTRY = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    + "".join(_ITEM(*setting) for setting in _SETTINGS)
    + "</oor:items>"
)

_XLSX = "xlsx:Calc MS Excel 2007 XML"


class LibreOffice(Engine):
    """Evaluates with LibreOffice Calc, which saves numbers with 15 significant digits."""

    name = "libreoffice"

    def __init__(self, seconds: float = SECONDS) -> None:
        """Allow each recalculation this many seconds."""
        self.seconds = seconds

    def missing(self) -> str | None:
        """Return None if LibreOffice is installed, else a sentence that says how to install it."""
        return None if _program() else f"LibreOffice is not installed: {INSTALL}"

    def version(self) -> str:
        """Return name and version, such as "LibreOffice 7.4.7.2"; RunError if not installed."""
        self.require()
        return _version()

    def recalculate(self, path: Path) -> Values:
        """Evaluate every formula from scratch; see Engine.recalculate."""
        self.require()
        with converted(path, _XLSX, self.seconds, only_values=True) as result:
            return saved_values(result)

    def recalculate_all(self, paths: Sequence[Path]) -> Iterator[Values]:
        """Yield what `recalculate` returns for each workbook; LibreOffice starts once for all.

        A workbook that fails among the others is tried again alone.
        """
        self.require()
        with converted_all(paths, _XLSX, self.seconds, only_values=True) as results:
            for path, result in zip(paths, results, strict=True):
                yield saved_values(result) if result.is_file() else self.recalculate(path)

    def recalculate_changed(self, path: Path, cases: Iterable[Changes]) -> Iterator[Values]:
        """Yield the values after each of the changes; see Engine.recalculate_changed.

        One start for a batch of copies, which are converted as they are: they have no results.
        """
        self.require()
        remaining = iter(cases)
        while batch := list(islice(remaining, BATCH)):
            paths = [path] * len(batch)
            with converted_all(paths, _XLSX, self.seconds, batch, only_values=True) as results:
                for changes, result in zip(batch, results, strict=True):
                    if result.is_file():
                        yield saved_values(result)
                    else:
                        yield from super().recalculate_changed(path, [changes])


@contextmanager
def converted(
    path: Path,
    conversion: str,
    seconds: float = SECONDS,
    edits: Mapping[str, copying.Edit] | None = None,
    only_values: bool = False,
) -> Iterator[Path]:
    """Recalculate a workbook, convert it as --convert-to does, and yield the resulting file.

    The file is deleted when the block ends. `conversion` is FORMAT or FORMAT:FILTER; `edits` are
    made before, and with `only_values` looks are left out, as `copying.write_changed` says.

    Raises:
        InputError: the file cannot be read as a workbook.
        RunError: LibreOffice is not installed, failed, or took longer than `seconds`.

    """
    with scratch_folder() as folder:
        place = Path(folder)
        (result,), messages = _convert(
            [path], conversion, place, seconds, edits, only_values=only_values
        )
        if not result.is_file():
            raise RunError(f"LibreOffice could not convert {path}: {messages.strip()[-500:]}")
        yield result


@contextmanager
def converted_all(
    paths: Sequence[Path],
    conversion: str,
    seconds: float = SECONDS,
    changes: Sequence[Changes] = (),
    only_values: bool = False,
) -> Iterator[list[Path]]:
    """Convert workbooks with one start of LibreOffice, and yield the paths of the results.

    Where one could not be converted, its path has no file. `seconds` is the time for each.
    `changes`, one for each, are made before, empty cells being taken for 0; `only_values` is that
    of `converted`.
    Raises InputError if a file cannot be read as a workbook.
    """
    with scratch_folder() as folder:
        seconds *= len(paths)
        yield _convert(
            paths, conversion, Path(folder), seconds, changes=changes, only_values=only_values
        )[0]


def _convert(
    paths: Sequence[Path],
    conversion: str,
    folder: Path,
    seconds: float,
    edits: Mapping[str, copying.Edit] | None = None,
    changes: Sequence[Changes] = (),
    only_values: bool = False,
) -> tuple[list[Path], str]:
    output, suffix = folder / "output", conversion.partition(":")[0]
    # Names of our own keep odd characters, and the lock files, away from the user's files.
    sources = [folder / f"workbook-{number}.xlsx" for number in range(len(paths))]
    for path, source, new in zip(paths, sources, changes or repeat({}), strict=False):
        # Without cached results none can pass for a result, whatever the profile says.
        copying.write_changed(path, source, new, fill=True, edits=edits, only_values=only_values)
    options = ["--convert-to", conversion, "--outdir", str(output), *map(str, sources)]
    messages = ""
    try:
        messages = office(options, folder, seconds)
    except RunError:
        if len(paths) == 1:
            raise
    return [output / f"{source.stem}.{suffix}" for source in sources], messages


def office(options: Sequence[str], folder: Path, seconds: float) -> str:
    """Run LibreOffice with command-line options and return what it printed.

    Each run has its own profile, in `folder`: of two runs with one profile the second writes
    nothing.

    Raises RunError: LibreOffice is not installed, failed, or took longer than `seconds`.
    """
    program = _program()
    if program is None:
        raise RunError(f"LibreOffice is not installed: {INSTALL}")
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_REGISTRY, encoding="utf-8")
    flags = ["--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"]
    command = [program, f"-env:UserInstallation={profile.as_uri()}", *flags, *options]
    return run(command, seconds, folder)


@cache
def _program() -> str | None:
    """Return the path of LibreOffice's program, or None if there is none."""
    candidates = ("soffice", "libreoffice", *_PLACES)
    return next((found for name in candidates if (found := shutil.which(name))), None)


@cache
def _version() -> str:
    with scratch_folder() as folder:
        words = office(["--version"], Path(folder), 60).split()
    if "LibreOffice" not in words[:-1]:
        raise RunError(f"LibreOffice does not report its version: {' '.join(words)[:200]}")
    return f"LibreOffice {words[words.index('LibreOffice') + 1]}"
