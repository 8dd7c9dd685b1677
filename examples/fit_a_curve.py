"""Fits a curve with eight hidden units and shows it at any moment of the training.

python examples/fit_a_curve.py
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from sheetgen import Network, Template, build_workbook

PICTURE = "curve.xlsx", "Fitted curve"


def main(folder: Path) -> None:
    """Learn a bump from 17 points."""
    torch.manual_seed(4)
    model = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
    inputs = np.linspace(-2, 2, 17)[:, None]
    template = Template.of(
        Network.from_torch(model, nn.MSELoss()),
        inputs=inputs.round(3),
        targets=np.exp(-(inputs**2)).round(3),
        title="A bump",
        learning_rates=[0.1],
        optimizer="momentum",
        batch_size="full",
        iterations=200,
    )
    build_workbook(template, folder / "curve.xlsx", force=True)
    print(f"{len(inputs)} points, 25 weights and biases")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
