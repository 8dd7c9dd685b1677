"""Takes back mistakes that follow from something about the table that is not known, or not wrong.

A table may have another activation or loss than those of functions.py. Its columns then all
disagree alike, and so do the gradients that hold its slope: that is not a mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sheetgen.check.findings import Column, Finding
from sheetgen.check.formula.expressions import symbols, walk
from sheetgen.check.formula.parsing import Reference
from sheetgen.check.formula.relative_formulas import Formula
from sheetgen.check.meaning.table_meaning import ComputedColumn, TableMeaning
from sheetgen.check.meaning.table_network import Network, is_helper, layer_name
from sheetgen.check.tables.headers import family, is_parameter, number
from sheetgen.spreadsheet.address import column_letters

_GIVEN = ("i", "t")
OTHER_FUNCTION = {"unknown-mistake", "wrong-activation-function"}
"""What a function that is not known may be taken for; any other mistake explains itself."""
_NAMES = {"loss": "error", "output": "activation of the outputs"}


@dataclass
class Verdicts:
    """The verdicts on the columns of a table, and the findings on them."""

    columns: list[Column]
    findings: list[Finding]

    def without_unknown_functions(self, meaning: TableMeaning) -> dict[str, str]:
        """Leave unchecked what follows from a function that is not known; return which are."""
        table = meaning.table
        accused = {one.symbol for one in self.findings if one.severity == "mistake"}
        wrong = {
            one.symbol: one.kind
            for one in self.findings
            if one.severity == "mistake" and one.cells == table.rows
        }
        reasons: dict[str, str] = {}
        unknown: dict[str, str] = {}
        for what, (values, slopes) in _parts(meaning.network).items():
            present = [name for name in values if name in table.columns]
            # The nearest gradients with a column hold the slope itself.
            groups = ([name for name in group if name in table.columns] for group in slopes)
            direct = next(filter(None, groups), [])
            kinds = {wrong.get(name, "none") for name in present}
            explained = (
                all(name in wrong for name in direct) if direct else kinds == {"unknown-mistake"}
            )
            # In the words of courses an error may be many things.
            is_word = table.is_unit and what == "loss" and "none" not in kinds
            if present and (is_word or (kinds <= OTHER_FUNCTION and explained)):
                function = _NAMES.get(what, f"activation of the {what} layer")
                unknown[what] = f"the {function} is not a known one"
                below = {name for group in slopes for name in group}
                total = {"E_total"} if what == "loss" else set()
                for name in {*present, *total, *below} & accused:
                    reasons.setdefault(name, unknown[what])
        self._uncheck(reasons)
        return unknown

    def without_batches(self) -> bool:
        """Leave the updates unchecked if most are wrong in a table whose rows are samples.

        The weights then change once for several samples, in a way that the headers do not tell.
        Return whether that is so.
        """
        parameters = {one.symbol for one in self.columns if is_parameter(one.symbol)}
        wrong = {one.symbol for one in self.columns if one.status == "wrong"} & parameters
        found = 2 * len(wrong) > len(parameters)
        if found:
            self.findings = [one for one in self.findings if one.symbol not in parameters]
            self._uncheck(dict.fromkeys(parameters, "updated once for several samples"))
        return found

    def without_other_rules(self) -> None:
        """Leave unchecked what is wrong in every weight or bias of a page, or in every gradient.

        Whoever writes all of them alike has a rule for them that is not known.
        """
        wrong = {one.symbol for one in self.columns if one.status == "wrong"}
        for stem in ("", "∂E/∂"):
            for kind in ("w", "b"):
                symbols = {
                    one.symbol for one in self.columns if family(one.symbol) == f"{stem}{kind}"
                }
                if len(symbols) > 1 and symbols <= wrong:
                    self._uncheck(dict.fromkeys(symbols, "all of them follow another rule"))

    def _uncheck(self, reasons: Mapping[str, str]) -> None:
        """Leave columns unchecked for these reasons, and drop the mistakes in them."""
        self.columns = [
            replace(one, status="unchecked", largest_difference=None, reason=reasons[one.symbol])
            if one.symbol in reasons
            else one
            for one in self.columns
        ]
        self.findings = [
            one for one in self.findings if one.symbol not in reasons or one.severity == "remark"
        ]

    def without_negated_gradients(self, meaning: TableMeaning) -> bool:
        """Take back that signs are wrong if every gradient is -∂E/∂w and every update adds it.

        The training is then right. Return whether that is so.
        """
        rows = meaning.table.rows
        signs = {(one.symbol, one.cells) for one in self.findings if one.kind == "sign"}
        gradients = [
            one for one in meaning.table.columns if one.startswith("∂E/∂") and not is_helper(one)
        ]
        parameters = [one.removeprefix("∂E/∂") for one in gradients]
        consistent = {(one, rows) for one in gradients} | {(one, rows - 1) for one in parameters}
        if not gradients or not consistent <= signs:
            return False
        taken = {*gradients, *parameters}
        self.findings = [
            one for one in self.findings if one.symbol not in taken or one.kind != "sign"
        ]
        taken -= {one.symbol for one in self.findings if one.severity == "mistake"}
        self.columns = [
            replace(one, status="right", largest_difference=None) if one.symbol in taken else one
            for one in self.columns
        ]
        return True


def _parts(network: Network) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Return function → its values, and the gradients with its slope, the nearest first."""
    below: list[list[str]] = []
    found = {}
    layers = network.unit_layers
    for place, units in enumerate(layers):
        own = [
            [f"∂E/∂{unit}" for unit in units],
            [f"∂E/∂{weight}" for unit in units for weight, _ in network.incoming(unit)]
            + [f"∂E/∂{bias}" for unit, bias in network.biases.items() if unit in units],
        ]
        earlier = [[f"∂E/∂a_{unit}" for unit in layers[place - 1]]] if place else []
        below = [*own, *earlier, *below]
        found[layer_name(network, place + 1)] = [f"a_{unit}" for unit in units], below
    of_loss = [[f"∂E/∂a_{unit}" for unit in network.output_units], *below]
    errors = [f"E{number(unit)}" for unit in network.output_units]
    return found | {"loss": (errors, of_loss)}


def unreadable_part(column: ComputedColumn, mistake: Finding) -> str:
    """Say which column without a known meaning a wrong one is computed from; empty if none is.

    `mistake` is the first one in the wrong column.
    """
    table, meaning, symbol = column.table, column.meaning, column.symbol
    own = table.columns[symbol]
    if own not in table.identified and (header := table.repeats(own)):
        return f"two columns are headed {header}, and its formula is that of neither"
    unknown = table.not_understood
    missing = [one for one in meaning.missing(column.forms[0]) if family(one) in _GIVEN]
    if not (unknown or missing):
        return ""
    row = next(one for one in range(table.rows) if table.cell(symbol, one) == mistake.cell)
    formula = column.contents[row].formula
    if missing and formula is not None and _reads_other_given(column, formula, row):
        return f"needs {', '.join(missing)}"
    if formula is None:
        needed = {one.name for one in symbols(meaning.definitions[symbol])}
        lacking = {one for one in needed - set(table.columns) if not is_helper(one) and one != "η"}
        return f"needs {', '.join(sorted(lacking))}" if lacking else ""
    tree = meaning.resolver.tree(formula)
    for node in walk(tree) if tree is not None else ():
        if not isinstance(node, Reference):
            continue
        cell = node.seen_from(*table.place_of(symbol, row), table.sheet)
        within = cell.sheet == table.sheet and table.has_row(cell.row)
        # Only an update uses the rate; elsewhere an equal number is a coincidence.
        is_rate = column.is_parameter and meaning.resolver.number(cell) == meaning.rate.value
        if within and cell.column in unknown and not is_rate:
            return f"refers to column {column_letters(cell.column)}, not understood"
    return ""


def _reads_other_given(column: ComputedColumn, formula: Formula, row: int) -> bool:
    """Return whether a formula reads an input or target that its definition has not.

    If the right one has no column, nothing tells whether that one's header is wrong.
    """
    table = column.table
    tree = column.meaning.resolver.resolved(formula, *table.place_of(column.symbol, row))
    needed = {one.name for one in symbols(column.forms[0])}
    read = {one.name for one in symbols(tree)} if tree is not None else set()
    return any(family(one) in _GIVEN for one in read - needed)
