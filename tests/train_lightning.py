"""Trains with PyTorch Lightning and logs with `LightningLog`; prints what the test expects."""

import json
import sys
import warnings
from pathlib import Path

import pytorch_lightning as lightning
import torch
from lightning_fabric import Fabric
from pytorch_lightning.callbacks import LearningRateMonitor
from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.utilities import rank_zero_only
from torch import nn
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader, TensorDataset

from cnn import LightningLog

FOLDER = Path(sys.argv[1])
BOOK = FOLDER / "runs.xlsx"


class Line(lightning.LightningModule):
    def __init__(self, width=4, fails_in=None, **_):
        super().__init__()
        self.save_hyperparameters()
        self.layers = nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, 1))
        self.fails_in = fails_in

    def training_step(self, batch, index):
        loss = mse_loss(self.layers(batch[0]), batch[1])
        self.log("loss", loss, on_step=True, on_epoch=True)
        self.log("last", loss.detach().to(torch.bfloat16))
        if self.current_epoch == self.fails_in and index == 1:
            raise RuntimeError("the power is off")
        return loss

    def test_step(self, batch, _):
        self.log("test_loss", mse_loss(self.layers(batch[0]), batch[1]))

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), 0.1)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)]


class Validated(Line):
    def validation_step(self, batch, _):
        self.log("val/loss", mse_loss(self.layers(batch[0]), batch[1]))
        self.log("odd", torch.tensor(float("nan")))


def trainer(epochs, logger, **options):
    return lightning.Trainer(
        max_epochs=epochs,
        logger=logger,
        accelerator="cpu",
        default_root_dir=FOLDER,
        log_every_n_steps=2,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )


torch.manual_seed(1)
samples = torch.rand(40, 2)
data = DataLoader(TensorDataset(samples, samples.sum(1, keepdim=True)), batch_size=10)

# Beside another logger, with validation; then all that may follow a training.
model = Validated(optimizer={"name": "SGD", "decay": {"every": 1}}, act=nn.functional.relu)
log = LightningLog(BOOK, title="Line a/b", settings={"seed": 1}, target={"val/loss": 0.1})
first = trainer(3, [CSVLogger(FOLDER, "csv"), log], callbacks=[LearningRateMonitor("step")])
first.fit(model, data, data)
first.validate(model, data, verbose=False)
(tested,) = first.test(model, data, verbose=False)

# A second trainer and the same log.
trainer(2, log).fit(model, data, data)
log.experiment.results([[1, 0], [0, 1]])

# Resumed at a checkpoint by another program, which has a log of its own.
checkpoint = first.checkpoint_callback.best_model_path
resumed = LightningLog(BOOK, title="Resumed")
warnings.filterwarnings("ignore", "The dirpath has changed")
trainer(5, resumed).fit(model, data, data, ckpt_path=checkpoint, weights_only=False)

# Without validation and hyperparameters, with an error in the third epoch, and open elsewhere.
lock = FOLDER / "~$runs.xlsx"
lock.touch()
failing = LightningLog(BOOK, title="Failing")
try:
    trainer(9, failing).fit(Line(fails_in=2), data)
except RuntimeError as error:
    failed = str(error)
lock.unlink()

# Fabric, which has no epochs.
fabric = Fabric(accelerator="cpu", loggers=[LightningLog(BOOK, title="Fabric")])
for step in range(2):
    fabric.log_dict({"loss": 0.5 - step / 4}, step)
    fabric.log("val_loss", 0.5, step)

# The second of several processes.
rank_zero_only.rank = 1
other = LightningLog(FOLDER / "other.xlsx")
other.log_hyperparams({"lr": 1})
other.log_metrics({"loss": 1}, 1)
other.experiment.results([[1]])
other.finalize("success")

version = LightningLog(BOOK, title="Line a/b").version
print(json.dumps([checkpoint, tested, failed, version]))
