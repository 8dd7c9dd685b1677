"""Exports a model of Keras and verifies the workbook; prints the layers and the input's sides."""

import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers

import cnn
from cnn.export import verify_workbook
from sheetgen.errors import InputError

FOLDER = Path(sys.argv[1])
FILE, BOOK = FOLDER / "model.keras", FOLDER / "model.xlsx"

keras.utils.set_random_seed(1)
image = keras.Input((6, 5, 2))
x = layers.Conv2D(3, 3, padding="same", activation="relu", name="first")(image)
x = layers.BatchNormalization()(x)
y = layers.DepthwiseConv2D(3, padding="same", name="each")(x)
x = layers.MaxPooling2D(2)(layers.Add(name="join")([x, y]))
x = layers.Dropout(0.5)(layers.Flatten()(x))
model = keras.Model(image, layers.Dense(4, activation="softmax", name="head")(x))
for weight in model.weights:
    weight.assign(np.random.uniform(0.1, 0.9, weight.shape))
exported = cnn.export_workbook(model, None, BOOK, np.random.rand(2, 6, 5, 2))
print(*(layer.name for layer in exported.network.layers), *exported.network.input.output.sides)
model.save(FILE)
(found,) = verify_workbook(BOOK, FILE, inputs=1)
assert found.passed, found.wrong
assert found.largest_difference < 1e-12
for shape in ((6, 5, 3), (2, 6, 5)):
    try:
        cnn.export_workbook(model, shape, BOOK, force=True)
    except InputError as error:
        assert "its input is (6, 5, 2)" in str(error)
