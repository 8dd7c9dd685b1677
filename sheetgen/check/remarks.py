"""What is worth saying about a table although it is not wrong."""

from collections.abc import Sequence

from sheetgen.check.choosing import has_softmax
from sheetgen.check.context import Context
from sheetgen.check.findings import Column, Finding
from sheetgen.check.learning_rate import labels_of, rate_in
from sheetgen.check.parsing import address


def table_remarks(
    context: Context, columns: Sequence[Column], findings: Sequence[Finding], moving: set[str]
) -> list[Finding]:
    """Return the remarks on a table; `findings` are those of its columns, mistakes included."""
    remarks = _pasted(context, columns, findings)
    remarks.extend(_learning_rate(context))
    remarks.extend(_network(context))
    table = context.table
    for column, symbol in table.repeated:
        place = address(table.header_row, column)
        words = f"the header {symbol} stands twice; the one in {place} was read as the next number"
        remarks.append(_remark(context, "duplicate-header", words, place))
    if moving:
        names = ", ".join(sorted(moving))
        words = f"{names} differ from row to row; every row was taken as a sample of its own"
        remarks.append(_remark(context, "several-samples", words))
    unchecked = [one for one in columns if one.status == "unchecked"]
    if unchecked:
        by_reason: dict[str, list[str]] = {}
        for one in unchecked:
            by_reason.setdefault(one.reason, []).append(one.header)
        groups = [f"{', '.join(names)} ({reason})" for reason, names in by_reason.items()]
        remarks.append(_remark(context, "unchecked", f"not checked: {'; '.join(groups)}"))
    return remarks


def _remark(context: Context, kind: str, words: str, cell: str | None = None) -> Finding:
    return Finding("remark", kind, words, context.table.sheet, context.table.place, cell=cell)


def _pasted(
    context: Context, columns: Sequence[Column], findings: Sequence[Finding]
) -> list[Finding]:
    """Return one remark for the table where all columns are pasted, else one for each that is."""
    pasted = [one for one in findings if one.kind == "pasted-values"]
    computed = [one for one in columns if one.status in ("right", "wrong")]
    if len(pasted) > 1 and len(pasted) >= len(computed):
        words = "the table holds pasted numbers, no formulas; compared within their rounding"
        return [_remark(context, "pasted-values", words)]
    return pasted


def _learning_rate(context: Context) -> list[Finding]:
    table, rate = context.table, context.rate
    remarks: list[Finding] = []
    if rate.value is None:
        return remarks
    if rate.source == "inferred":
        words = f"no learning rate is given; the updates of the weights imply {rate.value:g}"
        remarks.append(_remark(context, "learning-rate-inferred", words))
    if rate.source == "formula" and rate.cell is None:
        words = f"the formulas hold the learning rate {rate.value:g} as a number"
        remarks.append(_remark(context, "hard-coded-learning-rate", words))
    labels = labels_of(table.cells)
    if rate.source in ("inferred", "formula"):
        for label in labels:
            if abs(label.value - rate.value) > 1e-6 * abs(rate.value):
                place = address(label.row, label.column)
                words = f"{place} names the learning rate {label.value:g}; used is {rate.value:g}"
                remarks.append(_remark(context, "learning-rate-label", words, place))
                break
    named = rate_in(table.sheet)
    if named is not None and abs(named - rate.value) > 1e-6 * abs(rate.value):
        words = f"the tab names the learning rate {named:g}; used is {rate.value:g}"
        remarks.append(_remark(context, "learning-rate-label", words))
    return remarks


def _network(context: Context) -> list[Finding]:
    network = context.network
    remarks = []
    if network.loss.name != "half-squared-error":
        name = network.loss.name.replace("-", " ")
        words = f"the error is the {name}; the gradients were checked for that"
        remarks.append(_remark(context, "loss", words))
    names = {network.hidden_activation.name, network.output_activation.name}
    if has_softmax(context.numbers, network):
        words = (
            f"the hidden activation is {network.hidden_activation.name}; "
            "the outputs are a softmax, which was not checked"
        )
        remarks.append(_remark(context, "activation", words))
    elif names != {"sigmoid"}:
        words = (
            f"the hidden activation is {network.hidden_activation.name}, "
            f"that of the outputs {network.output_activation.name}"
        )
        remarks.append(_remark(context, "activation", words))
    if network.biases and not network.trains_biases:
        remarks.append(_remark(context, "untrained-biases", "the biases are not trained"))
    return remarks
