"""Reads the names that people give to the columns of a training table.

`symbol_of("δE_tot/δw1")` is "∂E/∂w1"; it is None for a text that names no quantity of the network.
"""

import re
import unicodedata
from functools import lru_cache

# The last but one are Latin, turned and Cyrillic letters that people take for ∂.
ITERATION, BATCH_ROW, BATCH_SIZE, UPDATE = "iteration", "batch row", "batch size", "update"
COUNTED = (ITERATION, "epoch", "sample", BATCH_ROW, BATCH_SIZE, UPDATE)
"""What counts rows, samples or updates."""
GREATEST, EXPONENTIALS = "max o", "Σe^o"
_PARTIAL = "(?:[∂ðδdəǝɘәэϑ]|del|partial)"
_ENERGY = "(?:e(?:t|tot|total|rror|rrortotal|err)?|totale|totalerror|loss|cost|j|l)"
_DROPPED = re.compile(r"[\s_{}\\$()\[\]|,;:·*'’\"“”′-]+")
_LATEX = re.compile(
    r"\\(?:frac|mathrm|mathbf|text|left|right|partial|delta|eta|sigma)\b|\\(?=[_ ])"
)
_NAMES = re.compile(
    r"(?:(?P<iteration>step|steps|iter|iters|iteration|iterations|n|no|sno|slno|number|#)"
    r"|(?P<epoch>epochs?)|(?P<sample>index|samples?)|(?P<correct>correct)|(?P<update>updates?)"
    r"|(?P<place>batchrow)|(?P<size>batchsize)"
    r"|(?P<rate>η|eta|lr|learningrate|learningrateη|ηlearningrate|alpha|α|ƞ|ɳ|ŋ)"
    r"|(?:t|target|y|truth|tgt|desired)(?P<t>\d+)"
    r"|(?:i|input|x|in|inp)(?P<i>\d+)"
    r"|(?:w|weight|wt)(?P<w>\d+)"
    r"|(?:b|bias)(?P<b>\d+|h\d*|o\d*)"
    r"|(?:h|net?h|zh|inh|hin|hnet|sumh)(?P<h>\d+)"
    r"|(?:a|out|act|activation|σ|sigma|sigmoid|sig|actv|α|o(?=h))h(?P<a_h>\d+)"
    r"|(?:aᵢ|outputh|hout|hact)(?P<a_h2>\d+)"
    r"|(?:o|net?o|zo|ino|sumo)(?P<o>\d+)"
    r"|(?:a|out|act|activation|σ|sigma|sigmoid|sig|actv|α)[o0](?P<a_o>\d+)"
    r"|(?:outputo|oout|oact|pred|ŷ|yhat)(?P<a_o2>\d+)"
    r"|(?:e|error|err|loss|cost|eo|erroro)(?P<E>\d+)"
    r"|(?P<total>e(?:t|tot|total|totals)|total(?:e|err|error|loss|cost)|(?:error|err|loss|mse)(?:tot|total)?"
    r"|cost(?:tot|total)?|e|σe|sume)"
    r"|(?:e\^|exp|exponential)(?:of)?(?:z?o|neto)(?P<exponential>\d+)"
    r"|(?P<greatest>max(?:of)?o|greatesto)"
    r"|(?P<sum>(?:σ|sum(?:of)?)(?:e\^o?|expo?|exps|exponentials)))$"
)
_WHOLE = {
    **{one: one for one in ("iteration", "epoch", "sample", "correct", "update")},
    **{"rate": "η", "total": "E_total", "place": BATCH_ROW, "size": BATCH_SIZE},
    **{"greatest": GREATEST, "sum": EXPONENTIALS},
}
"""What the headers without a number name."""
_OWN = {"m = greatest o": GREATEST, "S = Σ e^(o − m)": EXPONENTIALS}
"""Headers of our own tables that look like formulas."""
_GRADIENT = re.compile(
    rf"(?:(?:{_PARTIAL}?{_ENERGY}/?{_PARTIAL})|(?:{_PARTIAL}{_ENERGY}/?{_PARTIAL}?)"
    rf"|(?:{_ENERGY}/{_PARTIAL}?)|{_PARTIAL}|(?:gradientof|gradient|gradof|grad|∇))(?P<of>.+)$"
)
_LIKE = str.maketrans("⁄∕÷∆", "///Δ")
_SUM_OF_GRADIENTS = re.compile(rf"(?:σ|sum(?:of)?)(?={_PARTIAL}|grad)(?P<gradient>.+)$")
_MEAN = re.compile(rf"(?:avg|average|mean)(?:of)?(?={_PARTIAL}|grad)")
_STATE = re.compile(
    r"(?P<state>velocity|momentum|sumofsquares|meansquare|m|v)(?:of|for)?(?P<of>[wb][a-z]*\d+)$"
)
_STATES = {"momentum": "velocity", "sumofsquares": "sum of squares", "meansquare": "mean square"}
_TWO_NUMBERS = re.compile(r"\d[_.,]\s*\d")
_IN_A_LAYER = re.compile(r"(?P<stem>.*\D)(?P<layer>[1-9]\d?)[_.,]\s*(?P<unit>[1-9]\d*)\W*$")
_OF_LAYERS = ("h", "a_h", "b_h", "∂E/∂h", "∂E/∂a_h")
_SHORT_ERROR = re.compile(r"[lj](?:(?P<number>\d+)|t|tot|total)?$")
_DELTA = re.compile(r"(?:δ|delta)(?P<unit>[ho])(?P<number>\d+)$")


def symbol_of(text: str) -> str | None:
    """Return the symbol that a header names, or None.

    Symbols are i1, t1, w1, b1 (or b_h1, b_o1, b_h, b_o), h1 (or h1_2, the second unit of the first
    of several hidden layers), a_h1, o1, a_o1, E1, E_total, ∂E/∂ of any of these, η, what counts
    rows ("iteration", "epoch", "sample"), the steps to a softmax ("max o", "e^o1", "Σe^o"), what
    batches need ("batch row", "batch size", "update", Σ∂E/∂w1), the states of optimisers
    ("velocity w1"), and "correct".
    """
    if len(text) > 60:
        return None
    if text.strip() in _OWN:
        return _OWN[text.strip()]
    if "=" in text.strip().strip("="):
        return None
    if _TWO_NUMBERS.search(text):
        return _in_a_layer(text)
    plain = _plain(text.rstrip(" :="))
    # Unlike ΔE/Δw, Δw is a step of the weight and not a gradient; in lower case it would look like
    # δw. And w′ is the next row's weight.
    is_step = plain.startswith("Δ") and plain.count("Δ") < 2
    if not plain or is_step or text.rstrip().endswith(("'", "′", "’")):
        return None
    plain = plain.lower()
    plain = _MEAN.sub("", plain)
    return _of_training(plain) or _quantity(plain) or _gradient(plain)


def _of_training(plain: str) -> str | None:
    """Return a unit's δ, a sum of gradients or an optimiser's state, or None."""
    if match := _DELTA.match(plain):
        return f"∂E/∂{match['unit']}{int(match['number'])}"
    if match := _SUM_OF_GRADIENTS.match(plain):
        of = _gradient(match["gradient"])
        return f"Σ{of}" if of is not None and of[4] in "wb" else None
    if (match := _STATE.match(plain)) and (of := _quantity(match["of"])):
        return f"{_STATES.get(match['state'], match['state'])} {of}"
    return None


def _in_a_layer(text: str) -> str | None:
    """Return the symbol of a unit that is named by its layer and its number, such as h1_2."""
    match = _IN_A_LAYER.match(text.rstrip(" :="))
    of = symbol_of(f"{match['stem']}{match['unit']}") if match else None
    if match is None or of is None or family(of) not in _OF_LAYERS:
        return None
    return f"{family(of)}{match['layer']}_{int(match['unit'])}"


def error_of(text: str) -> str | None:
    """Return the error that L1, J2, L_total or J names beside targets and outputs, or None."""
    match = _SHORT_ERROR.match(_plain(text).lower())
    if match is None or match["number"] == "0":
        return None
    return f"E{int(match['number'])}" if match["number"] else "E_total"


def plain_header(text: str) -> str:
    """Return a header in small letters, without formatting and without a colon at its end."""
    return _plain(text.rstrip(" :=")).lower()


def _plain(text: str) -> str:
    """Return the header without formatting: spaces, subscripts, braces."""
    text = unicodedata.normalize("NFKC", text).replace("\\partial", "∂").replace("\\delta", "δ")
    text = text.replace("\\eta", "η").translate(_LIKE)
    text = re.sub(r"\\frac\s*\{(.*?)\}\s*\{(.*?)\}", r"\1/\2", text)
    return _DROPPED.sub("", _LATEX.sub("", text))


def _quantity(plain: str) -> str | None:
    match = _NAMES.match(plain)
    if match is None:
        return None
    found = {key: value for key, value in match.groupdict().items() if value is not None}
    ((key, value),) = found.items()
    if key in _WHOLE:
        return _WHOLE[key]
    if key == "exponential":
        return f"e^o{int(value)}"
    if key == "b":
        return f"b{int(value)}" if value.isdecimal() else f"b_{value}"
    return f"{key.removesuffix('2')}{int(value)}" if int(value) else None


def _gradient(plain: str) -> str | None:
    match = _GRADIENT.match(plain)
    of = _quantity(match["of"]) if match else None
    if of is None or of[0] not in "wbhoa":
        return None
    return f"∂E/∂{of}"


_DIGITS = "0123456789"
_OF_SAMPLE = " of sample "


@lru_cache(1 << 14)
def family(symbol: str) -> str:
    """Return the symbol without its number, or layer and number: "w", "a_h", "E", "∂E/∂w", …"""
    stem = symbol.partition(_OF_SAMPLE)[0].rstrip(_DIGITS)
    in_a_layer = stem.endswith("_") and stem[-2] in _DIGITS
    return stem[:-1].rstrip(_DIGITS) if in_a_layer else stem


def number(symbol: str) -> int:
    """Return the number at the end of a symbol, or 0: that of a unit within its layer."""
    symbol = symbol.partition(_OF_SAMPLE)[0]
    digits = symbol[len(symbol.rstrip(_DIGITS)) :]
    return int(digits) if digits else 0


def layer(symbol: str) -> int:
    """Return the hidden layer that a symbol such as h2_1 names, or 0."""
    digits = symbol[len(family(symbol)) :].partition(_OF_SAMPLE)[0].partition("_")
    return int(digits[0]) if digits[1] else 0


def of_sample(symbol: str, sample: int) -> str:
    """Return the symbol of a quantity that each of several samples has, which count from 1."""
    return f"{symbol}{_OF_SAMPLE}{sample}"


PARAMETERS = ("w", "b", "b_h", "b_o")
"""The families that training changes: their definition refers to the row before."""


def is_parameter(symbol: str) -> bool:
    """Return whether a symbol is a weight or a bias."""
    return family(symbol) in PARAMETERS
