"""Reads the headers of a table that trains a single unit, in the words of courses.

Perceptrons, linear and logistic regressions have columns such as x, y, prediction, error, w and b.
What a word names depends on the others: y is the target beside ŷ, and the output beside "desired".
"""

import re
from collections.abc import Mapping, Sequence

from sheetgen.check.tables.headers import plain_header, symbol_of

_LONGEST = 30  # characters of a header
_INDEXED = re.compile(r"(?P<stem>x|i|input|feature|w|weight|theta|θ|beta|β)(?P<number>\d*)$")
_INPUTS = ("x", "i", "input", "feature")
_BIASES = ("b", "bias", "c", "intercept", "b1", "theta", "θ")
_SLOPES = ("m", "slope")
_TARGETS = ("target", "t", "desired", "desiredoutput", "actual", "d", "expected", "truth", "label")
_LIKELY_TARGETS = ("y", "yi", "yactual", "ytrue", "output")
_NETS = ("net", "weightedsum", "z", "sum", "netinput", "netsum", "logit")
_OUTPUTS = (
    *("predicted", "prediction", "pred", "yhat", "ŷ", "ypred", "ypredicted", "predictedy", "hx"),
    *("fnet", "fz", "predictedoutput", "a", "activation", "hypothesis", "probability"),
)
_LIKELY_OUTPUTS = ("y", "output", "out")
_ERRORS = ("error", "err", "e", "residual", "difference", "diff")
_SQUARES = ("squarederror", "sqerror", "errorsquared", "error^2", "loss", "cost", "se", "error2")
_GRADIENT = re.compile(
    r"(?:[d∂δ](?:[ejl]|mse|loss|cost|error)?/?[d∂δ]?|grad(?:ient)?(?:of)?)(?P<of>[a-zθβ]+\d*)$"
)


def unit_symbols(texts: Sequence[str]) -> Mapping[str, str]:
    """Return header → symbol of a single unit's table; empty if the headers name none."""
    # Δw is a step of the weight, and no gradient.
    plain = {
        text: plain_header(text)
        for text in texts
        if len(text) < _LONGEST and "=" not in text and text[:1] not in "Δ∆"
    }
    found: dict[str, str] = {}
    _indexed(plain, found)
    _first(plain, found, "t1", _TARGETS)
    _first(plain, found, "a_o1", _OUTPUTS)
    _first(plain, found, "o1", _NETS)
    _first(plain, found, "t1", _LIKELY_TARGETS if "a_o1" in found.values() else ("y",))
    _first(plain, found, "a_o1", _LIKELY_OUTPUTS)
    _first(plain, found, "E1", _ERRORS)
    _first(plain, found, "E_total", _SQUARES)
    named = set(found.values())
    sizes = [sum(one.startswith(letter) for one in named) for letter in "iw"]
    if "t1" not in named or named.isdisjoint(("o1", "a_o1")) or not sizes[0] == sizes[1] > 0:
        return {}
    parts = {plain[text]: symbol for text, symbol in found.items()}
    for text, word in plain.items():
        match = _GRADIENT.match(word)
        of = parts.get(match["of"]) if match and text not in found else None
        if of is not None and of[0] in "wb" and f"∂E/∂{of}" not in found.values():
            found[text] = f"∂E/∂{of}"
        elif text not in found and symbol_of(text) in ("η", "iteration", "epoch", "sample"):
            found[text] = str(symbol_of(text))
    return found


def _indexed(plain: Mapping[str, str], found: dict[str, str]) -> None:
    """Find inputs, weights and the bias; those that count from 0 count from 1 afterwards."""
    matches = {text: _INDEXED.match(word) for text, word in plain.items()}
    numbers = {text: int(one["number"] or 1) for text, one in matches.items() if one}
    inputs = {text: one for text, one in numbers.items() if plain[text].startswith(_INPUTS)}
    weights = {text: one for text, one in numbers.items() if text not in inputs}
    if any(plain[text].startswith("w") for text in weights):  # then θ is the threshold
        weights = {text: one for text, one in weights.items() if plain[text].startswith("w")}
    zero = 0 in inputs.values()
    for family_of, ones in (("i", inputs), ("w", weights)):
        for text, index in ones.items():
            symbol = f"{family_of}{index + zero}" if index or zero else "b1"
            if symbol not in found.values():
                found[text] = symbol
    if len(inputs) == 1 and not weights:
        _first(plain, found, "w1", _SLOPES)
    _first(plain, found, "b1", _BIASES)


def _first(
    plain: Mapping[str, str], found: dict[str, str], symbol: str, words: Sequence[str]
) -> None:
    """Give the symbol to the first column with the first of these words that has no symbol yet."""
    if symbol in found.values():
        return
    for word in words:
        for text, own in plain.items():
            if own == word and text not in found:
                found[text] = symbol
                return
