"""The console command `sheetgen check`."""

import json
from pathlib import Path

import click
from rich.console import Console

from sheetgen.check.audit import check_workbook
from sheetgen.check.check_report import (
    CSV_HEADER,
    as_csv,
    as_plain_values,
    finding_lines,
    overview,
    table_line,
    unreadable_as_plain_values,
    verdict,
)
from sheetgen.check.findings import WorkbookReport
from sheetgen.errors import InputError, RunError
from sheetgen.saving import check_replaceable, save_text


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
    before. The exit code is 1 if anything is wrong, else 2 if a file could not be read, or a table,
    a gradient or an update in it could not be checked, else 0.

    \b
    Examples:
      sheetgen check backpropagation.xlsx
      sheetgen check students/*.xlsx --csv findings.csv
    """  # noqa: D301
    if csv_file is not None:
        check_replaceable(csv_file, ",".join(CSV_HEADER), "list of findings")
    reports: list[WorkbookReport] = []
    unreadable: list[tuple[str, str]] = []
    shown: list[dict[str, object]] = []
    for file in files:
        try:
            report = check_workbook(file)
        except (InputError, RunError) as error:
            reason = " ".join(str(error).split())
            unreadable.append((str(file), reason))
            shown.append(unreadable_as_plain_values(str(file), reason))
            click.echo(f"Error: {reason}", err=True)
            continue
        reports.append(report)
        shown.append(as_plain_values(report))
        if not as_json:
            _print(report)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
    if csv_file is not None:
        # The mark at the start of utf-8-sig lets Excel read ∂ and η.
        saved = save_text(csv_file, as_csv(reports, unreadable), "utf-8-sig")
        if saved.reason:
            left = f"{csv_file} is left as it was: {saved.reason}"
            click.echo(f"{left}; wrote {saved.path}", err=True)
    if any(not report.passed for report in reports):
        raise click.exceptions.Exit(1)
    if unreadable or not all(report.conclusive for report in reports):
        raise click.exceptions.Exit(InputError.exit_code)


def _print(report: WorkbookReport) -> None:
    console = Console(highlight=False, soft_wrap=True)
    colour = ("green" if report.conclusive else "yellow") if report.passed else "red"
    console.print(f"{report.path}: {verdict(report)}", markup=False, style=colour)
    if console.is_terminal:
        console.print(overview(report.tables))
    else:
        for table in report.tables:
            click.echo(table_line(table))
    for finding in report.all_findings:
        for line in finding_lines(finding):
            click.echo(line)
