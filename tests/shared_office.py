"""LibreOffice, started once for all conversions of a test process: a start takes a second.

The product starts it for each conversion, as in ALONE, whose tests look at that. Here the running
one is handed what to convert, as it is when a user starts LibreOffice twice, with the same settings
and behind the same fence.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import xlsxwriter

from sheetgen.spreadsheet.engines import libreoffice, programs

FLAGS = ("--headless", "--norestore", "--nologo", "--nodefault")
USUAL = libreoffice._program, libreoffice._REGISTRY, libreoffice.run
USUALLY = libreoffice.office
UNTIL = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Becomes a program that is killed when the process ends that has started it."""
LONGEST = 60.0
"""Seconds after which it is ended, and started for the conversion alone."""
ALONE = ("test_engines", "test_hostile_books", "test_reaching_out")


class SharedOffice:
    """Takes the place of `libreoffice.office`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, count()
        self._process: subprocess.Popen[bytes] | None = None
        self._surroundings: dict[str, Any] = {}

    def office(self, options: Sequence[str], folder: Path, seconds: float) -> str:
        """Convert as LibreOffice does that is started for it; see `libreoffice.office`."""
        program = self._program()
        if program is None or options[0] != "--convert-to":
            return USUALLY(options, folder, seconds)
        _, conversion, _, output, *sources = options
        if self._process is None or self._process.poll() is not None:
            self._start(program)
        place = self._folder / str(next(self._number))
        (place / "output").mkdir(parents=True)
        copies = [shutil.copy(source, place) for source in sources]
        command = self._command(program.with_name("oosplash"), "--convert-to", conversion)
        command += ["--outdir", str(place / "output"), *map(str, copies)]
        try:
            subprocess.run(command, timeout=min(seconds, LONGEST), check=True, **self._surroundings)
            found = [*(place / "output").iterdir()]
        except subprocess.SubprocessError:
            self.end()
            found = []
        if len(found) < len(sources):
            return USUALLY(options, folder, seconds)  # which says why
        Path(output).mkdir(exist_ok=True)
        for each in found:
            shutil.move(each, output)
        shutil.rmtree(place)
        return ""

    def _program(self) -> Path | None:
        """Return LibreOffice's program itself, which the script starts; None if it is not usual."""
        script = libreoffice._program()
        is_usual = (libreoffice._program, libreoffice._REGISTRY, libreoffice.run) == USUAL
        is_main = threading.current_thread() is threading.main_thread()
        is_alone = any(name in os.environ.get("PYTEST_CURRENT_TEST", "") for name in ALONE)
        if sys.platform != "linux" or not script or not is_usual or not is_main or is_alone:
            return None
        program = Path(script).resolve().with_name("soffice.bin")
        return program if program.exists() else None

    @property
    def _profile(self) -> Path:
        return self._folder / "profile"

    def _command(self, program: Path, *options: str) -> list[str]:
        profile = f"-env:UserInstallation={self._profile.as_uri()}"
        fenced = programs._fenced(program, self._folder)
        return [*fenced, str(program), profile, *FLAGS, *options]

    def _start(self, program: Path) -> None:
        """Start it with a document, without which it would end after a conversion.

        It is ready when it has opened that and has converted and closed another one.
        """
        self.end()
        (self._profile / "user").mkdir(parents=True)
        registry = self._profile / "user" / "registrymodifications.xcu"
        registry.write_text(libreoffice._REGISTRY, encoding="utf-8")
        first, second, converted = (
            self._folder / name for name in ("open.xlsx", "closed.xlsx", "closed.csv")
        )
        with xlsxwriter.Workbook(first) as book:
            book.add_worksheet().write(0, 0, 1)
        shutil.copy(first, second)
        convert = ("--convert-to", "csv", "--outdir", str(self._folder), str(second))
        nothing = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        self._surroundings = nothing | {"env": programs._surroundings(self._folder / "home")}
        for _ in range(2):  # where a profile is new, it may ask to be started again
            command = self._command(program, str(first), *convert)
            self._process = subprocess.Popen(
                [sys.executable, "-ISc", UNTIL, *command],
                start_new_session=True,
                **self._surroundings,
            )
            lock = second.with_name(f".~lock.{second.name}#")
            while self._process.poll() is None and (not converted.exists() or lock.exists()):
                time.sleep(0.01)
            if self._process.poll() is None:
                break

    def end(self) -> None:
        """End it, if it runs, and remove what it has written."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        for each in self._folder.iterdir():
            if each.is_dir():
                shutil.rmtree(each)
            else:
                each.unlink()
