"""Kills commands at random moments (kill -9) and counts what is lost and what is left over.

    python benchmarks/kills.py [--times N] [--seed N] [build train log loop exercise grade]

After each kill all that was there must be there, as it was or in its new version, complete; and
after the same command has run again (a training with --resume), its results and nothing else.
`loop` is a training that logs with `cnn.WorkbookLog`; no epoch that it was told to be logged may
be missing. `train` and `log` need torch, and MNIST in the folder that MNIST_DIR names. The exit
code is 1 if anything was lost or left over.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import xlsxwriter

from sheetgen.errors import InputError
from sheetgen.spreadsheet.reader import read_cells

NAMES = ("Ada", "Ben")
TINY = ["--model", "tiny", "--limit", "512", "--hold-out", "500", "--epochs", "6", "--threads", "1"]
DATA = ["--data-dir", os.environ.get("MNIST_DIR", "data")]


@dataclass(frozen=True)
class Trial:
    """A command to kill: it runs in a copy of the folder `before`."""

    name: str
    times: int
    command: Sequence[str]
    before: Callable[[Path], None]
    """Fills the folder."""
    is_whole: Callable[[Path, Path], bool]
    """Tells of the folder before and the one after a kill whether nothing is lost."""
    again: Sequence[str] = ()
    """More options for the same command after the kill."""
    same: Sequence[str] = ()
    """Files that must then be as they are when nothing is killed."""


@dataclass
class Count:
    """How often a command was tried, was killed before its end, and what came of it."""

    tried: int = 0
    killed: int = 0
    whole: int = 0
    left_over: int = 0
    failed: int = 0

    @property
    def lost(self) -> int:
        """The number of kills after which something was missing or damaged."""
        return self.tried - self.whole


def sheetgen(*options: str) -> list[str]:
    return [sys.executable, "-m", "sheetgen", *options]


def cnn(*options: str) -> list[str]:
    return [sys.executable, "-m", "cnn", *options]


def start(command: Sequence[str], folder: Path) -> "subprocess.Popen[str]":
    (folder / "temporary").mkdir(exist_ok=True)
    return subprocess.Popen(
        command,
        cwd=folder / "work",
        env={**os.environ, "TMPDIR": str(folder / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(command: Sequence[str], folder: Path, codes: Sequence[int] = (0,)) -> None:
    process = start(command, folder)
    printed, _ = process.communicate()
    if process.returncode not in codes:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {printed}")


def is_workbook(path: Path) -> bool:
    try:
        return bool(read_cells(path))
    except InputError:
        return False


def in_work(work: Path) -> Path:
    """Return the folder for a command that prepares another one."""
    return work.parent


def build_small(work: Path) -> None:
    small = ["--iterations", "3", "--learning-rates", "0.5", "--no-verify"]
    finished(sheetgen("build", *small, "-o", "book.xlsx"), in_work(work))


def foreign(work: Path) -> None:
    """Train a run, and write a workbook as another program does."""
    finished(cnn("train", *TINY, *DATA, "--run", "run", "--workbook", "run.xlsx"), in_work(work))
    write_foreign(work)


def write_foreign(work: Path) -> None:
    with xlsxwriter.Workbook(work / "book.xlsx") as workbook:
        for name in ("Budget", "Plan"):
            sheet = workbook.add_worksheet(name)
            for row in range(2000):
                sheet.write_row(row, 0, [row, f"{name} {row}"])
            sheet.write_formula("D1", "=SUM(A1:A2000)", None, 1999000)


def class_list(work: Path) -> None:
    (work / "names.csv").write_text("name\n" + "".join(f"{name}\n" for name in NAMES))


def handed_in(work: Path) -> None:
    class_list(work)
    finished(sheetgen("exercise", "--students", "names.csv", "-o", "class"), in_work(work))
    grade = sheetgen(*GRADE, *(f"class/{name}.xlsx" for name in NAMES[:1]))
    finished(grade, in_work(work), (1,))


def has_workbooks(before: Path, after: Path, changed: str = "") -> bool:
    """Tell whether all workbooks can be read, and all else but one file is as it was before."""
    others = [path.relative_to(before) for path in files(before) if path.suffix != ".xlsx"]
    return (
        {path.relative_to(before) for path in files(before)}
        <= {path.relative_to(after) for path in files(after)}
        and all(is_workbook(path) for path in files(after) if path.suffix == ".xlsx")
        and all(
            (before / path).read_bytes() == (after / path).read_bytes()
            for path in others
            if path.name != changed
        )
    )


def keeps_sheets(before: Path, after: Path) -> bool:
    if not has_workbooks(before, after):
        return False
    old, new = (read_cells(each / "book.xlsx", ["Budget", "Plan"]) for each in (before, after))
    return old == new


def logging_loop(work: Path) -> None:
    write_foreign(work)
    (work / "loop.py").write_text(LOOP)


def keeps_epochs(before: Path, after: Path) -> bool:
    """Tell whether the journal has each epoch whose logging was over, and the workbook its parts.

    The rest is left to the loop's second run.
    """
    if not has_workbooks(before, after):
        return False
    old, new = (parts(each / "book.xlsx") for each in (before, after))
    logged = (after / "done.txt").read_text().splitlines() if (after / "done.txt").exists() else []
    journals = [path.read_text("utf-8") for path in after.glob("*.jsonl")]
    lines = [line for text in journals for line in text.split("\n") if line.endswith("}")]
    return all(new[name] == old[name] for name in old.keys() - LISTS) and (
        not logged or len(lines) > len(logged)
    )


def parts(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def has_exercises(before: Path, after: Path) -> bool:
    keys = [json.loads(path.read_bytes()) for path in files(after) if path.suffix == ".json"]
    return has_workbooks(before, after) and all(len(key["students"]) == len(NAMES) for key in keys)


def has_marks(before: Path, after: Path) -> bool:
    """Tell whether there are the marks of before, of one student, or those of all."""
    if not has_workbooks(before, after, "marks.csv"):
        return False
    text = (after / "marks.csv").read_text("utf-8-sig")
    is_complete = text.endswith("\n") and text.count("\n") == 1 + len(NAMES)
    return is_complete or text == (before / "marks.csv").read_text("utf-8-sig")


LISTS = {
    *("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"),
    *("docProps/app.xml", "docProps/core.xml"),
}
"""The parts of a workbook that name its sheets and their formats."""
LOOP = """
import subprocess, sys
from pathlib import Path
from cnn import WorkbookLog
from sheetgen.spreadsheet.reader import read_cells

journal, done, book = Path("book Loop.jsonl"), Path("done.txt"), Path("book.xlsx")
if "again" in sys.argv and journal.exists() and journal.read_bytes().count(b"\\n") > 1:
    subprocess.run([sys.executable, "-m", "cnn", "log", journal, "--workbook", book], check=True)
    logged = {cell.value for cell in read_cells(book, ["Loop"])["Loop"].values()}
    epochs = done.read_text().split() if done.exists() else []
    sys.exit(f"missing: {epochs}" if {int(each) / 64 for each in epochs} - logged else 0)
journal.unlink(missing_ok=True)
with WorkbookLog(book, title="Loop") as log, done.open("w") as file:
    for epoch in range(1, 41):
        log.epoch(loss=epoch / 64)
        print(epoch, file=file, flush=True)
"""
GRADE = ["grade", "--key", "class/class.key.json", "--csv", "marks.csv"]
LIVE = """
import sys
from pathlib import Path
from cnn.__main__ import main
from cnn.log import run_log

if not Path("run", "config.json").exists() and "--resume" in sys.argv:
    sys.argv.remove("--resume")  # it was killed before there was a run
run_log.PATIENCE = 0.0  # the sheet is written after each epoch
main()
"""
TRAIN = [sys.executable, "-c", LIVE, "train", *TINY, "--keep", "best", *DATA, "--run", "run"]
TRAIN += ["--workbook", "book.xlsx"]
BUILD = sheetgen("build", "--learning-rates", "0.5", "-o", "book.xlsx")
WEIGHTS = ["run/model.safetensors", "run/best.safetensors"]
TRIALS = (
    Trial("build", 60, BUILD, build_small, has_workbooks),
    Trial("train", 25, TRAIN, build_small, has_workbooks, ["--resume"], WEIGHTS),
    Trial("log", 10, cnn("log", "run", *DATA, "--workbook", "book.xlsx"), foreign, keeps_sheets),
    Trial("loop", 20, [sys.executable, "loop.py"], logging_loop, keeps_epochs, ["again"]),
    Trial(
        "exercise",
        10,
        sheetgen("exercise", "--students", "names.csv", "--solution", "-o", "class"),
        class_list,
        has_exercises,
        same=["class/class.key.json"],
    ),
    Trial(
        "grade",
        10,
        sheetgen(*GRADE, *(f"class/{name}.xlsx" for name in NAMES)),
        handed_in,
        has_marks,
        same=["marks.csv"],
    ),
)


def files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder but for those that a killed command may leave."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and ".partial." not in path.name:
            yield path


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def kill(trial: Trial, times: int, generator: random.Random) -> Count:
    count = Count()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "work").mkdir()
        trial.before(folder / "work")
        before, work, unbroken = (folder / each for each in ("before", "work", "unbroken"))
        shutil.copytree(work, before)
        begin = time.perf_counter()
        finished(trial.command, folder, (0, 1))
        seconds = time.perf_counter() - begin
        work.rename(unbroken)
        # torch makes a folder for itself.
        expected = everything(unbroken) | everything(folder / "temporary")
        for _ in range(times):
            shutil.copytree(before, work)
            process = start(trial.command, folder)
            time.sleep(generator.uniform(0, seconds))
            process.kill()
            process.communicate()  # which also waits for what it has started
            count.tried += 1
            count.killed += process.returncode < 0
            is_whole = trial.is_whole(before, work)
            count.failed += not repeated(trial, folder)
            for path in trial.same:
                results = [(each / path).read_bytes() for each in (work, unbroken)]
                is_whole = is_whole and results[0] == results[1]
            count.whole += is_whole
            left = (everything(work) | everything(folder / "temporary")) ^ expected
            count.left_over += bool(left)
            if left:
                print(f"{trial.name}: {sorted(left)}", file=sys.stderr)
            shutil.rmtree(work)
    return count


def repeated(trial: Trial, folder: Path) -> bool:
    """Run the command again; tell whether it succeeds."""
    again = start([*trial.command, *trial.again], folder)
    printed, _ = again.communicate()
    is_fine = again.returncode in (0, 1) and "Error" not in printed
    if not is_fine:
        print(f"{trial.name} again: {printed}", file=sys.stderr)
    return is_fine


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", choices=[[], *(trial.name for trial in TRIALS)])
    parser.add_argument("--times", type=int, help="for each command  [default: 10 to 60]")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("command   tried  killed  whole  lost  left over  failed again")
    is_bad = False
    for trial in TRIALS:
        if options.names and trial.name not in options.names:
            continue
        count = kill(trial, options.times or trial.times, random.Random(options.seed))
        print(
            f"{trial.name:<8} {count.tried:>6} {count.killed:>7} {count.whole:>6} {count.lost:>5} "
            f"{count.left_over:>10} {count.failed:>13}",
            flush=True,
        )
        is_bad |= bool(count.lost or count.left_over or count.failed)
    sys.exit(is_bad)


if __name__ == "__main__":
    main()
