"""The console command `sheetgen check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sheetgen.errors import InputError, RunError

if TYPE_CHECKING:
    from sheetgen.check.findings import TableReport, WorkbookReport


@click.command()
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")
@click.option(
    "--csv",
    "csv_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a line for each column and finding to this file.",
)
def check(files: tuple[Path, ...], as_json: bool, csv_file: Path | None) -> None:
    """Audit training tables that people made by hand; the files are only read.

    Every column is recomputed from the other columns of its own row, and every weight from the row
    before. The exit code is 1 if anything is wrong, else 2 if a file could not be read.

    \b
    Examples:
      sheetgen check backpropagation.xlsx
      sheetgen check students/*.xlsx --csv findings.csv
    """  # noqa: D301
    # The audit loads NumPy and the readers, which the other commands need not wait for.
    from sheetgen.check import check_workbook  # noqa: PLC0415
    from sheetgen.check.check_report import as_json as plain  # noqa: PLC0415
    from sheetgen.check.check_report import unreadable_as_json  # noqa: PLC0415

    if csv_file is not None:
        _refuse_what_is_no_list(csv_file)
    reports: list[WorkbookReport] = []
    unreadable: list[tuple[str, str]] = []
    shown: list[dict[str, object]] = []
    for file in files:
        try:
            report = check_workbook(file)
        except (InputError, RunError) as error:
            reason = " ".join(str(error).split())
            unreadable.append((str(file), reason))
            shown.append(unreadable_as_json(str(file), reason))
            click.echo(f"Error: {reason}", err=True)
            continue
        reports.append(report)
        shown.append(plain(report))
        if not as_json:
            _print(report)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
    if csv_file is not None:
        _write_csv(csv_file, reports, unreadable)
    if any(not report.passed for report in reports):
        raise click.exceptions.Exit(1)
    if unreadable:
        raise click.exceptions.Exit(InputError.exit_code)


def _print(report: WorkbookReport) -> None:
    from rich.console import Console  # noqa: PLC0415

    from sheetgen.check.check_report import finding_in_words  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)
    colour = ("green" if report.checked else "yellow") if report.passed else "red"
    console.print(f"{report.path}: {_verdict(report)}", markup=False, style=colour)
    if console.is_terminal:
        console.print(_overview(report.tables))
    else:
        for table in report.tables:
            click.echo(_plain_line(table))
    for finding in report.all_findings:
        for line in finding_in_words(finding):
            click.echo(line)


def _verdict(report: WorkbookReport) -> str:
    if not report.passed:
        count = len(report.mistakes)
        return "1 mistake" if count == 1 else f"{count:,} mistakes"
    if not report.checked:
        return "not checked"
    missing = sum(not table.checked for table in report.tables)
    tables = "1 table" if missing == 1 else f"{missing} tables"
    return f"right, but {tables} of {len(report.tables)} not checked" if missing else "right"


def _overview(tables: tuple[TableReport, ...]) -> object:
    from rich.table import Table  # noqa: PLC0415

    from sheetgen.check.check_report import rate_in_words  # noqa: PLC0415

    shown = Table(box=None)
    for header in (
        "sheet",
        "table",
        "rows",
        "network",
        "learning rate",
        "right",
        "wrong",
        "largest",
    ):
        shown.add_column(header, justify="left" if header in ("sheet", "table") else "right")
    for table in tables:
        colour = ("red" if table.wrong else "green") if table.checked else "yellow"
        shown.add_row(
            table.sheet,
            table.place,
            f"{table.rows:,}",
            "-".join(str(size) for size in table.network),
            rate_in_words(table.learning_rate),
            str(len(table.right)),
            f"[{colour}]{len(table.wrong)}[/]",
            f"{table.largest_difference:.1e}",
        )
    return shown


def _plain_line(table: TableReport) -> str:
    from sheetgen.check.check_report import rate_in_words  # noqa: PLC0415

    if not table.checked:
        return f"{table.sheet} {table.place}: {table.rows:,} rows, not checked"
    network = "-".join(str(size) for size in table.network)
    return (
        f"{table.sheet} {table.place}: {table.rows:,} rows, network {network}, "
        f"learning rate {rate_in_words(table.learning_rate)}, {len(table.right)} columns right, "
        f"{len(table.wrong)} wrong, largest difference {table.largest_difference:.1e}"
    )


def _refuse_what_is_no_list(path: Path) -> None:
    """Raise InputError unless a list can be written to a path: it is free or holds one."""
    from sheetgen.check.check_report import CSV_HEADER  # noqa: PLC0415
    from sheetgen.saving import resolved  # noqa: PLC0415

    target = resolved(path)
    if not target.exists():
        return
    try:
        with target.open("rb") as file:
            start = file.read(200).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
    if not start.startswith(",".join(CSV_HEADER)):
        raise InputError(
            f"{path} is there already and holds no list of findings; expected another name"
        )


def _write_csv(
    path: Path, reports: list[WorkbookReport], unreadable: list[tuple[str, str]]
) -> None:
    from sheetgen.check.check_report import as_csv  # noqa: PLC0415
    from sheetgen.saving import save  # noqa: PLC0415

    text = as_csv(reports, unreadable)
    # The mark at the start lets Excel read ∂ and η.
    saved = save(path, lambda place: _written(place, text))
    if saved.reason:
        click.echo(f"{path} is left as it was: {saved.reason}; wrote {saved.path}", err=True)


def _written(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8-sig")
