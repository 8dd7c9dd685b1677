"""Reads a template's [network] from its TOML document."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import prod
from typing import Any, cast

from sheetgen.errors import InputError
from sheetgen.network import activations
from sheetgen.network.activations import ACTIVATIONS, Activation
from sheetgen.network.initialization import SCHEMES, SPREADS, initial_weights
from sheetgen.network.layer import AnyLayer, Layer, Matrix
from sheetgen.network.losses import LOSSES, Loss
from sheetgen.network.network import Network
from sheetgen.network.planes import Convolution, Planes, Pool
from sheetgen.template.toml_table import MAXIMUM_SEED, Table, refused, rows_of

MAXIMUM_LAYERS = 1000
MAXIMUM_INPUTS = 1000
MAXIMUM_WEIGHTS = 8192  # and units: each has two of a worksheet's 16,384 columns
TYPES = ("dense", "convolution", "max-pool", "average-pool", "flatten")
OF_WEIGHTS = ("activation", "slope", "weights", "init", "biases", "train_biases")
KEYS = {
    "dense": ("type", "units", *OF_WEIGHTS),
    "convolution": ("type", "channels", "kernel", "stride", "padding", *OF_WEIGHTS),
    "max-pool": ("type", "kernel", "stride"),
    "average-pool": ("type", "kernel", "stride"),
    "flatten": ("type",),
}
MOST_POOLED = {
    "max-pool": (64, "as deep as Excel nests the IF that finds the largest"),
    "average-pool": (255, "as many as Excel’s AVERAGE takes"),
}
"""Values in a window."""
PICTURE = "a picture to look at: inputs = [rows, columns] or [channels, rows, columns]"


def read_network(table: Table) -> Network:
    """Read [network]; raises InputError when its layers do not fit each other or the loss."""
    table.only("inputs", "loss", "layers")
    loss = LOSSES[table.choice("loss", LOSSES, "half-squared-error")]
    entries, path = table.tables("layers"), table.path("layers")
    if len(entries) > MAXIMUM_LAYERS:
        raise InputError(
            f"{path}: found {len(entries):,} layers; expected at most {MAXIMUM_LAYERS:,}"
        )
    outlines = _outlines(_inputs(table), entries)
    _check_size(path, outlines)
    last = outlines[-1]
    if last.window:
        raise refused(last.table.path("type"), _type(last.table), '"dense" for the last layer')
    layers = tuple(_layer(each, loss, is_last=each is last) for each in outlines)
    return Network(layers, loss)


def _inputs(table: Table) -> int | Planes:
    """Return the number of inputs, or the planes that they are."""
    found, path = table.values.get("inputs"), table.path("inputs")
    if not isinstance(found, list):
        return table.whole("inputs", 1, MAXIMUM_INPUTS)
    expected = "a whole number, [rows, columns] or [channels, rows, columns]"
    if len(found) not in (2, 3) or any(type(each) is not int or each < 1 for each in found):
        raise refused(path, found, expected)
    planes = Planes(*([1] * (3 - len(found))), *found)
    if planes.size > MAXIMUM_INPUTS:
        raise InputError(
            f"{path}: found {planes.size:,} inputs in all; expected at most {MAXIMUM_INPUTS:,}"
        )
    return planes


@dataclass(frozen=True, eq=False)
class _Outline:
    """A layer before its weights are read: the shape of their matrix, and what it puts out."""

    table: Table
    rows: int
    columns: int
    puts_out: int | Planes
    window: dict[str, Any] = field(default_factory=dict)

    @property
    def units(self) -> int:
        return self.puts_out.size if isinstance(self.puts_out, Planes) else self.puts_out


def _outlines(read: int | Planes, entries: Sequence[Table]) -> list[_Outline]:
    """Return the outlines of all layers, without what only flattens."""
    found = []
    for entry in entries:
        kind = _type(entry)
        if kind in MOST_POOLED and "size" in entry:
            expected = "kernel, the sides of a pool's window"
            raise InputError(f"{entry.path('size')}: found an unknown key; expected {expected}")
        entry.only(*KEYS[kind])
        if kind == "flatten" or (kind == "dense" and isinstance(read, Planes)):
            read = read.size if isinstance(read, Planes) else read
        if kind != "flatten":
            found.append(_outline(entry, read))
            read = found[-1].puts_out
    if not found:
        raise refused(entries[-1].path("type"), "flatten", '"dense" for the last layer')
    return found


def _outline(table: Table, read: int | Planes) -> _Outline:
    if not isinstance(read, Planes):
        if _type(table) != "dense":
            raise refused(table.path("type"), _type(table), f"{PICTURE}, before anything dense")
        units = table.whole("units", 1, 1000)
        return _Outline(table, units, read, units)
    is_pool = _type(table) != "convolution"
    side = _sides(table, "kernel", 1, (2, 2) if is_pool else None)
    stride = _sides(table, "stride", 1, side if is_pool else (1, 1))
    padding = _sides(table, "padding", 0, (0, 0))
    maps = read.channels if is_pool else table.whole("channels", 1, 1000)
    window = {"planes": read, "window": side, "stride": stride, "padding": padding}
    sizes = zip(read[1:], padding, side, stride, strict=True)
    out = [(length + 2 * edge - seen) // step + 1 for length, edge, seen, step in sizes]
    if min(out) < 1 or any(edge >= seen for edge, seen in zip(padding, side, strict=True)):
        around = ", larger than the padding" if any(padding) else ""
        raise table.refused("kernel", f"a window in {read.rows} by {read.columns}{around}")
    if is_pool:
        most, why = MOST_POOLED[_type(table)]
        if prod(side) > most:
            raise table.refused("kernel", f"a window of at most {most} values, {why}")
    weights = (0, 0) if is_pool else (maps, read.channels * prod(side))
    return _Outline(table, *weights, Planes(maps, *out), window)


def _sides(table: Table, key: str, least: int, usual: tuple[int, int] | None) -> tuple[int, int]:
    """Return a number of rows and one of columns, for which one number may be given."""
    found = usual if usual and key not in table else table.required(key)
    sides = found if isinstance(found, list | tuple) else [found, found]
    if len(sides) != 2 or any(type(each) is not int or not least <= each <= 100 for each in sides):
        raise table.refused(key, f"a whole number from {least} to 100, or [down, across]")
    return sides[0], sides[1]


def _type(table: Table) -> str:
    return table.choice("type", TYPES, "dense")


def _check_size(path: str, outlines: Sequence[_Outline]) -> None:
    """Raise InputError if there are too many weights or units, before any of them is drawn."""
    weights = sum(each.rows * each.columns for each in outlines)
    units = sum(each.units for each in outlines)
    for count, name in ((weights, "weights"), (units, "units")):
        if count > MAXIMUM_WEIGHTS:
            raise InputError(
                f"{path}: found {count:,} {name} in all; expected at most {MAXIMUM_WEIGHTS:,}: "
                "each takes two columns, and a worksheet has 16,384"
            )


def _layer(outline: _Outline, loss: Loss, is_last: bool) -> AnyLayer:
    table, window = outline.table, outline.window
    if _type(table).endswith("-pool"):
        return Pool(**window, kind="max" if _type(table) == "max-pool" else "average")
    activation = _activation(table)
    path = table.path("activation")
    if activation.acts_on_layer and not is_last:
        expected = "one that acts on each unit by itself; softmax is for the last layer"
        raise refused(path, activation.name, expected)
    if is_last and loss.activation not in (None, activation.name):
        raise refused(path, activation.name, f"{loss.activation}, which {loss.name} needs")
    weights = _weights(outline)
    biases = _biases(outline)
    if biases is None and "train_biases" in table:
        raise table.refused("train_biases", "no such key in a layer without biases")
    are_trained = table.boolean("train_biases", default=True)
    if not window:
        return Layer(weights, activation, biases, are_trained)
    return Convolution(
        weights=weights, activation=activation, biases=biases, train_biases=are_trained, **window
    )


def _activation(table: Table) -> Activation:
    name = table.choice("activation", ACTIVATIONS, "sigmoid")
    if "slope" not in table:
        return ACTIVATIONS[name]
    try:
        return activations.activation(name, table.number("slope"))
    except ValueError:
        raise table.refused("slope", f"no such key, as {name} has none to choose") from None


def _weights(outline: _Outline) -> Matrix:
    table, units, fan_in = outline.table, outline.rows, outline.columns
    if "init" in table:
        if "weights" in table:
            raise table.refused("weights", "no such key beside init, which draws the weights")
        return _drawn(table.table("init"), outline)
    if "weights" not in table:
        raise InputError(f"{table.path('weights')}: found nothing; expected this key, or init")
    rows, path = table.required("weights"), table.path("weights")
    if outline.window:
        return _kernels(outline, rows, path)
    expected = f"{units} rows (units) of {fan_in} numbers (what the layer reads)"
    if not isinstance(rows, list) or len(rows) != units:
        raise refused(path, rows, expected)
    return rows_of(rows, fan_in, path, expected)


def _kernels(outline: _Outline, found: object, path: str) -> Matrix:
    """Read weights[map][channel][row][column]; they are kept flat, a row for each map."""
    planes, (rows, columns) = outline.window["planes"], outline.window["window"]
    kernels = "kernel (channel out)" if outline.rows == 1 else "kernels (channels out)"
    expected = (
        f"{outline.rows} {kernels} of {planes.channels} (channels in) x {rows} x {columns} numbers"
    )
    lists: dict[str, object] = {path: found}
    for length in (outline.rows, planes.channels):
        for each in lists.values():
            if not isinstance(each, list) or len(each) != length:
                raise refused(path, found, expected)
        lists = {
            f"{place}[{at}]": item
            for place, each in lists.items()
            for at, item in enumerate(cast("list[object]", each))
        }
    flat = []
    for place, each in lists.items():
        if not isinstance(each, list) or len(each) != rows:
            raise refused(place, each, expected)
        flat.append(tuple(chain.from_iterable(rows_of(each, columns, place, expected))))
    wide = planes.channels
    return tuple(
        tuple(chain.from_iterable(flat[at : at + wide])) for at in range(0, len(flat), wide)
    )


def _drawn(table: Table, outline: _Outline) -> Matrix:
    table.required("scheme")
    scheme = table.choice("scheme", SCHEMES, "")
    key = SPREADS.get(scheme)
    table.only("scheme", "seed", *([key] if key else []))
    seed = table.whole("seed", 0, MAXIMUM_SEED) if "seed" in table else 0
    spread = table.number(key) if key and key in table else 1.0
    if key and not 0 < spread <= 1000:
        raise table.refused(key, "a number above 0, at most 1000")
    uses = prod(outline.window["window"]) if outline.window else 1
    return initial_weights(
        scheme, outline.rows, outline.columns, seed, spread, fan_out=outline.rows * uses
    )


def _biases(outline: _Outline) -> tuple[float, ...] | None:
    table, units = outline.table, outline.rows
    found = table.values.get("biases", False)
    if found is False:
        return None
    if found is True and "init" in table:
        return (0.0,) * units
    or_true = ", or true for zeros" if "init" in table else ""
    if not isinstance(found, list) or len(found) != units:
        whose = "maps" if outline.window else "units"
        raise table.refused("biases", f"{units} numbers ({whose}){or_true}")
    return table.numbers("biases")
