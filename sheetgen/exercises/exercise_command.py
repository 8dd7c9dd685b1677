"""The console commands `sheetgen exercise` and `sheetgen grade`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from sheetgen.commands import PATH
from sheetgen.exercises.assignment.exercise import TOPICS, Student
from sheetgen.exercises.grading.grade import grade as grade_files
from sheetgen.exercises.grading.marks import as_json, check_marks, lines, save_marks
from sheetgen.exercises.key import read_key
from sheetgen.exercises.make import Made, make_exercise
from sheetgen.spreadsheet import engines
from sheetgen.template import template


@click.command()
@click.argument("source", metavar="[TEMPLATE]", default="era-v1")
@click.option(
    "--topic",
    type=click.Choice(TOPICS),
    default="all",
    show_default=True,
    help="The part of an iteration to ask for.",
)
@click.option(
    "--level",
    type=click.IntRange(1, 3),
    default=1,
    show_default=True,
    metavar="N",
    help="How much to leave blank.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default="0",
    metavar="N",
    help="Draws the numbers; the same seed gives the same numbers.",
)
@click.option(
    "--students",
    type=PATH,
    metavar="CSV",
    help="Make a workbook for each student of this list, with a column name and, if wanted, seed.",
)
@click.option("--solution", is_flag=True, help="Also write the teacher's copy.")
@click.option("--force", is_flag=True, help="Overwrite files that are there, answers included.")
@click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    metavar="FILE|DIR",
    help="The workbook; with --students the folder for all of them.",
)
def exercise(
    source: str,
    topic: str,
    level: int,
    seed: int,
    students: Path | None,
    solution: bool,
    force: bool,
    output: Path,
) -> None:
    """Write an exercise with blanks that marks itself.

    TEMPLATE is a built-in name or a TOML file. Level 1 leaves one cell of each column blank, level
    2 every other column, level 3 all that follows from the inputs and the first weights. Each
    student gets other numbers. The key for `sheetgen grade` is saved beside the workbooks.

    \b
    Examples:
      sheetgen exercise -o exercise.xlsx
      sheetgen exercise era-v2 --topic backward --level 2 --solution -o backward.xlsx
      sheetgen exercise --students names.csv --solution -o class
    """  # noqa: D301
    with _progress() as progress:
        made = make_exercise(
            template.load(source),
            output,
            topic=topic,
            level=level,
            seed=seed,
            students=students,
            solution=solution,
            force=force,
            progress=progress,
        )
    _report(made, output)


def _report(made: Made, output: Path) -> None:
    for saved in (*made.workbooks, *made.solutions, made.key):
        if saved.reason:
            click.echo(f"saved as {saved.path}, as {saved.reason}", err=True)
    for seed, students in groupby(sorted(made.students, key=_seed), key=_seed):
        alike = [student.name for student in students]
        if len(alike) > 1:
            names = f"{', '.join(alike[:-1])} and {alike[-1]}"
            click.echo(f"{names} have the same seed, {seed}, and so the same numbers", err=True)
    blanks = len(made.exercise.blanks)
    if len(made.workbooks) > 1:
        more = f" and {len(made.solutions)} solutions" if made.solutions else ""
        click.echo(f"wrote {len(made.workbooks)} exercises of {blanks} blanks{more} to {output}")
    else:
        click.echo(f"wrote {made.workbooks[0].path}, {blanks} blanks")
        for saved in made.solutions:
            click.echo(f"wrote {saved.path}, the teacher's copy")
    if made.exercise.lacks_update:
        rows = made.exercise.template.batch_size
        click.echo(f"without the update: the weights change after {rows} rows only, a batch")
    click.echo(f"wrote {made.key.path}, for sheetgen grade")
    formulas = sum(result.formulas for result in made.results)
    largest = max(result.largest_difference for result in made.results)
    click.echo(
        f"verified {formulas:,} formulas of {len(made.results)} workbooks with "
        f"{made.results[0].engine}: largest difference to NumPy {largest:.1e}"
    )


def _seed(student: Student) -> int:
    return student.seed


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("workbooks")
        yield lambda done, total: bar.update(task, completed=done, total=total)


@click.command()
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--key", type=PATH, required=True, metavar="FILE", help="The key of the exercise or the class."
)
@click.option("--csv", "csv_path", type=PATH, metavar="FILE", help="Also save the marks as CSV.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the results as JSON.")
@click.option(
    "--engine",
    "name",
    metavar="NAME",
    default=engines.EMBEDDED.name,
    show_default=True,
    help="ironcalc, formualizer or libreoffice.",
)
def grade(
    files: tuple[Path, ...], key: Path, csv_path: Path | None, json_wanted: bool, name: str
) -> None:
    """Grade the exercises that students handed in.

    Only the answers count: they are recalculated in a workbook made from the key. The exit code is
    0 if everything is right, 1 if a mark is lost, 2 if a file cannot be read and no mark is lost.

    \b
    Examples:
      sheetgen grade --key exercise.key.json exercise.xlsx
      sheetgen grade --key class/class.key.json class/*.xlsx --csv marks.csv
    """  # noqa: D301
    read = read_key(key)
    engine = engines.engine(name)
    if csv_path:
        check_marks(csv_path)
    graded = []
    for each in grade_files(read, files, engine):
        graded.append(each)
        if not json_wanted:
            for line in lines(each):
                click.echo(line, err=bool(each.error))
    if json_wanted:
        click.echo(json.dumps([as_json(each) for each in graded], ensure_ascii=False))
    if csv_path:
        saved = save_marks(csv_path, read.exercise, graded)
        why = f", as {saved.reason}" if saved.reason else ""
        click.echo(f"wrote {saved.path}{why}", err=True)
    if any(each.has_failed or not (each.error or each.is_full) for each in graded):
        raise click.exceptions.Exit(1)
    if any(each.error for each in graded):
        raise click.exceptions.Exit(2)
