"""Compares our training loop with a plain notebook loop, and our networks' training times.

    python benchmarks/train_speed.py --data-dir DIR [--busy] [--rounds N] [--steps N]
    python benchmarks/train_speed.py --data-dir DIR --recipes fast sprint [--rounds N] [--threads N]

The notebook loop has the same maths. It reads MNIST through a DataLoader with ToTensor and
Normalize: one process, the default memory format, torch's own dropout, `zero_grad`, `backward`,
`step`. Both train the same network with the same recipe; each round times `--steps` steps of each
in turn. With `--busy` another process computes meanwhile. The notebook's process has PyTorch's
defaults; ours prepares itself as `cnn train` does, and chooses its threads.

Then it compares how long trainings of ours take: whole ones of `fast` and `sprint` by `cnn train`,
in turn, and of the other networks a part of the first and of the second epoch, whose time it gives
for all epochs, without tests, in seconds of the clock and of the processor. With `--recipes` it
does only the latter, for these networks, and compares them with the first. With `--threads` ours
does not choose its threads.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

MODELS = ("era-v1", "era-v2")
WHOLE = ("fast", "sprint")
RECIPES_COMPARED = ("fast", "best", "tiny", "nano", *MODELS)

IMAGES = 60_000
"""Of MNIST's training set."""

PART = 15_360
"""Images that are timed of an epoch: whole batches of 64, 128 and 256."""


def plain(model_name: str, steps: int, data_dir: Path) -> tuple[float, float]:
    """Return the seconds of the notebook's steps, of the clock and of the processor."""
    from itertools import islice  # noqa: PLC0415

    import torch  # noqa: PLC0415

    from cnn.models import build_model  # noqa: PLC0415
    from cnn.torch_loading import import_mnist  # noqa: PLC0415
    from cnn.training.recipes import RECIPES  # noqa: PLC0415

    mnist = import_mnist()
    from torchvision import transforms  # noqa: PLC0415

    recipe = RECIPES[model_name]
    scale = [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    digits = mnist.MNIST(data_dir, train=True, transform=transforms.Compose(scale))
    loader = torch.utils.data.DataLoader(digits, batch_size=recipe.batch_size, shuffle=True)
    model = build_model(model_name)
    model.train()
    optimizer = torch.optim.SGD(
        model.parameters(), lr=recipe.learning_rate, momentum=recipe.momentum
    )

    def run(count: int) -> None:
        for images, labels in islice(loader, count):
            optimizer.zero_grad()
            torch.nn.functional.nll_loss(model(images), labels).backward()
            optimizer.step()

    run(3)
    start = time.perf_counter(), time.process_time()
    run(steps)
    return time.perf_counter() - start[0], time.process_time() - start[1]


def ours(
    model_name: str, steps: int, data_dir: Path, threads: int | None = None
) -> tuple[float, float]:
    """Return the seconds of `cnn train` for the same number of steps, as `plain` does.

    It is the mean over the epochs: after the first one a recipe may leave images out.
    """
    from cnn.torch_loading import wait_briefly  # noqa: PLC0415

    wait_briefly()
    import torch  # noqa: PLC0415

    from cnn.data.idx_files import MNIST, load_idx  # noqa: PLC0415
    from cnn.training.config import Config  # noqa: PLC0415
    from cnn.training.processes import Interruption, Processes  # noqa: PLC0415
    from cnn.training.recipes import RECIPES  # noqa: PLC0415
    from cnn.training.speed import keep_freed_memory, thread_count  # noqa: PLC0415
    from cnn.training.train import Training  # noqa: PLC0415
    from cnn.training.training_progress import Report  # noqa: PLC0415

    keep_freed_memory()
    recipe = RECIPES[model_name]
    digits = load_idx(MNIST, data_dir)
    config = Config(model_name, recipe, 0, "mnist", None, 0, "cpu", torch.get_num_threads(), 1)
    torch.set_num_threads(threads or thread_count(config))

    def timed(training: Training) -> tuple[float, float]:
        start = time.perf_counter(), time.process_time()
        with Interruption() as interruption:
            line, _ = training.epoch(Report(), interruption)
        training.log.append(line)
        return time.perf_counter() - start[0], time.process_time() - start[1]

    warm, part = (digits.limit(count * recipe.batch_size).train for count in (3, steps))
    timed(Training(config, Processes(), warm))
    training = Training(config, Processes(), part)
    first, second = timed(training), timed(training)
    clock, processor = (
        (one + (recipe.epochs - 1) * other) / recipe.epochs
        for one, other in zip(first, second, strict=True)
    )
    return clock, processor


def measure(
    which: str, model: str, steps: int, arguments: argparse.Namespace
) -> tuple[float, float]:
    """Time one of the loops in its own process; return the seconds of all steps."""
    environment = dict(os.environ)
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        environment.pop(name, None)
    line = [sys.executable, __file__, "--only", which, model, "--steps", str(steps)]
    line += ["--data-dir", str(arguments.data_dir)]
    line += ["--threads", str(arguments.threads)] if arguments.threads else []
    result = subprocess.run(line, env=environment, check=True, capture_output=True, text=True)
    clock, processor = json.loads(result.stdout)
    return clock, processor


def compare(model: str, arguments: argparse.Namespace) -> None:
    """Compare our loop with the notebook's."""
    rounds = [
        [measure(which, model, arguments.steps, arguments) for which in ("plain", "ours")]
        for _ in range(arguments.rounds)
    ]
    notebook, own = (
        1000 * statistics.median(pair[which][0] for pair in rounds) / arguments.steps
        for which in (0, 1)
    )
    clock, processor = (
        statistics.median(other[kind] / one[kind] for other, one in rounds) for kind in (0, 1)
    )
    print(
        f"{model}: notebook {notebook:.0f} ms a step, ours {own:.0f} ms: {clock:.1f} times faster, "
        f"{processor:.1f} times less of the processor"
    )


def trained(model: str, arguments: argparse.Namespace) -> float:
    """Return the seconds of all epochs of a training by `cnn train`, without its tests."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        line = [sys.executable, "-m", "cnn", "train", "--model", model, "--no-live"]
        line += ["--data-dir", str(arguments.data_dir), "--run", str(run)]
        line += ["--workbook", str(Path(folder) / "log.xlsx")]
        line += ["--threads", str(arguments.threads)] if arguments.threads else []
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
        epochs = (run / "log.jsonl").read_text().splitlines()
    return sum(json.loads(epoch)["seconds"] for epoch in epochs)


def compare_whole(models: Sequence[str], arguments: argparse.Namespace) -> None:
    """Compare whole trainings with those of the first network."""
    first, *others = models
    rounds = [
        {model: trained(model, arguments) for model in models} for _ in range(arguments.rounds)
    ]
    for model in others:
        ratio = statistics.median(one[model] / one[first] for one in rounds)
        taken = ", ".join(f"{one[model]:.1f} and {one[first]:.1f}" for one in rounds)
        print(f"{model}, whole trainings: {ratio:.2f} of {first}'s time ({taken} s)")


def compare_recipes(models: Sequence[str], arguments: argparse.Namespace) -> None:
    """Compare whole trainings with the first network's."""
    from cnn.training.recipes import RECIPES  # noqa: PLC0415

    found: dict[str, list[tuple[float, float]]] = {model: [] for model in models}
    for _ in range(arguments.rounds):
        for model in models:
            recipe = RECIPES[model]
            part = measure("ours", model, PART // recipe.batch_size, arguments)
            clock, processor = (each * recipe.epochs * IMAGES / PART for each in part)
            found[model].append((clock, processor))
    for model, rounds in found.items():
        pairs = list(zip(rounds, found[models[0]], strict=True))
        seconds = [statistics.median(own[kind] for own in rounds) for kind in (0, 1)]
        ratios = [
            statistics.median(own[kind] / first[kind] for own, first in pairs) for kind in (0, 1)
        ]
        print(
            f"{model}: {RECIPES[model].epochs} epochs in {seconds[0]:.1f} s, of the processor "
            f"{seconds[1]:.1f} s: {ratios[0]:.2f} and {ratios[1]:.2f} of {models[0]}'s"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--recipes", nargs="+", metavar="MODEL")
    parser.add_argument("--only", nargs=2, metavar=("LOOP", "MODEL"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        loop, model = arguments.only
        settings = (model, arguments.steps, arguments.data_dir)
        seconds = plain(*settings) if loop == "plain" else ours(*settings, arguments.threads)
        print(json.dumps(seconds))
        return
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if arguments.busy else None
    try:
        if not arguments.recipes:
            for model in MODELS:
                compare(model, arguments)
            compare_whole(WHOLE, arguments)
        compare_recipes(arguments.recipes or RECIPES_COMPARED, arguments)
    finally:
        if busy:
            busy.kill()


if __name__ == "__main__":
    main()
