"""Loads a network of the user's own with weights that torch or safetensors saved."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from cnn.own_model import built
from cnn.training.tensor_files import misfit, read_state, read_tensors
from sheetgen.errors import InputError

WITHIN = ("state_dict", "model_state_dict", "model", "net", "network")
"""The names under which checkpoints hold a network's weights."""
EXPECTED = "expected what torch.save(model.state_dict(), …) writes"
PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.")
"""What DataParallel, torch.compile and Lightning's modules put before the names of weights."""


def own_network(model: str, weights: Path | None) -> nn.Module:
    """Return the network that a file or module makes, such as net.py:Net, with these weights.

    Raises InputError if one of the two cannot be used, if they do not fit, and without `weights`
    for a network that is another one each time it is built.
    """
    network = built(model)
    if weights is None:
        again = built(model).state_dict()
        if any(not torch.equal(each, again[name]) for name, each in network.state_dict().items()):
            raise InputError(
                f"{model} has other weights each time it is built; give the file with those of "
                "the training by --weights FILE"
            )
        return network.eval()
    state = _state(weights, network.state_dict())
    if reason := misfit(state, network.state_dict()):
        raise InputError(f"the weights in {weights} do not fit {model}: {reason}")
    network.load_state_dict(state)
    return network.eval()


def _state(path: Path, wanted: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the weights in a file, also of a checkpoint that holds more."""
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"--weights: {path} {found}; expected a file, such as state.pt")
    is_plain = path.suffix.lower() == ".safetensors"
    try:
        content = path.read_bytes()
        state: object = read_tensors(content) if is_plain else read_state(content)
    except ValueError as error:
        raise InputError(f"the weights in {path} cannot be read: {error}; {EXPECTED}") from error
    within: list[object] = []
    if isinstance(state, dict):
        within = [state.get(name) for name in WITHIN]
    for held in (state, *within):
        if isinstance(held, dict) and held and all(map(torch.is_tensor, held.values())):
            return _renamed(held, wanted)
    raise InputError(f"{path} holds no state_dict; {EXPECTED}")


def _renamed(
    state: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Return the weights without what all their names begin with, where the network's do not."""
    for prefix in PREFIXES:
        if not state.keys() & wanted.keys() and all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): each for name, each in state.items()}
    return dict(state)
