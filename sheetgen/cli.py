"""The console command `sheetgen`."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from sheetgen.check.check_command import check
from sheetgen.console import progress
from sheetgen.console.commands import COUNT, ENGINES, PATH, CommandGroup, verify_written
from sheetgen.console.terminal import plain, say, say_json, shown
from sheetgen.errors import InputError
from sheetgen.exercises.exercise_command import exercise, grade
from sheetgen.spreadsheet import engines
from sheetgen.spreadsheet.engines import Engine
from sheetgen.spreadsheet.render import render as render_sheets
from sheetgen.template import template
from sheetgen.verification.results import Result, SheetResult
from sheetgen.verification.sensitivity import MOVE
from sheetgen.verification.verify import read_subject, verify_subject
from sheetgen.version import __version__
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.extent import MANY, announcement, formulas_of

OUTPUT = Path("output/backprop.xlsx")


@click.group(cls=CommandGroup, context_settings={"show_default": True})
@click.version_option(__version__, prog_name="sheetgen")
def main() -> None:
    """Neural networks as live spreadsheet formulas, verified against NumPy.

    \b
    Example:
      sheetgen build && sheetgen verify output/backprop.xlsx
    """  # noqa: D301


@main.command()
@click.argument("source", metavar="[TEMPLATE]", default="era-v1")
@click.option("-o", "--output", type=PATH, default=OUTPUT, metavar="FILE", help="The workbook.")
@click.option("--learning-rates", metavar="LIST", help='Such as 0.1,0.2 or "0,1;0,2".')
@click.option("--iterations", type=int, metavar="N", help="The number of updates: rows 0 to N.")
@click.option("--no-verify", is_flag=True, help="Do not recalculate the finished workbook.")
@click.option("--force", is_flag=True, help="Overwrite edits, and sheets that cannot be kept.")
def build(
    source: str,
    output: Path,
    learning_rates: str | None,
    iterations: int | None,
    no_verify: bool,
    force: bool,
) -> None:
    """Write the workbook of a network and verify it.

    TEMPLATE is a built-in name or a TOML file.

    \b
    Examples:
      sheetgen build
      sheetgen build era-v2 --learning-rates 0.5,1 --iterations 500 -o targets.xlsx
    """  # noqa: D301
    rates = None if learning_rates is None else parse_learning_rates(learning_rates)
    chosen = template.load(source).with_training(rates, iterations)
    if (formulas := formulas_of(chosen)) > MANY:
        say(announcement(formulas), err=True)
    with progress.shown():
        built = build_workbook(chosen, output, force)
    saved = built.saved
    if saved.reason:
        say(f"{output} is left as it was: {saved.reason}.", err=True)
    if built.lost:
        say(f"left out: {built.lost}", err=True)
    say(f"wrote {shown(saved.path)}")
    if built.kept:
        say(f"kept the added sheets: {', '.join(built.kept)}")
    if not no_verify:
        _verify_built(saved.path)


@main.command()
def templates() -> None:
    """List the built-in templates.

    \b
    Example:
      sheetgen templates
    """  # noqa: D301
    for name in template.built_in():
        chosen = template.load(name)
        say(f"{name:<8}  {chosen.title}. {chosen.description}")


@main.command()
@click.argument("file", type=PATH)
@click.option(
    "--engine", "name", metavar="NAME", default="auto", help=f"auto (all installed), {ENGINES}."
)
@click.option("--perturb", type=COUNT, default=1, metavar="N", help="How often to move the inputs.")
@click.option("--seed", type=COUNT, default=0, metavar="N", help="The seed for moving them.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def verify(file: Path, name: str, perturb: int, seed: int, as_json: bool) -> None:
    """Recalculate a workbook and compare every formula with NumPy.

    The exit code is 1 if a formula is wrong.

    \b
    Examples:
      sheetgen verify output/backprop.xlsx
      sheetgen verify output/backprop.xlsx --engine libreoffice --perturb 3
    """  # noqa: D301
    with progress.shown():
        results = list(_verified(file, name, perturb, seed, as_json))
    if as_json:
        found = [{**asdict(result), "passed": result.passed} for result in results]
        say_json(found)
    if not all(result.passed for result in results):
        raise click.exceptions.Exit(1)


def _verified(file: Path, name: str, perturb: int, seed: int, as_json: bool) -> Iterator[Result]:
    """Yield the results of verifying a workbook, which are also printed unless as JSON."""
    subject = read_subject(file)
    with progress.paused():
        chosen = _engines(name)
        if subject.others:
            names = ", ".join(subject.others)
            say(f"not verified, as build did not write them: {names}", err=True)
    for result in verify_subject(subject, chosen, perturb, seed):
        if not as_json:
            with progress.paused():
                _print(result)
        yield result


@main.command()
@click.argument("file", type=PATH)
@click.option(
    "-o", "--output", type=PATH, required=True, metavar="DIR", help="The folder for the pictures."
)
def render(file: Path, output: Path) -> None:
    """Draw every sheet of a workbook as a picture.

    LibreOffice draws what a user sees; each sheet becomes DIR/<sheet>.png.

    \b
    Example:
      sheetgen render output/backprop.xlsx -o pictures
    """  # noqa: D301
    with progress.shown():
        pictures = render_sheets(file, output)
    for path in pictures:
        say(path)


for command in (check, exercise, grade):
    main.add_command(command)


def parse_learning_rates(text: str) -> list[float]:
    """Read a list of rates: "0.1,0.2", or with decimal commas "0,1;0,2".

    Raises InputError, naming the first part that is not a number.
    """
    decimal_comma = ";" in text
    parts = text.rstrip("; ").split(";") if decimal_comma else text.split(",")
    rates = []
    for part in parts:
        try:
            rate = float(part.replace(",", ".") if decimal_comma else part)
        except ValueError:
            rate = math.nan
        if math.isnan(rate):
            raise InputError(
                f"--learning-rates: found {part.strip()!r}; "
                "expected numbers such as 0.1,0.2 or, with decimal commas, 0,1;0,2"
            )
        rates.append(rate)
    return rates


def _verify_built(path: Path) -> None:
    def verify() -> Result:
        with progress.shown():
            (found,) = verify_subject(read_subject(path), [engines.EMBEDDED], perturbations=0)
        return found

    result = verify_written(path, verify, _print)
    sensitive = "".join(f"; {remark}" for remark in _sensitive(result))
    say(
        f"verified {result.formulas:,} formulas with {result.engine}: "
        f"largest difference to NumPy {result.largest_difference:.1e}{sensitive}"
    )


def _engines(name: str) -> Sequence[Engine]:
    if name == "auto":
        found = engines.installed()
        say(f"engines: {', '.join(each.version() for each in found)}", err=True)
        return found
    chosen = engines.engine(name)
    chosen.require()
    return [chosen]


def _print(result: Result) -> None:
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
    for sheet in result.sheets:
        if sheet.findings:
            more = len(sheet.findings) - 1
            line = f"{sheet.findings[0]}" + (f" (and {more:,} more)" if more else "")
            say(line)
    for line in (*_sensitive(result), *(() if result.perturbation else _remarks(result))):
        say(line, err=True)


def _sensitive(result: Result) -> Iterable[str]:
    """Yield at most one line that says which cells are off by rounding that has grown."""
    found = [
        f"{len(sheet.sensitive):,} cells on {sheet.sheet}, the first in {sheet.sensitive[0]}"
        for sheet in result.sheets
        if sheet.sensitive
    ]
    if found:
        listed = "; ".join(found)
        yield (
            f"sensitive to rounding: {listed}: "
            f"moving the initial weights by {MOVE:g} moves them as well"
        )


def _remarks(result: Result) -> Iterable[str]:
    for sheet in result.sheets:
        for cells, what, which in (
            (sheet.extra, "not verified", f"on {sheet.sheet} that build did not write"),
            (sheet.reworded, "worded differently, with the same result", f"on {sheet.sheet}"),
        ):
            if cells:
                yield f"{what}: {len(cells):,} formulas {which}, the first in {cells[0]}"
