"""Draws the border that a network learns around points in a plane.

python examples/inside_a_ring.py
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from sheetgen import Network, Template, build_workbook

PICTURE = "ring.xlsx", "Decision surface"


def main(folder: Path) -> None:
    """Tell ten points in the middle from sixteen around them."""
    torch.manual_seed(3)
    angles = np.concatenate([np.arange(10) * 0.2 * np.pi, np.arange(16) * 0.125 * np.pi])
    radii = np.array([0.4] * 10 + [1.0] * 16)
    points = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1).round(2)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    template = Template.of(
        Network.from_torch(model, nn.BCEWithLogitsLoss()),
        inputs=points,
        targets=(radii < 0.7)[:, None].astype(int),
        title="Inside a ring",
        learning_rates=[2],
        batch_size="full",
        iterations=200,
    )
    build_workbook(template, folder / "ring.xlsx", force=True)
    print(f"{len(points)} points, 17 weights and biases")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
