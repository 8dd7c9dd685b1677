"""From a network to the ordered columns of its training table, each with the formula of a row.

Formulas are text with {row} and {previous} where the numbers of the formula's own row and of the
row above belong. This module is the spreadsheet's own account of the network: it shares the names
with reference.py, and nothing else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from xlsxwriter.utility import xl_col_to_name

from sheetgen import notation
from sheetgen.errors import InputError
from sheetgen.network import Connection, Network, activation_name

MAXIMUM_COLUMNS = 16_384
MAXIMUM_FORMULA = 8_192  # characters


@dataclass(frozen=True)
class Band:
    """Neighbouring columns of one kind, with the title above their headers."""

    title: str
    kind: str  # iteration, target, input, weight, unit, error, gradient or helper


@dataclass(frozen=True)
class Column:
    """One column: its header, its formula in row 0 and in all later rows, and the mathematics.

    `first` is a number where row 0 starts a count.
    """

    symbol: str
    band: Band
    first: str | int
    rest: str
    notation: str


@dataclass
class _Draft:
    """Collects the symbols in order first, because a formula may name a column further right."""

    network: Network
    first_column: int
    bands: dict[str, Band] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)

    def place(self, band: Band, *symbols: str) -> None:
        for symbol in symbols:
            self.letters[symbol] = xl_col_to_name(self.first_column + len(self.bands))
            self.bands[symbol] = band

    def cell(self, symbol: str, row: str = "{row}") -> str:
        return f"{self.letters[symbol]}{row}"


def uses_delta_columns(network: Network) -> bool:
    """Tell whether gradients go through helper columns ∂E/∂z.

    One hidden layer before few outputs is written out in full, as the seeds' table is; a larger
    network's written-out gradients would be unreadable and, in the end, too long for a cell.
    """
    return len(network.layers) > 2 or network.outputs > 4


def training_columns(
    network: Network, address: Callable[[str], str], learning_rate: str, first_column: int
) -> tuple[Column, ...]:
    """Return the columns of the training table in the order that they stand in.

    `address` gives the absolute address of an initial value, such as "Inputs!$C$9" for w1;
    `learning_rate` is the table's rate, such as "$B$2"; `first_column` counts from 0.

    Raises InputError when the table or a formula would pass what a worksheet can hold.
    """
    draft = _Draft(network, first_column)
    _place(draft)
    width = first_column + len(draft.bands)
    if width > MAXIMUM_COLUMNS:
        raise InputError(
            f"the network's table needs {width:,} columns; a worksheet has {MAXIMUM_COLUMNS:,}"
        )
    formulas = dict(_formulas(draft, address, learning_rate))
    columns = tuple(Column(symbol, band, *formulas[symbol]) for symbol, band in draft.bands.items())
    _check_lengths(columns)
    return columns


def _place(draft: _Draft) -> None:
    network = draft.network
    draft.place(Band("step", "iteration"), "iteration")
    draft.place(Band("targets", "target"), *network.target_names)
    draft.place(Band("inputs", "input"), *network.input_names)
    for layer, units in enumerate(network.unit_names):
        title = notation.layer_title(network, layer)
        names = [edge.name for edge in network.connections if edge.layer == layer]
        draft.place(Band(f"{title}: weights", "weight"), *names)
        for unit in units:
            draft.place(Band(f"{title}: units", "unit"), unit, activation_name(unit))
    draft.place(Band("errors", "error"), *network.error_names, "E_total")
    for layer in range(len(network.layers)):
        title = f"gradients: {notation.layer_title(network, layer)}"
        names = [edge.gradient for edge in network.connections if edge.layer == layer]
        draft.place(Band(title, "gradient"), *names)
    if uses_delta_columns(network):
        deltas = [f"∂E/∂{unit}" for units in network.unit_names for unit in units]
        draft.place(Band("helpers: ∂E/∂ of each unit", "helper"), *deltas)


_Formulas = tuple[str | int, str, str]


def _formulas(
    draft: _Draft, address: Callable[[str], str], learning_rate: str
) -> Iterator[tuple[str, _Formulas]]:
    """Yield each symbol with its first formula, its later formula and its notation."""
    network = draft.network
    counting = f"={draft.cell('iteration', '{previous}')}+1"
    yield "iteration", (0, counting, "counts the updates of the weights, from 0")
    for symbol in (*network.target_names, *network.input_names):
        yield symbol, _everywhere(f"={address(symbol)}", f"{symbol}, from the sheet Inputs")
    for edge in network.connections:
        former, gradient = (
            draft.cell(symbol, "{previous}") for symbol in (edge.name, edge.gradient)
        )
        rule = f"{edge.name} ← {edge.name} − η·{edge.gradient}, both of the row above"
        yield edge.name, (f"={address(edge.name)}", f"={former}-{learning_rate}*{gradient}", rule)
        yield (
            edge.gradient,
            _everywhere(
                f"={gradient_formula(network, edge, draft.cell)}",
                f"{edge.gradient} = {notation.gradient(network, edge)}",
            ),
        )
    yield from _unit_formulas(draft)
    yield from _error_formulas(draft)
    if uses_delta_columns(network):
        yield from _delta_formulas(draft)


def _unit_formulas(draft: _Draft) -> Iterator[tuple[str, _Formulas]]:
    network = draft.network
    for layer, units in zip(network.layers, network.unit_names, strict=True):
        for unit in units:
            products = (
                f"{draft.cell(edge.name)}*{draft.cell(edge.source)}" for edge in network.into(unit)
            )
            text = f"{unit} = {notation.weighted_sum(network, unit)}"
            yield unit, _everywhere(f"={'+'.join(products)}", text)
            activated = activation_name(unit)
            text = f"{activated} = {notation.activation(network, unit)}"
            yield activated, _everywhere(f"={layer.activation.formula(draft.cell(unit))}", text)


def _error_formulas(draft: _Draft) -> Iterator[tuple[str, _Formulas]]:
    network = draft.network
    for output, name in enumerate(network.error_names):
        target = draft.cell(network.target_names[output])
        activated = draft.cell(activation_name(network.unit_names[-1][output]))
        text = f"{name} = {notation.error(network, output)}"
        yield name, _everywhere(f"={network.loss.formula(target, activated)}", text)
    total = "+".join(draft.cell(name) for name in network.error_names)
    yield "E_total", _everywhere(f"={total}", f"E_total = {notation.total_error(network)}")


def _delta_formulas(draft: _Draft) -> Iterator[tuple[str, _Formulas]]:
    network = draft.network
    for units in network.unit_names:
        for unit in units:
            inner = notation.substituted_activation_gradient(network, unit)
            inner = f"({inner})" if " + " in inner else inner
            text = f"∂E/∂{unit} = {inner} · {notation.activation_slope(network, unit)}"
            yield f"∂E/∂{unit}", _everywhere(f"={delta_formula(network, unit, draft.cell)}", text)


def gradient_formula(network: Network, edge: Connection, cell: Callable[[str], str]) -> str:
    """Return the expression of ∂E/∂w, with the address that `cell` gives for each symbol."""
    if uses_delta_columns(network):
        delta = cell(f"∂E/∂{edge.target}")
    else:
        delta = delta_formula(network, edge.target, cell)
    return f"{delta}*{cell(edge.source)}"


def delta_formula(network: Network, unit: str, cell: Callable[[str], str]) -> str:
    """Return the expression of ∂E/∂z of a unit: ∂E/∂a times the activation's slope."""
    layer, _ = notation.position(network, unit)
    activated = cell(activation_name(unit))
    slope = network.layers[layer].activation.slope_formula(cell(unit), activated)
    return f"{_activation_gradient(network, unit, cell)}*{slope}"


def _activation_gradient(network: Network, unit: str, cell: Callable[[str], str]) -> str:
    """Return ∂E/∂a of a unit: the loss's slope, or the sum over the units that it feeds."""
    layer, place = notation.position(network, unit)
    if layer == len(network.layers) - 1:
        target = network.target_names[place]
        return network.loss.slope_formula(cell(target), cell(activation_name(unit)))
    terms = []
    for edge in network.out_of(activation_name(unit)):
        helper = uses_delta_columns(network)
        name = edge.target
        delta = cell(f"∂E/∂{name}") if helper else delta_formula(network, name, cell)
        terms.append(f"{delta}*{cell(edge.name)}")
    return terms[0] if len(terms) == 1 else f"({'+'.join(terms)})"


def _everywhere(formula: str, text: str) -> _Formulas:
    return formula.replace("{previous}", "{row}"), formula, text


def _check_lengths(columns: tuple[Column, ...]) -> None:
    for column in columns:
        longest = column.rest.replace("{previous}", "{row}").replace("{row}", "1048576")
        if len(longest) > MAXIMUM_FORMULA:
            raise InputError(
                f"the formula of {column.symbol} would have {len(longest):,} characters; "
                f"a cell holds {MAXIMUM_FORMULA:,}"
            )
