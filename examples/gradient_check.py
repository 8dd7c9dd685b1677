"""Compares every gradient with a central difference, live.

python examples/gradient_check.py
"""

from pathlib import Path

import torch
from torch import nn

from sheetgen import Network, Template, build_workbook

PICTURE = "gradients.xlsx", "Gradient check"


def main(folder: Path) -> None:
    """Check a network of SiLU units; change an input, and the sheet checks again."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 2), nn.SiLU(), nn.Linear(2, 1))
    template = Template.of(
        Network.from_torch(model, nn.MSELoss()),
        inputs=[[0.5, -1], [1, 0.25]],
        targets=[[1], [0]],
        title="Is every gradient right?",
        learning_rates=[0.1],
        batch_size="full",
        iterations=20,
    )
    build_workbook(template, folder / "gradients.xlsx", force=True)
    print("9 gradients by three ways")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
