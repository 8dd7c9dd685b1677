"""Reads a file of metrics that another program, or `WorkbookLog`, has written line by line.

CSV with a header row: Lightning's and Keras' CSVLogger, Ultralytics' results.csv, TensorBoard's
export, a spreadsheet program's with semicolons and decimal commas. JSON Lines: an object a line.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cnn.log.description import Layer, Target, TrainingLog
from cnn.log.journal_results import confusion_in, pictures_in
from cnn.log.metrics import Logged, is_number
from sheetgen.errors import InputError
from sheetgen.files.characters import cut, without_impossible
from sheetgen.files.saving import reason_of
from sheetgen.spreadsheet.address import MAXIMUM_COLUMNS, MAXIMUM_ROWS
from sheetgen.spreadsheet.stamp import identifier

JOURNAL = "workbook_log"
"""The key of the first line of a journal, with what is known before the first epoch."""
RESULTS = "workbook_log_results"
"""The key of a line with what came of the network."""
_LONGEST_NAME = 26  # leaves room for " (99)" in the 31 characters of a sheet's name
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]+")
_LONGEST_TEXT = 200
_MOST_METRICS = MAXIMUM_COLUMNS - 100
_MOST_ROWS = MAXIMUM_ROWS // 2
_STEPS = ("epoch", "step", "iteration", "global_step")
_TENSORBOARD = ["Wall time", "Step", "Value"]
_EVERYDAY = {"metrics", "results", "log", "logs", "history", "training", "training_log"}

Row = dict[str, Logged]
Known = dict[str, Any]
"""What the first line of a journal says."""


def read_metrics(path: Path, title: str = "", target: Target | None = None) -> TrainingLog:
    """Read a file of metrics; without a title it is called by its own, or by the file's name.

    Raises InputError if the file cannot be read, is of another kind or has no numbers, or if it
    lacks the metric of the target.
    """
    text = _text(path)
    is_json = text.lstrip().startswith("{")
    known, rows = _from_json(path, text) if is_json else (Known(), _from_csv(path, text))
    if not rows:
        raise InputError(f"{path} has no epoch: found nothing below its first line")
    step, merged = by_step(rows)
    if target:
        known = known | {"target": {target.metric: target.value}}
    log = describe(known, merged, step, title or _title(path, known), str(path.resolve()))
    numeric = [metric.name for metric in log.metrics if metric.numbers]
    if not numeric:
        names = [metric.name for metric in log.metrics] or [step]
        raise InputError(f"{path} has no metric: found {_listed(names)}; expected numbers by epoch")
    if target and target.metric not in numeric:
        raise InputError(f"{path} has no metric {target.metric!r}; found {_listed(numeric)}")
    return log


def read_target(text: str) -> Target:
    """Return the target that an option gives. Raises InputError if it is not METRIC=VALUE."""
    name, sign, value = text.rpartition("=")
    number = _number(value, commas=False)
    if not (name.strip() and sign and is_number(number) and number > 0):
        raise InputError(f"--target: found {text!r:.50}; expected METRIC=VALUE, the value above 0")
    return Target(name.strip(), float(number))


def describe(known: Known, rows: Sequence[Row], step: str, title: str, place: str) -> TrainingLog:
    """Return the description of what was logged; `known` is the first line of a journal.

    `place` tells a log without a mark from others of the same title.
    """
    target = next((Target(*each) for each in (known.get("target") or {}).items()), None)
    return TrainingLog(
        sheet=sheet_name(title),
        title=title,
        details=str(known.get("details") or ""),
        mark=str(known.get("mark") or identifier([title, place])),
        rows=rows,
        step=step,
        settings=list(settings_of(known.get("settings") or {})),
        target=target,
        layers=[
            Layer(name, tuple(shape), count) for name, shape, count in known.get("layers") or []
        ],
        confusion=confusion_in(known),
        examples=pictures_in(known),
        wrong=int(known.get("wrong") or 0),
    )


def settings_of(values: Mapping[str, Any]) -> Iterator[tuple[str, Logged]]:
    """Yield a line for each setting; those of a group, which is a dictionary, are in one line."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            words = ", ".join(f"{key} {_plain(each)}" for key, each in value.items())
            yield without_impossible(str(name)), without_impossible(words)
        else:
            yield without_impossible(str(name)), _plain(value)


def _plain(value: Any) -> Logged:  # noqa: ANN401 - whatever a user sets
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or is_number(value):
        return value
    return without_impossible(str(value))[:_LONGEST_TEXT]


def sheet_name(title: str) -> str:
    """Return a title as a sheet may be called, so short that a number fits behind it."""
    name = _FORBIDDEN.sub(" ", without_impossible(title))
    name = " ".join(cut(name, _LONGEST_NAME).split()).strip("'") or "Log"
    return f"{name} log" if name.lower() == "history" else name  # which Excel keeps to itself


def by_step(rows: Sequence[Row]) -> tuple[str, list[Row]]:
    """Return the name of the steps, and a row for each with the last value of each column.

    Some programs write the values of an epoch in several rows, each with gaps. A row without a
    number, such as Lightning's of a learning rate, belongs to the epoch that comes after it.
    Without a column of steps the rows are numbered.
    """
    columns = {name.lower(): name for name in reversed([name for row in rows for name in row])}
    step = next((columns[each] for each in _STEPS if each in columns), None)
    if step is None or not any(is_number(row.get(step)) for row in rows):
        return "epoch", [{"epoch": place, **row} for place, row in enumerate(rows, start=1)]
    counters = {columns[each] for each in _STEPS if each in columns}
    merged: dict[float, Row] = {}
    numbers = [row.get(step) for row in rows]
    current = next(float(number) for number in reversed(numbers) if is_number(number))
    places = list[float]()
    for number in reversed(numbers):
        current = float(number) if is_number(number) else current
        places.append(current)
    for place, row in zip(reversed(places), rows, strict=True):
        found = merged.setdefault(place, Row())
        for name, value in row.items():
            if value is not None and name not in counters:
                found[name] = value
    name = step.lower()
    return name, [{name: _whole(number), **merged[number]} for number in sorted(merged)]


def _whole(number: float) -> float | int:
    return int(number) if number.is_integer() else number


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason_of(error)}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text: {error.reason} at byte {error.start}") from error


def _title(path: Path, known: Known) -> str:
    """Return what a log is called: a file called as all are by the name of its folder."""
    folder = path.resolve().parent.name
    is_everyday = path.stem.lower() in _EVERYDAY and folder
    return str(known.get("title") or (folder if is_everyday else path.stem))


def _listed(names: Sequence[str], most: int = 12) -> str:
    return ", ".join([*names[:most], *(["…"] if len(names) > most else [])])


def _from_json(path: Path, text: str) -> tuple[Known, list[Row]]:
    """Return the first line of a journal, {} without one, and the rows of a JSON Lines file."""
    known, rows = Known(), list[Row]()
    # Only these end a line of JSON; others may be in a text.
    lines = re.split(r"\r?\n", text)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == len(lines) and rows:
                break  # a line that was being written when its program was killed
            raise InputError(f"{path}, line {number}: found no JSON ({error})") from error
        if not isinstance(found, dict):
            raise InputError(f"{path}, line {number}: found {line[:50]!r}; expected an object")
        if number == 1 and JOURNAL in found:
            known = _require_known(path, found)
        elif RESULTS in found and JOURNAL in known:
            _require_results(path, number, found)
            known = known | found
        else:
            rows.append(dict(_flat(found)))
    _require_size(path, len(rows), len({name for row in rows for name in row}))
    return known, rows


def _require_known(path: Path, found: Known) -> Known:
    kinds = {
        "title": str,
        "mark": str,
        "details": str,
        "settings": dict,
        "target": dict,
        "layers": list,
    }
    for name, kind in kinds.items():
        if name in found and not isinstance(found[name], kind):
            raise InputError(
                f"{path}, line 1: {name} is {found[name]!r:.50}; expected another kind"
            )
    for layer in found.get("layers") or []:
        kinds_of_layer = [type(each) for each in layer] if isinstance(layer, list) else []
        if kinds_of_layer != [str, list, int]:
            raise InputError(f"{path}, line 1: found the layer {layer!r:.50}; expected its numbers")
    values = (found.get("target") or {}).values()
    if not all(is_number(value) for value in values):
        raise InputError(f"{path}, line 1: target is {found['target']!r:.50}; expected a number")
    return found


def _require_results(path: Path, number: int, found: Known) -> None:
    try:
        confusion_in(found)
        pictures_in(found)
        int(found.get("wrong") or 0)
    except (InputError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}, line {number} is damaged: {error}") from error


def _flat(values: Known, prefix: str = "") -> Iterator[tuple[str, Logged]]:
    for key, value in values.items():
        name = without_impossible(f"{prefix}{key}").strip()[:_LONGEST_TEXT]
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}/")
        elif isinstance(value, bool):
            yield name, int(value)
        elif value is None or isinstance(value, (int, float)):
            yield name, _held(value)
        else:
            yield name, without_impossible(str(value))[:_LONGEST_TEXT]


def _held(number: float | int | None) -> Logged:
    """Return a number as a cell can hold it: a whole one of hundreds of digits is infinite."""
    try:
        float(number or 0)
    except OverflowError:
        return float("inf")
    return number


def _from_csv(path: Path, text: str) -> list[Row]:
    """Return the rows of a CSV file by the names in its first row."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = [line for line in csv.reader(text.splitlines(), delimiter=delimiter) if any(line)]
    except csv.Error as error:
        raise InputError(f"{path} is no CSV file: {error}") from error
    if not lines or not any(name.strip() for name in lines[0]):
        raise InputError(f"{path} is empty; expected a row of names and a row for each epoch")
    names = _names(path, lines[0])
    _require_size(path, len(lines), len(names))
    for number, line in enumerate(lines[1:], start=2):
        if len(line) > len(names) and any(each.strip() for each in line[len(names) :]):
            raise InputError(
                f"{path}, row {number}: found {len(line)} values; expected {len(names)}, one for "
                f"each of {_listed(names)}"
            )
    commas = delimiter != ","
    return [
        {name: _number(value, commas) for name, value in zip(names, line, strict=False) if name}
        for line in lines[1:]
    ]


def _names(path: Path, cells: Sequence[str]) -> list[str]:
    """Return the names of the columns, different from each other; "" for one to leave out."""
    names = [without_impossible(cell).strip()[:_LONGEST_TEXT] for cell in cells]
    if names == _TENSORBOARD:
        return ["", "step", re.sub(r".*tag[-_]", "", path.stem)]
    if all(_is_text_number(name) for name in names if name):
        raise InputError(f"{path} has no names: found {_listed(names)} in its first row")
    found: list[str] = []
    for place, name in enumerate(names, start=1):
        known = name or f"column {place}"
        others = (known, *(f"{known} ({number})" for number in range(2, place + 1)))
        found.append(next(each for each in others if each not in found))
    return found


def _is_text_number(text: str) -> bool:
    return not isinstance(_number(text, commas=False), str)


def _number(text: str, commas: bool) -> Logged:
    """Return a cell of a file as a number, if it is one; `commas` says that it may have one."""
    text = text.strip()
    if not text:
        return None
    plain = text.replace(",", ".") if commas and text.count(",") == 1 else text
    try:
        # Python also reads 1_000.
        return float(plain) if "_" not in plain else without_impossible(text)
    except ValueError:
        return without_impossible(text)[:_LONGEST_TEXT]


def _require_size(path: Path, rows: int, columns: int) -> None:
    for found, most, what in ((rows, _MOST_ROWS, "rows"), (columns, _MOST_METRICS, "columns")):
        if found > most:
            raise InputError(f"{path} has {found:,} {what}; expected at most {most:,}")
