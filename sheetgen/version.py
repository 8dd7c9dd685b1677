"""The version of both packages, which pyproject.toml reads from here, and those of files."""

import re

__version__ = "0.2.0.dev0"

_RELEASE = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?!\d)")


def is_older(version: str) -> bool:
    """Return whether a text such as "sheetgen 0.1.0" names a release before this one.

    One that names no version is not older: only a file that says it is older is checked less.
    """
    found, own = _RELEASE.search(version), _RELEASE.match(__version__)
    assert own
    return found is not None and _numbers(found) < _numbers(own)


def _numbers(release: re.Match[str]) -> tuple[int, ...]:
    return tuple(map(int, release.groups()))
