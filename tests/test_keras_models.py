"""Models of Keras with the backend torch as workbooks."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import require

PROGRAM = """
import sys
import keras
import numpy as np
import cnn
from cnn.export import verify_workbook
from keras import layers
from sheetgen.errors import InputError

file, book = sys.argv[1:]
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
exported = cnn.export_workbook(model, None, book, np.random.rand(2, 6, 5, 2))
print(*(layer.name for layer in exported.network.layers), *exported.network.input.output.sides)
model.save(file)
(found,) = verify_workbook(book, file, inputs=1)
assert found.passed and found.largest_difference < 1e-12, found.wrong
for shape in ((6, 5, 3), (2, 6, 5)):
    try:
        cnn.export_workbook(model, shape, book, force=True)
    except InputError as error:
        assert "its input is (6, 5, 2)" in str(error)
"""


@pytest.mark.slow
def test_a_model_of_keras_is_shown_with_its_layers_names_and_channels_first(
    tmp_path: Path,
) -> None:
    require(None if find_spec("keras") else "keras is not installed: pip install keras")
    surroundings = os.environ | {"KERAS_BACKEND": "torch", "KERAS_HOME": str(tmp_path)}
    command = [sys.executable, "-c", PROGRAM, tmp_path / "model.keras", tmp_path / "book.xlsx"]
    result = subprocess.run(command, capture_output=True, text=True, env=surroundings, check=False)
    assert result.returncode == 0, result.stderr
    names = result.stdout.splitlines()[-1].split()
    assert names[:3] == ["input", "first", "each"]
    assert names[-5:] == ["head.linear", "head.softmax", "2", "6", "5"]
