"""How a cell's number looks in its format, and how wide a text is, in pixels at 100 %.

The widths are those of Arial, with which the fonts of other systems agree (Liberation Sans).
"""

import re
from functools import cache

PIXELS_PER_POINT = 96 / 72
LINE = 1.15  # the height of a line of text, of its font's

# Thousandths of the font's size, and the characters that are as wide: plain, and bold.
_PLAIN = {
    191: "'", 222: "ijl", 260: "|", 278: " !,./:;I[\\]ft·", 333: "()-`r²³¹", 334: "{}", 355: '"',
    389: "*", 400: "°", 469: "^", 494: "∂", 500: "Jcksvxyz↑↓", 549: "≤≥≈√", 584: "+<=>~−×",
    611: "FTZ", 618: "σΣ", 667: "&ABEKPSVXYΔ", 722: "CDHNRUw", 778: "GOQ", 833: "Mm½¼¾", 889: "%",
    944: "W", 1000: "→←…—", 1015: "@",
}  # fmt: skip
_BOLD = {
    238: "'", 278: " ,./I\\ijl·", 280: "|", 333: "!()-:;[]`ft²³¹", 389: "*r{}", 400: "°", 474: '"',
    494: "∂", 500: "z↑↓", 549: "≤≥≈√", 556: "#$0123456789J_aceksvxy", 584: "+<=>^~−×", 600: "Σ",
    611: "?FLTZbdghnopquηδ", 667: "EPSVXY", 684: "σ", 722: "&ABCDHKNRUΔ", 778: "GOQw",
    833: "M½¼¾", 889: "%m", 944: "W", 975: "@", 1000: "→←…—",
}  # fmt: skip
_WIDTHS = [{c: each for each, text in table.items() for c in text} for table in (_PLAIN, _BOLD)]
_OTHERS = 556, 611
_ZEROS = str.maketrans("123456789", "0" * 9)  # all digits are as wide
_PART = re.compile(
    r'"([^"]*)"|\\(.)|_(.)|\[[^\]]*\]|([#0?,]*\.?[#0?]*E[+-]0+|[#0?][#0?,]*\.?[0#?]*|\.0+)|(.)'
)


def width(text: str, points: float, bold: bool = False) -> float:
    """The width of a line of text in a font of that size."""
    return _thousandths(text.translate(_ZEROS), bold) / 1000 * points * PIXELS_PER_POINT


@cache
def _thousandths(text: str, bold: bool) -> int:
    """The width of a text without other digits than 0: numbers are of few kinds then."""
    table, other = _WIDTHS[bold], _OTHERS[bold]
    return sum(table.get(each, other) for each in text)


def lines(text: str, points: float, bold: bool, room: float) -> int:
    """The number of lines of a text that is wrapped at spaces to this width."""
    count = 0
    for paragraph in text.split("\n"):
        used, count = 0.0, count + 1
        for word in paragraph.split(" "):
            needed = width(word, points, bold)
            if used and used + needed > room:
                used, count = 0.0, count + 1
            used += needed + width(" ", points, bold)
    return count


@cache
def _plain(number_format: str) -> int | None:
    """The decimals of a format such as "0.00", which most numbers have."""
    whole, _, decimals = number_format.partition(".")
    return len(decimals) if whole == "0" and not decimals.strip("0") else None


def formatted(number: float, number_format: str) -> str:
    """A number as a program shows it, "General" with the fewest characters that it may have."""
    if (plain := _plain(number_format)) is not None:
        return f"{number:.{plain}f}"
    if number_format == "General":
        whole = f"{number:.0f}"
        return min(f"{number:.15g}", whole if len(whole) < 11 else f"{number:.0E}", key=len)
    sections = number_format.split(";")
    place = 1 if number < 0 and len(sections) > 1 else 2 if number == 0 and len(sections) > 2 else 0
    number = abs(number) if place == 1 else number
    return "".join(_parts(number, sections[place]))


def _parts(number: float, section: str) -> list[str]:
    percent = 100 if "%" in re.sub(r'"[^"]*"', "", section) else 1
    shown = []
    for quoted, escaped, space, digits, other in _PART.findall(section):
        if digits:
            shown.append(_digits(number * percent, digits))
        else:
            shown.append(quoted or escaped or (" " if space else "") or other)
    return shown


def _digits(number: float, digits: str) -> str:
    mantissa, _, exponent = digits.partition("E")
    decimals = len(mantissa.partition(".")[2])
    if exponent:
        start, _, power = f"{number:.{decimals}E}".partition("E")
        return f"{start}E{int(power):+0{len(exponent)}d}"
    comma = "," if "," in mantissa else ""
    text = f"{number:{comma}.{decimals}f}"
    if mantissa.startswith("."):
        text = text.replace("0.", ".", 1) if abs(number) < 1 else text
    optional = len(mantissa) - len(mantissa.rstrip("#?")) if "." in mantissa else 0
    for _ in range(optional):
        text = text.removesuffix("0")
    return text.removesuffix(".") if not mantissa.endswith(".") else text
