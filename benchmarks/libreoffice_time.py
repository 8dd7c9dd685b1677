"""Measures what LibreOffice needs to open a workbook and to recalculate it, without a window."""

import os
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MACRO = """<?xml version="1.0" encoding="UTF-8"?>
<script:module xmlns:script="http://openoffice.org/2000/script"
 script:name="Module1" script:language="StarBasic">
Sub Measure
  Dim options(0) As New com.sun.star.beans.PropertyValue
  options(0).Name = "Hidden"
  options(0).Value = True
  place = Environ("WORKBOOK")
  found = "0 "
  If place &lt;&gt; "" Then
    began = GetSystemTicks()
    book = StarDesktop.loadComponentFromURL(ConvertToURL(place), "_blank", 0, options())
    found = (GetSystemTicks() - began) &amp; " "
    For turn = 1 To CInt(Environ("TURNS"))
      began = GetSystemTicks()
      book.calculateAll()
      found = found &amp; (GetSystemTicks() - began) &amp; " "
    Next
    book.close(True)
  End If
  handle = FreeFile
  Open Environ("MEASURED") For Output As #handle
  Print #handle, found
  Close #handle
  StarDesktop.terminate()
End Sub
</script:module>
"""
LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard"
 library:readonly="false" library:passwordprotected="false">
<library:element library:name="Module1"/>
</library:library>
"""


@dataclass(frozen=True)
class Measured:
    """A start of LibreOffice: its CPU seconds and memory, the seconds of what the macro did."""

    cpu: float
    mebibytes: float
    opening: float
    recalculations: tuple[float, ...]


def measured(path: Path | None, turns: int) -> Measured:
    """Open a workbook, recalculate it so many times, and close it; without one only start."""
    with tempfile.TemporaryDirectory() as folder:
        profile, found = Path(folder, "profile"), Path(folder, "measured")
        line = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless"]
        # The first start makes the profile, with an empty library that the second one reads.
        subprocess.run([*line, "--terminate_after_init"], check=True, capture_output=True)
        library = profile / "user" / "basic" / "Standard"
        library.mkdir(parents=True, exist_ok=True)
        (library / "Module1.xba").write_text(MACRO)
        (library / "script.xlb").write_text(LIBRARY)
        asked = {"WORKBOOK": str(path.resolve()) if path else "", "MEASURED": str(found)}
        process = subprocess.Popen(
            [*line, "macro:///Standard.Module1.Measure"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | asked | {"TURNS": str(turns)},
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        opening, *others = (int(each) / 1000 for each in found.read_text().split())
    return Measured(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, opening, tuple(others))


@cache
def starting() -> Measured:
    """Return what LibreOffice needs without a workbook."""
    return measured(None, 0)


def cpu_seconds(path: Path) -> tuple[float, float, float]:
    """Return the CPU seconds of opening and of a recalculation of all formulas, and the MiB."""
    alone, again = measured(path, 0), measured(path, 2)
    return alone.cpu - starting().cpu, (again.cpu - alone.cpu) / 2, again.mebibytes
