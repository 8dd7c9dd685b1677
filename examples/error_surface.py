"""Shows the valley that a training walks through, over two of its weights.

python examples/error_surface.py
"""

from pathlib import Path

from torch import nn

from sheetgen import Network, Template, build_workbook

PICTURE = "valley.xlsx", "Error surface"


def main(folder: Path) -> None:
    """Fit y = 3x - 1 with momentum, which overshoots and turns."""
    model = nn.Sequential(nn.Linear(1, 1))
    nn.init.constant_(model[0].weight, -1.0)
    nn.init.constant_(model[0].bias, 2.0)
    points = [[-1], [-0.5], [0], [0.5], [1]]
    template = Template.of(
        Network.from_torch(model, nn.MSELoss()),
        inputs=points,
        targets=[[3 * x - 1] for (x,) in points],
        title="Down into a valley",
        learning_rates=[0.05],
        optimizer="momentum",
        batch_size="full",
        iterations=60,
    )
    build_workbook(template, folder / "valley.xlsx", force=True)
    print(f"two weights, {template.iterations} steps")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
