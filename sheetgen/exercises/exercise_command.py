"""The console commands `sheetgen exercise` and `sheetgen grade`; cli.py says what they import."""

from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sheetgen.console import progress
from sheetgen.console.commands import EMBEDDED, ENGINES, PATH, jobs_option
from sheetgen.console.terminal import say, say_json, shown
from sheetgen.errors import InputError, RunError
from sheetgen.exercises.choices import MAXIMUM_SEED, TOPICS

if TYPE_CHECKING:
    from sheetgen.exercises.make import Made

SEED = click.IntRange(0, MAXIMUM_SEED)


@click.command()
@click.argument("source", metavar="[TEMPLATE]", default="era-v1")
@click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    metavar="FILE|DIR",
    help="The workbook to write or, with --students, the folder for all of them.",
)
@click.option(
    "--topic",
    type=click.Choice(TOPICS),
    default="all",
    metavar="|".join(TOPICS),
    help="What to ask for.",
)
@click.option(
    "--level", type=click.IntRange(1, 3), default=1, metavar="N", help="How much to leave blank."
)
@click.option("--seed", type=SEED, default=0, metavar="N", help="The seed of the numbers.")
@click.option(
    "--students", type=PATH, metavar="FILE", help="A CSV file with a line for each student."
)
@click.option("--solution", is_flag=True, help="Write the teacher's copy too.")
@click.option("--force", is_flag=True, help="Overwrite existing files, answers included.")
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
    2 every other column, level 3 all that follows from the inputs and the first weights. With
    --students each line of a CSV file (columns name and, if wanted, seed) gets a workbook in DIR,
    with numbers of its own. The key for `sheetgen grade` is saved beside them.

    \b
    Examples:
      sheetgen exercise --level 2 -o ada.xlsx --solution
      sheetgen exercise biases --topic backward --students names.csv -o class
    """  # noqa: D301
    from sheetgen.exercises.make import make_exercise  # noqa: PLC0415
    from sheetgen.template import template  # noqa: PLC0415

    with progress.shown():
        made = make_exercise(
            template.load(source),
            output,
            topic=topic,
            level=level,
            seed=seed,
            students=students,
            solution=solution,
            force=force,
        )
    _report(made, output)


def _report(made: "Made", output: Path) -> None:
    for saved in (*made.workbooks, *made.solutions, made.key):
        if saved.reason:
            say(f"saved as {shown(saved.path)}, as {saved.reason}", err=True)
    by_seed = defaultdict(list)
    for student in made.students:
        by_seed[student.seed].append(student.name)
    for seed, (*names, last) in sorted(by_seed.items()):
        if names:
            alike = f"{', '.join(names)} and {last}"
            say(f"{alike} have the same seed, {seed}, and so the same numbers", err=True)
    blanks = len(made.exercise.blanks)
    if len(made.workbooks) > 1:
        more = f" and {len(made.solutions)} solutions" if made.solutions else ""
        say(f"wrote {len(made.workbooks)} exercises of {blanks} blanks{more} to {output}")
    else:
        say(f"wrote {shown(made.workbooks[0].path)}, {blanks} blanks")
        for saved in made.solutions:
            say(f"wrote {shown(saved.path)}, the teacher's copy")
    if made.exercise.lacks_update:
        rows = made.exercise.template.batch_size
        say(f"without the update: the weights change after {rows} rows only, a batch")
    say(f"wrote {shown(made.key.path)}, for sheetgen grade")
    formulas = sum(result.formulas for result in made.results)
    largest = max(result.largest_difference for result in made.results)
    books = "1 workbook" if len(made.results) == 1 else f"{len(made.results)} workbooks"
    say(
        f"verified {formulas:,} formulas of {books} with "
        f"{made.results[0].engine}: largest difference to NumPy {largest:.1e}"
    )


@click.command()
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE...")
@click.option("--key", type=PATH, required=True, metavar="FILE", help="The key of the exercise.")
@click.option("--csv", "csv_path", type=PATH, metavar="FILE", help="The CSV file to write too.")
@click.option("--json", "json_wanted", is_flag=True, help="Print the results as JSON.")
@click.option("--engine", "name", metavar="NAME", default=EMBEDDED, help=f"The engine: {ENGINES}.")
@jobs_option
def grade(
    files: tuple[Path, ...],
    key: Path,
    csv_path: Path | None,
    json_wanted: bool,
    name: str,
    jobs: int,
) -> None:
    """Grade the exercises that students handed in.

    Only the answers count: they are recalculated in a workbook made from the key. A number that was
    typed as text, such as 0,05, counts as that number; a comma or a point that is there once is its
    decimal mark. Until the CSV file is complete, the marks so far are in NAME.partial.csv. The exit
    code is 0 if everything is right, 1 if a mark is lost or the grading of a file failed, 2 if a
    file cannot be read and no mark is lost.

    \b
    Example:
      sheetgen grade --key class/class.key.json handed-in/*.xlsx --csv marks.csv
    """  # noqa: D301
    from sheetgen.exercises.grading.grade import grade as grade_files  # noqa: PLC0415
    from sheetgen.exercises.grading.marks import (  # noqa: PLC0415
        as_json,
        lines,
        marks_line,
        marks_table,
    )
    from sheetgen.exercises.key import read_key  # noqa: PLC0415
    from sheetgen.spreadsheet.engines import usable  # noqa: PLC0415

    chosen = usable(name)
    read = read_key(key)
    results: list[dict[str, object]] = []
    is_full = is_readable = True
    table = marks_table(csv_path, read.exercise) if csv_path else None
    with table or nullcontext(), progress.shown():
        found = grade_files(read, files, chosen, jobs)
        for each in progress.counted(found, "grading", len(files)):
            is_full &= each.is_full or bool(each.error and not each.has_failed)
            is_readable &= not each.error
            if table:
                table.add([marks_line(read.exercise, each)])
            if json_wanted:
                results.append(as_json(each))
                continue
            with progress.paused():
                for line in lines(each):
                    say(line, err=bool(each.error))
    if json_wanted:
        say_json(results)
    if table and table.saved:
        why = f", as {table.saved.reason}" if table.saved.reason else ""
        say(f"wrote {shown(table.saved.path)}{why}", err=True)
    if not is_full:
        raise click.exceptions.Exit(RunError.exit_code)
    if not is_readable:
        raise click.exceptions.Exit(InputError.exit_code)
