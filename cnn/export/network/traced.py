"""Reads a module's own forward as operations, by following numbered values through its graph.

`torch.export` turns the forward into a graph of calls to ATen's operators, the control flow being
that of one example (https://docs.pytorch.org/docs/stable/export.html). The graph is run with
numbers that say where each value is: operators that only move values (view, cat, chunk, pad) are
run by torch itself on these, so that none of them needs code of ours; the others become stages,
most of them by way of the module of torch.nn that does the same.
"""

import logging
import operator
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from cnn.export.network.calls import CALLS, Need
from cnn.export.network.decompositions import DECOMPOSITIONS
from cnn.export.network.grouping import Operation
from cnn.export.network.modules import UnsupportedError, in_one_line
from cnn.export.network.numbered import (
    EXAMPLES,
    OTHER,
    STEP,
    ZERO,
    Moves,
    Traced,
    batch_first,
    places_of,
    unmixed,
)
from cnn.export.network.pointwise import FUNCTIONS, Form, activate, clamped, power, with_constant
from cnn.export.network.stages import (
    Activate,
    Combine,
    Gather,
    Input,
    MatrixProduct,
    ScaleAndShift,
    Shape,
    Softmax,
    Stage,
    View,
)
from sheetgen.errors import InputError

IDENTITIES = frozenset(
    ("alias", "clone", "contiguous", "detach", "lift_fresh_copy", "to", "_to_copy", "type_as")
).union(("dropout", "feature_dropout", "alpha_dropout"))
"""Operators that change no number in evaluation mode."""
MOVES = {
    name: (stem, word)
    for stem, word, names in (
        ("reshape", "reshaping", "view reshape _unsafe_view flatten unflatten squeeze unsqueeze"),
        ("reshape", "repetition", "expand repeat tile"),
        ("permute", "rearrangement", "permute transpose t movedim swapaxes flip roll index"),
        ("permute", "rearrangement", "channel_shuffle pixel_shuffle pixel_unshuffle index_select"),
        ("part", "part", "slice select narrow chunk split split_with_sizes unbind"),
        ("concat", "concatenation", "cat stack"),
        ("padding", "padding", "pad constant_pad_nd"),
        ("upsample", "upsampling, nearest pixel", "upsample_nearest1d upsample_nearest2d"),
    )
    for name in names.split()
}
"""Operators that only move values: the name of a sheet of what they give, and what they do."""
SIGNS = {
    "add": ("+", "sum", "sum"),
    "sub": ("-", "difference", "difference"),
    "rsub": ("-", "difference", "difference"),
    "mul": ("*", "product", "product"),
    "div": ("/", "quotient", "quotient"),
}
"""Operators on two values: the sign in a formula, the name of a sheet, what they do."""

Read = Callable[[nn.Module, Shape], Stage | None]


def graph_of(model: nn.Module, source: Shape) -> fx.GraphModule:
    """Return the graph of a forward, of a model in double precision and evaluation mode.

    Raises InputError if torch cannot follow it.
    """
    example = torch.zeros(EXAMPLES, *source.torch_sides, dtype=torch.float64)
    try:
        with torch.no_grad(), warnings.catch_warnings(action="ignore"), _silence():
            exported = torch.export.export(model, (example,)).run_decompositions(DECOMPOSITIONS)
            graph = exported.module(check_guards=False)
    except Exception as error:
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
        kind = type(model).__name__
        raise InputError(f"torch.export cannot follow the forward of {kind}: {reason}") from error
    assert isinstance(graph, fx.GraphModule)
    return graph


def operations_of(model: nn.Module, source: Input, read: Read) -> list[Operation]:
    """Return the operations of a module with a forward of its own, in the order of its calls.

    The model is in double precision and evaluation mode; `read` returns the stage of a module of
    torch.nn. Raises InputError, naming the module of the model, for a call that is not supported.
    """
    shape = source.output
    tracer = _Tracer(graph_of(model, shape), read, shape)
    with torch.no_grad():
        start = tracer.values(0, shape, shape.torch_sides)
        result = tracer.run(start, enable_io_processing=False)
    return tracer.finished(result)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what torch logs about an export that fails off the terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


class _Tracer(fx.Interpreter):
    """Runs a graph on numbered values, and keeps the operations that compute new ones."""

    def __init__(self, graph: fx.GraphModule, read: Read, source: Shape) -> None:
        super().__init__(graph, garbage_collect_values=False)
        self.extra_traceback = False  # it would add lines to the message of an error
        self.read = read
        self.shapes = [source]
        """The shapes of the operations' maps; the first is the input."""
        self.operations: list[Operation] = []
        calls = [node for node in graph.graph.nodes if node.op == "call_function"]
        self.indices = {node: index for index, node in enumerate(calls)}

    @staticmethod
    def values(number: int, shape: Shape, sides: Sequence[int]) -> Traced:
        """Return the values of an operation, in the order of its map."""
        first = number * STEP + torch.arange(shape.size, dtype=torch.float64)
        return Traced(torch.stack([first, first + OTHER]).reshape(EXAMPLES, *sides))

    def run_node(self, node: fx.Node) -> Any:  # noqa: ANN401 - of fx.Interpreter
        """Run a node; raise InputError, naming the module that it is in, if that is impossible."""
        self.node = node
        try:
            return super().run_node(node)
        except UnsupportedError as error:
            path, kind = self.place()
            where = f"the module {path}: {kind}" if path else "the network's own forward"
            raise InputError(f"{where} calls {_name_of(node.target)}: {error}") from None

    def place(self) -> tuple[str, str]:
        """Return the path and the class of the module whose forward the node is in."""
        stack = self.node.meta.get("nn_module_stack") or {"": ("", "")}
        path, kind = list(stack.values())[-1]
        return str(path), str(kind)

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:  # noqa: ANN401
        """Compute constants, move values, or add an operation."""
        name = _name_of(target)
        if name.startswith("_assert"):
            return None
        if target is operator.getitem:
            return args[0][args[1]]
        if not _traced_in((args, kwargs)):
            return super().call_function(target, args, kwargs)
        given = _bound(target, args, kwargs)
        if name in IDENTITIES:
            dtype = given.get("dtype")
            if isinstance(dtype, torch.dtype) and not dtype.is_floating_point:
                raise UnsupportedError(f"it makes {str(dtype).removeprefix('torch.')} numbers")
            return given.get("self", given.get("input"))
        if name in MOVES:
            return self.moved(target, given, name)
        return self.computed(name, given)

    def computed(self, name: str, given: dict[str, Any]) -> Any:  # noqa: ANN401
        """Return new values, of an operation that is added."""
        if name in SIGNS:
            return self.combined(name, given)
        if name in ("matmul", "bmm", "mm"):
            return self.multiplied(given)
        if name in CALLS:
            return self.called(name, given)
        if name in FUNCTIONS:
            word, form = FUNCTIONS[name]
            return self.pointwise(given["self"], name, form, word)
        if name == "pow" and isinstance(given["exponent"], int | float):
            return self.pointwise(given["self"], "power", power(given["exponent"]))
        if name in ("clamp", "clamp_min", "clamp_max"):
            return self.pointwise(
                given["self"], "clamp", clamped(given.get("min"), given.get("max"))
            )
        raise UnsupportedError("no formula is written for it")

    def moved(self, target: Any, given: dict[str, Any], name: str) -> Any:  # noqa: ANN401
        """Return values that an operator only moves; torch moves their numbers."""
        if name in ("pad", "constant_pad_nd") and given.get("mode", "constant") == "constant":
            if given["value"] not in (None, 0):
                raise UnsupportedError(f"it pads with {given['value']}; expected 0")
            given = given | {"value": ZERO}
        if name in ("view", "_unsafe_view"):  # which depend on how torch has stored the values
            target, given = torch.reshape, {"input": given["self"], "shape": given["size"]}
        found = target(**fx.node.map_aggregate(given, _numbers))
        if isinstance(found, torch.Tensor):
            return Traced(found, MOVES[name])
        return [Traced(each, MOVES[name]) for each in found]

    def combined(self, name: str, given: dict[str, Any]) -> Traced:
        """Return two tensors combined number by number, of which one may be constant."""
        sign, stem, word = SIGNS[name]
        if given.get("alpha", 1) != 1 or given.get("rounding_mode") is not None:
            raise UnsupportedError("it has a factor or rounds")
        one, other = given["self"], given["other"]
        one, other = (other, one) if name == "rsub" else (one, other)
        if isinstance(one, Traced) and isinstance(other, Traced):
            both = torch.broadcast_tensors(one.numbers, other.numbers)
            moves = batch_first(both[0])
            pair = [Traced(unmixed(moves.there(each))) for each in both]
            stage: Stage = Combine(self.shape_of(pair[0]), sign, stem, word)
            return self.add(stage, pair, after=moves.back)
        first = isinstance(other, Traced)
        value, constant = (other, one) if isinstance(other, Traced) else (one, other)
        moves = batch_first(value.numbers)
        held = torch.as_tensor(constant, dtype=torch.float64).detach().cpu()
        try:
            spread = moves.there(held.broadcast_to(value.numbers.shape))
        except RuntimeError:
            raise UnsupportedError("it makes a larger tensor of its values") from None
        if not torch.equal(spread[0], spread[1]):
            raise UnsupportedError("it treats the examples of a batch differently")
        if (not first or sign in "+*") and bool((spread == (sign in "*/")).all()):
            return value  # plus 0, or times 1
        moved = Traced(moves.there(value.numbers), value.how)
        shape = self.shape_of(moved)
        numbers = spread[0].reshape(shape.sides).numpy()
        return self.add(with_constant(sign, numbers, first, shape), [moved], after=moves.back)

    def pointwise(self, value: Traced, name: str, form: Form, word: str = "") -> Traced:
        """Return a function of each number; `word` is what it is called, if not by its name."""
        moves = batch_first(value.numbers)
        moved = Traced(moves.there(value.numbers), value.how)
        return self.add(
            activate(self.shape_of(moved), name, word or name, form), [moved], after=moves.back
        )

    def called(self, name: str, given: dict[str, Any], turned: bool = False) -> Any:  # noqa: ANN401
        """Return the result of a call that does what a module does, or its transpose."""
        key = "input" if "input" in given else "self"
        numbers = given[key].numbers
        moves = Moves(0, (EXAMPLES,))
        if name in ("linear", "mean", "sum", "amax"):
            # These are for any axes: the examples may be along another than the first.
            moves = batch_first(numbers)
            if name != "linear":
                given = given | {"dim": moves.axes(given.get("dim"), numbers.dim())}
        moved = Traced(unmixed(moves.there(numbers)), given[key].how)
        call = CALLS[name](given | {key: moved})
        value = (
            moved
            if call.before is None
            else Traced(call.before(moved.numbers), call.how or moved.how)
        )
        if call.need is Need.MAP:
            value = self.gathered(value)
        stage = self.read(call.module, self.shape_of(value))
        assert stage is not None

        def after(found: torch.Tensor) -> torch.Tensor:
            result = moves.back(found if call.after is None else call.after(found))
            return result.transpose(-1, -2) if turned else result

        words = call.words or call.name or in_one_line(call.module)
        result = self.add(stage, [value], words, after, call.name)
        return result if call.results == 1 else (result, *[None] * (call.results - 1))

    def multiplied(self, given: dict[str, Any]) -> Traced:
        """Return the product of matrices, of each pair in a batch of them."""
        one, other = given["self"], given["other" if "other" in given else "mat2"]
        if not (isinstance(one, Traced) and isinstance(other, Traced)):
            return self.multiplied_with(one, other)
        first, second = one.numbers, other.numbers
        if min(first.dim(), second.dim()) < 3:
            raise UnsupportedError("it mixes the examples of a batch")
        outer = torch.broadcast_shapes(first.shape[:-2], second.shape[:-2])
        pair = [each.expand(*outer, *each.shape[-2:]) for each in (first, second)]
        views = [Traced(unmixed(each.reshape(EXAMPLES, -1, *each.shape[-2:]))) for each in pair]
        channels, rows, _ = views[0].sides
        columns = views[1].sides[2]
        stage = MatrixProduct(Shape(channels, rows, columns))
        return self.add(stage, views, after=lambda numbers: numbers.reshape(*outer, rows, columns))

    def multiplied_with(self, one: Any, other: Any) -> Traced:  # noqa: ANN401
        """Return the product of matrices with a constant one, which is a linear layer."""
        turned = not isinstance(one, Traced)
        value, matrix = (other, one) if turned else (one, other.T)
        if matrix.dim() != 2:
            raise UnsupportedError("it multiplies with several matrices")
        given = Traced(value.numbers.transpose(-1, -2)) if turned else value
        product = self.called("linear", {"input": given, "weight": matrix, "bias": None}, turned)
        assert isinstance(product, Traced)
        return product

    def gathered(self, value: Traced) -> Traced:
        """Return the values as those of one operation, which is added where there is none."""
        if self.view(value).whole is not None:
            return value
        shape = self.shape_of(value)
        self.operations.append(Operation("", Gather(shape, *value.how), (self.view(value),)))
        self.shapes.append(shape)
        return self.values(len(self.operations), shape, value.sides)

    def add(
        self,
        stage: Stage,
        reads: Sequence[Traced],
        words: str = "",
        after: Callable[[torch.Tensor], torch.Tensor] | None = None,
        name: str = "",
    ) -> Traced:
        """Add an operation that takes in these values, and return its own, as torch has them."""
        path, kind = self.place()
        # A module of torch that is one call has its path, others the path and what a call does.
        is_module = bool(words) and kind.rsplit(".", maxsplit=1)[-1] == words.partition("(")[0]
        name = path if is_module or not path else f"{path}.{name or stage.stem}"
        said = f"{path}: {words or stage.word}" if path else words or stage.word
        views = tuple(self.view(each) for each in reads)
        number = len(self.operations) + 1
        shape = stage.output
        is_pointwise = isinstance(stage, Activate | Combine | ScaleAndShift | Softmax)
        result = self.values(number, shape, reads[0].sides if is_pointwise else shape.torch_sides)
        if after is not None:
            result = Traced(after(result.numbers))
        flat = result.numbers.reshape(-1).numpy()
        example = np.where(flat >= OTHER, 1, 0)
        order = (flat - example * OTHER - number * STEP + example * shape.size).astype(int)
        operation = Operation(said, stage, views, name, self.indices[self.node], order)
        self.operations.append(operation)
        self.shapes.append(shape)
        return result

    def source_of(self, value: Traced) -> int | None:
        """Return the operation of which the values are all, in order; None if there is none."""
        sources, indices = places_of(value.numbers)
        first = int(sources[0])
        if first < 0 or (sources != first).any():
            return None
        return first if np.array_equal(indices, np.arange(self.shapes[first].size)) else None

    def shape_of(self, value: Traced) -> Shape:
        """Return the shape of values: flat ones of one operation keep the map that they have there.

        So the kernels of a linear layer are maps, as those of a Flatten and a Linear are.
        """
        shape, source = Shape.of(value.sides), self.source_of(value)
        if source is None or not shape.flat:
            return shape
        return replace(self.shapes[source], flat=True, line=False)

    def view(self, value: Traced) -> View:
        """Return where the values are; as a whole if they are a map of one operation."""
        sides, source = self.shape_of(value).sides, self.source_of(value)
        sources, indices = (each.reshape(sides) for each in places_of(value.numbers))
        is_map = source is not None and self.shapes[source].sides == sides
        return View(sources, indices, source if is_map else None)

    def finished(self, result: Any) -> list[Operation]:  # noqa: ANN401 - what the forward returns
        """Return the operations that the result needs, with the result as the last."""
        while isinstance(result, tuple | list) and len(result) == 1:
            result = result[0]
        if not isinstance(result, Traced):
            kind = type(result).__name__
            raise InputError(f"the network's forward returns a {kind}; expected one tensor")
        try:
            self.gathered(Traced(unmixed(result.numbers), result.how))
        except UnsupportedError as error:
            raise InputError(f"the network's own forward: {error}") from None
        return self.operations


def _name_of(target: Any) -> str:  # noqa: ANN401 - an operator of ATen, or a function
    """Return an operator's name, such as conv2d."""
    schema = getattr(target, "_schema", None)
    name = schema.name.split("::")[-1] if schema is not None else target.__name__
    return str(name).removesuffix("_") if not str(name).startswith("_") else str(name)


def _bound(target: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return a call's arguments by name, those that are not given with their defaults."""
    given = {}
    for place, argument in enumerate(target._schema.arguments):
        if place < len(args):
            given[argument.name] = args[place]
        elif argument.name in kwargs or argument.has_default_value():
            given[argument.name] = kwargs.get(argument.name, argument.default_value)
    return given


def _numbers(argument: Any) -> Any:  # noqa: ANN401
    return argument.numbers if isinstance(argument, Traced) else argument


def _traced_in(arguments: Any) -> bool:  # noqa: ANN401
    if isinstance(arguments, Mapping):
        return any(map(_traced_in, arguments.values()))
    if isinstance(arguments, tuple | list):
        return any(map(_traced_in, arguments))
    return isinstance(arguments, Traced)
