"""Computes with torch, layer by layer in float64, the numbers that the workbook must show."""

import copy

import torch
from torch import nn

from cnn.export.network.modules import in_one_line
from cnn.export.network.read_network import leaves
from cnn.export.network.stages import Activate, Network
from sheetgen.errors import InputError
from sheetgen.network.activations import Array

BATCH = 100
"""Inputs at once."""


class Reference:
    """A network of torch beside the layers that were read from it."""

    def __init__(self, model: nn.Module, network: Network) -> None:
        """Keep a copy of the model in double precision and evaluation mode.

        Raises InputError if torch cannot copy it.
        """
        try:
            exact = copy.deepcopy(model).cpu().double().eval()
        except RuntimeError as error:
            reason = str(error).split("\n", maxsplit=1)[0]
            raise InputError(f"torch cannot copy the network: {reason}") from error
        self.modules = [leaf.module for leaf in leaves(exact)]
        self.network = network

    def activations(self, values: Array) -> dict[str, Array]:
        """Return the activations of each layer, (N, channels, height, width), by its name.

        `values` (N, channels, height, width) are those of the input cells.

        Raises InputError if a module fails on them.
        """
        source = self.network.input
        x = torch.from_numpy(values)
        if source.normalized:
            x = (x / source.white - source.mean) / source.deviation
        if source.output.flat:
            x = x.flatten(1)
        parts = [self._outputs(part) for part in x.split(BATCH)]
        outputs = [torch.cat(found) for found in zip(*parts, strict=True)]
        found, shown = {}, x
        for layer in self.network.layers:
            if layer.index is not None:
                shown = outputs[layer.index]
            elif isinstance(layer.base, Activate):
                shown = shown.exp()
            elif layer is not self.network.layers[0]:
                shown = shown.softmax(1)
            found[layer.name] = shown.reshape(len(values), *layer.output.sides).numpy()
        return found

    @torch.inference_mode()
    def _outputs(self, x: torch.Tensor) -> list[torch.Tensor]:
        outputs = []
        for module in self.modules:
            try:
                # A module that works in place must not change what the one before has given.
                x = module(x.clone())
            except (RuntimeError, ValueError, IndexError) as error:
                reason = str(error).split("\n", maxsplit=1)[0]
                raise InputError(f"torch cannot compute {in_one_line(module)}: {reason}") from error
            outputs.append(x)
        return outputs
