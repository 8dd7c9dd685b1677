"""Compares trainings over their seeds on one sheet, with means and intervals.

python examples/compare_trainings.py
"""

from pathlib import Path

import numpy as np

from cnn import WorkbookLog
from cnn.log.compare_command import compare

PICTURE = "seeds.xlsx", "Wide or narrow"


def losses(units: int, seed: int) -> list[float]:
    """Return the loss of each of 25 epochs of a random-features regression."""
    random = np.random.default_rng(seed)
    inputs = random.uniform(-2, 2, 100)
    features = np.tanh(np.outer(inputs, random.normal(0, 2, units)) + random.normal(0, 1, units))
    weights, found = np.zeros(units), []
    for _ in range(25):
        error = features @ weights - np.sin(2 * inputs)
        found.append(float((error**2).mean()))
        weights -= features.T @ error / 100 / units
    return found


def main(folder: Path) -> None:
    """Log three seeds each of 5 and of 50 units, and compare them."""
    path = folder / "seeds.xlsx"
    path.unlink(missing_ok=True)
    for units in (5, 50):
        for seed in range(3):
            settings = {"units": units, "seed": seed}
            with WorkbookLog(path, title=f"{units} units, seed {seed}", settings=settings) as log:
                for loss in losses(units, seed):
                    log.epoch(loss=loss)
    compare([path], path, "Wide or narrow")
    print("6 trainings on one sheet")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
