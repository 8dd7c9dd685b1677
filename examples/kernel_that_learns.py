"""Trains a convolution from PyTorch in the cells.

python examples/kernel_that_learns.py
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from sheetgen import Network, Template, build_workbook

PICTURE = "kernel.xlsx", "Explorer"


def main(folder: Path) -> None:
    """Learn to tell a cross from a square, on pictures of 5 x 5 pixels."""
    torch.manual_seed(2)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(3), nn.Flatten(), nn.Linear(2, 2)
    )
    square = np.pad(np.ones((3, 3)), 1)
    square[2, 2] = 0
    cross = np.eye(5) + np.eye(5)[::-1]
    cross[2, 2] = 1
    template = Template.of(
        Network.from_torch(model, nn.CrossEntropyLoss(), input_shape=(1, 5, 5)),
        inputs=[square.ravel(), cross.ravel()],
        targets=[[1, 0], [0, 1]],
        title="A square or a cross",
        learning_rates=[0.2],
        batch_size="full",
        iterations=30,
    )
    build_workbook(template, folder / "kernel.xlsx", force=True)
    print("2 kernels of 9 weights")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
