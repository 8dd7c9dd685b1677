"""Trains with Keras and logs with `KerasLog`; prints what Keras says of it."""

import json
import sys
from pathlib import Path

import keras
import numpy as np

from cnn import KerasLog

FOLDER = Path(sys.argv[1])


class Failing(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, _):
        if epoch == 2:
            raise KeyboardInterrupt


def network():
    layers = [keras.Input((2,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1, "sigmoid")]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    return model


keras.utils.set_random_seed(1)
samples = np.random.default_rng(1).random((64, 2))
targets = samples.sum(1, keepdims=True) > 1
log = KerasLog(FOLDER / "runs.xlsx", title="MLP", settings={"seed": 1})
csv = keras.callbacks.CSVLogger(FOLDER / "keras.csv")
model = network()

# With validation; then two more, counted on; then two, counted anew.
said = [
    model.fit(samples, targets, epochs=3, verbose=0, callbacks=[csv, log], validation_split=0.25),
    model.fit(samples, targets, epochs=5, initial_epoch=3, verbose=0, callbacks=[log]),
    model.fit(samples, targets, epochs=2, verbose=0, callbacks=[log]),
]
log.log.results([[1, 0], [0, 1]])

# Ctrl-C in the third epoch; nothing closes the log but the end of the program.
stopped = KerasLog(FOLDER / "runs.xlsx", title="Stopped")
try:
    network().fit(samples, targets, epochs=9, verbose=0, callbacks=[stopped, Failing()])
except KeyboardInterrupt:
    print(json.dumps([history.history for history in said]))
