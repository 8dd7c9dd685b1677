"""The training loop, on a CPU or a GPU, in one process or several."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import nll_loss
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import LambdaLR

from cnn.data.images import DataSet, Images
from cnn.model_names import is_own
from cnn.own_model import running
from cnn.training.augmentation import apply_affine, random_affine
from cnn.training.config import BEST, Config, new_model
from cnn.training.devices import longest_float, random_state, set_random_state
from cnn.training.distillation import Teachers
from cnn.training.evaluation import evaluate
from cnn.training.faster_layers import speed_up, speed_up_dropout
from cnn.training.optimizing import load_optimizer, load_schedule, moving_average, new_optimizer
from cnn.training.processes import Interruption, Processes
from cnn.training.pruning import Pruning
from cnn.training.recipes import rate_factor
from cnn.training.run import Line, Run, State
from cnn.training.tensor_files import misfit
from cnn.training.training_progress import Report
from sheetgen.errors import InputError, RunError


def train(
    config: Config,
    data: DataSet,
    run: Run,
    processes: Processes,
    report: Report,
    checkpoint: State | None = None,
    teachers: Teachers | None = None,
) -> list[Line]:
    """Train up to the configured number of epochs, recording each in the run; return the log.

    Resumes from the checkpoint, if there is one. `data` is on the device. Teachers are learned
    from beside the labels. Ctrl-C raises
    `KeyboardInterrupt` between two steps; all finished epochs are recorded then.

    Raises `RunError` if the loss is no longer finite or a file cannot be written, `InputError`
    for a checkpoint of another network.
    """
    training = Training(config, processes, data.train, teachers)
    if checkpoint:
        training.load_state(checkpoint, run.checkpoint)
    with Interruption() as interruption:
        while len(training.log) < config.recipe.epochs:
            with running(config.model):
                trained, timing = training.epoch(report, interruption)
                tested = processes.from_main(lambda: _test(training.tested_model(), data.test))
            _require_finite(trained["epoch"], trained["train_loss"], tested["test_loss"])
            training.log.append(trained | tested | {"data": config.data} | timing)
            training.keep_best()
            state = training.state()
            processes.from_main(partial(_record, run, state))
            report.epoch(training.log[-1])
        weights = training.tested_model().state_dict()
        processes.from_main(lambda: run.write_weights(weights))
        if best := training.best:
            processes.from_main(lambda: run.write_weights(best["model"], are_best=True))
    return training.log


@dataclass(frozen=True)
class Share:
    """The part of a batch that one process takes."""

    images: torch.Tensor
    """The indices among the training images, (N,) of int64."""
    inputs: torch.Tensor
    """(N, channels, height, width), normalised."""
    labels: torch.Tensor
    """(N,) of int64."""
    weights: torch.Tensor
    """How many times each image counts in the mean over the batch, divided by the sum of these
    numbers, and times the number of processes, as the processes average their gradients; (N,)."""


class Training:
    """The state of a training: everything that changes while a network is trained."""

    def __init__(
        self,
        config: Config,
        processes: Processes,
        images: Images,
        teachers: Teachers | None = None,
    ) -> None:
        """Initialise the weights; `images` are the training images."""
        recipe = config.recipe
        self.config, self.processes, self.images = config, processes, images
        self.teachers = teachers
        self.log: list[Line] = []
        self.best: State | None = None
        """The weights to keep, and the number of their epoch."""
        self.device = images.pixels.device
        self.pruning = Pruning(len(images), recipe.pruned, self.device)
        torch.manual_seed(config.seed)
        self.model = _for_training(config, self.device)
        self.parallel = self.model if processes.count == 1 else DistributedDataParallel(self.model)
        self.optimizer = new_optimizer(self.model, recipe)
        steps = sum(self._batches(epoch) for epoch in range(1, recipe.epochs + 1))
        self.schedule = LambdaLR(
            self.optimizer, lambda step: rate_factor(recipe.schedule, min(step, steps - 1), steps)
        )
        self.ema = moving_average(self.model, recipe)
        # Order and augmentation are the same in every process, as each takes its share of the
        # same batch; dropout, which draws from torch's own generator, must differ.
        self.generator = torch.Generator().manual_seed(config.seed)
        torch.manual_seed(config.seed + 1 + processes.rank)

    def tested_model(self) -> nn.Module:
        """Return the network to test and save: the moving average, if the recipe has one."""
        return self.ema.module if self.ema else self.model

    def keep_best(self) -> None:
        """Keep the weights of the last epoch if it is the best one so far, and if that is asked."""
        accuracies = [line["test_accuracy"] for line in self.log]
        if self.config.keep == BEST and accuracies[-1] > max(accuracies[:-1], default=-1):
            weights = self.tested_model().state_dict()
            model = {name: value.detach().clone() for name, value in weights.items()}
            self.best = {"epoch": len(self.log), "model": model}

    def epoch(self, report: Report, interruption: Interruption) -> tuple[Line, Line]:
        """Train on every image once, or leave out what the recipe says.

        Returns the log's fields on the result and on the speed.
        """
        self.parallel.train()
        number = len(self.log) + 1
        # The sum of the losses, the number of images classified correctly, and of all images.
        totals = torch.zeros(3, dtype=longest_float(self.device), device=self.device)
        learning_rate = 0.0
        start = time.perf_counter()
        # A last batch that not every process has a part of is left out.
        reached = self._batches(number) * self.config.recipe.batch_size
        chosen = self.pruning.choose(number, self.generator)[:reached]
        for step, share in enumerate(self._shares(chosen), start=1):
            learning_rate = self.optimizer.param_groups[0]["lr"]
            totals += self._step(share)
            if report.interval and step % report.interval == 0:
                loss, right, seen = totals.tolist()
                report.step(number, round(seen) * self.processes.count, loss / seen, right / seen)
            interruption.check()
        loss, right, seen = self.processes.add_up(totals).tolist()
        self.pruning.end_epoch(chosen, self.processes)
        seconds = time.perf_counter() - start
        trained: Line = {
            "epoch": number,
            "learning_rate": learning_rate,
            "train_loss": loss / seen,
            "train_accuracy": right / seen,
        }
        return trained, {"seconds": seconds, "samples_per_second": len(chosen) / seconds}

    def _batches(self, epoch: int) -> int:
        """Return the number of steps of an epoch."""
        count, size = self.pruning.count(epoch), self.config.recipe.batch_size
        return batch_count(count, size, self.processes.count)

    def _shares(self, chosen: torch.Tensor) -> Iterator[Share]:
        """Yield this process's part of every batch of the chosen images."""
        rank, count = self.processes.rank, self.processes.count
        images, augmentation = self.images, self.config.recipe.augmentation_of(len(self.log) + 1)
        sides = images.format.shape[1:]
        for batch in chosen.split(self.config.recipe.batch_size):
            mine = batch[rank::count]
            pixels = images.pixels[mine]
            if augmentation:
                maps = random_affine(len(batch), *sides, augmentation, self.generator)
                pixels = apply_affine(pixels.float(), maps[rank::count].to(self.device))
            inputs = images.format.normalize(pixels).contiguous(memory_format=torch.channels_last)
            weights = self.pruning.weights
            share = weights[mine] * (count / weights[batch].sum())
            yield Share(mine, inputs, images.labels[mine], share)

    def _step(self, share: Share) -> torch.Tensor:
        """Take one step; return the sum of the losses, the correctly classified and all images.

        The loss returned is the negative log-likelihood without smoothing, comparable with that
        of the test. An image that counts for several does so in all three.
        """
        on_gpu = self.device.type == "cuda"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=on_gpu):
            output = self.parallel(share.inputs)
        log_probabilities = output.float()
        losses = nll_loss(log_probabilities, share.labels, reduction="none")
        smoothing = self.config.recipe.label_smoothing
        # The cross-entropy with (1 - s) of the target on the label and s spread over the classes.
        uniform = -log_probabilities.mean(dim=1) if smoothing else 0.0
        objectives = (1 - smoothing) * losses + smoothing * uniform
        if self.teachers:
            objectives = self.teachers.objectives(objectives, share.inputs, log_probabilities)
        self.optimizer.zero_grad(set_to_none=True)
        (objectives @ share.weights).backward()
        self.optimizer.step()
        self.schedule.step()
        if self.ema:
            self.ema.update_parameters(self.model)
        losses, weights = losses.detach(), self.pruning.weights[share.images]
        self.pruning.note(share.images, losses)
        right = log_probabilities.argmax(dim=1) == share.labels
        # Summed alike, so that all images classified correctly are exactly as many as all images.
        return (torch.stack([losses, right, torch.ones_like(losses)]) * weights).sum(dim=1)

    def state(self) -> State:
        """Return everything that `load_state` needs to resume with identical results."""
        return {
            "config": asdict(self.config),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "tested_model": self.tested_model().state_dict(),
            "ema": self.ema.state_dict() if self.ema else None,
            "best": self.best,
            "pruning": self.pruning.losses if self.config.recipe.pruned else None,
            "generator": self.generator.get_state(),
            "random_states": self.processes.gather(random_state(self.device)),
            "log": self.log,
        }

    def load_state(self, state: State, path: Path) -> None:
        """Restore a state. Raises `InputError`, naming `path`, its file, if it is not of this run.

        torch's own errors are about its insides, and list every weight.
        """
        parts: dict[str, Callable[[], object]] = {
            "model": lambda: self.model.load_state_dict(state["model"]),
            "optimizer": lambda: load_optimizer(self.optimizer, state["optimizer"]),
            "schedule": lambda: load_schedule(self.schedule, state["schedule"]),
            "ema": lambda: self.ema and self.ema.load_state_dict(state["ema"]),
            "generator": lambda: self.generator.set_state(state["generator"]),
            "random_states": lambda: set_random_state(
                state["random_states"][self.processes.rank], self.device
            ),
        }
        if self.config.keep == BEST:
            parts["best"] = lambda: self._load_best(state["best"])
        if self.config.recipe.pruned:
            parts["pruning"] = lambda: self.pruning.load(state["pruning"])
        for name, load in parts.items():
            try:
                load()
            # A state that is not ours can make torch raise anything.
            except Exception as error:
                found = "is not that of this run" if name in state else "is missing"
                raise InputError(f"{path} does not fit: its {name} {found}") from error
        self.log = list(state["log"])

    def _load_best(self, best: State) -> None:
        """Restore the weights to keep. Raises ValueError if they are those of another network."""
        if misfit(best["model"], self.model.state_dict()):
            raise ValueError("it is of another network")
        self.best = best


def _for_training(config: Config, device: torch.device) -> nn.Module:
    """Return a new network, changed to train faster and compute the same."""
    model = new_model(config)
    if is_own(config.model):
        # Its forward may use what an activation was given once more, and ask for contiguous maps.
        speed_up_dropout(model)
        return model.to(device)
    return speed_up(model.to(device))


def batch_count(images: int, batch_size: int, processes: int) -> int:
    """Return the number of batches of an epoch in which every process has an image.

    Raises `InputError` if it is 0.
    """
    whole, rest = divmod(images, batch_size)
    count = (whole if batch_size >= processes else 0) + (rest >= processes)
    if not count:
        raise InputError(
            f"{processes} processes cannot share batches of {min(images, batch_size)} images"
        )
    return count


def _test(model: nn.Module, images: Images) -> Line:
    result = evaluate(model, images)
    return {"test_loss": result.loss, "test_accuracy": result.accuracy}


def _require_finite(epoch: int, *losses: float) -> None:
    """Raise `RunError` for an infinite loss or NaN, which JSON cannot hold either."""
    if not all(map(math.isfinite, losses)):
        raise RunError(
            f"the training diverged in epoch {epoch}: its loss is no longer a finite number; "
            "try a smaller --learning-rate"
        )


def _record(run: Run, state: State) -> None:
    done, best = len(state["log"]), state["best"]
    try:
        run.record(state)
        if best and best["epoch"] == done:
            run.write_weights(best["model"], are_best=True)
    except (RunError, InputError) as error:
        raise RunError(
            f"{error}; what was written before is safe: make room and continue with --resume "
            f"(epoch {done} was just finished)"
        ) from error
