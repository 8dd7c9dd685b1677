"""Compares optimisers instead of learning rates: a table for each.

python examples/optimizers.py
"""

from pathlib import Path

from torch import nn

from sheetgen import Network, Template, build_workbook

PICTURE = "optimizers.xlsx", "Optimisers"


def main(folder: Path) -> None:
    """Fit the line y = 2x + 1 with four optimisers at the same learning rate."""
    points = [[step / 4] for step in range(-4, 5)]
    template = Template.of(
        Network.from_torch(nn.Sequential(nn.Linear(1, 1)), nn.MSELoss()),
        inputs=points,
        targets=[[2 * x + 1] for (x,) in points],
        title="Four ways down",
        learning_rates=[0.05],
        compare=["sgd", "momentum", "adagrad", "adam"],
        batch_size="full",
        iterations=80,
    )
    build_workbook(template, folder / "optimizers.xlsx", force=True)
    print(f"{len(template.compare)} optimisers side by side")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
