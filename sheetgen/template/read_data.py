"""Reads a template's [data]: samples that the TOML holds, or those of a CSV file, and test samples.

Problems are several lists of targets of the same inputs.

Test samples are a fraction of the samples, drawn by a seed, or those of a second CSV file.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from sheetgen.errors import InputError, shortened
from sheetgen.network.data import MAXIMUM_SAMPLES, Data, Problem, Rows
from sheetgen.network.network import Network
from sheetgen.template.csv_file import CsvFile, check_target, listed
from sheetgen.template.toml_table import MAXIMUM_SEED, Table, hint, refused, rows_of

KEYS = ("inputs", "targets", "file", "input_columns", "target_columns", "class_column",
        "standardize", "test_fraction", "test_seed", "test_file", "image",
        "problems", "problem")  # fmt: skip

MOST_PROBLEMS = 10
LONGEST_NAME = 20  # so that ten names fit a validation, which has room for 255 characters
# What a spreadsheet takes for a text when it is chosen: "1" and "2-3" would be a number and a date.
_NAME = re.compile(rf"(?=.{{1,{LONGEST_NAME}}}$)[^\W\d_]([^\W\d_]|[ -])*", re.DOTALL)


def read_data(
    table: Table, network: Network, files: Mapping[str, str] | None = None, folder: Path = Path()
) -> tuple[Data, dict[str, str]]:
    """Read a template's [data]; return it with the texts of its CSV files by their names.

    The files are taken from `files`, or from the folder if there are none. Raises InputError if
    the data does not fit the network and its loss.
    """
    table.only(*KEYS)
    image = _image(table, network)
    _check_keys(table)
    if "file" in table:
        data, used = _from_files(table, network, files, folder)
    else:
        data, used = _typed(table, network), {}
    standardize = table.boolean("standardize", default=False)
    data = replace(data, image=image, standardize=standardize)
    return (_divided(table, data) if "test_fraction" in table else data), used


def _image(table: Table, network: Network) -> tuple[int, int] | None:
    """Return the height and the width of the picture that the inputs are."""
    planes = network.planes
    if "image" not in table:
        return (planes.rows, planes.columns) if planes and planes.channels == 1 else None
    found = table.values["image"]
    if planes and found != list(planes[1:]):
        raise table.refused("image", f"[{planes.rows}, {planes.columns}], as network.inputs says")
    if isinstance(found, list) and len(found) == 2 and all(type(side) is int for side in found):
        height, width = found
        if min(found) > 0 and height * width == network.inputs:
            return height, width
    expected = f"height and width, whose product is {network.inputs} (the network's inputs)"
    raise table.refused("image", expected)


def _check_keys(table: Table) -> None:
    """Raise InputError for keys of test samples or problems that do not belong together."""
    if "test_file" in table:
        if "test_fraction" in table:
            raise table.refused("test_fraction", "no such key beside data.test_file")
        if "file" not in table:
            raise table.refused("test_file", "no such key without data.file")
    if "problem" in table and "problems" not in table:
        raise table.refused("problem", "no such key without data.problems")
    if "test_seed" in table and "test_fraction" not in table:
        raise table.refused("test_seed", "no such key without data.test_fraction")


def _from_files(
    table: Table, network: Network, files: Mapping[str, str] | None, folder: Path
) -> tuple[Data, dict[str, str]]:
    for key in ("inputs", "targets", "problems"):
        if key in table:
            raise table.refused(key, "no such key beside data.file, which has the samples")
    used = _read_file(table, "file", files, folder)
    data = _samples(table, network, "file", used)
    if "test_file" not in table:
        return data, used
    if table.values["test_file"] == table.values["file"]:
        raise table.refused("test_file", "another file than data.file")
    used |= _read_file(table, "test_file", files, folder)
    test = _samples(table, network, "test_file", used, data.target_labels)
    samples = data.samples + test.samples
    if samples > MAXIMUM_SAMPLES:
        found = f"{samples:,} samples in both files"
        path = table.path("test_file")
        raise InputError(f"{path}: found {found}; expected at most {MAXIMUM_SAMPLES:,}")
    return replace(data, test_inputs=test.inputs, test_targets=test.targets), used


def _read_file(
    table: Table, key: str, files: Mapping[str, str] | None, folder: Path
) -> dict[str, str]:
    """Return the text of the CSV file that a key names, by its name."""
    name = table.required(key)
    if not isinstance(name, str) or not name:
        raise table.refused(key, "the name of a CSV file")
    # What somebody else's workbook or key names is never read from this machine.
    if files is not None and name not in files:
        known = listed(files) or "there is none"
        raise table.refused(key, f"a file that came with the template: {known}")
    return {name: _text(table, key, folder) if files is None else files[name]}


def _samples(
    table: Table,
    network: Network,
    key: str,
    texts: Mapping[str, str],
    classes: tuple[str, ...] = (),
) -> Data:
    """Return the samples of a CSV file; its classes are found in it unless they are given."""
    name = str(table.values[key])
    file = CsvFile(table, key, name, texts[name])
    inputs = file.input_columns(network)
    if ("target_columns" in table) == ("class_column" in table):
        found = "this and class_column" if "class_column" in table else "nothing"
        path = table.path("target_columns")
        raise InputError(f"{path}: found {found}; expected either this key or class_column")
    if "class_column" in table:
        labels = classes or file.classes(network.outputs)
        targets = file.one_hot(labels)
    else:
        labels = file.target_columns(network)
        targets = file.targets(labels, network)
    return Data(file.numbers(inputs), targets, inputs, labels)


def _typed(table: Table, network: Network) -> Data:
    for key in ("input_columns", "target_columns", "class_column"):
        if key in table:
            raise table.refused(key, "no such key without data.file")
    inputs = _rows(table, "inputs", network.inputs, "the network's inputs")
    if "problems" in table:
        return _problems(table, network, inputs)
    return Data(inputs, _targets(table, "targets", network, inputs))


def _targets(table: Table, key: str, network: Network, inputs: Rows) -> Rows:
    """Return a row of targets for each row of inputs."""
    targets = _rows(table, key, network.outputs, "the last layer's units")
    if len(targets) != len(inputs):
        raise table.refused(key, f"{len(inputs)} rows, as many as data.inputs has")
    for index, row in enumerate(targets):
        check_target(row, network, f"{table.path(key)}[{index}]")
    return targets


def _problems(table: Table, network: Network, inputs: Rows) -> Data:
    """Return the inputs with the targets of several problems, of which one is chosen."""
    for key in ("targets", "test_fraction"):
        if key in table:
            raise table.refused(key, "no such key beside data.problems")
    named = table.table("problems")
    names = list(named.values)
    for name in names:
        others = [each.casefold() for each in names if each != name]
        if not _NAME.fullmatch(name) or name.casefold() in (*others, "true", "false"):
            raise InputError(
                f"{table.path('problems')}: found the name {shortened(name)}; expected each name "
                f"once, of at most {LONGEST_NAME} letters, hyphens and spaces"
            )
    if not 1 <= len(names) <= MOST_PROBLEMS:
        found = f"{len(names)} problems" if names else "no problem"
        expected = f"1 to {MOST_PROBLEMS}, each a name with its targets"
        raise InputError(f"{table.path('problems')}: found {found}; expected {expected}")
    if len(inputs) < 2:
        expected = "two rows or more, because there are data.problems"
        raise InputError(f"{table.path('inputs')}: found one row; expected {expected}")
    problems = tuple(Problem(name, _targets(named, name, network, inputs)) for name in names)
    chosen = table.choice("problem", names, names[0])
    return Data(inputs, problems[0].targets).with_problems(problems, chosen)


def _rows(table: Table, key: str, width: int, why: str) -> Rows:
    found, path = table.required(key), table.path(key)
    expected = f"one row of {width} numbers ({why})"
    if not isinstance(found, list) or not found or not isinstance(found[0], list):
        raise refused(path, found, f"{expected} per sample")
    if len(found) > MAXIMUM_SAMPLES:
        raise InputError(f"{path}: found {len(found):,} rows; expected at most {MAXIMUM_SAMPLES:,}")
    return rows_of(found, width, path, expected)


def _divided(table: Table, data: Data) -> Data:
    """Return the data with a part of its samples, drawn by the seed, to test on."""
    expected, samples = "a number between 0 and 1", data.samples
    fraction = table.number("test_fraction", expected)
    if not 0 < fraction < 1:
        raise table.refused("test_fraction", expected)
    count = round(fraction * samples)
    if not 0 < count < samples:
        which = "train on" if count else "test on"
        expected = f"a fraction of the {samples:,} samples that leaves some to {which}"
        raise table.refused("test_fraction", expected)
    seed = table.whole("test_seed", 0, MAXIMUM_SEED) if "test_seed" in table else 0
    drawn = set(np.random.default_rng(seed).permutation(samples)[:count].tolist())

    def part(rows: Rows, tested: bool) -> Rows:
        """Return the rows that were drawn for the test, or the others."""
        return tuple(row for place, row in enumerate(rows) if (place in drawn) == tested)

    return replace(
        data,
        inputs=part(data.inputs, tested=False),
        targets=part(data.targets, tested=False),
        test_inputs=part(data.inputs, tested=True),
        test_targets=part(data.targets, tested=True),
    )


def _text(table: Table, key: str, folder: Path) -> str:
    """Return the text of the CSV file that a key names, with the line endings of Python."""
    path = folder / str(table.required(key))
    try:
        if not path.is_file():
            near = hint(path.name, (each.name for each in folder.glob("*.csv")))
            shown = shortened(table.required(key))
            raise InputError(
                f"{table.path(key)}: found {shown}{near}, which is not a file in {folder}; "
                "expected a CSV file beside the template"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise table.refused(key, "a CSV file in UTF-8") from None
    except (OSError, ValueError) as error:
        raise table.refused(key, f"a file that can be read ({error})") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
