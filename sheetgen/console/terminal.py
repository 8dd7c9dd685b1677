"""Prints lines that no name from a file can turn into orders to the terminal."""

import errno
import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sheetgen.errors import RunError

if TYPE_CHECKING:
    from rich.text import Text

_UNPRINTABLE = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, ends of lines, overrides of the direction of writing, halves of characters."""


def say(text: object, err: bool = False) -> None:
    """Print one line on standard output, or on standard error; `printable` says how it is shown.

    Raises RunError if standard output cannot be written, such as on a full disk. Of standard error,
    which may be a terminal that is closed, nobody could be told.
    """
    _print(printable(str(text)), err)


def say_json(values: object) -> None:
    """Print values as one line of JSON that `json.loads` reads as they are; see `say`.

    What the encoding of the output may lack is written as JSON escapes it.
    """
    encoding = sys.stdout.encoding or "utf-8"  # that of a text in memory is None
    line = json.dumps(values, ensure_ascii=not encoding.lower().startswith("utf"))
    _print("".join(c if printable(c) == c else f"\\u{ord(c):04x}" for c in line))


def _print(line: str, err: bool = False) -> None:
    try:
        click.echo(line, err=err)
    except OSError as error:
        if err:
            _discard_errors()
        elif error.errno == errno.EPIPE:
            raise  # click ends quietly then
        else:
            reason = error.strerror or str(error)
            raise RunError(f"standard output could not be written: {reason}") from error


def _discard_errors() -> None:
    """Let standard error go nowhere, with what it still holds: that would fail again at the end."""
    with suppress(OSError, ValueError):  # of a stream that has no file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stderr.fileno())
        os.close(nowhere)


def shown(path: Path) -> Path:
    """Return a path relative to the working folder, if it is in there."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def plain(text: object, style: str = "") -> "Text":
    """Return a text for a table or line of rich, which then takes nothing in it for markup."""
    from rich.text import Text  # noqa: PLC0415 - only few lines need it

    return Text(printable(str(text)), style)


def printable(text: str) -> str:
    r"""Return a text that is safe on a terminal and takes one line: ESC becomes \x1b.

    Names from files may hold sequences that a terminal obeys: they colour what follows, set the
    window's title, or move up and overwrite a verdict. U+202E writes a name backwards.
    """
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
