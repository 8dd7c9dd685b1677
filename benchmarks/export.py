"""Exports trained networks and compares the workbooks with torch, as a table in Markdown.

    python benchmarks/export.py RUN... --data-dir DIR

Each workbook gets 100 test digits in ironcalc and 10 in LibreOffice, chosen through its own input
cell. Differences are |found - torch| / max(1, |torch|), over all activations and over the
probabilities alone. Times are the seconds of one recalculation of all formulas of the opened
workbook, the best of three.
"""

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

import ironcalc

from cnn.export.runs import export_run
from cnn.export.verification.cases import sample_case
from cnn.export.verification.exported_file import read_exported
from cnn.export.verification.verify_export import Result, verify_cases
from cnn.training.evaluation import trained_model
from sheetgen.spreadsheet import engines

REPEATS = 3
MACRO = """<?xml version="1.0" encoding="UTF-8"?>
<script:module xmlns:script="http://openoffice.org/2000/script"
 script:name="Module1" script:language="StarBasic">
Sub Measure
  Dim options(0) As New com.sun.star.beans.PropertyValue
  options(0).Name = "Hidden"
  options(0).Value = True
  place = ConvertToURL(Environ("WORKBOOK"))
  book = StarDesktop.loadComponentFromURL(place, "_blank", 0, options())
  found = ""
  For turn = 1 To 3
    began = GetSystemTicks()
    book.calculateAll()
    found = found &amp; (GetSystemTicks() - began) &amp; " "
  Next
  handle = FreeFile
  Open Environ("MEASURED") For Output As #handle
  Print #handle, found
  Close #handle
  book.close(True)
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


def ironcalc_seconds(path: Path) -> float:
    model = ironcalc.load_from_xlsx(str(path))
    return min(_timed(model.evaluate) for _ in range(REPEATS))


def libreoffice_seconds(path: Path) -> float:
    """Time LibreOffice's hard recalculation with a macro in a temporary profile."""
    with tempfile.TemporaryDirectory() as folder:
        profile, measured = Path(folder, "profile"), Path(folder, "measured")
        line = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless"]
        # The first start makes the profile, with an empty library that the second one reads.
        subprocess.run([*line, "--terminate_after_init"], check=True, capture_output=True)
        library = profile / "user" / "basic" / "Standard"
        library.mkdir(parents=True, exist_ok=True)
        (library / "Module1.xba").write_text(MACRO)
        (library / "script.xlb").write_text(LIBRARY)
        places = {"WORKBOOK": str(path.resolve()), "MEASURED": str(measured)}
        line.append("macro:///Standard.Module1.Measure")
        subprocess.run(line, check=True, capture_output=True, env=os.environ | places)
        return min(map(int, measured.read_text().split())) / 1000


def _timed(work) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def row(run: Path, data_dir: Path | None, folder: Path, counts: tuple[int, int]) -> str:
    path = folder / f"{run.name}.xlsx"
    exported = export_run(run, path, data_dir, force=True)
    file = read_exported(path, trained_model(run)[1])
    cells = [run.name, f"{exported.formulas:,}", f"{path.stat().st_size / 1e6:.1f}"]
    for name, count, timed in (
        ("ironcalc", counts[0], ironcalc_seconds),
        ("libreoffice", counts[1], libreoffice_seconds),
    ):
        if not count:
            continue
        cases = [sample_case(file, number) for number in range(1, count + 1)]
        results = list(verify_cases(file, engines.engine(name), cases))
        cells += [_agreement(results, file.network.probabilities.name), f"{timed(path):.2f}"]
    return f"| {' | '.join(cells)} |"


def _agreement(results: list[Result], probabilities: str) -> str:
    same = sum(result.predicted == result.expected for result in results)
    largest = max(result.largest_difference for result in results)
    shares = max(
        layer.largest_difference
        for result in results
        for layer in result.layers
        if layer.layer == probabilities
    )
    failed = sum(not result.passed for result in results)
    note = f", {failed} FAILED" if failed else ""
    return f"{same} of {len(results)} | {largest:.1e} | {shares:.1e}{note}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--ironcalc", type=int, default=100, help="digits")
    parser.add_argument("--libreoffice", type=int, default=10, help="digits")
    arguments = parser.parse_args()
    counts = arguments.ironcalc, arguments.libreoffice
    heads = ["run", "formulas", "MB"]
    for name, count in zip(("ironcalc", "LibreOffice"), counts, strict=True):
        if count:
            heads += [f"{name}: classes", "activations", "probabilities", "s"]
    print(f"| {' | '.join(heads)} |")
    print("|---" + "|---:" * (len(heads) - 1) + "|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for run in arguments.runs:
            print(row(run, arguments.data_dir, Path(folder), counts), flush=True)


if __name__ == "__main__":
    main()
