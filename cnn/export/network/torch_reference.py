"""Computes with torch, layer by layer in float64, the numbers that the workbook must show."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from cnn.export.network.forward_graph import in_double_precision, input_type
from cnn.export.network.joining_stages import Gather
from cnn.export.network.modules import exact_copy, in_one_line
from cnn.export.network.numbered import EXAMPLES
from cnn.export.network.read_network import leaves
from cnn.export.network.stages import Activate, Layer, Network, Softmax
from sheetgen.errors import InputError
from sheetgen.network.activations import Array
from sheetgen.network.rounding import MOVE

BATCH = 100
"""Inputs at once."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute in one thread: for a few inputs, several wait longer than they compute."""
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


class Reference:
    """A network of torch beside the layers that were read from it."""

    def __init__(self, model: nn.Module, network: Network) -> None:
        """Keep a copy of the model in double precision and evaluation mode.

        Raises InputError if torch cannot copy it.
        """
        self.graph = network.graph
        self.modules = [] if self.graph else [leaf.module for leaf in leaves(exact_copy(model))]
        self.network = network

    @one_thread()
    def activations(self, values: Array) -> dict[str, Array]:
        """Return the activations of each layer, (N, channels, height, width), by its name.

        `values` (N, channels, height, width) are those of the input cells.

        Raises InputError if a module fails on them.
        """
        source = self.network.input
        if source.scaling is not None:
            values = source.scaling.scaled(values, source.output.named_axis + 1)
        x = torch.from_numpy(values)
        if source.normalized:
            x = (x / source.white - source.mean) / source.deviation
        x = x.reshape(len(values), *source.output.torch_sides)
        torchs = self._of_graph(x) if self.graph is not None else self._of_modules(x)
        found = dict[str, Array]()
        for layer in self.network.layers:
            if not layer.reads:
                shown = x
            elif layer.index is not None:
                shown = torchs[layer.name]
            else:
                shown = self._added(layer, found)
            found[layer.name] = shown.reshape(len(values), *layer.output.sides).numpy()
        return found

    def moved_activations(self, values: Array) -> dict[str, Array]:
        """Return what `activations` does with parameters moved by about what rounding does."""
        parts = self.modules if self.graph is None else [self.graph]
        every = chain.from_iterable((*part.parameters(), *part.buffers()) for part in parts)
        moved = [each.data for each in every if each.is_floating_point()]
        exact, random = [each.clone() for each in moved], torch.Generator().manual_seed(0)
        try:
            for each in moved:
                steps = torch.rand(each.shape, generator=random, dtype=each.dtype)
                each.mul_(1 + 2 * MOVE * (steps - 0.5))
            return self.activations(values)
        finally:
            for each, right in zip(moved, exact, strict=True):
                each.copy_(right)

    def _added(self, layer: Layer, found: Mapping[str, Array]) -> torch.Tensor:
        """Return the numbers of a layer that the export adds; `found` are those before it."""
        names = [each.name for each in self.network.layers]
        view = layer.reads[0]
        taken = np.zeros((len(next(iter(found.values()))), *view.indices.shape))
        taken += 0.0 if view.constants is None else view.constants
        for source in np.unique(view.sources[view.sources >= 0]).tolist():
            here = view.sources == source
            values = found[names[source]]
            taken[:, here] = values.reshape(len(values), -1)[:, view.indices[here]]
        taken = taken.reshape(len(taken), -1)
        numbers = torch.from_numpy(taken)
        if isinstance(layer.base, Gather):
            return numbers
        assert isinstance(layer.base, Activate | Softmax)
        return numbers.exp() if isinstance(layer.base, Activate) else numbers.softmax(1)

    def _of_modules(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return what the last module of each layer gives, (N, …), by the layer's name."""
        parts = [self._outputs(part) for part in x.split(BATCH)]
        outputs = [torch.cat(found) for found in zip(*parts, strict=True)]
        layers = self.network.layers
        return {each.name: outputs[each.index] for each in layers if each.index is not None}

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

    @torch.inference_mode()
    def _of_graph(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the results of the calls that layers show, (N, size), by the layers' names."""
        assert self.graph is not None
        recorder = _Recorder(self.graph, garbage_collect_values=False)
        parts: dict[str, list[torch.Tensor]] = {each.name: [] for each in self.network.layers}
        for part in x.split(EXAMPLES):
            missing = EXAMPLES - len(part)
            whole = torch.cat([part, part[-1:].expand(missing, *part.shape[1:])])
            results = recorder.results(whole.to(input_type(self.graph)))
            for layer in self.network.layers:
                if layer.index is not None and layer.order is not None:
                    shown = torch.empty(EXAMPLES * layer.output.size, dtype=torch.float64)
                    shown[torch.from_numpy(layer.order)] = results[layer.index].flatten().double()
                    parts[layer.name].append(shown.reshape(EXAMPLES, -1)[: len(part)])
        return {name: torch.cat(each) for name, each in parts.items() if each}


class _Recorder(fx.Interpreter):
    """Runs a graph, whose shapes are those of a few examples, and keeps what each call gives."""

    def results(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Return the first results of all calls for a batch, empty where they are no tensor."""
        self.found: list[torch.Tensor] = []
        with in_double_precision(casts=False):
            self.run(x, enable_io_processing=False)
        return self.found

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:  # noqa: ANN401
        """Run a call and keep its result."""
        result = super().call_function(target, args, kwargs)
        first = result[0] if isinstance(result, tuple | list) and result else result
        self.found.append(first if isinstance(first, torch.Tensor) else torch.empty(0))
        return result
