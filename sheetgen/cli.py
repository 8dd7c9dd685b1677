"""The console command `sheetgen`.

What a command needs is imported inside it, here and in the modules that have other commands:
`--help` should not wait for NumPy, nor `check` for what writes workbooks.
"""

import math
import os
from pathlib import Path

import click

from sheetgen.check.check_command import check
from sheetgen.console import progress
from sheetgen.console.commands import PATH, CommandGroup
from sheetgen.console.terminal import say, shown
from sheetgen.errors import InputError
from sheetgen.exercises.exercise_command import exercise, grade
from sheetgen.verification.verify_command import verify, verify_built
from sheetgen.version import __version__

OUTPUT = Path("output/backprop.xlsx")
SHEETS = click.option(
    "--sheet",
    "sheets",
    multiple=True,
    metavar="NAME",
    help="Only this sheet; may be repeated.  [default: all]",
)


@click.group(cls=CommandGroup, context_settings={"show_default": True})
@click.version_option(__version__, prog_name="sheetgen")
def main() -> None:
    """Neural networks as live spreadsheet formulas, verified against NumPy.

    \b
    Example:
      sheetgen build && sheetgen verify output/backprop.xlsx
    """  # noqa: D301
    # NumPy is imported by the commands; a thread for each processor, which its linear algebra would
    # start then, takes longer to start than all that it would do.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@main.command()
@click.argument("source", metavar="[TEMPLATE]", default="era-v1")
@click.option(
    "-o", "--output", type=PATH, default=OUTPUT, metavar="FILE", help="The workbook to write."
)
@click.option(
    "--learning-rates",
    metavar="LIST",
    help='The learning rates, such as 0.1,0.2 or "0,1;0,2".  [default: the template\'s]',
)
@click.option(
    "--iterations",
    type=int,
    metavar="N",
    help="The number of updates: rows 0 to N.  [default: the template's]",
)
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
      sheetgen build xor --learning-rates 0.5,1 -o output/xor.xlsx
    """  # noqa: D301
    from sheetgen.template import template  # noqa: PLC0415
    from sheetgen.workbook.build import build_workbook  # noqa: PLC0415
    from sheetgen.workbook.extent import MANY, announcement, formulas_of  # noqa: PLC0415

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
        verify_built(built)


@main.command()
def templates() -> None:
    """List the built-in templates.

    \b
    Example:
      sheetgen templates
    """  # noqa: D301
    from sheetgen.template import template  # noqa: PLC0415

    for name in template.built_in():
        chosen = template.load(name)
        say(f"{name:<8}  {chosen.title}. {chosen.description}")


@main.command()
@click.argument("file", type=PATH)
@click.option("-o", "--output", type=PATH, metavar="DIR", help="The folder for the pictures.")
@click.option("--html", type=PATH, metavar="PAGE", help="The HTML file to write.")
@SHEETS
def render(file: Path, output: Path | None, html: Path | None, sheets: tuple[str, ...]) -> None:
    """Draw every sheet of a workbook as a picture, or all of them as one HTML page.

    LibreOffice draws the print area of each visible sheet, all at the same scale, as
    DIR/<sheet>.png. PAGE is one file with the pictures, and the cells as tables, in which
    each formula is shown when the pointer is on its cell. At least one of them must be given.

    \b
    Examples:
      sheetgen render output/backprop.xlsx --html page.html
      sheetgen render output/backprop.xlsx -o pictures --sheet Overview --sheet Explorer
    """  # noqa: D301
    from sheetgen.spreadsheet.render import render as render_sheets  # noqa: PLC0415
    from sheetgen.spreadsheet.single_pages import LARGEST, WIDEST  # noqa: PLC0415

    if not (output or html):
        raise InputError("found neither -o DIR nor --html PAGE; expected one of them")
    if html:
        _save_page(file, html, sheets)
    if output:
        with progress.shown():
            pictures = render_sheets(file, output, sheets=sheets)
        for picture in pictures:
            say(picture.path)
            if picture.is_cut:
                most = f"at most {WIDEST:,} pixels wide and high and {LARGEST:,} in all"
                say(f"{picture.path} shows only the beginning of the sheet: {most}", err=True)


def _save_page(file: Path, html: Path, sheets: tuple[str, ...]) -> None:
    """Write the page of `render --html` and say so."""
    from sheetgen.spreadsheet.book.html_page import save_page  # noqa: PLC0415

    with progress.shown():
        page = save_page(file, html, sheets)
    if page.without_pictures:
        say(f"tables alone, without pictures: {page.without_pictures}", err=True)
    if page.saved.reason:
        say(f"{html} is left as it was: {page.saved.reason}.", err=True)
    say(page.saved.path)


@main.command()
@click.argument("donor", type=PATH)
@click.option("--into", type=PATH, required=True, metavar="FILE", help="The workbook to extend.")
@click.option(
    "-o", "--output", type=PATH, metavar="OUT", help="The workbook to write.  [default: FILE]"
)
@SHEETS
@click.option("--check", is_flag=True, help="Compare all parts of FILE with those of before.")
@click.option("--force", is_flag=True, help="Overwrite OUT.")
def insert(
    donor: Path, sheets: tuple[str, ...], into: Path, output: Path | None, check: bool, force: bool
) -> None:
    """Insert sheets into a workbook, which loses nothing.

    The sheets of DONOR bring their charts, pictures, notes, tables, conditional formats,
    validations and defined names. Every other part of FILE stays the same, byte for byte.

    \b
    Examples:
      sheetgen insert results.xlsx --into report.xlsx -o extended.xlsx
      sheetgen insert results.xlsx --sheet Results --into report.xlsx --check
    """  # noqa: D301
    from sheetgen.spreadsheet.insert.came_along import in_words  # noqa: PLC0415
    from sheetgen.spreadsheet.insert.insert_into import insert_sheets  # noqa: PLC0415

    found = insert_sheets(donor, into, sheets, output, force, check)
    for name, counts in found.sheets.items():
        say(f"inserted {name}: {in_words(counts)}")
    if found.names:
        say(f"defined names that came along: {', '.join(found.names)}")
    for each in found.left_out:
        say(f"left out: {each}", err=True)
    if found.kept:
        say(f"checked: {found.kept}")
    if found.saved.reason:
        say(f"{output or into} is left as it was: {found.saved.reason}.", err=True)
    say(f"wrote {shown(found.saved.path)}")


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


for command in (check, exercise, grade, verify):
    main.add_command(command)
