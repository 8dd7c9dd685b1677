"""Templates: the TOML file that describes a network, its data and its training.

Every refusal names the key's path, what was found and what was expected.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any

from sheetgen.activations import ACTIVATIONS, Activation
from sheetgen.errors import InputError, nearest
from sheetgen.losses import LOSSES, Loss
from sheetgen.network import Layer, Network

MAXIMUM_ROWS = 1_048_576  # of a worksheet, since Excel 2007
MAXIMUM_ITERATIONS = MAXIMUM_ROWS - 100  # leaves room for headings above the table
MAXIMUM_RATES = 100  # each has a sheet of its own, and a chart takes 255 series
MAXIMUM_TEXT = 1000  # characters of a title or description, which must fit a cell and a note


@dataclass(frozen=True)
class Template:
    """A network with its sample and its training; `source` is the TOML that it was read from."""

    title: str
    description: str
    network: Network
    sample: tuple[float, ...]
    target: tuple[float, ...]
    learning_rates: tuple[float, ...]
    iterations: int
    source: str

    def with_training(
        self, learning_rates: Sequence[float] | None = None, iterations: int | None = None
    ) -> "Template":
        """Return the template with other rates or another number of iterations.

        Raises InputError when they are out of range.
        """
        rates = self.learning_rates if learning_rates is None else tuple(learning_rates)
        count = self.iterations if iterations is None else iterations
        check_learning_rates(rates, "learning rates")
        check_iterations(count, "iterations")
        return replace(self, learning_rates=rates, iterations=count)


def folder() -> Path:
    """Return the folder of the built-in templates, in a wheel or in a checkout."""
    packaged = Path(str(files("sheetgen"))) / "templates"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "templates"


def built_in() -> list[str]:
    """Return the names of the built-in templates in alphabetical order."""
    return sorted(path.stem for path in folder().glob("*.toml"))


def load(name: str) -> Template:
    """Read a built-in template by its name, or a TOML file by its path.

    Raises InputError when there is none or when it is not a valid template.
    """
    if not name:
        raise InputError(_unknown(name))
    path = folder() / f"{name}.toml" if name in built_in() else Path(name)
    try:
        if path.exists() and not path.is_file():
            known = ", ".join(built_in())
            raise InputError(f"{name} is no file; expected a TOML file or one of {known}")
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(_unknown(name)) from None
    except UnicodeDecodeError:
        raise InputError(f"{name} is not a TOML file: it is not UTF-8 text") from None
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}") from None
    return parse(text.replace("\r\n", "\n"), name)


def parse(text: str, name: str = "the template") -> Template:
    """Read a template from its TOML text; `name` stands in front of every complaint.

    Raises InputError when it is not a valid template.
    """
    try:
        return _Reader().template(tomllib.loads(text), text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name} is not valid TOML: {error}") from None
    except RecursionError:
        raise InputError(f"{name} is not valid TOML: its brackets are nested too deep") from None
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def check_learning_rates(rates: Sequence[float], path: str) -> None:
    """Raise InputError unless there is a rate and all are positive, finite and distinct as %g."""
    if len(rates) > MAXIMUM_RATES:
        raise InputError(f"{path}: found {len(rates)}; expected at most {MAXIMUM_RATES}")
    if not rates:
        raise InputError(f"{path}: found none; expected at least one number above 0")
    for rate in rates:
        if not (isfinite(rate) and 0 < rate <= 1e6):
            raise InputError(
                f"{path}: found {rate:g}; expected numbers above 0, at most 1e6 "
                "(after decimal commas a semicolon separates: 0,5;1)"
            )
    tabs = [f"{rate:g}" for rate in rates]
    for tab in tabs:
        if tabs.count(tab) > 1:
            raise InputError(f"{path}: found {tab} twice; expected each rate once")


def check_iterations(count: int, path: str) -> None:
    """Raise InputError unless the table of `count` iterations fits a worksheet."""
    if not 1 <= count <= MAXIMUM_ITERATIONS:
        raise InputError(
            f"{path}: found {count}; expected 1 to {MAXIMUM_ITERATIONS}, what a worksheet holds"
        )


def _unknown(name: str) -> str:
    known = ", ".join(built_in())
    return f"no template {name!r}{_hint(name, built_in())}: it is no file and none of {known}"


def _hint(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f" (did you mean {near}?)" if near else ""


class _Reader:
    """Takes a TOML document apart, key by key, with a complaint for all that does not fit."""

    def template(self, document: dict[str, Any], source: str) -> Template:
        self._keys(document, "", {"title", "description", "network", "data", "training"})
        network = self._network(self._table(document, "network"))
        data = self._table(document, "data")
        self._keys(data, "data.", {"inputs", "targets"})
        training = self._table(document, "training")
        self._keys(training, "training.", {"learning_rates", "iterations"})
        rates = self._numbers(
            self._required(training, "training.learning_rates"), "training.learning_rates"
        )
        check_learning_rates(rates, "training.learning_rates")
        iterations = training.get("iterations", 100)
        if type(iterations) is not int:
            raise _found("training.iterations", iterations, "a whole number")
        check_iterations(iterations, "training.iterations")
        return Template(
            title=self._text(document, "title", "Neural network"),
            description=self._text(document, "description", ""),
            network=network,
            sample=self._sample(data, "data.inputs", network.inputs, "the network's inputs"),
            target=self._sample(data, "data.targets", network.outputs, "the last layer's units"),
            learning_rates=rates,
            iterations=iterations,
            source=source,
        )

    def _network(self, table: dict[str, Any]) -> Network:
        self._keys(table, "network.", {"inputs", "loss", "layers"})
        inputs = self._count(table, "network.inputs")
        loss: Loss = self._choice(table, "network.loss", LOSSES, "half-squared-error")
        found = self._required(table, "network.layers")
        if not isinstance(found, list) or not found:
            raise _found("network.layers", found, "one [[network.layers]] table per layer")
        layers: list[Layer] = []
        for index, entry in enumerate(found):
            fan_in = layers[-1].units if layers else inputs
            layers.append(self._layer(entry, f"network.layers[{index}]", fan_in))
        return Network(tuple(layers), loss)

    def _layer(self, table: object, path: str, fan_in: int) -> Layer:
        if not isinstance(table, dict):
            raise _found(path, table, "a table")
        self._keys(table, f"{path}.", {"units", "activation", "weights"})
        units = self._count(table, f"{path}.units")
        activation: Activation = self._choice(table, f"{path}.activation", ACTIVATIONS, "sigmoid")
        rows = self._required(table, f"{path}.weights")
        expected = f"{units} rows (units) of {fan_in} numbers (what the layer reads)"
        if not isinstance(rows, list) or len(rows) != units:
            raise _found(f"{path}.weights", rows, expected)
        weights = []
        for index, row in enumerate(rows):
            if not isinstance(row, list) or len(row) != fan_in:
                raise _found(f"{path}.weights[{index}]", row, expected)
            weights.append(self._numbers(row, f"{path}.weights[{index}]"))
        return Layer(tuple(weights), activation)

    def _sample(self, table: dict[str, Any], path: str, width: int, why: str) -> tuple[float, ...]:
        rows = self._required(table, path)
        expected = f"one row of {width} numbers ({why})"
        if not (isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], list)):
            raise _found(path, rows, expected)
        if len(rows[0]) != width:
            raise _found(path, rows, expected)
        return self._numbers(rows[0], f"{path}[0]")

    @staticmethod
    def _keys(table: Mapping[str, Any], prefix: str, known: set[str]) -> None:
        for key in table:
            if key not in known:
                hint = _hint(key, sorted(known))
                raise InputError(
                    f"{prefix}{key}: found an unknown key{hint}; "
                    f"expected one of {', '.join(sorted(known))}"
                )

    @staticmethod
    def _required(table: Mapping[str, Any], path: str) -> object:
        key = path.rpartition(".")[2]
        if key not in table:
            raise InputError(f"{path}: found nothing; expected this key")
        return table[key]

    def _table(self, document: dict[str, Any], key: str) -> dict[str, Any]:
        found = self._required(document, key)
        if not isinstance(found, dict):
            raise _found(key, found, f"a table, [{key}]")
        return found

    def _count(self, table: dict[str, Any], path: str) -> int:
        found = self._required(table, path)
        if type(found) is not int or not 1 <= found <= 1000:
            raise _found(path, found, "a whole number from 1 to 1000")
        return found

    @staticmethod
    def _choice(table: dict[str, Any], path: str, known: Mapping[str, Any], default: str) -> Any:  # noqa: ANN401
        found = table.get(path.rpartition(".")[2], default)
        if not isinstance(found, str) or found not in known:
            hint = _hint(found, known) if isinstance(found, str) else ""
            raise InputError(f"{path}: found {found!r}{hint}; expected {' or '.join(known)}")
        return known[found]

    @staticmethod
    def _text(table: dict[str, Any], key: str, default: str) -> str:
        found = table.get(key, default)
        if not isinstance(found, str) or len(found) > MAXIMUM_TEXT:
            raise _found(key, found, f"text of at most {MAXIMUM_TEXT} characters")
        return found

    @staticmethod
    def _numbers(found: object, path: str) -> tuple[float, ...]:
        if not isinstance(found, list):
            raise _found(path, found, "a list of numbers")
        for index, number in enumerate(found):
            if type(number) not in (int, float) or not abs(number) <= 1e6:
                raise _found(f"{path}[{index}]", number, "a finite number from -1e6 to 1e6")
        # A workbook holds an input in 16 significant digits, so that is what we compute with.
        return tuple(float(f"{float(number):.16G}") for number in found)


def _found(path: str, found: object, expected: str) -> InputError:
    text = repr(found)
    shown = text if len(text) <= 60 else f"{text[:57]}…"
    return InputError(f"{path}: found {shown}; expected {expected}")
