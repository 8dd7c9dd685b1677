"""Takes back what was said where a whole layer, or the error, is a function that is not known.

A table may have another activation or loss than those of network.py. Its columns then disagree all
alike, and so do the gradients that hold its slope: that is no mistake.
"""

from collections.abc import Sequence
from dataclasses import replace

from sheetgen.check.judging.findings import Column, Finding
from sheetgen.check.meaning.context import Context
from sheetgen.check.meaning.table_network import Network, is_helper
from sheetgen.check.tables.headers import family

OTHER_FUNCTION = {"unknown-mistake", "wrong-activation-function"}
"""What a function that is not known may be taken for; any other mistake explains itself."""
REASONS = {
    "hidden": "the activation of the hidden layer is none that is known",
    "output": "the activation of the outputs is none that is known",
    "loss": "the error is none that is known",
}


def without_unknown_functions(
    context: Context, columns: Sequence[Column], findings: Sequence[Finding]
) -> tuple[list[Column], list[Finding], dict[str, str]]:
    """Leave unchecked what follows from a function that is not known; the last says which are."""
    wrong = {
        one.symbol: one.kind
        for one in findings
        if one.severity == "mistake" and one.cells == context.table.rows
    }
    accused = {one.symbol for one in findings if one.severity == "mistake"}
    reasons: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for what, (values, slopes) in _parts(context.network).items():
        present = [name for name in values if name in context.table.columns]
        direct = _first_present(slopes, context)
        kinds = {wrong.get(name, "none") for name in present}
        explained = (
            all(name in wrong for name in direct) if direct else kinds == {"unknown-mistake"}
        )
        if present and kinds <= OTHER_FUNCTION and explained:
            unknown[what] = REASONS[what]
            below = {name for group in slopes for name in group}
            total = {"E_total"} if what == "loss" else set()
            for name in {*present, *total, *below} & accused:
                reasons.setdefault(name, REASONS[what])
    kept = [one for one in findings if one.symbol not in reasons or one.severity == "remark"]
    changed = [
        replace(one, status="unchecked", largest_difference=None, reason=reasons[one.symbol])
        if one.symbol in reasons
        else one
        for one in columns
    ]
    return changed, kept, unknown


def without_negated_gradients(
    context: Context, columns: Sequence[Column], findings: Sequence[Finding]
) -> tuple[list[Column], list[Finding], bool]:
    """Take back that signs are wrong where every gradient is -∂E/∂w and every update adds it.

    The training is then right; the last of the three returned says whether that is so.
    """
    rows = context.table.rows
    signs = {(one.symbol, one.cells) for one in findings if one.kind == "sign"}
    gradients = [
        one for one in context.table.columns if one.startswith("∂E/∂") and not is_helper(one)
    ]
    parameters = [one.removeprefix("∂E/∂") for one in gradients]
    consistent = all((one, rows) in signs for one in gradients) and all(
        (one, rows - 1) in signs for one in parameters
    )
    if not gradients or not consistent:
        return list(columns), list(findings), False
    taken_back = {*gradients, *parameters}
    kept = [one for one in findings if one.symbol not in taken_back or one.kind != "sign"]
    still_wrong = {one.symbol for one in kept if one.severity == "mistake"}
    changed = [
        replace(one, status="right", largest_difference=None)
        if one.symbol in taken_back - still_wrong
        else one
        for one in columns
    ]
    return changed, kept, True


def _first_present(groups: Sequence[Sequence[str]], context: Context) -> list[str]:
    """Return the columns of the first group that has any: those that hold the slope itself."""
    for group in groups:
        present = [name for name in group if name in context.table.columns]
        if present:
            return present
    return []


def _parts(network: Network) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Return function → its values, and the gradients with its slope, the nearest first."""
    hidden = [f"h{one}" for one in range(1, network.hidden + 1)]
    outputs = [f"o{one}" for one in range(1, network.outputs + 1)]
    of_layer: dict[str, list[str]] = {"h": [], "o": []}
    for index in range(1, network.weights + 1):
        of_layer["h" if index <= network.hidden * network.inputs else "o"].append(f"∂E/∂w{index}")
    for unit, bias in network.biases.items():
        of_layer[family(unit)].append(f"∂E/∂{bias}")
    of_hidden = [[f"∂E/∂{one}" for one in hidden], of_layer["h"]]
    back = [[f"∂E/∂a_{one}" for one in hidden], *of_hidden]
    of_outputs = [[f"∂E/∂{one}" for one in outputs], of_layer["o"], *back]
    of_loss = [[f"∂E/∂a_{one}" for one in outputs], *of_outputs]
    return {
        "hidden": ([f"a_{one}" for one in hidden], of_hidden),
        "output": ([f"a_{one}" for one in outputs], of_outputs),
        "loss": ([f"E{one[1:]}" for one in outputs], of_loss),
    }
