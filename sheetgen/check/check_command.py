"""The console command `sheetgen check`; cli.py says what it imports."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sheetgen.console import progress
from sheetgen.console.commands import jobs_option
from sheetgen.console.terminal import plain, say, say_json
from sheetgen.errors import InputError, RunError

if TYPE_CHECKING:
    from sheetgen.check.findings import WorkbookReport
    from sheetgen.files.growing_table import GrowingTable
    from sheetgen.processes.worker_process import Outcome


@click.command()
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--csv",
    "csv_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The CSV file to write too, with a line for each column and finding.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@jobs_option
def check(files: tuple[Path, ...], as_json: bool, csv_file: Path | None, jobs: int) -> None:
    """Audit training tables that people made by hand.

    Every column is recomputed from the other columns of its own row, and every weight from the row
    before. The files are only read. The exit code is 1 if anything is wrong or the check of a file
    failed, else 2 if a file could not be read, or a table, a gradient or an update in it could not
    be checked, else 0.

    \b
    Example:
      sheetgen check students/*.xlsx --csv findings.csv
    """  # noqa: D301
    from sheetgen.check import check_report  # noqa: PLC0415

    shown: list[dict[str, object]] = []
    all_right = all_conclusive = True
    with _table(csv_file) or nullcontext() as table, progress.shown():
        outcomes = progress.counted(_checked(files, jobs), "checking", len(files))
        for file, outcome in zip(files, outcomes, strict=True):
            report, reason = outcome.value, _reason(file, outcome)
            has_failed = isinstance(outcome.error, RunError)
            all_right &= not has_failed and (report is None or report.passed)
            all_conclusive &= report is not None and report.conclusive
            if table:
                lines = (
                    check_report.csv_lines(report)
                    if report
                    else [check_report.unreadable_line(str(file), reason)]
                )
                table.add(line.values() for line in lines)
            if as_json:
                path = str(file)
                shown.append(
                    check_report.as_plain_values(report)
                    if report
                    else check_report.unreadable_as_plain_values(path, reason)
                )
            with progress.paused():
                if report is None:
                    say(f"Error: {reason}", err=True)
                elif not as_json:
                    _print(report)
    if as_json:
        say_json(shown)
    if table and table.saved and table.saved.reason:
        left = f"{csv_file} is left as it was: {table.saved.reason}"
        say(f"{left}; wrote {table.saved.path}", err=True)
    if not all_right:
        raise click.exceptions.Exit(1)
    if not all_conclusive:
        raise click.exceptions.Exit(InputError.exit_code)


def _table(path: Path | None) -> "GrowingTable | None":
    """Return the list of findings, if one is wanted."""
    if path is None:
        return None
    from sheetgen.check.check_report import CSV_HEADER  # noqa: PLC0415
    from sheetgen.files.growing_table import GrowingTable  # noqa: PLC0415

    return GrowingTable(path, CSV_HEADER, ",".join(CSV_HEADER), "list of findings")


def _checked(files: Sequence[Path], jobs: int) -> "Iterator[Outcome[WorkbookReport]]":
    """Yield the outcome of each file in turn, from processes of their own if these are several."""
    from sheetgen.check.audit import check_workbook  # noqa: PLC0415
    from sheetgen.processes.worker_process import attempt  # noqa: PLC0415
    from sheetgen.processes.workers import run_each  # noqa: PLC0415

    jobs = min(jobs, len(files))
    if jobs > 1:
        return run_each(check_workbook, files, jobs)
    return (attempt(check_workbook, file) for file in files)


def _reason(file: Path, outcome: "Outcome[WorkbookReport]") -> str:
    """Return why there is no report on a file, in one line that names it."""
    reason = " ".join(str(outcome.error).split())
    return reason if str(file) in reason else f"{file} could not be checked: {reason}"


def _print(report: "WorkbookReport") -> None:
    from rich.console import Console  # noqa: PLC0415

    from sheetgen.check.check_report import (  # noqa: PLC0415
        finding_lines,
        overview,
        table_line,
        verdict,
    )

    console = Console(highlight=False, soft_wrap=True)
    colour = ("green" if report.conclusive else "yellow") if report.passed else "red"
    console.print(plain(f"{report.path}: {verdict(report)}", colour))
    if console.is_terminal:
        console.print(overview(report.tables))
    else:
        for table in report.tables:
            say(table_line(table))
    for finding in report.all_findings:
        for line in finding_lines(finding):
            say(line)
