"""Starts or resumes a training with the options of the command line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from cnn.data.data_sources import format_of, measured, read_source
from cnn.data.idx_files import MNIST, MissingError
from cnn.data.images import DataSet
from cnn.data.sample_digits import SAMPLE
from cnn.model_names import is_own, label, located, origin
from cnn.own_model import require_trainable, source_checksum
from cnn.training.config import (
    DATA_FOLDER,
    FIRST_EPOCHS,
    LAST,
    MODEL_SOURCE,
    TARGET,
    TEACHERS,
    Config,
    describe,
    described_folder,
    load,
    most_threads,
    new_model,
    remembered_folder,
    require_fitting,
    versions,
)
from cnn.training.devices import device_of
from cnn.training.distillation import Teachers, teachers_of
from cnn.training.processes import Processes
from cnn.training.pruning import fewest
from cnn.training.recipe_options import changed, read_recipe, values_of
from cnn.training.recipes import Recipe, recipe_of
from cnn.training.run import Line, Run, State
from cnn.training.speed import keep_freed_memory, thread_count
from cnn.training.train import batch_count, train
from cnn.training.training_progress import Report, report_for
from sheetgen.console.interruption import Terminated
from sheetgen.console.terminal import say
from sheetgen.errors import InputError
from sheetgen.files.locking import reserved

DEFAULT_MODEL = "fast"
RUNS = Path("output/runs")


@dataclass(frozen=True)
class Options:
    """The options of the command line; None for each that is not given."""

    model: str | None = None
    recipe: Mapping[str, object] = field(default_factory=dict)
    """The settings of the recipe that are given, by their names."""
    recipe_file: Path | None = None
    """A TOML file with more of them."""
    data: str | None = None
    """The name of the data, or its folder."""
    data_dir: Path | None = None
    sample: bool = False
    run: Path | None = None
    seed: int | None = None
    device: str | None = None
    resume: bool = False
    threads: int | None = None
    limit: int | None = None
    hold_out: int | None = None
    keep: str | None = None
    target: float | None = None
    """The test accuracy that the run is meant to reach."""

    @property
    def path(self) -> Path:
        """The run's directory."""
        # A name that is none is refused later.
        name = Path(label(self.model or DEFAULT_MODEL)).name
        return self.run or RUNS / (name or "model")

    @property
    def changes(self) -> dict[str, object]:
        """The settings of the recipe that differ from the model's. Raises `InputError`."""
        from_file = read_recipe(self.recipe_file) if self.recipe_file else {}
        return from_file | dict(self.recipe)

    def changed(self, recipe: Recipe, changes: Mapping[str, object]) -> Recipe:
        """Return a recipe with some of the changes. Raises `InputError` for unusable ones."""
        given = {name: value for name, value in changes.items() if name in self.recipe}
        return changed(recipe, changes, given, self.recipe_file)

    @property
    def source(self) -> tuple[str | None, Path | None]:
        """The kind of the data and its folder; None for what no option names."""
        if self.sample:
            for option, value in (("--data", self.data), ("--data-dir", self.data_dir)):
                if value is not None:
                    raise InputError(f"--sample and {option} exclude each other")
            return SAMPLE, None
        if self.data is None:
            return None, self.data_dir
        kind, folder = read_source(self.data)
        if folder is not None and self.data_dir is not None:
            raise InputError(f"--data {folder} says where the data is; leave --data-dir out")
        return kind, folder or self.data_dir


@dataclass(frozen=True)
class Finished:
    """A completed training."""

    run: Run
    config: Config
    log: list[Line]


def start(
    options: Options, processes: Processes, watch: Callable[[], None] | None = None
) -> Finished:
    """Train with the options, in this process together with any others.

    After each epoch, once it is recorded, `watch` is called in the main process.

    Raises `InputError` for unusable options or a run that another process is training, `RunError`
    if the training fails and `KeyboardInterrupt` on Ctrl-C, once the finished epochs are recorded.
    """
    run = Run(options.path)
    processes.from_main(run.require_possible_name)
    with processes.holding(lambda: reserved(run.path)):
        return _start(options, run, processes, watch)


def _start(
    options: Options, run: Run, processes: Processes, watch: Callable[[], None] | None
) -> Finished:
    stored = processes.from_main(lambda: _stored(options, run))
    keep_freed_memory()
    config = processes.together(lambda: _config(options, stored, processes))
    torch.set_num_threads(config.threads)
    data = processes.first_on_each_machine(lambda: _data(options, run, config, stored))
    config = replace(config, image_format=data.train.format)
    size = config.recipe.batch_size
    least = fewest(len(data.train), config.recipe.pruned)
    processes.together(lambda: batch_count(least, size, processes.count))
    device = processes.together(lambda: device_of(config.device, processes))
    teachers = processes.together(lambda: teachers_of(config, device))
    checkpoint = processes.from_main(lambda: _open(options, run, config, data, stored, teachers))
    done = len(checkpoint["log"]) if checkpoint else 0
    report = report_for(config, data.train, done, watch) if processes.is_main else Report()
    try:
        log = train(config, data.to(device), run, processes, report, checkpoint, teachers)
    except (KeyboardInterrupt, Terminated):
        report.close()
        if processes.is_main:
            say("", err=True)
            say(_what_is_safe(run), err=True)
        raise
    finally:
        report.close()
    return Finished(run, config, log)


def _what_is_safe(run: Run) -> str:
    if run.checkpoint.exists():
        return f"the finished epochs are safe in {run.path}; continue with --resume"
    return f"no epoch is finished in {run.path}; the same command starts it again"


def _stored(options: Options, run: Run) -> dict[str, Any] | None:
    """Return the configuration of the run to resume, None for a new one."""
    if options.resume and run.is_started():
        return run.read_config()
    run.require_free()
    if options.resume:
        raise run.missing()
    return None


def _config(options: Options, stored: dict[str, Any] | None, processes: Processes) -> Config:
    """Return the configuration of a new run, or the stored one if the options agree with it."""
    if stored is None:
        return _new_config(options, processes)
    config = Config.from_dict(stored, Run(options.path).config)
    changes = options.changes
    if config.recipe.schedule == "constant" and "epochs" in changes:
        longer = options.changed(config.recipe, {"epochs": changes.pop("epochs")})
        config = replace(config, recipe=longer)
    names = ("model", "seed", "limit", "hold_out", "threads", "keep")
    stored_values = {**vars(config), **values_of(config.recipe)}
    asked: dict[str, object] = {name: getattr(options, name) for name in names} | changes
    if options.model and is_own(options.model):
        asked["model"] = located(options.model)
    asked["data"], folder = options.source
    if folder is not None and config.data == SAMPLE:
        asked["data"] = MNIST.name
    asked["device"] = None if options.device == "auto" else options.device
    asked["processes"] = processes.count
    for name, value in asked.items():
        label = name.replace("_", " ")
        was = stored_values[name]
        if value is not None and value != was:
            advice = _why_not_longer(value) if name == "epochs" else ""
            advice = advice or (
                "continue it without changes, or name another folder with --run"
                if Run(options.path).has_finished_epochs()
                else "no epoch of it is finished: without --resume it starts again"
            )
            raise InputError(
                f"the run in {options.path} began with {label} {was}, not {value}; {advice}"
            )
    return config


def _why_not_longer(epochs: object) -> str:
    return (
        "its learning rate falls to 0 in the last of them, so that none can follow; train anew, "
        f"in another folder with --run, for {epochs} or with --schedule constant"
    )


def _new_config(options: Options, processes: Processes) -> Config:
    model = options.model or DEFAULT_MODEL
    kind, folder = options.source
    kind = kind or MNIST.name
    image_format = format_of(kind, folder)
    if options.threads is not None and options.threads > most_threads():
        raise InputError(
            f"--threads is {options.threads}; expected at most {most_threads()} on this machine"
        )
    most = min(torch.get_num_threads(), most_threads())
    device = options.device or "auto"
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    device_of(device, processes)
    config = Config(
        model=located(model) if is_own(model) else model,
        recipe=options.changed(recipe_of(model), options.changes),
        seed=options.seed or 0,
        data=kind,
        limit=options.limit,
        hold_out=options.hold_out or 0,
        device=device,
        threads=most if options.threads is None else options.threads,
        processes=processes.count,
        image_format=image_format,
        keep=options.keep or LAST,
    )
    built = new_model(config)
    if is_own(model):
        require_trainable(model, built, image_format.shape, len(image_format.classes))
    return _with_free_threads(config) if options.threads is None else config


def _with_free_threads(config: Config) -> Config:
    threads = thread_count(config)
    if threads < config.threads:
        say(
            f"another process is busy here: {threads} thread of {config.threads} is faster now "
            f"(--threads {config.threads} uses all)",
            err=True,
        )
    return replace(config, threads=threads)


def _data(options: Options, run: Run, config: Config, stored: dict[str, Any] | None) -> DataSet:
    """Return the images of a new run, or of the one whose configuration is stored."""
    _, folder = options.source
    if stored is not None:
        data = load(config, folder, remembered_folder(stored, run.config))
        require_fitting(data.train.format, config)
        return data.formatted(config.image_format)
    try:
        data = load(config, folder)
    except MissingError as error:
        if config.data != MNIST.name:
            raise
        raise MissingError(f"{error}, or try the 5,000 digits of --sample") from error
    return measured(data)


def _is_of(described: object, config: Config, run: Run) -> bool:
    """Return whether a checkpoint's configuration is that of the run.

    At a constant rate it does not depend on the number of all epochs, which may have changed.
    """
    try:
        found = Config.from_dict(described, run.checkpoint) if isinstance(described, dict) else None
    except InputError:
        return False
    if found and found.recipe.schedule == "constant":
        found = replace(found, recipe=changed(found.recipe, {"epochs": config.recipe.epochs}))
    return found == config


def _open(
    options: Options,
    run: Run,
    config: Config,
    data: DataSet,
    stored: dict[str, Any] | None,
    teachers: Teachers | None,
) -> State | None:
    """Create the run's directory, or return the checkpoint of the run to resume."""
    _, folder = options.source
    taught = {TEACHERS: teachers.checksums} if teachers else {}
    if stored is None:
        run.create(describe(config, data, folder, options.target) | taught)
        return None
    if stored.get("data_checksums") != data.checksums:
        raise InputError(f"the run in {run.path} was trained on other data")
    if stored.get(TEACHERS) != taught.get(TEACHERS):
        raise InputError(f"the run in {run.path} began with other weights of its teachers")
    if stored.get("versions") != versions():
        warning = "this machine or its packages changed: the last bits of the weights may differ"
        say(warning, err=True)
    if is_own(config.model) and stored.get(MODEL_SOURCE) != source_checksum(config.model):
        say(f"{origin(config.model)} has changed since the run began", err=True)
    run.require_checkpoint()
    checkpoint = run.read_checkpoint()
    if checkpoint is not None and not _is_of(checkpoint["config"], config, run):
        raise InputError(f"{run.checkpoint} belongs to a different run than {run.config}")
    done, epochs = len(checkpoint["log"]) if checkpoint else 0, config.recipe.epochs
    if done > epochs:
        name = "--epochs" if "epochs" in options.recipe else "epochs"
        found = f"{name} is {epochs}, but {run.path} has {done} finished epochs"
        raise InputError(f"{found}; expected {done} or more")
    described = stored | ({} if folder is None else {DATA_FOLDER: described_folder(config, folder)})
    if options.target is not None:
        described |= {TARGET: options.target}
    if epochs != (first := stored["recipe"]["epochs"]):
        # Nothing that an older run lacks is added: by its settings its sheet is known.
        described |= {"recipe": stored["recipe"] | {"epochs": epochs}}
        described.setdefault(FIRST_EPOCHS, first)
    described.setdefault(DATA_FOLDER, described_folder(config, folder))
    if described != stored:
        run.write_config(described)
    if done < epochs:
        run.discard_weights()
    # A process killed between writing checkpoint and log has left the log one line short.
    run.write_log(checkpoint["log"] if checkpoint else [])
    return checkpoint
