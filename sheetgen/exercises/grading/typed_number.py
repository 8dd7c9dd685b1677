"""Reads numbers that were typed as text, such as 0,05078 in a spreadsheet that expects a point.

The rule, where a sign may be a decimal mark or separate thousands: a comma or a point that is
there once is the decimal mark, also in 1,234. For an English spreadsheet would have taken that
for the number 1234 by itself, and so it is no text of one who means thousands. Where both are
there, the one that comes last is the decimal mark and the other separates thousands; one that is
there several times separates thousands, as spaces and apostrophes do. Thousands have three digits
each, or it is no number.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite

LONGEST = 100  # characters of a text that can be a number

_BLANKS = "\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff"
_MINUS = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")  # hyphens, dashes, signs
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，％＋", "0123456789.,%+")
_NUMBER = re.compile(
    r"""
    (?P<sign>[-+]?)\ ?
    (?P<digits>[0-9.,](?:[0-9.,]|[ '](?=[0-9]))*)
    (?:
        [eE](?P<exponent>[-+]?[0-9]{1,3})
        | \ ?[*x×·⋅∙]\ ?10\ ?
          (?: \^\ ?\(?(?P<power>[-+]?[0-9]{1,3})\)? | (?P<raised>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}) )
        | \ ?(?P<percent>%)
    )?
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class TypedNumber:
    """A number that a text says, and how it says it, such as "with a decimal comma"."""

    value: float
    how: str


def number_in(text: str) -> TypedNumber | None:
    """Return the number that a text says and nothing else, or None."""
    if len(text) > LONGEST:
        return None
    plain = re.sub(f"[{_BLANKS}\\s]+", " ", text).strip()
    plain = _MINUS.sub("-", plain.translate(_FULL_WIDTH)).replace("’", "'")
    found = _NUMBER.fullmatch(plain.removeprefix("'").strip())
    mantissa = _mantissa(found["digits"]) if found else None
    if found is None or mantissa is None:
        return None
    raised = (found["raised"] or "").translate(_SUPERSCRIPT)
    exponent = int(found["exponent"] or found["power"] or raised or 0)
    scale = exponent - 2 if found["percent"] else exponent
    value = float(Decimal(f"{found['sign']}{mantissa}").scaleb(scale))
    if not isfinite(value):
        return None
    ways = {
        "with a decimal comma": _decimal_mark(found["digits"]) == ",",
        "with a percent sign": bool(found["percent"]),
    }
    return TypedNumber(value, " and ".join(way for way, is_so in ways.items() if is_so))


def _decimal_mark(digits: str) -> str:
    """Return the decimal mark, "" if there is none."""
    last = max(digits.rfind("."), digits.rfind(","))
    return digits[last] if last >= 0 and digits.count(digits[last]) == 1 else ""


def _mantissa(digits: str) -> str | None:
    """Return digits with a decimal point and without signs between thousands, if they are right."""
    mark = _decimal_mark(digits)
    whole, _, decimals = digits.partition(mark) if mark else (digits, "", "")
    separators = set(re.sub("[0-9]", "", whole))
    if separators:
        (one, *others) = separators
        groups = whole.split(one)
        is_grouped = re.fullmatch("[1-9][0-9]{0,2}", groups[0]) and all(
            re.fullmatch("[0-9]{3}", group) for group in groups[1:]
        )
        if others or not is_grouped:
            return None
        whole = "".join(groups)
    if not re.fullmatch("[0-9]*", decimals) or not whole + decimals:
        return None
    return f"{whole or 0}.{decimals or 0}"
