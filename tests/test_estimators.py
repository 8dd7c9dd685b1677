"""Estimators of scikit-learn as workbooks: every engine value is what they predict."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnn
from cnn.export.estimators import module_of
from cnn.export.verification.verify_export import verify_workbook
from sheetgen.errors import InputError
from sheetgen.spreadsheet.engines import EMBEDDED

sklearn = pytest.importorskip("sklearn")
linear = pytest.importorskip("sklearn.linear_model")
networks = pytest.importorskip("sklearn.neural_network")
scalers = pytest.importorskip("sklearn.preprocessing")
pipeline = pytest.importorskip("sklearn.pipeline")
tree = pytest.importorskip("sklearn.tree")

RANDOM = np.random.default_rng(4)
X = RANDOM.normal(2.0, 3.0, size=(60, 3))
NUMBER = X @ [1.0, -2.0, 0.5]
TWO, THREE = (NUMBER > 0).astype(int), np.digitize(NUMBER, [-3.0, 3.0])

KINDS = {
    "two classes": (networks.MLPClassifier((4,), max_iter=40), TWO),
    "three classes": (networks.MLPClassifier((4, 3), activation="tanh", max_iter=40), THREE),
    "regression": (
        networks.MLPRegressor(hidden_layer_sizes=(3,), activation="logistic", max_iter=40),
        np.column_stack([NUMBER, -NUMBER]),
    ),
    "linear": (linear.LinearRegression(), NUMBER),
    "logistic": (linear.LogisticRegression(), THREE),
}


def fitted(estimator: Any, targets: Any, *steps: Any) -> Any:
    with warnings.catch_warnings(action="ignore"):  # that the training is short
        return pipeline.make_pipeline(*steps, estimator).fit(X, targets)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipeline_predicts_in_cells_what_it_predicts(kind: str, tmp_path: Path) -> None:
    scaler = scalers.MinMaxScaler() if kind == "linear" else scalers.StandardScaler()
    model, path = fitted(*KINDS[kind], scaler), tmp_path / "model.xlsx"
    exported = cnn.export_workbook(model, (3,), path, X[:2])
    assert exported.network.layers[1].name == "scale.0"
    (found,) = verify_workbook(path, model, (EMBEDDED,), inputs=1)
    assert found.passed, found.wrong


def test_what_is_not_read_is_refused_by_its_name() -> None:
    with pytest.raises(InputError, match="found a LinearRegression that is not fitted"):
        module_of(linear.LinearRegression())
    with pytest.raises(InputError, match="no formula is written for a DecisionTreeClassifier"):
        module_of(fitted(tree.DecisionTreeClassifier(), TWO))
    with pytest.raises(InputError, match="no formula is written for a RobustScaler; expected"):
        module_of(fitted(linear.Ridge(), NUMBER, scalers.RobustScaler()))


def test_an_estimator_that_predicts_otherwise_is_refused() -> None:
    one_against_the_rest = linear.SGDClassifier(loss="log_loss", max_iter=5)
    with pytest.raises(InputError, match="predicts something else than its weights give"):
        module_of(fitted(one_against_the_rest, THREE))
