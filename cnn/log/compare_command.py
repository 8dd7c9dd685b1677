"""Reads the trainings that `cnn compare` compares, whatever wrote them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cnn.log.add_log import Placed, add_sheet
from cnn.log.compare_sheet import compare_sheet
from cnn.log.comparison import Comparison
from cnn.log.description import TrainingLog
from cnn.log.logged_sheet import read_logs
from cnn.log.metrics_file import ZIP, read_metrics, sheet_name
from sheetgen.console import progress
from sheetgen.errors import InputError
from sheetgen.files.saving import resolved
from sheetgen.spreadsheet.reader import sheet_names

MOST = 100
"""Trainings of a comparison."""

Named = tuple[str, TrainingLog]


def compare(
    paths: Sequence[Path],
    workbook: Path,
    title: str,
    alone: bool = False,
    best: Mapping[str, str] | None = None,
) -> tuple[Placed, int]:
    """Put the sheet that compares trainings into a workbook; return also the number of these.

    Each path is the directory of a run of `cnn train`, a file of metrics, a
    workbook, which stands for all logs in it, or the name of a sheet of `workbook`. That is built
    from `era-v1` if it does not exist, or with `alone` gets nothing but the sheet. `best` says of
    metrics whether their max or their min is best, where their names do not.

    Raises InputError if one of them cannot be read, if they are too few or too many, or if they
    have no metric in common; RunError if the workbook cannot be written.
    """
    with progress.step("reading the trainings", len(paths)) as advance:
        named: list[Named] = []
        for path in paths:
            named += [each for each in _read(path, workbook) if not _is_among(named, each[1])]
            advance(1)
    if not 2 <= len(named) <= MOST:
        raise InputError(f"found {len(named)} to compare; expected 2 to {MOST} trainings")
    canvas, mark = compare_sheet(Comparison.of(title, named, best), sheet_name(title))
    return add_sheet(canvas, mark, workbook, workbook, alone), len(named)


def _is_among(named: Sequence[Named], log: TrainingLog) -> bool:
    """Tell whether a training is already there, such as a journal's whose sheet was named too."""
    return bool(log.mark) and any(log.mark == other.mark for _, other in named)


def _read(path: Path, workbook: Path) -> Iterator[Named]:
    if path.is_dir():
        from cnn.log.run_description import described_untested  # noqa: PLC0415

        yield path.resolve().name, described_untested(path)
    elif path.is_file():
        if _is_workbook(path):
            yield from read_logs(path).items()
        else:
            log = read_metrics(path)
            yield log.title, log
    elif resolved(workbook).exists() and str(path) in sheet_names(workbook):
        yield from read_logs(workbook, [str(path)]).items()
    else:
        raise InputError(f"there is no run, no file and no sheet {path} of {workbook}")


def _is_workbook(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(ZIP)) == ZIP
    except OSError:
        return False  # which reading it as metrics says why
