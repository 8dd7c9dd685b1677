"""Builds and verifies the training of a network from PyTorch as a workbook.

python examples/own_network.py
"""

from pathlib import Path

import torch
from torch import nn

from sheetgen import Network, Template, build_workbook, verify

PICTURE = "circle.xlsx", "Decision surface"


def main(folder: Path) -> None:
    """Build the training of a 2-3-1 network that learns what lies inside a circle."""
    torch.manual_seed(1)
    points = (torch.rand(12, 2, dtype=torch.float64) * 2 - 1).round(decimals=2)
    inside = (points.square().sum(dim=1, keepdim=True) < 0.6).double()
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    template = Template.of(
        Network.from_torch(model, nn.BCEWithLogitsLoss()),
        inputs=points.tolist(),
        targets=inside.tolist(),
        title="Inside or outside a circle",
        learning_rates=[0.5, 1],
        iterations=59,
    )
    built = build_workbook(template, folder / "circle.xlsx", force=True)
    result, *_ = verify(built.saved.path)
    print(f"{result.formulas:,} formulas verified: {result.passed}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
