"""Compares a module of torch with the program that its network comes from."""

import numpy as np

from sheetgen.errors import InputError
from sheetgen.network.activations import Array

TOLERANCES = {"float32": 1e-4, "float64": 1e-9}
"""|found - expected| <= tolerance * max(1, largest |expected|), by the program's precision."""


def agreement(name: str, program: str, precision: str, found: Array, expected: Array) -> str:
    """Return in words how far the results of a module are from a program's, for random inputs.

    Raises InputError, naming the network, if they disagree.
    """
    if found.shape != expected.shape:
        raise InputError(f"{name}: {program} gives {expected.shape}, the module {found.shape}")
    scale = max(1.0, float(np.nanmax(np.abs(expected), initial=0.0)))
    both = np.isnan(found) & np.isnan(expected)
    difference = float(np.where(both, 0.0, np.abs(found - expected)).max(initial=0.0)) / scale
    if not difference <= TOLERANCES[precision]:
        raise InputError(
            f"{name}: {program} computes something else than the module that is made of it; the "
            f"largest difference is {difference:.1e}"
        )
    return f"{program}, in {precision}, differs from torch in float64 by {difference:.1e}"
