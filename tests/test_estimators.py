"""Estimators of scikit-learn as workbooks: every engine value is what they predict."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

import cnn
from cnn.export.estimators import read_estimator
from cnn.export.verification.verify_export import verify_workbook
from sheetgen.errors import InputError
from sheetgen.spreadsheet.engines import EMBEDDED


class Later:
    """A module of scikit-learn, which is slow to import: only where its tests run."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # pytest looks for these when it collects tests
            raise AttributeError(name)
        return getattr(pytest.importorskip(f"sklearn.{self._name}"), name)


linear, networks, scalers = Later("linear_model"), Later("neural_network"), Later("preprocessing")
pipeline, compose, tree = Later("pipeline"), Later("compose"), Later("tree")

RANDOM = np.random.default_rng(4)
X = RANDOM.normal(2.0, 3.0, size=(60, 3))
NUMBER = X @ [1.0, -2.0, 0.5]
TWO, THREE = np.where(NUMBER > 0, "yes", "no"), np.digitize(NUMBER, [-3.0, 3.0])


def of_logarithm(regressor: Any) -> Any:
    return compose.TransformedTargetRegressor(regressor, func=np.log, inverse_func=np.exp)


def standardized(regressor: Any) -> Any:
    return compose.TransformedTargetRegressor(regressor, transformer=scalers.StandardScaler())


def mlp() -> Any:
    return networks.MLPRegressor(hidden_layer_sizes=(3,), activation="logistic", max_iter=40)


KINDS: dict[str, tuple[Callable[[], Any], Any]] = {
    "two classes": (lambda: networks.MLPClassifier((4,), max_iter=40), TWO),
    "three classes": (
        lambda: networks.MLPClassifier((4, 3), activation="tanh", max_iter=40),
        THREE,
    ),
    "regression": (mlp, np.column_stack([NUMBER, -NUMBER])),
    "target scaled": (lambda: standardized(mlp()), 500.0 + 100.0 * NUMBER),
    "logarithm": (lambda: of_logarithm(linear.Ridge()), np.exp(NUMBER / 9.0)),
    "linear": (lambda: linear.LinearRegression(fit_intercept=True), NUMBER),
    "logistic": (lambda: linear.LogisticRegression(C=1.0), THREE),
    "by sign": (lambda: linear.RidgeClassifier(alpha=1.0), TWO),
}


def fitted(estimator: Any, targets: Any, *steps: Any) -> Any:
    with warnings.catch_warnings(action="ignore"):  # that the training is short
        return pipeline.make_pipeline(*steps, estimator).fit(X, targets)


def shown(path: Path) -> dict[object, object]:
    """What Inputs says of each output by its name, and as the answer."""
    cells = EMBEDDED.recalculate(path)["Inputs"]
    heads = [place for place, value in cells.items() if value in ("class", "output")]
    ((head, column),) = heads
    found: dict[object, object] = {"answer": cells.get((head - 2, column), "")}
    row = head + 1
    while cells.get((row, column)) not in ("", None):
        found[cells[row, column]] = cells[row, column + 1]
        row += 1
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipeline_predicts_in_cells_what_it_predicts(kind: str, tmp_path: Path) -> None:
    scaler = scalers.MinMaxScaler() if kind in ("linear", "logarithm") else scalers.StandardScaler()
    make, targets = KINDS[kind]
    model, path = fitted(make(), targets, scaler), tmp_path / "model.xlsx"
    cnn.export_workbook(model, None, path, X[:2], rows=2)
    for found in verify_workbook(path, model, (EMBEDDED,), inputs=2):
        assert found.passed, found.wrong
    numbers = shown(path)
    answer = numbers.pop("answer")
    if hasattr(model, "classes_"):
        assert answer == str(model.predict(X[:1])[0])
    predict = getattr(model, "predict_proba", getattr(model, "decision_function", model.predict))
    np.testing.assert_allclose(
        np.array(list(numbers.values()), float), np.ravel(predict(X[:1])), rtol=1e-9, atol=1e-9
    )


def test_scalers_beside_an_estimator_are_those_of_the_sheet(tmp_path: Path) -> None:
    """Names and units are the user's; the scaler of the target is not in the model."""
    scaler, target = scalers.StandardScaler().fit(X), scalers.StandardScaler()
    scaled = target.fit_transform(NUMBER[:, None]).ravel()
    model = linear.Ridge().fit(scaler.transform(X), scaled)
    path = tmp_path / "model.xlsx"
    cnn.export_workbook(
        model, (3,), path, X[:1], features=["age", "height", "=SUM(A1)"], units={"price": "€"},
        input_scaling=scaler, output_names=["price"], output_scaling=target,
    )  # fmt: skip
    (found,) = verify_workbook(path, model, inputs=1)
    assert found.passed, found.wrong
    expected = target.inverse_transform(model.predict(scaler.transform(X[:1])).reshape(-1, 1))
    assert shown(path)["price"] == pytest.approx(expected.item(), rel=1e-9)
    cells = [cell.value for row in openpyxl.load_workbook(path)["Inputs"] for cell in row]
    assert {"age", "=SUM(A1)", "€"} <= set(cells)


def test_a_file_of_another_target_is_not_that_of_the_estimator(tmp_path: Path) -> None:
    model, path = fitted(standardized(mlp()), 500.0 + NUMBER), tmp_path / "model.xlsx"
    cnn.export_workbook(model, (3,), path)
    model[-1].transformer_.mean_ += 1.0
    (found,) = verify_workbook(path, model, inputs=1)
    assert not found.passed and "TransformedTargetRegressor" not in found.wrong
    assert "prediction is" in found.wrong and "Pipeline predicts" in found.wrong


def test_names_ranges_and_classes_are_those_of_the_training() -> None:
    model = fitted(linear.LogisticRegression(), TWO, scalers.MinMaxScaler())
    model.steps[0][1].feature_names_in_ = np.array(["age", "height", "width"], dtype=object)
    known = read_estimator(model).quantities
    assert [each.name for each in known.features] == ["age", "height", "width"]
    assert [each.least for each in known.features] == X.min(axis=0).tolist()
    assert [each.greatest for each in known.features] == X.max(axis=0).tolist()
    assert (known.classes, known.are_shares) == (("no", "yes"), True)


def test_what_is_not_read_is_refused_by_its_name() -> None:
    with pytest.raises(InputError, match="found a LinearRegression that is not fitted"):
        read_estimator(linear.LinearRegression())
    with pytest.raises(InputError, match="no formula is written for a DecisionTreeClassifier"):
        read_estimator(fitted(tree.DecisionTreeClassifier(), TWO))
    with pytest.raises(InputError, match="no formula is written for a RobustScaler; expected"):
        read_estimator(fitted(linear.Ridge(), NUMBER, scalers.RobustScaler()))
    cube = compose.TransformedTargetRegressor(linear.Ridge(), func=np.cbrt, inverse_func=np.square)
    with pytest.warns(UserWarning), pytest.raises(InputError, match="is written for square; exp"):
        read_estimator(cube.fit(X, NUMBER))
    with pytest.raises(InputError, match=r"input_shape: found \(4,\); expected \(3,\), as it was"):
        cnn.export_workbook(fitted(linear.Ridge(), NUMBER), (4,), "model.xlsx")


def test_an_estimator_that_predicts_otherwise_is_refused() -> None:
    one_against_the_rest = linear.SGDClassifier(loss="log_loss", max_iter=5)
    with pytest.raises(InputError, match="predicts something else than its weights give"):
        read_estimator(fitted(one_against_the_rest, THREE))
