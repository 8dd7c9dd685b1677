"""Reports the progress of a training: a bar on a terminal, and a line per epoch."""

import sys
from collections.abc import Callable

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from cnn.data.images import Images
from cnn.data.sample_digits import SAMPLE
from cnn.training.config import Config
from cnn.training.run import Line
from sheetgen.console.progress import new_bar
from sheetgen.console.terminal import say

MORE = 0.04
"""The share of the other images that is classified correctly without learning, at most."""

PATIENCE = 2
"""Epochs at chance, one after the other, after which a run is said not to learn."""

SMALL = 1e-4
"""A learning rate below that is taken for too small where nothing is learned."""

UPDATE_INTERVAL = 16
"""Steps between two updates of the bar; reading the loss of every step would slow a GPU."""


class Report:
    """Shows nothing; the base class of the reports that do."""

    interval = 0
    """Steps between two calls of `step`; 0 means no calls."""

    def step(self, epoch: int, images: int, loss: float, accuracy: float) -> None:
        """Report the images of the epoch (from 1) done so far, with their mean loss."""

    def epoch(self, line: Line) -> None:
        """Report a finished epoch."""

    def close(self) -> None:
        """End the report."""


class Lines(Report):
    """Prints a line per finished epoch on standard output."""

    def __init__(
        self, config: Config, share: float, watch: Callable[[], None] | None = None
    ) -> None:
        """Say what share of the images the most frequent class has, which needs no learning.

        `watch` is called after the line of an epoch.
        """
        self.watch = watch
        self.chance = share + MORE * (1 - share)
        self.epochs = config.recipe.epochs
        self.learning_rate = config.recipe.learning_rate
        self.at_chance = 0
        self.tested_on = config.tested_on
        self.note = " (sample of 5,000 digits)" if config.data == SAMPLE else ""

    def epoch(self, line: Line) -> None:
        """Print the line; say so when the network does not learn."""
        say(
            f"epoch {line['epoch']}/{self.epochs}{self.note}: "
            f"train loss {line['train_loss']:.4f}, accuracy {line['train_accuracy']:.2%}; "
            f"{self.tested_on} loss {line['test_loss']:.4f}, accuracy {line['test_accuracy']:.2%}; "
            f"{line['seconds']:.1f} s, {line['samples_per_second']:,.0f} samples/s"
        )
        is_better = max(line["train_accuracy"], line["test_accuracy"]) > self.chance
        self.at_chance = 0 if is_better else self.at_chance + 1
        if self.at_chance == PATIENCE:
            step = "a tenth of it" if self.learning_rate >= SMALL else "ten times that"
            say(
                f"it is not learning: the accuracy was that of chance for {PATIENCE} epochs; try "
                f"another --learning-rate than {self.learning_rate:g}, {step} first, or "
                "--optimizer adam --learning-rate 0.001",
                err=True,
            )
        if self.watch:
            self.watch()


class Bar(Lines):
    """Adds a progress bar over all epochs, on standard error."""

    interval = UPDATE_INTERVAL

    def __init__(
        self,
        config: Config,
        share: float,
        images: int,
        done: int,
        watch: Callable[[], None] | None = None,
    ) -> None:
        """Start the bar; each epoch has `images` images, and `done` epochs are finished."""
        super().__init__(config, share, watch)
        self.images = images
        self.progress = new_bar(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.4f}  accuracy {task.fields[accuracy]:.2%}"),
            TextColumn("{task.fields[speed]:,.0f} samples/s"),
            TimeRemainingColumn(compact=True),
        )
        self.task: TaskID = self.progress.add_task(
            "train",
            total=images * self.epochs,
            completed=images * done,
            epoch=f"{done + 1}/{self.epochs}",
            loss=0.0,
            accuracy=0.0,
            speed=0.0,
        )
        self.progress.start()

    def step(self, epoch: int, images: int, loss: float, accuracy: float) -> None:
        """Move the bar."""
        (task,) = self.progress.tasks
        self.progress.update(
            self.task,
            completed=(epoch - 1) * self.images + images,
            epoch=f"{epoch}/{self.epochs}",
            loss=loss,
            accuracy=accuracy,
            speed=task.speed or 0.0,
        )

    def epoch(self, line: Line) -> None:
        """Print the line in place of the bar, and the bar below it."""
        self.progress.stop()
        super().epoch(line)
        if line["epoch"] < self.epochs:
            self.progress.start()

    def close(self) -> None:
        """Remove the bar."""
        self.progress.stop()


def report_for(
    config: Config, images: Images, done: int, watch: Callable[[], None] | None = None
) -> Report:
    """Return a report with a bar if standard error is a terminal, else with lines only."""
    share = int(images.labels.bincount().max()) / len(images)
    if sys.stderr.isatty():
        return Bar(config, share, len(images), done, watch)
    return Lines(config, share, watch)
