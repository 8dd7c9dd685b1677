"""What the numbers that go into a network and come out of it are: names, units, ranges, classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cnn.export.network.scaling import Scaling
from cnn.export.network.stages import Layer, Network, Shape
from sheetgen.errors import InputError
from sheetgen.files.characters import require_possible

MOST_OUTPUTS = 200
"""Outputs that are listed beside the input; those of more are on their layer's sheet only."""
COLOURS = ("red", "green", "blue")
SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler")


@dataclass(frozen=True)
class Quantity:
    """A number that people know by a name; `least` and `greatest` are those of the training."""

    name: str
    unit: str = ""
    least: float | None = None
    greatest: float | None = None

    @property
    def title(self) -> str:
        """The name with the unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True)
class Quantities:
    """Those of a network's input and output.

    `features` are the quantities along the input's named axis, `outputs` those of the answer, in
    order; they are empty where a network gives pictures. With `classes` the answer is one of these
    in words: that of the largest output, or by the sign of the only one. `are_shares` says that
    the outputs are the classes' probabilities.
    """

    features: tuple[Quantity, ...] = ()
    outputs: tuple[Quantity, ...] = ()
    output_scaling: Scaling | None = None
    classes: tuple[str, ...] = ()
    are_shares: bool = False

    @property
    def have_ranges(self) -> bool:
        """Whether any feature's range in the training is known."""
        return any(each.least is not None for each in self.features)

    def completed(self, network: Network) -> "Quantities":
        """Return these with the names that a network's numbers have by default.

        Raises InputError if there are more or fewer than the network has.
        """
        shape = network.input.output
        count = shape.sides[shape.named_axis]
        features = self.features or _numbered(_kind(shape), count, shape)
        _require_count("features", len(features), count)
        size = listed_outputs(network)
        shares = network.probabilities is not None or self.are_shares
        if self.outputs or (self.classes and size > 1):
            _require_count("output_names", len(self.outputs or self.classes), size)
        if self.output_scaling is not None:
            _require_count("output_scaling", len(self.output_scaling.divided), size)
        names = tuple(each.name for each in self.outputs) or self.classes
        if shares and not names:
            known = network.input.classes[:size]  # a network may have more outputs than classes
            names = (*known, *(f"class {at}" for at in range(len(known), size)))
        outputs = self.outputs or tuple(map(Quantity, names))
        if len(outputs) != size:
            outputs = _numbered("score" if self.classes else "output", size)
        in_words = size > 1 and (shares or self.classes)
        classes = names if in_words else self.classes
        return replace(self, features=features, outputs=outputs, classes=classes, are_shares=shares)

    def renamed(self, given: "Quantities") -> "Quantities":
        """Return what an estimator knows, with what the user says instead where that is more."""
        features = given.features or self.features
        if given.features and self.have_ranges and not given.have_ranges:
            features = tuple(
                replace(each, least=own.least, greatest=own.greatest)
                for each, own in zip(given.features, self.features, strict=True)
            )
        if given.output_scaling and self.output_scaling:
            raise InputError("output_scaling: the model has its own for the target; leave it out")
        scaling = given.output_scaling or self.output_scaling
        return replace(
            self, features=features, outputs=given.outputs or self.outputs, output_scaling=scaling
        )

    def restored(self, numbers: np.ndarray) -> np.ndarray:
        """Return the outputs in their units from those of the network, (N, outputs)."""
        scaling = self.output_scaling
        return numbers if scaling is None else scaling.restored(numbers)

    def answer(self, outputs: Sequence[float]) -> str:
        """Return the class of these outputs in words."""
        if len(outputs) == 1:
            return self.classes[1 if outputs[0] > 0 else 0]
        return self.classes[int(np.argmax(outputs))]


def answering(network: Network) -> Layer:
    """Return the layer with a network's answer: the probabilities, if there are any."""
    return network.probabilities or network.layers[-1]


def listed_outputs(network: Network) -> int:
    """Return the number of outputs to list, 0 for maps and for too many."""
    shape = answering(network).output
    listed = shape.flat or shape.pixels == 1
    return shape.size if listed and shape.size <= MOST_OUTPUTS else 0


def _kind(shape: Shape) -> str:
    if shape.flat:
        return "feature"
    return "signal" if shape.line else "channel"


def _numbered(kind: str, count: int, shape: Shape | None = None) -> tuple[Quantity, ...]:
    if shape is not None and not shape.flat and not shape.line and count == len(COLOURS):
        return tuple(map(Quantity, COLOURS))
    return tuple(Quantity(f"{kind} {at}" if count > 1 else kind) for at in range(1, count + 1))


def _require_count(key: str, found: int, expected: int) -> None:
    if found != expected:
        raise InputError(f"{key}: found {found}; expected {expected}, one for each")


def quantities(
    shape: Shape,
    features: object,
    units: object,
    ranges: object,
    output_names: object,
) -> Quantities:
    """Return what `export_workbook` is told about the numbers.

    Raises InputError, naming the argument, for anything that does not fit.
    """
    count = shape.sides[shape.named_axis]
    names = [each.name for each in _numbered(_kind(shape), count, shape)]
    if features is not None:
        names = _names("features", features)
        _require_count("features", len(names), count)
    outputs = [] if output_names is None else _names("output_names", output_names)
    known = _by_name("units", units, names, outputs)
    limits = _by_name("ranges", ranges, names, [])
    described = (
        Quantity(name, _unit(known.get(name, "")), *_limits(name, limits.get(name)))
        for name in names
    )
    return Quantities(
        tuple(described) if features is not None or known or limits else (),
        tuple(Quantity(name, _unit(known.get(name, ""))) for name in outputs),
    )


def _names(key: str, found: object) -> list[str]:
    """Return names as texts, each of them once."""
    given = found.tolist() if hasattr(found, "tolist") else found
    if isinstance(given, str | bytes) or not isinstance(given, Sequence) or not given:
        raise InputError(f"{key}: found {found!r}; expected a list of names")
    names = [str(each) for each in given]
    for name in names:
        require_possible(name, key)
        if not name.strip() or names.count(name) > 1:
            raise InputError(f"{key}: found the name {name!r}; expected names, each of them once")
    return names


def _by_name(key: str, found: object, names: list[str], others: list[str]) -> dict[str, object]:
    """Return what is given for names; without these it is in the order of the features."""
    if found is None:
        return {}
    if isinstance(found, Mapping):
        given: dict[str, object] = {str(name): value for name, value in found.items()}
        for name in given:
            if name not in (*names, *others):
                known = ", ".join((*names, *others))
                raise InputError(f"{key}: found the name {name!r}; expected one of {known}")
        return given
    values = found.tolist() if hasattr(found, "tolist") else found
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise InputError(f"{key}: found {found!r}; expected a dictionary, or one for each feature")
    _require_count(key, len(values), len(names))
    return dict(zip(names, values, strict=True))


def _unit(found: object) -> str:
    if not isinstance(found, str):
        raise InputError(f"units: found {found!r}; expected texts")
    require_possible(found, "units")
    return found


def _limits(name: str, found: Any) -> tuple[float | None, float | None]:  # noqa: ANN401
    if found is None:
        return None, None
    try:
        least, greatest = map(float, found)
    except (TypeError, ValueError):
        least, greatest = np.nan, np.nan
    if not (np.isfinite([least, greatest]).all() and least <= greatest):
        raise InputError(f"ranges: {name}: found {found!r}; expected the smallest and the largest")
    return least, greatest


def scaling_of(key: str, found: Any, count: int | None) -> Scaling | None:  # noqa: ANN401
    """Return a scaling from a fitted scaler of scikit-learn, or from (subtracted, divided by).

    Each of these is a number, or one for each of `count` quantities. Raises InputError, naming the
    argument `key`, for anything else.
    """
    if found is None:
        return None
    if hasattr(found, "transform"):
        scaling = of_scaler(found, key)
    else:
        try:
            subtracted, divided = (np.atleast_1d(np.asarray(each, float)) for each in found)
            sides = np.broadcast_shapes(subtracted.shape, divided.shape, (count or 1,))
        except (TypeError, ValueError):
            sides = ()
        if len(sides) != 1:
            raise InputError(
                f"{key}: found {found!r}; expected a fitted scaler, or (mean, scale) with a number "
                "or one for each"
            )
        scaling = Scaling.of(np.broadcast_to(subtracted, sides), np.broadcast_to(divided, sides))
    numbers = np.array([scaling.subtracted, scaling.divided])
    if not np.isfinite(numbers).all() or (numbers[1] == 0).any():
        raise InputError(f"{key}: not all numbers are finite, or one to divide by is 0")
    if count is not None:
        _require_count(key, len(scaling.divided), count)
    return scaling


def of_scaler(scaler: Any, key: str = "model") -> Scaling:  # noqa: ANN401
    """Return the scaling of a scaler of scikit-learn; raises InputError if it is not known."""
    name = type(scaler).__name__
    if not hasattr(scaler, "n_features_in_"):
        raise InputError(f"{key}: found a {name} that is not fitted")
    zeros = np.zeros(scaler.n_features_in_)
    if name == "MinMaxScaler" and not scaler.clip:
        return Scaling.of(-scaler.min_ / scaler.scale_, 1 / scaler.scale_)
    if name == "StandardScaler":
        mean = zeros if scaler.mean_ is None or not scaler.with_mean else scaler.mean_
        return Scaling.of(mean, zeros + 1 if scaler.scale_ is None else scaler.scale_)
    if name == "MaxAbsScaler":
        return Scaling.of(zeros, scaler.scale_)
    expected = ", ".join(SCALERS[:-1]) + f" or {SCALERS[-1]}"
    raise InputError(f"{key}: no formula is written for a {name}; expected a {expected}")
