"""Exports a network from PyTorch as live formulas, paints into its cells and compares with torch.

python examples/draw_a_digit.py

`cnn export RUN -o FILE` does the same for a network that `cnn train` has trained on MNIST, with
sheets to draw on.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from cnn import export_workbook
from sheetgen import open_workbook

PICTURE = "painted.xlsx", "Inputs"


def main(folder: Path) -> None:
    """Export a small network, paint a stroke, and compare the cells with torch."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(4 * 4 * 4, 3), nn.Softmax(dim=1),
    )  # fmt: skip
    path = folder / "network.xlsx"
    export_workbook(model, (1, 8, 8), path, force=True)
    picture = np.zeros((8, 8))
    picture[1:7, 3] = 1.0
    book = open_workbook(path)
    book["Inputs!O8:V15"] = picture
    book.recalculate()
    found = book["softmax1!B4:D4"].ravel()
    with torch.inference_mode():
        expected = model.double()(torch.from_numpy(picture)[None, None])[0].tolist()
    for cell, number in zip(found, expected, strict=True):
        print(f"the workbook says {cell:.12f}, torch {number:.12f}")
    book.save(folder / "painted.xlsx")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
