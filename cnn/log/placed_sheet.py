"""Puts sheets into a workbook for the commands, and says where they are. Needs no torch itself."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sheetgen.console import progress
from sheetgen.console.commands import PATH
from sheetgen.console.terminal import say, shown
from sheetgen.errors import InputError, RunError

if TYPE_CHECKING:
    from cnn.log.add_log import Placed

FC = TypeVar("FC", bound=Callable[..., Any])

BACKPROP = Path("output/backprop.xlsx")
"""The workbook of `sheetgen build`, which would refuse a file there that is not its own."""
BUILT = "built from era-v1 if it does not exist"
ALONE = "a new one has that sheet alone, but for the default, which is built from era-v1"


def workbook_option(sheet: str, otherwise: str) -> Callable[[FC], FC]:
    """Return the option of a command that names the workbook for its sheet."""
    return click.option(
        "--workbook",
        type=PATH,
        default=BACKPROP,
        metavar="FILE",
        help=f"The workbook for the {sheet}; {otherwise}.",
    )


def put_run(run: Path, workbook: Path, data_dir: Path | None, has_built: bool = False) -> None:
    """Put a run's sheet into the workbook. Raises `RunError` if that fails: the run is safe.

    `has_built` says that the workbook was built for the run before.
    """
    from cnn.log.run_log import put_into_workbook  # noqa: PLC0415 - commands start faster

    try:
        placed = put_into_workbook(run, workbook, data_dir)
    except (InputError, RunError) as error:
        raise RunError(f"{error}; {how_to_add(run, Path('FILE'), data_dir)}") from error
    say_log(replace(placed, built=placed.built or has_built), run, workbook)


def how_to_add(run: Path, workbook: Path, data_dir: Path | None) -> str:
    """Return the end of a sentence: by which command the sheet of a run can be added."""
    words = ["cnn", "log", str(run), "--workbook", str(workbook)]
    words += ["--data-dir", str(data_dir)] if data_dir else []
    return f"the run is safe in {run}, and its sheet can be added by `{shlex.join(words)}`"


def put_comparison(
    runs: Sequence[Path],
    workbook: Path,
    title: str,
    alone: bool = False,
    best: Mapping[str, str] | None = None,
) -> None:
    """Put the sheet that compares trainings into the workbook, and say where it is.

    The options are those of `cnn.log.compare_command.compare`.

    Raises as `cnn.log.compare_command.compare` does.
    """
    from cnn.log.compare_command import compare  # noqa: PLC0415 - commands start faster

    with progress.shown():
        placed, count = compare(runs, workbook, title, alone, best)
    _say_place(placed, workbook)
    say(f"{count} trainings are compared on the sheet {placed.sheet} of {_where(placed)}")


def say_log(placed: "Placed", run: Path, workbook: Path) -> None:
    """Say where the sheet of a log is."""
    _say_place(placed, workbook)
    say(f"the log of {run} is the sheet {placed.sheet} of {_where(placed)}")


def _say_place(placed: "Placed", workbook: Path) -> None:
    """Say what has become of the workbook and of the sheet's former self, if that is unusual."""
    if placed.saved.reason:
        say(f"{workbook} is left as it was: {placed.saved.reason}.", err=True)
    if placed.edited:
        say(f"the sheet {placed.edited} has been edited and is left as it was.", err=True)


def _where(placed: "Placed") -> str:
    built = " (built from era-v1)" if placed.built else ""
    return f"{shown(placed.saved.path)}{built}"
