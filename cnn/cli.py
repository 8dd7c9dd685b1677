"""The `cnn` console command.

torch is imported inside the commands: it is an optional dependency, and `--help` should
neither need it nor wait for it. D301 is off for the help texts: click needs a backspace
character, which a raw string cannot hold, before lines that it must not rewrap.
"""

from pathlib import Path

import click

from cnn.export.export_command import DATA_DIR, WEIGHTS, export, verify
from cnn.log.placed_sheet import ALONE, BACKPROP, BUILT, put_comparison, say_log, workbook_option
from cnn.torch_loading import require_torch
from cnn.train_command import train
from cnn.training.recipe_options import recipe_text
from cnn.training.recipes import RECIPES, recipe_of
from sheetgen.console import progress
from sheetgen.console.commands import PATH, CommandGroup, suggestion
from sheetgen.console.terminal import say
from sheetgen.errors import InputError
from sheetgen.files.characters import require_possible
from sheetgen.version import __version__


@click.group(cls=CommandGroup, context_settings={"show_default": True})
@click.version_option(__version__, prog_name="cnn")
def main() -> None:
    """Small convolutional networks for images: train them, log them, see them in a workbook.

    \b
    Example:
      cnn summary era-v2
    """  # noqa: D301


@main.command()
def models() -> None:
    """List the built-in networks with their parameter counts.

    \b
    Example:
      cnn models
    """  # noqa: D301
    require_torch()
    from cnn.models import DESCRIPTIONS, MODELS, parameter_count  # noqa: PLC0415

    for name, build in MODELS.items():
        count = parameter_count(build())
        say(f"{name:<6}  {count:>8,} parameters  {DESCRIPTIONS[name]}")


@main.command()
@click.argument("model")
@click.option("--data", metavar="NAME|FOLDER", help="The data to train on, as for `cnn train`.")
def summary(model: str, data: str | None) -> None:
    """Print the layer table of a network.

    MODEL is one that `cnn models` lists, or your own, as for `cnn train`. The table has each
    layer's type, output shape (-1 is the batch), parameters and receptive field in input pixels.

    \b
    Examples:
      cnn summary era-v2
      cnn summary net.py:Net --data photos
    """  # noqa: D301
    require_torch()
    from cnn.data.data_sources import format_of, read_source  # noqa: PLC0415
    from cnn.data.images import MNIST_FORMAT  # noqa: PLC0415
    from cnn.models import build_model  # noqa: PLC0415
    from cnn.summary import summarize  # noqa: PLC0415

    images = MNIST_FORMAT if data is None else format_of(*read_source(data))
    network = build_model(model, images.shape, len(images.classes))
    for line in str(summarize(network, images.shape)).splitlines():
        say(line)


@main.command()
@click.argument("model")
def recipes(model: str) -> None:
    """Print the recipe of a network as a TOML file to copy.

    MODEL is one that `cnn models` lists, or your own, as for `cnn train`.

    \b
    Example:
      cnn recipes fast > mine.toml
    """  # noqa: D301
    if ":" not in model and model not in RECIPES:
        raise InputError(f'there is no model "{model}"; {suggestion(model, RECIPES)}')
    for line in recipe_text(model, recipe_of(model)).splitlines():
        say(line)


BEST_OPTION = click.option(
    "--best",
    multiple=True,
    metavar="METRIC=max|min",
    help="Which of a metric's values is best, where its name does not tell, such as gain=max; may "
    "be repeated.",
)


@main.command()
@click.argument("run", type=PATH, metavar="RUN|METRICS")
@workbook_option("log's sheet", f"for a RUN {BUILT}; for METRICS {ALONE}")
@DATA_DIR
@click.option(
    "--target",
    metavar="METRIC=VALUE",
    help="What a metric of METRICS is meant to reach, such as val_acc=0.94.",
)
@BEST_OPTION
@click.option("--title", metavar="TEXT", help="The title of METRICS.  [default: the file's name]")
def log(
    run: Path,
    workbook: Path,
    data_dir: Path | None,
    target: str | None,
    best: tuple[str, ...],
    title: str | None,
) -> None:
    """Put the log of a training into a workbook as a sheet.

    RUN is the folder of a run of `cnn train`. METRICS is a CSV file with a row for each epoch
    (of Lightning's or Keras' CSVLogger, Ultralytics, TensorBoard's export), a JSON Lines file, or
    the journal of a `cnn.WorkbookLog`.

    \b
    Examples:
      cnn log output/runs/fast --workbook output/backprop.xlsx
      cnn log lightning_logs/version_0/metrics.csv --workbook runs.xlsx --target val_acc=0.94
    """  # noqa: D301
    if not run.exists():
        raise InputError(
            f"there is nothing at {run}; expected the folder of a run or a file of metrics"
        )
    if run.is_dir():
        for option, value in (("--target", target), ("--best", best), ("--title", title)):
            if value:
                raise InputError(f"{option} is for a file of metrics, but {run} is a folder")
        from cnn.log.run_log import put_into_workbook  # noqa: PLC0415

        with progress.shown():
            placed = put_into_workbook(run, workbook, data_dir)
    else:
        from cnn.log.add_log import add_log, require_usable  # noqa: PLC0415
        from cnn.log.metrics_file import read_best, read_metrics, read_target  # noqa: PLC0415

        require_usable(workbook)
        goal = read_target(target) if target is not None else None
        directions = read_best(best)
        with progress.shown():
            metrics = read_metrics(run, title or "", goal, directions)
            placed = add_log(metrics, run, workbook, workbook != BACKPROP)
    say_log(placed, run, workbook)


@main.command()
@click.argument("runs", type=PATH, nargs=-1, metavar="RUN|METRICS|SHEET...", required=True)
@workbook_option("comparison", ALONE)
@BEST_OPTION
@click.option("--title", default="Comparison", metavar="TEXT", help="The title of the sheet.")
def compare(runs: tuple[Path, ...], workbook: Path, best: tuple[str, ...], title: str) -> None:
    """Compare trainings on a sheet of a workbook.

    Each is the folder of a run of `cnn train`, a file of metrics, as for `cnn log`, the name of
    a sheet of FILE with a log, or a workbook, for all logs in it. Trainings whose settings are the
    same but for the seed are a group, with mean, standard deviation and 95% interval. A cell of
    the sheet chooses the metric.

    \b
    Examples:
      cnn compare output/runs/fast-* --workbook runs.xlsx
      cnn compare runs.xlsx --workbook runs.xlsx --title "All of them"
    """  # noqa: D301
    from cnn.log.add_log import require_usable  # noqa: PLC0415
    from cnn.log.metrics_file import read_best  # noqa: PLC0415

    require_possible(title, "--title")
    directions = read_best(best)
    require_usable(workbook)
    title, alone = title.strip() or "Comparison", workbook != BACKPROP
    put_comparison(runs, workbook, title, alone, directions)


@main.command()
@click.argument("run", type=PATH)
@DATA_DIR
@WEIGHTS
def evaluate(run: Path, data_dir: Path | None, weights: str) -> None:
    """Test the network of a run.

    Prints test loss, accuracy and confusion matrix; of a run with --hold-out those of its
    validation images.

    \b
    Example:
      cnn evaluate output/runs/fast
    """  # noqa: D301
    require_torch()
    from cnn.training.evaluation import confusion_lines, evaluate_run  # noqa: PLC0415

    config, result = evaluate_run(run, data_dir, weights)
    say(
        f"{config.tested_on} loss {result.loss:.4f}, accuracy {result.accuracy:.2%} "
        f"({result.right:,} of {len(result.labels):,})"
    )
    for line in confusion_lines(config.image_format, result.confusion.tolist()):
        say(line)


for command in (train, export, verify):
    main.add_command(command)
