"""Exports a network for signals: two channels in time, and what a kernel makes of them.

python examples/signals.py
"""

from pathlib import Path

import torch
from torch import nn

import cnn
from cnn.export import verify_workbook

PICTURE = "signals.xlsx", "Inputs"


def main(folder: Path) -> None:
    """Export a small network over 24 steps of two signals."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv1d(2, 3, 5, padding=2), nn.ReLU(), nn.MaxPool1d(4), nn.Flatten(), nn.Linear(18, 2)
    )
    time = torch.linspace(0, 6.28, 24)
    sample = torch.stack([time.sin(), (2 * time).cos()])[None]
    exported = cnn.export_workbook(
        model, (2, 24), folder / "signals.xlsx", sample, title="Two signals", force=True
    )
    results = verify_workbook(exported.saved.path, model)
    print(f"{exported.formulas:,} formulas verified: {all(each.passed for each in results)}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
