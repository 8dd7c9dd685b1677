"""The settings of a recipe by their names: as options of `cnn train`, and as a TOML file.

All of it follows from the fields of `Recipe` and `Augmentation`. Needs no torch.
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import click

from cnn.training.recipes import Recipe, shown
from sheetgen.console.commands import suggestion
from sheetgen.errors import InputError
from sheetgen.files.saving import reason_of

Command = Callable[..., Any]


@dataclass(frozen=True)
class Setting:
    """A number, word or switch of a recipe."""

    name: str
    table: str
    """The field of the recipe that holds it; "" for the recipe itself."""
    kind: Any
    """int, float, bool, a Literal of words, or a tuple of texts."""
    help: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words to choose from, if it is one."""
        return get_args(self.kind) if get_origin(self.kind) is Literal else ()

    @property
    def is_several(self) -> bool:
        """Whether it is any number of texts."""
        return get_origin(self.kind) is tuple

    @property
    def explanation(self) -> str:
        """What it is, and the words to choose from."""
        return f"{self.help} One of {', '.join(self.words)}." if self.words else self.help

    def of(self, recipe: Recipe) -> object:
        """Return its value in a recipe."""
        value: object = getattr(getattr(recipe, self.table) if self.table else recipe, self.name)
        return value


def _settings(kind: type, table: str = "") -> list[Setting]:
    """Return the settings of a dataclass; those of a dataclass inside it come last."""
    hints, found, inner = get_type_hints(kind, include_extras=True), list[Setting](), []
    for field in fields(kind):
        annotated = hints[field.name]
        if is_dataclass(annotated):
            assert isinstance(annotated, type)
            inner += _settings(annotated, field.name)
        else:
            found.append(Setting(field.name, table, *get_args(annotated)))
    return found + inner


SETTINGS = {setting.name: setting for setting in _settings(Recipe)}
_TABLES = sorted({setting.table for setting in SETTINGS.values()} - {""})


def recipe_options(command: Command) -> Command:
    """Give a command an option for every setting; None where it is not given."""
    for setting in reversed(SETTINGS.values()):
        option = f"--{setting.name.replace('_', '-')}"
        if setting.kind is bool:
            option = f"{option}/--no-{setting.name.replace('_', '-')}"
            add = click.option(option, setting.name, default=None, help=setting.help)
        elif setting.is_several:
            add = click.option(
                option, multiple=True, callback=_given, metavar="RUN", help=setting.help
            )
        elif setting.words:
            add = click.option(option, type=str, metavar="NAME", help=setting.explanation)
        else:
            metavar = "N" if setting.kind is int else "X"
            add = click.option(option, type=setting.kind, metavar=metavar, help=setting.help)
        command = add(command)
    return command


def _given(
    context: click.Context,  # noqa: ARG001 - click calls it with these
    option: click.Parameter,  # noqa: ARG001
    texts: tuple[str, ...],
) -> tuple[str, ...] | None:
    """Return the texts of an option that may be given several times; None without any."""
    return texts or None


def values_of(recipe: Recipe) -> dict[str, object]:
    """Return the values of all settings."""
    return {name: setting.of(recipe) for name, setting in SETTINGS.items()}


def changed(
    recipe: Recipe,
    changes: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    file: Path | None = None,
) -> Recipe:
    """Return a recipe with other values of some settings. Raises InputError for unusable ones.

    It names the file that the changes are from, unless those by options are by themselves as wrong.
    An optimiser that is not SGD goes without Nesterov's momentum if nothing is said of it.
    """
    try:
        return _changed(recipe, changes)
    except InputError as error:
        if file is None or _refusal(recipe, options or {}) == str(error):
            raise
        raise InputError(f"{file}: {error}") from error


def _refusal(recipe: Recipe, changes: Mapping[str, Any]) -> str:
    try:
        _changed(recipe, changes)
    except InputError as error:
        return str(error)
    return ""


def _changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    if changes.get("optimizer", "sgd") != "sgd":
        changes = {"nesterov": False} | dict(changes)
    tables: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        tables.setdefault(SETTINGS[name].table, {})[name] = value
    own = tables.pop("", {})
    for table, values in tables.items():
        own[table] = replace(getattr(recipe, table), **values)
    return replace(recipe, **own)


def read_recipe(path: Path) -> dict[str, Any]:
    """Return the settings in a TOML file, all or some. Raises InputError if it cannot be read."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason_of(error)}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no TOML: {error}") from error
    flat: dict[str, Any] = {}
    for key, value in found.items():
        if key in _TABLES and not isinstance(value, dict):
            raise InputError(f"{path}: {key} is {shown(value)}; expected a table [{key}]")
        table = key if key in _TABLES else ""
        for name, each in value.items() if table else [(key, value)]:
            if name not in SETTINGS or SETTINGS[name].table != table:
                where = f"{table}.{name}" if table else name
                raise InputError(f"{path}: found the key {where}; {_place_of(name, table)}")
            flat[name] = _as_kind(SETTINGS[name], each)
    return flat


def _place_of(name: str, table: str) -> str:
    """Return where a key belongs that is not one of a table, or which one is meant."""
    if name in SETTINGS:
        right = SETTINGS[name].table
        return f"it belongs into the table [{right}]" if right else "it belongs above all tables"
    known = [one.name for one in SETTINGS.values() if one.table == table]
    return suggestion(name, known if table else [*known, *_TABLES])


def _as_kind(setting: Setting, value: object) -> object:
    """Return 1 as 1.0 where numbers need not be whole, and a list of texts as a tuple.

    Whether it is usable is checked later.
    """
    if setting.is_several and isinstance(value, list):
        return tuple(value)
    is_whole = type(value) is int and abs(value) < 2**53
    return float(str(value)) if setting.kind is float and is_whole else value


def recipe_text(model: str, recipe: Recipe) -> str:
    """Return a recipe as the TOML that `read_recipe` reads, with a comment on each setting."""
    lines = [
        f"# The recipe of {model}. Copy it into a file, change what you like, and train with",
        f"# cnn train --model {model} --recipe FILE",
    ]
    table = ""
    for setting in SETTINGS.values():
        if setting.table != table:
            table = setting.table
            lines += ["", f"[{table}]"]
        value = f"{setting.name} = {json.dumps(setting.of(recipe))}"
        lines.append(f"{value:<26}  # {setting.explanation}")
    return "\n".join(lines)
