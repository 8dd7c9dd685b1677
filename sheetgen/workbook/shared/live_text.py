"""Texts that a formula puts together, each with the text that the reference expects.

A negative number begins with a hyphen, as in cells; between two terms there is a minus sign.

Numbers of a training that diverges are outside of what is promised. A text with such a number is
promised as nan, which allows any content.

Programs do not agree on the text of a number: Gnumeric's of 0.9829 is 0.98289999999999999998, and
HyperFormula has no FIXED. So a text gets its digits from whole numbers, which all write alike.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from math import floor, isfinite, log10

from sheetgen.network.wording import constant, exponent, exponent_of
from sheetgen.spreadsheet.agreement import DIVERGED
from sheetgen.spreadsheet.canvas import AnyText

SIGNIFICANT = 4
"""Digits of a number in a text."""
TYPED = 7
"""Digits of a number that people type, where it is by itself."""
FINEST = 10
"""The most decimals of such a number, so that none fills a line."""
LARGE = 100_000
"""A number from here on is written with a power of ten, or would fill a line."""
HUGE = 1e8
"""From here on every number is: its many zeros say nothing, and nobody compares its digits.

And from about here on, Excel 2007 computes no MOD(number,1).
"""
DIVERGED_HERE = "diverged here: choose an earlier iteration"
SURELY_NEGATIVE = -1e-10
"""Less is negative for sure; rounding errors around 0 do not put a number in parentheses."""

UNPROMISED = AnyText("nan")

_POINT = "MID(1/2,2,1)"
"""The expression of the decimal point, which is a comma in many languages."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Words:
    """A text: the expression that gives it, without "=", and the text or nan."""

    expression: str
    text: str | float

    @property
    def formula(self) -> str:
        """The formula of a cell that holds it."""
        return f"={self.expression}"


NOTHING = Words('""', "")


def literal(text: str) -> Words:
    """Return a text that does not change."""
    return Words('"' + text.replace('"', '""') + '"', text)


def joined(*parts: Words | str) -> Words:
    """Return the parts one after the other."""
    words = [literal(part) if isinstance(part, str) else part for part in parts if part != ""]
    texts = [word.text for word in words]
    expression = "&".join(word.expression for word in words)
    if any(isinstance(text, float) for text in texts):
        return Words(expression, UNPROMISED)
    return Words(expression, "".join(map(str, texts)))


def beginning(words: Words, mark: str) -> Words:
    """Return a text as far as a mark, or all of it if the mark is not in it."""
    cell, text = words.expression, words.text
    expression = f'LEFT({cell},FIND("{mark}",{cell}&"{mark}")-1)'
    return Words(expression, text.partition(mark)[0] if isinstance(text, str) else text)


def filled(template: str, **parts: Words) -> Words:
    """Return a text with the parts in place of their names in braces, as in "σ({z})"."""
    pieces = _PLACEHOLDER.split(template)
    return joined(*(parts[piece] if place % 2 else piece for place, piece in enumerate(pieces)))


def only_if(condition: str, is_so: bool, words: Words, otherwise: Words | None = None) -> Words:
    """Return words that are shown while a condition holds; `is_so` tells whether it does now."""
    other = otherwise or NOTHING
    expression = f"IF({condition},{words.expression},{other.expression})"
    return Words(expression, words.text if is_so else other.text)


def is_promised(number: float) -> bool:
    """Tell whether a number is within what the reference promises."""
    return isfinite(number) and abs(number) <= DIVERGED


def decimal(cell: str, number: float, digits: int = 4) -> Words:
    """Return a number rounded to some decimals, without zeros at the end."""
    text = rounded_text(number, digits) if is_promised(number) else UNPROMISED
    if not digits:
        return Words(f"ROUND({cell},0)", text)
    return Words(_without_zeros(with_decimals(cell, digits), digits), text)


def with_decimals(cell: str, digits: int) -> str:
    """Return the expression of a number's text, with some decimals."""
    all_digits = f"ROUND(ABS({cell})*10^{digits},0)"
    sign = f'IF({cell}<{constant(-0.5 * 10**-digits)},"-","")'
    whole, rest = f"INT({all_digits}/10^{digits})", f"RIGHT({all_digits}+10^{digits},{digits})"
    return f"{sign}&{whole}&{_POINT}&{rest}"


def _without_zeros(text: str, most: int) -> str:
    """Return an expression of a text without the zeros, up to so many, at its end."""
    text, zeros = f'{text}&" "', 1 << most.bit_length() - 1
    while zeros:
        text, zeros = f'SUBSTITUTE({text},"{"0" * zeros} "," ")', zeros // 2
    return f'TRIM(SUBSTITUTE({text},{_POINT}&" "," "))'


def significant(
    cell: str,
    number: float,
    digits: int = SIGNIFICANT,
    finest: int = FINEST,
    with_zeros: bool = False,
) -> Words:
    """Return a number rounded to significant digits, with `finest` decimals at most.

    `with_zeros` tells whether zeros at the end are written.
    """
    places = f"MIN({finest},{digits - 1}-{exponent(f'ABS({cell})')})"
    rounded = f"ROUND(ABS({cell}),{places})"
    rest = f"{_POINT}&RIGHT(ROUND(MOD({rounded},1)*10^{finest},0)+10^{finest},{finest})"
    if with_zeros:
        rest = f"LEFT({rest},IF({places}>0,1+{places},0))"
    text = f'IF({cell}<0,"-","")&INT({rounded})&{rest}'
    text = text if with_zeros else _without_zeros(text, finest)
    small = f'IF(ROUND({cell},{finest})=0,"0",{text})'
    expression = f"IF(ABS({cell})<{HUGE:.0f},{small},{_with_power(cell, digits)})"
    if not is_promised(number):
        return Words(expression, UNPROMISED)
    if number == 0:
        return Words(expression, "0")
    decimals = min(finest, digits - 1 - exponent_of(abs(number)))
    shown = rounded_text(number, decimals)
    return Words(expression, _with_zeros(shown, decimals) if with_zeros else shown)


def typed(cell: str, number: float) -> Words:
    """Return a number that people type, with more digits than most of them have."""
    return significant(cell, number, TYPED)


def fixed(cell: str, number: float, digits: int = 4) -> Words:
    """Return a number with some decimals, all of them written; 0 has none."""
    expression = f'IF(ROUND({cell},{digits})=0,"0",{with_decimals(cell, digits)})'
    if not is_promised(number):
        return Words(expression, UNPROMISED)
    return Words(expression, _with_zeros(rounded_text(number, digits), digits))


def _with_zeros(text: str, decimals: int) -> str:
    """Return the text of a number with all of its decimals; 0 has none."""
    return text if text == "0" else f"{float(text):.{max(0, decimals)}f}"


def compact(cell: str, number: float, digits: int = 4, with_zeros: bool = True) -> Words:
    """Return a number rounded to some decimals, or with a power of ten where it is large.

    `with_zeros` tells whether zeros at the end are written.
    """
    is_small = f"ABS({cell})<{LARGE}", abs(number) < LARGE
    expression = _with_power(cell, SIGNIFICANT)
    large = Words(expression, UNPROMISED)
    if is_promised(number) and not is_small[1]:
        power = floor(log10(abs(number)))
        shown = _with_zeros(rounded_text(number / 10**power, SIGNIFICANT - 1), SIGNIFICANT - 1)
        large = Words(expression, f"{shown}E{power}")
    small = fixed(cell, number, digits) if with_zeros else decimal(cell, number, digits)
    return only_if(*is_small, small, large)


def _with_power(cell: str, digits: int) -> str:
    """Return the expression of a large number's significant digits with a power of ten."""
    power, after = f"INT(LOG10(ABS({cell})))", digits - 1
    all_digits = f"ROUND(ABS({cell})/10^({power}-{after}),0)"
    shown = f"INT({all_digits}/10^{after})&{_POINT}&RIGHT({all_digits},{after})"
    return f'IF({cell}<0,"-","")&{shown}&"E"&{power}'


def factor(cell: str, number: float, written: Words) -> Words:
    """Return a number as a term or a factor: in parentheses if it is negative.

    `written` is the cell that holds its text.
    """
    is_negative = f"{cell}<{constant(SURELY_NEGATIVE)}"
    left, right = (f'IF({is_negative},"{mark}","")' for mark in "()")
    expression = f"{left}&{written.expression}&{right}"
    text = written.text
    if isinstance(text, str) and number < SURELY_NEGATIVE:
        text = f"({text})"
    return Words(expression, text)


@dataclass(frozen=True)
class Fact:
    """A cell and the number that it must hold."""

    cell: str
    number: float

    @property
    def words(self) -> Words:
        """The number with four significant digits."""
        return significant(self.cell, self.number)

    @property
    def factor(self) -> Words:
        """The number as a factor of a product: in parentheses if it is negative."""
        return factor(self.cell, self.number, self.words)


def rounded_text(number: float, digits: int) -> str:
    """Return the text of a number that is rounded to some digits: 0.00001, 1200, -1.5."""
    if not isfinite(number):
        return "#NUM!"
    step = Decimal(1).scaleb(-digits)
    exact = Decimal(repr(float(number)))
    rounded = exact.quantize(step, ROUND_HALF_UP, context=Context(prec=400))
    return constant(float(rounded) + 0.0)  # adding 0 makes -0 a plain 0
