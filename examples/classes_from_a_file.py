"""Reads classes from a CSV file, keeps a part of it to test on, and shows who is taken for whom.

python examples/classes_from_a_file.py
"""

from pathlib import Path

import numpy as np

from sheetgen import Template, build_workbook

PICTURE = "birds.xlsx", "Predictions"


TEMPLATE = """
title = "Three kinds of birds"

[network]
inputs = 2
loss = "cross-entropy"

[[network.layers]]
units = 4
activation = "tanh"
init = { scheme = "xavier-uniform", seed = 2 }
biases = [0, 0, 0, 0]

[[network.layers]]
units = 3
activation = "softmax"
init = { scheme = "xavier-uniform", seed = 3 }
biases = [0, 0, 0]

[data]
file = "birds.csv"
input_columns = ["bill_mm", "mass_g"]
class_column = "kind"
standardize = true
test_fraction = 0.25
test_seed = 1

[training]
learning_rates = [0.5]
batch_size = 9
iterations = 100
"""
BIRDS = {"small": (38, 3700), "long-billed": (49, 3800), "heavy": (47, 5100)}


def main(folder: Path) -> None:
    """Write sixteen birds of each of three made-up kinds to a file, and learn to tell them."""
    random = np.random.default_rng(0)
    lines = ["bill_mm,mass_g,kind"]
    for kind, (bill, mass) in BIRDS.items():
        for _ in range(16):
            lines.append(f"{random.normal(bill, 2):.1f},{random.normal(mass, 300):.0f},{kind}")
    (folder / "birds.csv").write_text("\n".join(lines), "utf-8")
    (folder / "birds.toml").write_text(TEMPLATE, "utf-8")
    template = Template.load(folder / "birds.toml")
    build_workbook(template, folder / "birds.xlsx", force=True)
    print(f"{len(template.data.inputs)} birds, and {len(template.data.test_inputs)} to test on")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
