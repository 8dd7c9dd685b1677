"""Lets the learning rate fall along a cosine, in a column of the table.

python examples/falling_learning_rate.py
"""

from pathlib import Path

import torch
from torch import nn

from sheetgen import Network, Template, build_workbook

PICTURE = "cosine.xlsx", "Playground"


def main(folder: Path) -> None:
    """Train on three points in turn; the steps become smaller."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(1, 3), nn.Tanh(), nn.Linear(3, 1))
    template = Template.of(
        Network.from_torch(model, nn.MSELoss()),
        inputs=[[-1], [0], [1]],
        targets=[[0.5], [-0.5], [0.8]],
        title="Smaller and smaller steps",
        learning_rates=[0.4],
        schedule="cosine",
        iterations=90,
    )
    build_workbook(template, folder / "cosine.xlsx", force=True)
    print(f"a schedule: {template.schedule}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
