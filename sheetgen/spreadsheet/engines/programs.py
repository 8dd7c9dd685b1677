"""Runs programs that recalculate or draw workbooks, and leaves nothing of them behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sheetgen.errors import RunError
from sheetgen.spreadsheet import fence

# The variables that lead to the user's desktop, and to the real proxies.
_SESSION = {"display", "wayland_display", "dbus_session_bus_address", "session_manager"}
_SESSION |= {f"{kind}_proxy" for kind in ("http", "https", "ftp", "all", "no")}


def _fenced(program: Path, folder: Path) -> list[str]:
    """Return the start of a command that lets a program open no user's files but in `folder`."""
    # A snap or a Flatpak, which has a fence of its own, could not start behind this one.
    real = program.resolve()
    is_itself = real.name == "ssconvert" or (real.parent / "soffice.bin").exists()
    if sys.executable and sys.platform == "linux" and is_itself:
        return [sys.executable, "-I", "-S", fence.__file__, str(folder)]
    return []


def _surroundings(home: Path) -> dict[str, str]:
    """Return environment variables that keep a program from the user's folders and printers.

    And from the user's language, in which it would write numbers into texts.
    """
    cache, temporary = home / "cache", home / "temporary"
    cache.mkdir(parents=True)
    temporary.mkdir()
    places = dict.fromkeys(("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), home)
    places |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary)
    places |= {"XDG_CACHE_HOME": cache, "XDG_RUNTIME_DIR": home, "CUPS_SERVER": home / "no-cups"}
    kept = {name: value for name, value in os.environ.items() if name.lower() not in _SESSION}
    mine = {name: str(place) for name, place in places.items()}
    return kept | mine | {"SAL_USE_VCLPLUGIN": "svp", "LC_ALL": "C.UTF-8"}


def run(command: Sequence[str], seconds: float, folder: Path | None = None) -> str:
    """Run a program and return what it printed; nothing that it started survives this call.

    If there is a `folder`, nothing outside of it is the program's business: neither files, where
    the system can prevent that, nor the user's settings, temporary files and printers.

    Raises:
        RunError: it could not be started, exited with an error, or took longer than `seconds`.

    """
    name = Path(command[0]).name
    environment = _surroundings(folder / "home") if folder else None
    start = _fenced(Path(command[0]), folder) if folder else []
    try:
        process = subprocess.Popen(
            [*start, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            env=environment,
        )
    except OSError as error:
        raise RunError(f"{name} could not be started: {error.strerror or error}") from error
    with process:
        try:
            printed, _ = process.communicate(timeout=seconds)
        except BaseException as error:
            _kill_group(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise RunError(f"{name} was stopped after {seconds:g} seconds") from error
            raise
    if process.returncode:
        raise RunError(f"{name} failed ({process.returncode}): {printed.strip()[-500:]}")
    return printed


def _kill_group(process: subprocess.Popen[str]) -> None:
    """Kill a program and all that it started, and wait until they have ended.

    soffice is a script that starts another process, which would survive the script.
    """
    if sys.platform == "win32":
        process.kill()
    else:
        # The script may have ended before what it started, or all may have ended.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    # The pipe closes when the last of them has ended; only then may their files be removed.
    process.communicate()
