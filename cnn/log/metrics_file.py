"""Reads a file of metrics that another program, or `WorkbookLog`, has written line by line.

CSV with a header row: Lightning's and Keras' CSVLogger, Ultralytics' results.csv, TensorBoard's
export, a spreadsheet program's with semicolons and decimal commas. JSON Lines: an object a line;
also a JSON document with a list of objects, or of numbers for each metric.
"""

import json
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cnn.log.csv_metrics import LONGEST_TEXT, listed, read_number, require_size, rows_of_csv
from cnn.log.description import Layer, Target, TrainingLog
from cnn.log.journal_results import confusion_in, pictures_in
from cnn.log.json_document import document_rows
from cnn.log.metrics import BEST, Logged, is_number
from sheetgen.errors import InputError
from sheetgen.files.characters import cut, without_impossible
from sheetgen.files.saving import reason_of
from sheetgen.spreadsheet.stamp import identifier

JOURNAL = "workbook_log"
"""The key of the first line of a journal, with what is known before the first epoch."""
RESULTS = "workbook_log_results"
"""The key of a line with what came of the network."""
_LONGEST_NAME = 26  # leaves room for " (99)" in the 31 characters of a sheet's name
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]+")
STEPS = ("epoch", "step", "iteration", "global_step")
_TELLING_APART = {
    *("metric", "metric_name", "name", "tag", "key", "variable"),
    *("run", "run_id", "run_name", "experiment", "trial", "model"),
}
"""Columns that in tables of another layout say what a row is of."""
ZIP = b"PK\x03\x04"
"""How a workbook begins."""
_EVERYDAY = {"metrics", "results", "log", "logs", "history", "training", "training_log"}

Row = dict[str, Logged]
Known = dict[str, Any]
"""What the first line of a journal says."""


def read_metrics(
    path: Path,
    title: str = "",
    target: Target | None = None,
    best: Mapping[str, str] | None = None,
) -> TrainingLog:
    """Read a file of metrics; without a title it is called by its own, or by the file's name.

    `best` says of metrics whether their max or their min is best, where their names do not.

    Raises InputError if the file cannot be read, is of another kind or has no numbers, or if it
    lacks the metric of the target.
    """
    text = _text(path)
    is_json = text.lstrip().startswith(("{", "["))
    known, rows = _from_json(path, text) if is_json else (Known(), rows_of_csv(path, text))
    if not rows:
        raise InputError(f"{path} has no epoch: found nothing below its first line")
    step, merged = by_step(rows)
    _require_one_training(path, step, rows)
    if target:
        known = known | {"target": {target.metric: target.value}}
    if best:
        known = known | {"best": dict(known.get("best") or {}) | dict(best)}
    log = describe(known, merged, step, title or _title(path, known), str(path.resolve()))
    numeric = [metric.name for metric in log.metrics if metric.numbers]
    if not numeric:
        names = [metric.name for metric in log.metrics] or [step]
        raise InputError(f"{path} has no metric: found {listed(names)}; expected numbers by epoch")
    for name in (*([target.metric] if target else []), *(best or {})):
        if name not in numeric:
            raise InputError(f"{path} has no metric {name!r}; found {listed(numeric)}")
    return log


def read_target(text: str) -> Target:
    """Return the target that an option gives. Raises InputError if it is not METRIC=VALUE."""
    name, sign, value = text.rpartition("=")
    number = read_number(value, commas=False)
    if not (name.strip() and sign and is_number(number) and number > 0):
        raise InputError(f"--target: found {text!r:.50}; expected METRIC=VALUE, the value above 0")
    return Target(name.strip(), float(number))


def read_best(texts: Sequence[str]) -> dict[str, str]:
    """Return what options give for `best`. Raises InputError if one is not METRIC=max or =min."""
    found = {}
    for text in texts:
        name, _, value = text.rpartition("=")
        if not name.strip() or value.strip() not in BEST:
            raise InputError(f"--best: found {text!r:.50}; expected METRIC=max or METRIC=min")
        found[name.strip()] = value.strip()
    return found


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
        best=known.get("best") or {},
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
    return without_impossible(str(value))[:LONGEST_TEXT]


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
    step = next((columns[each] for each in STEPS if each in columns), None)
    if step is None or not any(is_number(row.get(step)) for row in rows):
        return "epoch", [{"epoch": 0} | row | {"epoch": at} for at, row in enumerate(rows, start=1)]
    counters = {columns[each] for each in STEPS if each in columns}
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


def _require_one_training(path: Path, step: str, rows: Sequence[Row]) -> None:
    """Refuse rows of several trainings, or one for each metric: the last would hide the others."""
    columns = {name for row in rows for name in row if name.lower() in _TELLING_APART}
    for column in sorted(columns):
        found: dict[Logged, str] = {}
        for row in rows:
            place, text = row.get(step), row.get(column)
            if place is None or not isinstance(text, str):
                continue
            if found.setdefault(place, text) != text:
                raise InputError(
                    f"{path} has several rows for one {step}, of {found[place]!r:.40} and "
                    f"{text!r:.40} in the column {column!r}; expected one training, with a column "
                    "for each metric"
                )


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason_of(error)}") from error
    if data.startswith(ZIP):
        raise InputError(f"{path} is a workbook, or another archive; expected a file of metrics")
    # Excel writes "Unicode text" in UTF-16, and CSV in the code page of the country.
    encoding = "utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8-sig" and b"\0" not in data:
            return data.decode("cp1252", errors="replace")
        raise InputError(f"{path} is no text: {error.reason} at byte {error.start}") from error


def _title(path: Path, known: Known) -> str:
    """Return what a log is called: a file called as all are by the name of its folder."""
    folder = path.resolve().parent.name
    is_everyday = path.stem.lower() in _EVERYDAY and folder
    return str(known.get("title") or (folder if is_everyday else path.stem))


def _from_json(path: Path, text: str) -> tuple[Known, list[Row]]:
    """Return the first line of a journal, {} without one, and the rows of a JSON Lines file."""
    known, rows = Known(), list[Row]()
    if document := document_rows(text):
        return known, [dict(_flat(dict(each))) for each in document]
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
    require_size(path, len(rows), len({name for row in rows for name in row}))
    return known, rows


def _require_known(path: Path, found: Known) -> Known:
    kinds = {
        "title": str,
        "mark": str,
        "details": str,
        "settings": dict,
        "target": dict,
        "best": dict,
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
    for name, value in (found.get("best") or {}).items():
        if value not in list(BEST):
            raise InputError(
                f"{path}, line 1: best of {name!r:.50} is {value!r:.50}; expected max or min"
            )
    return found


def _require_results(path: Path, number: int, found: Known) -> None:
    try:
        confusion_in(found)
        pictures_in(found)
        dict(found.get("settings") or {})
        int(found.get("wrong") or 0)
    except (InputError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}, line {number} is damaged: {error}") from error


def _flat(values: Known, prefix: str = "") -> Iterator[tuple[str, Logged]]:
    for key, value in values.items():
        name = without_impossible(f"{prefix}{key}").strip()[:LONGEST_TEXT]
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}/")
        elif isinstance(value, bool):
            yield name, int(value)
        elif value is None or isinstance(value, (int, float)):
            yield name, _held(value)
        else:
            yield name, without_impossible(str(value))[:LONGEST_TEXT]


def _held(number: float | int | None) -> Logged:
    """Return a number as a cell can hold it: a whole one of hundreds of digits is infinite."""
    try:
        float(number or 0)
    except OverflowError:
        return float("inf")
    return number
