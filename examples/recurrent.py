"""Unrolls an LSTM: a row for each step, its gates side by side.

python examples/recurrent.py
"""

from pathlib import Path

import torch
from torch import nn

import cnn
from cnn.export import verify_workbook

PICTURE = "lstm.xlsx", "lstm"


class Reader(nn.Module):
    """Reads five numbers and says one."""

    def __init__(self) -> None:
        """Make the layers."""
        super().__init__()
        self.lstm = nn.LSTM(1, 3, batch_first=True)
        self.last = nn.Linear(3, 1)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """Map steps (N, 5, 1) to outputs (N, 1)."""
        return self.last(self.lstm(steps)[0][:, -1])


def main(folder: Path) -> None:
    """Export it and compare every gate with torch."""
    torch.manual_seed(0)
    model, sample = Reader(), torch.tensor([[[0.1], [0.4], [-0.2], [0.9], [0.0]]])
    exported = cnn.export_workbook(
        model, (5, 1), folder / "lstm.xlsx", sample, title="Five steps of an LSTM", force=True
    )
    results = verify_workbook(exported.saved.path, model)
    print(f"{exported.formulas:,} formulas verified: {all(each.passed for each in results)}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
