"""Reads the names that people give to the columns of a training table.

`symbol_of("δE_tot/δw1")` is "∂E/∂w1"; it is None for a text that names no quantity of the network.
"""

import re
import unicodedata

# The last but one are Latin, turned and Cyrillic letters that people take for ∂.
_PARTIAL = "(?:[∂ðδdəǝɘәэϑ]|del|partial)"
_ENERGY = "(?:e(?:t|tot|total|rror|rrortotal|err)?|totale|totalerror|loss|cost|j|l)"
_DROPPED = re.compile(r"[\s_{}\\$()\[\]|,;:·*'’\"“”′-]+")
_LATEX = re.compile(
    r"\\(?:frac|mathrm|mathbf|text|left|right|partial|delta|eta|sigma)\b|\\(?=[_ ])"
)
_NAMES = re.compile(
    r"(?:(?P<iteration>step|steps|iter|iters|iteration|iterations|epoch|epochs|n|no|sno|slno|"
    r"number|#|index|sample)"
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
    r"|cost(?:tot|total)?|e|σe|sume))$"
)
_GRADIENT = re.compile(
    rf"(?:(?:{_PARTIAL}?{_ENERGY}/?{_PARTIAL})|(?:{_PARTIAL}{_ENERGY}/?{_PARTIAL}?)"
    rf"|(?:{_ENERGY}/{_PARTIAL}?)|{_PARTIAL}|(?:gradientof|gradient|gradof|grad|∇))(?P<of>.+)$"
)
_LIKE = str.maketrans("⁄∕÷∆", "///Δ")
_TWO_NUMBERS = re.compile(r"\d[_.,]\s*\d")  # such as h1_2, in a network with more layers
_SHORT_ERROR = re.compile(r"[lj](?:(?P<number>\d+)|t|tot|total)?$")
_DELTA = re.compile(r"(?:δ|delta)(?P<unit>[ho])(?P<number>\d+)$")


def symbol_of(text: str) -> str | None:
    """Return the symbol that a header names, or None.

    Symbols are i1, t1, w1, b1 (or b_h1, b_o1, b_h, b_o), h1, a_h1, o1, a_o1, E1, E_total, ∂E/∂ of
    any of these, η and "iteration".
    """
    if len(text) > 60 or "=" in text.strip().strip("=") or _TWO_NUMBERS.search(text):
        return None
    plain = _plain(text.rstrip(" :="))
    # Unlike ΔE/Δw, Δw is a step of the weight and not a gradient; in lower case it would look like
    # δw. And w′ is the next row's weight.
    is_step = plain.startswith("Δ") and plain.count("Δ") < 2
    if not plain or is_step or text.rstrip().endswith(("'", "′", "’")):
        return None
    plain = plain.lower()
    if match := _DELTA.match(plain):
        return f"∂E/∂{match['unit']}{int(match['number'])}"
    return _quantity(plain) or _gradient(plain)


def error_of(text: str) -> str | None:
    """Return the error that L1, J2, L_total or J names beside targets and outputs, or None."""
    match = _SHORT_ERROR.match(_plain(text).lower())
    if match is None or match["number"] == "0":
        return None
    return f"E{int(match['number'])}" if match["number"] else "E_total"


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
    if key in ("iteration", "rate", "total"):
        return {"iteration": "iteration", "rate": "η", "total": "E_total"}[key]
    if key == "b":
        return f"b{int(value)}" if value.isdecimal() else f"b_{value}"
    return f"{key.removesuffix('2')}{int(value)}" if int(value) else None


def _gradient(plain: str) -> str | None:
    match = _GRADIENT.match(plain)
    of = _quantity(match["of"]) if match else None
    if of is None or of[0] not in "wbhoa":
        return None
    return f"∂E/∂{of}"


def family(symbol: str) -> str:
    """Return the symbol without its number: "w", "a_h", "E", "∂E/∂w", …"""
    return symbol.rstrip("0123456789")


def number(symbol: str) -> int:
    """Return the number at the end of a symbol, or 0."""
    digits = symbol[len(family(symbol)) :]
    return int(digits) if digits else 0


PARAMETERS = ("w", "b", "b_h", "b_o")
"""The families that training changes: their definition refers to the row before."""


def is_parameter(symbol: str) -> bool:
    """Return whether a symbol is a weight or a bias."""
    return family(symbol) in PARAMETERS
