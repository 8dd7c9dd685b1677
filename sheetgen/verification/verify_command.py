"""The console command `sheetgen verify`; cli.py says what it imports."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sheetgen.console import progress
from sheetgen.console.commands import COUNT, ENGINES, PATH, verify_written
from sheetgen.console.terminal import plain, say, say_json

if TYPE_CHECKING:
    from sheetgen.spreadsheet.engines import Engine
    from sheetgen.verification.results import Result, SheetResult
    from sheetgen.workbook.build import Built


@click.command()
@click.argument("file", type=PATH)
@click.option(
    "--engine",
    "name",
    metavar="NAME",
    default="auto",
    help=f"The engine: auto (all that are installed), {ENGINES}.",
)
@click.option("--perturb", type=COUNT, default=1, metavar="N", help="How often to move the inputs.")
@click.option("--seed", type=COUNT, default=0, metavar="N", help="The seed of the moves.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def verify(file: Path, name: str, perturb: int, seed: int, as_json: bool) -> None:
    """Recalculate a workbook and compare every formula with NumPy.

    The exit code is 1 if a formula is wrong.

    \b
    Examples:
      sheetgen verify output/backprop.xlsx --perturb 3
      sheetgen verify output/backprop.xlsx --engine libreoffice
    """  # noqa: D301
    with progress.shown():
        results = list(_verified(file, name, perturb, seed, as_json))
    if as_json:
        found = [{**asdict(result), "passed": result.passed} for result in results]
        say_json(found)
    if not all(result.passed for result in results):
        raise click.exceptions.Exit(1)


def _verified(file: Path, name: str, perturb: int, seed: int, as_json: bool) -> "Iterator[Result]":
    """Yield the results of verifying a workbook, which are also printed unless as JSON."""
    from sheetgen.verification.verify import read_subject, verify_subject  # noqa: PLC0415

    subject = read_subject(file)
    with progress.paused():
        chosen = _engines(name)
        if subject.others:
            names = ", ".join(subject.others)
            say(f"not verified, as build did not write them: {names}", err=True)
        if subject.older and subject.older.not_verified:
            names = ", ".join(subject.older.not_verified)
            say(
                f"not verified, as {subject.written_by} laid them out differently: {names}; "
                f"`sheetgen build` brings them up to date",
                err=True,
            )
    for result in verify_subject(subject, chosen, perturb, seed):
        if not as_json:
            with progress.paused():
                _print(result)
        yield result


def verify_built(built: "Built") -> None:
    """Verify a workbook that was just built, with the embedded engine, and say so in a line."""
    from sheetgen.spreadsheet.engines import EMBEDDED  # noqa: PLC0415
    from sheetgen.verification.verify import read_subject, verify_subject  # noqa: PLC0415

    def verify() -> "Result":
        """Return how the file agrees, with progress bars."""
        with progress.shown():
            subject = read_subject(built.saved.path, built)
            (found,) = verify_subject(subject, [EMBEDDED], perturbations=0)
        return found

    result = verify_written(built.saved.path, verify, _print)
    sensitive = "".join(f"; {remark}" for remark in _sensitive(result))
    say(
        f"verified {result.formulas:,} formulas with {result.engine}: "
        f"largest difference to NumPy {result.largest_difference:.1e}{sensitive}"
    )


def _engines(name: str) -> "Sequence[Engine]":
    from sheetgen.spreadsheet import engines  # noqa: PLC0415

    if name == "auto":
        found = engines.installed()
        say(f"engines: {', '.join(each.version() for each in found)}", err=True)
        return found
    return [engines.usable(name)]


def _print(result: "Result") -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    what = f"inputs moved, number {result.perturbation}" if result.perturbation else "as it is"
    table = Table(title=f"{result.engine}, {what}", title_justify="left", box=None)
    for header in ("sheet", "formulas", "largest difference", "result"):
        table.add_column(header, justify="left" if header in ("sheet", "result") else "right")
    rows: list[tuple[str, SheetResult | Result]] = [(each.sheet, each) for each in result.sheets]
    for name, found in [*rows, ("all", result)]:
        verdict = "[green]PASS[/]" if found.passed else "[red]FAIL[/]"
        table.add_row(
            plain(name), f"{found.formulas:,}", f"{found.largest_difference:.1e}", verdict
        )
    console = Console(highlight=False)
    console.print(table)
    # Where formulas are others comes first: further sheets are wrong because they read those.
    for sheet in sorted(result.sheets, key=lambda each: not each.changed):
        if sheet.findings:
            more = len(sheet.findings) - 1
            line = f"{sheet.findings[0]}" + (f" (and {more:,} more)" if more else "")
            say(line)
    for line in (*_sensitive(result), *(() if result.perturbation else _remarks(result))):
        say(line, err=True)


def _sensitive(result: "Result") -> Iterable[str]:
    """Yield at most one line that says which cells are off by rounding that has grown."""
    from sheetgen.network.rounding import MOVE  # noqa: PLC0415

    found = [
        f"{len(sheet.sensitive):,} cells on {sheet.sheet}, the first in {sheet.sensitive[0]}"
        for sheet in result.sheets
        if sheet.sensitive
    ]
    if found:
        listed = "; ".join(found)
        yield (
            f"sensitive to rounding: {listed}: "
            f"moving the initial weights and the activations by {MOVE:g} moves them as well"
        )


def _remarks(result: "Result") -> Iterable[str]:
    for sheet in result.sheets:
        for cells, what, which in (
            (sheet.extra, "not verified", f"on {sheet.sheet} that build did not write"),
            (sheet.reworded, "worded differently, with the same result", f"on {sheet.sheet}"),
        ):
            if cells:
                yield f"{what}: {len(cells):,} formulas {which}, the first in {cells[0]}"
