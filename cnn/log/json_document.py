"""Reads metrics from files that are one JSON document, not an object a line."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

_HISTORY = "log_history"
"""Where Hugging Face's trainer_state.json has the rows."""


def document_rows(text: str) -> Sequence[Mapping[str, Any]] | None:
    """Return the rows of a document, None if the text is none with rows.

    A document is a list of objects, also within a trainer_state.json, or an object with a list for
    each metric, as of Keras' `history.history`.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict):
        found = found.get(_HISTORY, found)
    if isinstance(found, dict) and found and all(isinstance(each, list) for each in found.values()):
        longest = max(map(len, found.values()))
        return [
            {name: values[place] for name, values in found.items() if place < len(values)}
            for place in range(longest)
        ]
    is_rows = isinstance(found, list) and all(isinstance(each, dict) for each in found)
    return found if is_rows and found else None
