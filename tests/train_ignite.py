"""Trains with PyTorch-Ignite and logs with `IgniteLog`; prints the metrics of the engines."""

import json
import sys
from pathlib import Path

import torch
from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
from ignite.metrics import Accuracy, ConfusionMatrix, Loss, Precision, RunningAverage
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from cnn import IgniteLog

FOLDER = Path(sys.argv[1])
BOOK = FOLDER / "runs.xlsx"

torch.manual_seed(1)
samples = torch.rand(40, 2)
data = DataLoader(TensorDataset(samples, (samples.sum(1) > 1).long()), batch_size=10)
model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2))
criterion = nn.CrossEntropyLoss()
said = []


def engines(optimizer):
    trainer = create_supervised_trainer(model, optimizer, criterion)
    RunningAverage(output_transform=float).attach(trainer, "loss")
    metrics = {
        "acc": Accuracy(),
        "loss": Loss(criterion),
        "precision": Precision(),
        "counts": ConfusionMatrix(2),
    }
    evaluator = create_supervised_evaluator(model, metrics)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run(data))
    return trainer, evaluator


trainer, evaluator = engines(torch.optim.SGD(model.parameters(), 0.5))
tester = create_supervised_evaluator(model, {"acc": Accuracy()})
with IgniteLog(BOOK, title="MLP", settings={"seed": 1}) as log:
    log.attach(trainer, val=evaluator, test=tester)

    @trainer.on(Events.EPOCH_COMPLETED)
    def _say():
        metrics = evaluator.state.metrics
        names = {"val_acc": "acc", "val_loss": "loss"}
        row = {name: metrics[of] for name, of in names.items()} | trainer.state.metrics
        said.append(row | {f"val_precision/{at}": float(metrics["precision"][at]) for at in (0, 1)})

    trainer.run(data, max_epochs=3)
    tested = tester.run(data).metrics["acc"]
    trainer.run(data, max_epochs=4)  # the fourth
    trainer.state.max_epochs = None
    trainer.run(data, max_epochs=2)  # counted anew

# An error in the third epoch.
trainer, _ = engines(torch.optim.SGD(model.parameters(), 0.5))
try:
    with IgniteLog(BOOK, title="Failing") as log:
        log.attach(trainer)

        @trainer.on(Events.EPOCH_STARTED(once=3))
        def _fail():
            raise RuntimeError("the power is off")

        trainer.run(data, max_epochs=9)
except RuntimeError as error:
    print(json.dumps({"rows": said, "test": tested, "failed": str(error)}))
