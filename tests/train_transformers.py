"""Trains with Hugging Face's Trainer and logs with `TransformersLog`; prints its own log."""

import json
import sys
from pathlib import Path

import torch
from torch import nn
from transformers import Trainer, TrainingArguments

from cnn import TransformersLog

FOLDER = Path(sys.argv[1])
BOOK = FOLDER / "runs.xlsx"


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x, labels):
        logits = self.layer(x)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


def trainer(log, **options):
    arguments = TrainingArguments(
        output_dir=FOLDER / "output",
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        hub_token="secret",
        **options,
    )
    return Trainer(
        Classifier(),
        arguments,
        train_dataset=data,
        eval_dataset=data[:8],
        callbacks=[log],
        compute_metrics=lambda found: {
            "accuracy": (found.predictions.argmax(1) == found.label_ids).mean()
        },
    )


torch.manual_seed(1)
samples = torch.rand(40, 2)
data = [{"x": each, "labels": int(each.sum() > 1)} for each in samples]

# By epochs: evaluated before, trained, tested after; then trained again.
by_epochs = trainer(
    TransformersLog(BOOK, title="Epochs", settings={"model": "linear"}),
    num_train_epochs=3,
    learning_rate=0.1,
    lr_scheduler_type="cosine",
    lr_scheduler_kwargs={"num_cycles": 0.75},
    eval_strategy="epoch",
    logging_steps=2,
    save_strategy="no",
)
by_epochs.evaluate()
by_epochs.train()
by_epochs.evaluate(data, metric_key_prefix="test")
by_epochs.evaluate()
history = by_epochs.state.log_history
by_epochs.train()

# By steps, and resumed at a checkpoint.
options = {"logging_steps": 5, "eval_strategy": "steps", "eval_steps": 10, "save_steps": 10}
trainer(TransformersLog(BOOK, title="Steps"), num_train_epochs=2, **options).train()
resumed = trainer(TransformersLog(BOOK, title="Resumed"), num_train_epochs=4, **options)
resumed.train(resume_from_checkpoint=str(FOLDER / "output" / "checkpoint-10"))

print(json.dumps(history))
