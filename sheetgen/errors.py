"""The two errors that a command can end with, and suggestions for a mistyped name."""

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """The user's input cannot be used; the message is one sentence that says why (exit code 2)."""

    exit_code = 2


class UnrepairableError(InputError):
    """A file is too large, encrypted or without sheets: reading past damage would not help."""


class UnmovableError(InputError):
    """Sheets of a workbook cannot be moved into another one as they are."""

    def __init__(self, message: str, sheets: tuple[str, ...]) -> None:
        """Say why, and which sheets."""
        super().__init__(message)
        self.sheets = sheets


class RunError(Exception):
    """The input was fine but the work failed, such as on a full disk (exit code 1)."""

    exit_code = 1


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a mistyped one most likely means; case is ignored."""
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return folded[near[0]] if near else None


def shortened(found: object) -> str:
    """Return what was found as TOML or Python would write it, at most 60 characters."""
    text = repr(found)
    return text if len(text) <= 60 else f"{text[:57]}…"
