"""Turns a module's forward into a graph of calls to ATen's operators, in double precision.

`torch.export` follows the forward once, with an example, and keeps what that one did: see
https://docs.pytorch.org/docs/stable/export.html. What depends on more than each example's numbers
would be wrong for others without a word, so that it is looked for, and refused.
"""

import functools
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.export import ExportedProgram
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree

from cnn.export.network.computed import METHODS
from cnn.export.network.modules import in_one_line
from cnn.export.network.moves import LIKE, MOVES
from cnn.export.network.numbered import EXAMPLES
from cnn.export.network.stages import Shape
from sheetgen.errors import InputError

IDENTITIES = frozenset(
    ("alias", "clone", "contiguous", "detach", "lift_fresh_copy", "to", "_to_copy", "type_as")
).union(("dropout", "feature_dropout", "alpha_dropout"))
"""Operators that change no number in evaluation mode."""
_KNOWN = frozenset((*IDENTITIES, *MOVES, *LIKE, *METHODS))
"""Operators that stay as they are."""
MASKED = -1e9
"""What stands for minus infinity, which no cell holds: softmax makes 0 of both."""


class NotFollowedError(InputError):
    """A forward that torch cannot follow, or compute."""


def graph_of(model: nn.Module, source: Shape) -> fx.GraphModule:
    """Return the graph of a forward, of a model in double precision and evaluation mode.

    Its input is `EXAMPLES` examples. They are whole numbers if the forward cannot do with others,
    as a network that begins with an Embedding.

    Raises InputError if torch cannot follow it, and where the forward changes what it keeps.
    """
    refusal: Exception | None = None
    for dtype in (torch.float64, torch.int64):
        example = torch.zeros(EXAMPLES, *source.torch_sides, dtype=dtype)
        try:
            with torch.no_grad(), in_double_precision(), _quiet():
                program = torch.export.export(model, (example,))
            return _simplified(program)
        except InputError:
            raise
        except Exception as error:
            refusal = refusal or error
    assert refusal is not None
    raise NotFollowedError(_why_not(model, source, refusal)) from refusal


def _why_not(model: nn.Module, source: Shape, error: Exception) -> str:
    """Return why torch cannot follow a forward, with the module that fails where one does."""
    entered: list[nn.Module] = []
    enter = register_module_forward_pre_hook(lambda module, _: entered.append(module))
    leave = register_module_forward_hook(lambda *_: (entered.pop(), None)[1])
    example = torch.zeros(EXAMPLES, *source.torch_sides, dtype=torch.float64)
    try:
        with torch.no_grad(), in_double_precision(), _quiet():
            model(example)
    except Exception as found:
        inner = entered[-1] if entered else model
        path = next((name for name, each in model.named_modules() if each is inner), "")
        where = f"{path}: {in_one_line(inner)}" if path else in_one_line(inner)
        return f"torch cannot compute the module {where}: {_first_line(str(found))}"
    finally:
        enter.remove()
        leave.remove()
    kind, reason = type(model).__name__, _first_line(str(error))
    if "data-dependent" in reason:
        reason = "it branches on numbers that are computed; expected torch.where, or no branch"
    return f"torch.export cannot follow the forward of {kind}: {reason}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what torch prints of a graph that it cannot follow off the terminal."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


def _simplified(program: ExportedProgram) -> fx.GraphModule:
    simplified = program
    # To prepare for it, torch goes through all its operators: 0.1 seconds.
    if not all(map(_is_simple, program.graph.nodes)):
        with torch.no_grad(), in_double_precision(casts=False):
            simplified = program.run_decompositions(_decompositions())
    for name in simplified.graph_signature.buffers_to_mutate.values():
        raise InputError(
            f"the network's forward changes its buffer {name}, so that its result depends on what "
            "was computed before; expected one that keeps nothing"
        )
    graph = simplified.module(check_guards=False)
    assert isinstance(graph, fx.GraphModule)
    graph.graph.eliminate_dead_code()
    for node in graph.graph.nodes:
        if node.op == "call_function":
            node.args, node.kwargs = fx.node.map_aggregate((node.args, node.kwargs), _finite)
    graph.recompile()
    return graph


def _is_simple(node: fx.Node) -> bool:
    """Return whether a node calls nothing to decompose, and nothing that works in place."""
    if node.op != "call_function":
        return True
    schema = getattr(node.target, "_schema", None)
    if schema is None or schema.is_mutable or name_of(node.target) not in _KNOWN:
        return False
    is_plain_sum = name_of(node.target) in ("add", "sub") and "alpha" not in node.kwargs
    return is_plain_sum or node.target not in _own_decompositions()


def _finite(argument: Any) -> Any:  # noqa: ANN401 - of any node
    return MASKED if argument == -torch.inf and isinstance(argument, float) else argument


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


@functools.cache
def _own_decompositions() -> Mapping[Any, Callable[..., Any]]:
    """Return those of this package; looking up torch's operators for them takes a while."""
    from cnn.export.network.decompositions import DECOMPOSITIONS  # noqa: PLC0415

    return DECOMPOSITIONS


@functools.cache
def _decompositions() -> Mapping[Any, Callable[..., Any]]:
    """Return how operators that are not known become core ones of ATen, and those of this package.

    See https://docs.pytorch.org/docs/stable/torch.compiler_ir.html.
    """
    table = torch.export.default_decompositions()
    for kind in list(table.keys()):
        if name_of(kind) in _KNOWN:
            table.pop(kind)
    table.update(_own_decompositions())
    return table


def name_of(target: Any) -> str:  # noqa: ANN401 - an operator of ATen, or a function
    """Return an operator's name, such as conv2d."""
    schema = getattr(target, "_schema", None)
    name = schema.name.split("::")[-1] if schema is not None else target.__name__
    return str(name).removesuffix("_") if not str(name).startswith("_") else str(name)


def bound(target: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return a call's arguments by name, those that are not given with their defaults."""
    given = {}
    for place, argument in enumerate(target._schema.arguments):
        if place < len(args):
            given[argument.name] = args[place]
        elif argument.name in kwargs or argument.has_default_value():
            given[argument.name] = kwargs.get(argument.name, argument.default_value)
    return given


def input_type(graph: fx.GraphModule) -> torch.dtype:
    """Return the type of the numbers that a graph takes in."""
    first = next(
        node for node in graph.graph.nodes if node.op == "placeholder" and "val" in node.meta
    )
    dtype: torch.dtype = first.meta["val"].dtype
    return dtype


def require_same(model: nn.Module, graph: fx.GraphModule, x: Tensor) -> None:
    """Raise InputError unless a graph gives what the model does for one, two and three examples.

    `x` (3, …) are these examples.
    """
    with torch.no_grad(), torch.random.fork_rng(devices=[]), in_double_precision():
        first, last = _tensor(graph(x[:2])), _tensor(graph(x[1:]))
        try:
            again = [_tensor(model(x[:count].clone())) for count in (2, 2, 1, 3)]
        except Exception as error:
            reason = _first_line(str(error))
            raise NotFollowedError(
                f"torch cannot compute the network for one to three examples: {reason}"
            ) from error
    if not _agree(again[0], again[1]):
        raise InputError(
            "the network gives other numbers each time, also in evaluation mode; expected a "
            "forward without chance or memory"
        )
    expected = (first, first, first[:1], torch.cat([first, last[1:]]))
    cases = "other numbers than zeros", "", "1 example than for 2", "3 examples than for 2"
    for found, right, case in zip(again, expected, cases, strict=True):
        if not _agree(found, right):
            raise InputError(
                f"the network's forward does something else for {case}; expected one that treats "
                "every example alike, without branches"
            )


def _tensor(result: Any) -> Tensor:  # noqa: ANN401 - what a forward returns
    [found] = _pytree.tree_leaves(result)
    assert isinstance(found, Tensor)
    return found


def _agree(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    return torch.allclose(one.double(), other.double(), rtol=1e-9, atol=1e-9, equal_nan=True)


class _Double(TorchFunctionMode):
    """Lets all that asks for numbers of lower precision have double ones."""

    CASTS = dict.fromkeys((Tensor.float, Tensor.half, Tensor.bfloat16), Tensor.double)

    def __torch_function__(
        self,
        func: Any,  # noqa: ANN401 - any function of torch
        types: Any,  # noqa: ANN401
        args: Any = (),  # noqa: ANN401
        kwargs: Any = None,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        given = {name: _double(each) for name, each in (kwargs or {}).items()}
        return self.CASTS.get(func, func)(*map(_double, args), **given)


def _double(argument: Any) -> Any:  # noqa: ANN401 - of any function
    if type(argument) is torch.dtype and argument.is_floating_point:
        return torch.float64
    return argument


@contextmanager
def in_double_precision(casts: bool = True) -> Iterator[None]:
    """Let torch make double numbers where nothing is said of them, and where others are asked for.

    The latter only with `casts`, which takes time. What torch logs about an export that fails, and
    its warnings, are kept off the terminal.
    """
    dtype, disabled = torch.get_default_dtype(), logging.root.manager.disable
    torch.set_default_dtype(torch.float64)
    logging.disable(logging.CRITICAL)
    try:
        with _Double() if casts else nullcontext(), warnings.catch_warnings(action="ignore"):
            yield
    finally:
        torch.set_default_dtype(dtype)
        logging.disable(disabled)
