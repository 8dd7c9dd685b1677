"""Templates: the TOML file that describes a network, its data and its training.

Every refusal names the key's path, what was found and what was expected.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from sheetgen.errors import InputError
from sheetgen.files.characters import require_possible, require_possible_lines
from sheetgen.network.data import Data
from sheetgen.network.network import Network
from sheetgen.template.read_data import read_data
from sheetgen.template.read_layers import read_network
from sheetgen.template.read_training import (
    Recipe,
    check_compared,
    check_iterations,
    check_learning_rates,
    read_recipe,
)
from sheetgen.template.toml_table import Table, hint, plain, plain_rows, refused
from sheetgen.template.write_template import Rows, template_text


@dataclass(frozen=True, kw_only=True)
class Template(Recipe):
    """A network with its data and its training; `source` is the TOML that it was read from.

    `files` has the texts of the CSV files that the TOML names, if any, so that all can be read
    again from within a workbook.
    """

    title: str
    description: str
    network: Network
    data: Data
    source: str
    files: Mapping[str, str]

    @classmethod
    def of(
        cls,
        network: Network,
        inputs: Rows,
        targets: Rows,
        title: str = "Neural network",
        description: str = "",
        data: Mapping[str, Any] | None = None,
        **training: Any,  # noqa: ANN401 - what the keys of a template's [training] hold
    ) -> "Template":
        """Return the template of a network: inputs (samples, inputs), targets (samples, outputs).

        `training` has the keys of a template's table [training], such as learning_rates (0.1
        alone unless given), iterations, batch_size and optimizer; `data` has keys of [data], such
        as standardize and test_fraction. Numbers and lists may be NumPy's or torch's. Raises
        InputError for numbers and keys that do not fit.
        """
        if not isinstance(network, Network):
            raise refused("network", network, "a Network, such as Network.from_torch returns")
        settings = _plain({"learning_rates": [0.1]} | training, "training")
        for key, found in (("title", title), ("description", description)):
            if not isinstance(found, str):
                raise refused(key, found, "text")
            require_possible(found, key)
        rows = (plain_rows(inputs, "data.inputs"), plain_rows(targets, "data.targets"))
        about_data = _plain(data or {}, "data")
        for key in about_data.keys() & {"inputs", "targets"}:
            raise refused(f"data.{key}", about_data[key], "the samples outside of `data`")
        return parse(template_text(network, *rows, title, description, about_data, settings))

    @classmethod
    def load(cls, name: str | Path) -> "Template":
        """Read a built-in template by its name, or a TOML file by its path.

        Raises InputError when there is none or when it is not a valid template.
        """
        return load(str(name))

    def with_training(
        self, learning_rates: Sequence[float] | None = None, iterations: int | None = None
    ) -> "Template":
        """Return the template with other rates or another number of iterations.

        Raises InputError when they are out of range.
        """
        rates = self.learning_rates if learning_rates is None else tuple(learning_rates)
        count = self.iterations if iterations is None else iterations
        check_learning_rates(rates, "learning rates")
        check_compared(self.compare, rates, "learning rates")
        check_iterations(count, "iterations")
        return replace(self, learning_rates=rates, iterations=count)


def folder() -> Path:
    """Return the folder of the built-in templates, in a wheel or in a checkout."""
    packaged = Path(str(files("sheetgen"))) / "templates"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "templates"


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
            raise InputError(f"{name} is not a file; expected a TOML file or one of {known}")
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(_unknown(name)) from None
    except UnicodeDecodeError:
        raise InputError(f"{name} is not a TOML file: it is not UTF-8 text") from None
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}") from None
    return parse(text.replace("\r\n", "\n"), name, folder=path.parent)


def parse(
    text: str,
    name: str = "the template",
    files: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Template:
    """Read a template from its TOML text; every error message begins with `name`.

    The CSV files that it may name are taken from `files` (name → text), or without these from the
    folder, which is the current one unless given. Raises InputError when it is not valid.
    """
    require_possible_lines(text, name)
    try:
        document = tomllib.loads(text)
    except ValueError as error:  # of syntax, or of a number with thousands of digits
        raise InputError(f"{name} is not valid TOML: {error}") from None
    except RecursionError:
        raise InputError(f"{name} is not valid TOML: its brackets are nested too deep") from None
    try:
        return _read(document, text, files, folder or Path())
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _read(
    document: dict[str, Any], source: str, files: Mapping[str, str] | None, folder: Path
) -> Template:
    table = Table(document)
    table.only("title", "description", "network", "data", "training")
    network = read_network(table.table("network"))
    data, used = read_data(table.table("data"), network, files, folder)
    recipe = read_recipe(table.table("training"), data.samples)
    return Template(
        title=table.text("title", "Neural network"),
        description=table.text("description", ""),
        network=network,
        data=data,
        source=source,
        files=used,
        **vars(recipe),
    )


def _plain(values: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {key: plain(value, f"{path}.{key}") for key, value in values.items()}


def _unknown(name: str) -> str:
    known = ", ".join(built_in())
    return f"no template {name!r}{hint(name, built_in())}: it is neither a file nor one of {known}"
