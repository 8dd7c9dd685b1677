"""Logs a training loop of NumPy, three spirals learnt by 2-32-3, as a sheet of a workbook.

python examples/log_any_loop.py
"""

from math import cos, pi
from pathlib import Path

import numpy as np

from cnn import WorkbookLog

PICTURE = "spirals.xlsx", "Spirals"

EPOCHS, RATE, NAMES = 40, 0.5, ("inner", "middle", "outer")


def spirals(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points (3·count, 2) and the arm, 0 to 2, that each belongs to."""
    arms = np.repeat([0, 1, 2], count)
    along = np.tile(np.linspace(0.1, 1, count), 3)
    angle = 4 * along + arms * 2 * pi / 3 + random.normal(0, 0.2, 3 * count)
    return np.stack([along * np.cos(angle), along * np.sin(angle)], axis=1), arms


class Network:
    """A hidden layer of 32 tanh units, and softmax."""

    def __init__(self, random: np.random.Generator) -> None:
        self.first, self.second = random.normal(0, 1.5, (3, 32)), random.normal(0, 0.2, (33, 3))

    def outputs(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return inputs and hidden activations, each with a 1 for the bias, and probabilities."""
        ones = np.ones((len(points), 1))
        inputs = np.hstack([points, ones])
        hidden = np.hstack([np.tanh(inputs @ self.first), ones])
        powers = np.exp(hidden @ self.second)
        return inputs, hidden, powers / powers.sum(axis=1, keepdims=True)

    def learn(self, points: np.ndarray, arms: np.ndarray, rate: float) -> None:
        """Take a step down the gradient of the mean cross-entropy."""
        inputs, hidden, shares = self.outputs(points)
        delta = (shares - np.eye(3)[arms]) / len(arms)
        back = delta @ self.second[:-1].T * (1 - hidden[:, :-1] ** 2)
        self.second -= rate * hidden.T @ delta
        self.first -= rate * inputs.T @ back

    def results(self, points: np.ndarray, arms: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the mean cross-entropy and the arm that each point is taken for."""
        shares = self.outputs(points)[2]
        return float(-np.log(shares[np.arange(len(arms)), arms]).mean()), shares.argmax(axis=1)


def main(folder: Path) -> None:
    """Train, log each epoch, and say where the sheet is."""
    random = np.random.default_rng(1)
    train, test = spirals(random, 200), spirals(random, 100)
    network = Network(random)
    settings = {"network": "2-32-3, tanh", "learning rate": {"at first": RATE, "falls": "cosine"}}
    book = folder / "spirals.xlsx"
    book.unlink(missing_ok=True)
    with WorkbookLog(book, title="Spirals", settings=settings, target={"val_acc": 0.95}) as log:
        for epoch in range(EPOCHS):
            rate = RATE * (1 + cos(pi * epoch / EPOCHS)) / 2
            for _ in range(10):
                order = random.permutation(len(train[1]))
                for batch in np.split(order, 10):
                    network.learn(train[0][batch], train[1][batch], rate)
            (loss, found), (test_loss, taken) = network.results(*train), network.results(*test)
            accuracies = {"acc": (found == train[1]).mean(), "val_acc": (taken == test[1]).mean()}
            log.epoch(loss=loss, val_loss=test_loss, **accuracies, lr=rate)
        confusion = np.zeros((3, 3))
        np.add.at(confusion, (test[1], taken), 1)
        log.results(confusion, NAMES)
    print(f"{EPOCHS} epochs, val_acc {accuracies['val_acc']:.2f}: the sheet Spirals of {book.name}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
