"""Logs a training loop of PyTorch: losses, accuracies, layers, confusion matrix.

python examples/log_pytorch.py
"""

from pathlib import Path

import torch
from torch import nn

from cnn import WorkbookLog

PICTURE = "moons.xlsx", "Moons"


def main(folder: Path) -> None:
    """Train on two half moons and log each epoch."""
    torch.manual_seed(0)
    angle = torch.rand(400) * torch.pi
    label = (torch.arange(400) % 2).long()
    side = 1 - 2.0 * label
    points = torch.stack([angle.cos() + label - 0.5, side * (angle.sin() - 0.25)], dim=1)
    points += torch.randn(400, 2) * 0.1
    train, test = slice(0, 300), slice(300, 400)
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    loss = nn.CrossEntropyLoss()
    path = folder / "moons.xlsx"
    path.unlink(missing_ok=True)
    with WorkbookLog(path, title="Moons", settings={"lr": 0.02}, layers=model) as log:
        for _ in range(30):
            for batch in torch.randperm(300).split(30):
                optimizer.zero_grad()
                loss(model(points[batch]), label[batch]).backward()
                optimizer.step()
            with torch.inference_mode():
                logits = model(points)
            right = logits.argmax(dim=1) == label
            log.epoch(
                loss=loss(logits[train], label[train]),
                acc=right[train].float().mean(),
                val_loss=loss(logits[test], label[test]),
                val_acc=right[test].float().mean(),
            )
        confusion = torch.zeros(2, 2)
        found = logits.argmax(dim=1)[test]
        confusion.index_put_((label[test], found), torch.ones(100), accumulate=True)
        log.results(confusion, ("upper", "lower"))
    print(f"30 epochs in {path.name}")


if __name__ == "__main__":
    Path("output/examples").mkdir(parents=True, exist_ok=True)
    main(Path("output/examples"))
