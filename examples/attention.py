"""Exports a layer of attention: scores, weights and values in cells.

python examples/attention.py
"""

from pathlib import Path

import torch
from torch import nn

import cnn
from cnn.export import verify_workbook

PICTURE = "attention.xlsx", "Network"


class Attend(nn.Module):
    """Lets four words look at each other."""

    def __init__(self) -> None:
        """Make the layer."""
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Map words (N, 4, 4) to words (N, 4, 4)."""
        return self.attention(words, words, words, need_weights=False)[0]


def main(folder: Path) -> None:
    """Export it and compare every cell with torch."""
    torch.manual_seed(0)
    model = Attend().eval()
    exported = cnn.export_workbook(
        model, (4, 4), folder / "attention.xlsx", torch.rand(1, 4, 4), title="Attention", force=True
    )
    results = verify_workbook(exported.saved.path, model)
    print(f"{exported.formulas:,} formulas verified: {all(each.passed for each in results)}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
