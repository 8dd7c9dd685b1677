"""Shows a pass forward and backward in matrices.

python examples/matrices.py
"""

from pathlib import Path

from torch import nn, tensor

from sheetgen import Network, Template, build_workbook

PICTURE = "matrices.xlsx", "Matrices"


def main(folder: Path) -> None:
    """Give a network its weights by hand, and one sample."""
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 2))
    model[0].weight.data = tensor([[0.2, -0.4, 0.1], [0.5, 0.3, -0.2]])
    model[0].bias.data = tensor([0.1, -0.1])
    model[2].weight.data = tensor([[0.6, -0.3], [0.1, 0.4]])
    model[2].bias.data = tensor([0.0, 0.2])
    template = Template.of(
        Network.from_torch(model, nn.CrossEntropyLoss()),
        inputs=[[1, 2, -1]],
        targets=[[0, 1]],
        title="W·a + b = z",
        learning_rates=[0.5],
        iterations=10,
    )
    build_workbook(template, folder / "matrices.xlsx", force=True)
    print("2 layers, 14 weights and biases")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
