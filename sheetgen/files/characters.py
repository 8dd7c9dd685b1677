"""Says which characters a workbook cannot hold, as its parts are XML."""

import re

from sheetgen.errors import InputError

# What is not in the production Char of https://www.w3.org/TR/xml/#charsets: control characters
# but tab and line ends, halves of a UTF-16 pair, U+FFFE and U+FFFF.
_IMPOSSIBLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")


def impossible_character(text: str) -> str:
    """Return the first character of a text that no workbook can hold, in words, or ""."""
    # Most texts are printable, which is found out five times as fast.
    found = None if text.isprintable() else _IMPOSSIBLE.search(text)
    if not found:
        return ""
    code = ord(found[0])
    kind = "a control character" if code < ord(" ") else "not a character"
    return f"U+{code:04X}, which is {kind}"


def require_possible(text: str, place: str) -> None:
    """Raise InputError, which begins with the place, if a workbook cannot hold a text."""
    if found := impossible_character(text):
        raise InputError(f"{place}: found {found}; expected text that a workbook can hold")


def require_possible_lines(text: str, name: str) -> None:
    """Raise InputError, naming line and column, if a workbook cannot hold the text of a file."""
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _IMPOSSIBLE.search(line):
            require_possible(match[0], f"{name}, line {number}, column {match.start() + 1}")


def without_impossible(text: str) -> str:
    """Return a text with U+FFFD, the sign for what is unknown, for what no workbook can hold."""
    return _IMPOSSIBLE.sub("\ufffd", text)


def cut(name: str, longest: int) -> str:
    """Return the beginning of a sheet's name, so long as spreadsheets count: in UTF-16 units."""
    return name.encode("utf-16-le")[: 2 * longest].decode("utf-16-le", "ignore")


def without_noncharacters(text: str) -> str:
    """Return a text with U+FFFD, the sign for what is unknown, for all that is no character."""
    return text if text.isascii() else _NO_CHARACTER.sub("\ufffd", text)
