"""How torch is loaded: only when a command needs it, and with threads that wait politely."""

import importlib
import os

from sheetgen.errors import InputError


def require_torch() -> None:
    """Import torch. Raises `InputError`, saying how to install it, if it is not there."""
    wait_briefly()
    try:
        importlib.import_module("torch")
    except ModuleNotFoundError as error:
        # A torch that is there but lacks a package of its own is another fault.
        if error.name != "torch":
            raise
        raise InputError("cnn needs PyTorch: pip install 'sheetgen[cnn]'") from error


def wait_briefly() -> None:
    """Let OpenMP's threads wait for work by spinning, but only for microseconds.

    Left alone they spin for milliseconds, which makes a step 2 to 10 times slower whenever
    another process needs the core; without spinning at all a step is 1.2 to 1.5 times slower on
    an idle machine. The libraries read this once, when torch loads them: GNU's takes the number
    of turns, others the policy.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "passive"
        os.environ.setdefault("GOMP_SPINCOUNT", "3000")
