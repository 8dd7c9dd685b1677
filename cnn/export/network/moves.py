"""The operators that only move values, which torch itself runs on their numbers."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import fx

from cnn.export.network.modules import UnsupportedError
from cnn.export.network.numbered import Constants, Traced

MOVES = {
    name: (stem, word)
    for stem, word, names in (
        ("reshape", "reshaping", "view reshape _unsafe_view flatten unflatten squeeze unsqueeze"),
        ("reshape", "repetition", "expand repeat tile"),
        ("permute", "rearrangement", "permute transpose t movedim swapaxes flip roll index gather"),
        ("permute", "rearrangement", "channel_shuffle pixel_shuffle pixel_unshuffle index_select"),
        ("part", "part", "slice select narrow chunk split split_with_sizes unbind unfold diagonal"),
        ("concat", "concatenation", "cat stack"),
        ("padding", "padding", "pad constant_pad_nd"),
        ("upsample", "upsampling, nearest pixel", "upsample_nearest1d upsample_nearest2d"),
        (
            "upsample",
            "upsampling, nearest pixel",
            "_upsample_nearest_exact1d _upsample_nearest_exact2d",
        ),
        ("replaced", "replacement", "select_scatter slice_scatter index_put scatter copy fill"),
        ("replaced", "replacement", "masked_fill where"),
    )
    for name in names.split()
}
"""The name of a sheet of what they give, and what they do."""
LIKE = frozenset(
    f"{verb}_{what}"
    for verb, what in [
        *((verb, "like") for verb in ("zeros", "ones", "full", "empty")),
        *(("new", what) for what in ("zeros", "ones", "full", "empty")),
    ]
)
"""Operators that take only the shape of a tensor."""
_PLACES = frozenset(("indices", "index", "mask", "condition"))
"""Arguments that say which values, and are none."""


def like(target: Any, given: Mapping[str, Any], name: str) -> torch.Tensor:  # noqa: ANN401
    """Return a constant with the shape of a tensor; numbers that are left open are 0."""
    found: torch.Tensor = target(**fx.node.map_aggregate(dict(given), _numbers))
    return torch.zeros_like(found) if "empty" in name else found


def moved(
    target: Any,  # noqa: ANN401 - an operator of ATen
    given: dict[str, Any],
    name: str,
    constants: Constants,
) -> list[Traced] | Traced:
    """Return what an operator makes of its values; constants among them have numbers too.

    Raises UnsupportedError if the values decide where they are moved.
    """
    if given.get("accumulate"):
        raise UnsupportedError("it adds numbers in place")
    # Where a mode of padding repeats values, there is no value to pad with.
    scalars = {"self", "other"} if name == "where" else {"value"}
    scalars = scalars if given.get("mode", "constant") == "constant" else set()
    held = {}
    for key, argument in given.items():
        if key in _PLACES:
            fx.node.map_aggregate(argument, _require_constant)
            held[key] = argument
        elif isinstance(argument, Traced):
            held[key] = argument.numbers
        elif key in scalars and not isinstance(argument, torch.Tensor):
            number = torch.tensor(0.0 if argument is None else float(argument))
            held[key] = float(constants.numbered(number))
        else:
            held[key] = fx.node.map_aggregate(argument, lambda each: _placed(each, constants))
    if name in ("view", "_unsafe_view"):  # which depend on how torch has stored the values
        target, held = torch.reshape, {"input": held["self"], "shape": held["size"]}
    found = target(**held)
    if isinstance(found, torch.Tensor):
        return Traced(found, MOVES[name])
    return [Traced(each, MOVES[name]) for each in found]


def _numbers(argument: Any) -> Any:  # noqa: ANN401 - of any call
    return argument.numbers if isinstance(argument, Traced) else argument


def _placed(argument: Any, constants: Constants) -> Any:  # noqa: ANN401
    if isinstance(argument, torch.Tensor):
        return constants.numbered(argument)
    return _numbers(argument)


def _require_constant(argument: Any) -> None:  # noqa: ANN401
    if isinstance(argument, Traced):
        raise UnsupportedError("it chooses places by numbers that are computed")
