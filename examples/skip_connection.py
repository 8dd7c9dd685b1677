"""Exports a network with a skip connection as its own forward computes it.

python examples/skip_connection.py
"""

from pathlib import Path

import torch
from torch import nn

import cnn
from cnn.export import verify_workbook

PICTURE = "skip.xlsx", "Network"


class Residual(nn.Module):
    """Adds what a hidden layer finds to its inputs."""

    def __init__(self) -> None:
        """Make the layers."""
        super().__init__()
        self.hidden = nn.Linear(4, 6)
        self.back = nn.Linear(6, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Map values (N, 4) to logits (N, 2)."""
        return self.head(values + self.back(torch.relu(self.hidden(values))))


def main(folder: Path) -> None:
    """Export it and compare every activation with torch."""
    torch.manual_seed(0)
    model = Residual()
    exported = cnn.export_workbook(
        model, (4,), folder / "skip.xlsx", torch.rand(3, 4), title="A skip connection", force=True
    )
    results = verify_workbook(exported.saved.path, model)
    print(f"{exported.formulas:,} formulas verified: {all(each.passed for each in results)}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
