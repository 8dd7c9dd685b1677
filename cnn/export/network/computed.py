"""Makes stages of the calls of a forward that compute new values, one method for each kind.

What a call does is in tables: `COMBINED`, `FUNCTIONS` and `CALLS` say which formula, function or
module of torch.nn an operator is.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from cnn.export.network.calls import ACTIVATIONS, CALLS, Need
from cnn.export.network.joining_stages import Combine, MatrixProduct
from cnn.export.network.kept_operations import Operations
from cnn.export.network.modules import NO_FORMULA, UnsupportedError, in_one_line, numbers, tensor_of
from cnn.export.network.numbered import (
    EXAMPLES,
    Moves,
    Rearranged,
    Traced,
    Unknown,
    batch_first,
    unmixed,
)
from cnn.export.network.pointwise import (
    COMBINED,
    FUNCTIONS,
    Form,
    activate,
    clamped,
    power,
    with_constant,
)
from cnn.export.network.recurrent import stage_of
from cnn.export.network.sequence_stages import Embedding
from cnn.export.network.stages import Activate, Shape, Stage

AFFINE = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
"""Operators that are one scale and shift where one of their two values is constant."""
SEQUENCE = "sequence", "sequence, a row for each step"
STATE = "state", "state before the first step"
ROUNDS = "it rounds, as no formula does alike in every program"
WHY_NOT = {
    **dict.fromkeys(
        ("_native_batch_norm_legit", "native_batch_norm", "_native_batch_norm_legit_functional"),
        "it takes the statistics of the batch; expected running ones, of evaluation mode",
    ),
    "lstm": "it has projections; expected proj_size=0",
    "_local_scalar_dense": "it makes a number of Python of a computed one",
    "_embedding_bag": "expected an Embedding, and the mean or sum of what it gives",
    **dict.fromkeys(
        ("argmax", "argmin", "topk", "sort", "nonzero", "unique", "median", "mode", "kthvalue"),
        "it gives the places of values, or values in their order; leave it out",
    ),
    **dict.fromkeys(("floor_divide", "fmod", "remainder", "round"), ROUNDS),
}
"""Why no formula is written for some operators."""

Read = Callable[[nn.Module, Shape], Stage | None]


class Computation:
    """Adds operations for calls; `read` returns the stage of a module of torch.nn."""

    def __init__(self, source: Shape, read: Read, is_whole: bool) -> None:
        """Begin with an input of a shape, of whole numbers or of any."""
        self.kept = Operations(source)
        self.read = read
        self.is_whole = is_whole
        self.choices = np.full(source.size, 2 if is_whole else 0)
        """How many whole numbers from 0 each input may be, 0 if it is any number.

        Whole numbers are 0 and 1 until an embedding says how many there are.
        """

    def of(self, name: str, given: dict[str, Any]) -> Any:  # noqa: ANN401
        """Return what a call gives, of an operation that is added.

        Raises UnsupportedError if no formula is written for it.
        """
        if name not in METHODS:
            raise UnsupportedError(WHY_NOT.get(name, NO_FORMULA))
        return METHODS[name](self, name, given)

    def combined(self, name: str, given: dict[str, Any]) -> Traced:
        """Return tensors combined number by number, of which some may be constant."""
        if given.pop("rounding_mode", None) is not None:
            raise UnsupportedError(ROUNDS)
        assert given.pop("alpha", 1) == 1
        operands = list(given.values())
        constant = [each for each in operands if not isinstance(each, Traced)]
        if len(constant) == 1 and name in AFFINE:
            is_first = not isinstance(operands[0], Traced)
            found = self.shifted(AFFINE[name], operands[is_first], constant[0], is_first)
            if found is not None:
                return found
        formula, stem, word = COMBINED[name]
        all_numbers = torch.broadcast_tensors(*map(self.numbers, operands))
        moves = next(
            self.kept.order(each)
            for each, one in zip(all_numbers, operands, strict=True)
            if isinstance(one, Traced)
        )
        moved = [Traced(unmixed(moves.there(each))) for each in all_numbers]
        stage = Combine(self.kept.shape_of(moved[0]), formula, stem, word)
        return self.kept.add(stage, moved, after=moves.back)

    def numbers(self, operand: Any) -> torch.Tensor:  # noqa: ANN401 - values or constants
        """Return the numbers of values, and those of constants."""
        if isinstance(operand, Traced):
            return operand.numbers
        return self.kept.constants.numbered(torch.as_tensor(operand, dtype=torch.float64))

    def shifted(self, sign: str, value: Traced, constant: Any, first: bool) -> Traced | None:  # noqa: ANN401
        """Return values with a constant added, subtracted, multiplied, divided by.

        `first` says that the constant is the first of the two. Return None for one that is divided
        by the values and is not one number.
        """
        held = torch.as_tensor(constant, dtype=torch.float64).detach().cpu()
        moves = self.kept.order(value.numbers)
        if torch.broadcast_shapes(held.shape, value.numbers.shape) != value.numbers.shape:
            return None
        spread = moves.there(held.broadcast_to(value.numbers.shape))
        if not bool(torch.isfinite(spread).all()):
            raise UnsupportedError("it takes in a number that is not finite")
        if not torch.equal(spread[0], spread[1]):
            raise UnsupportedError("it treats the examples of a batch differently")
        if (not first or sign in "+*") and bool((spread == (sign in "*/")).all()):
            return value  # plus 0, or times 1
        if first and sign == "/" and spread.unique().numel() > 1:
            return None
        moved = Traced(moves.there(value.numbers), value.how)
        shape = self.kept.shape_of(moved)
        numbers = spread[0].reshape(shape.sides).numpy()
        stage = with_constant(sign, numbers, first, shape)
        return self.kept.add(stage, [moved], after=moves.back)

    def function(self, name: str, given: dict[str, Any]) -> Traced:
        """Return one of `FUNCTIONS` of each number."""
        return self.pointwise(given["self"], name, *FUNCTIONS[name])

    def power(self, name: str, given: dict[str, Any]) -> Traced:
        """Return numbers to a power, which may be computed."""
        exponent = given["exponent"]
        if isinstance(exponent, int | float):
            return self.pointwise(given["self"], name, "power", power(exponent))
        return self.combined(name, given)

    def pointwise(self, value: Traced, name: str, word: str, form: Form) -> Traced:
        """Return a function of each number, named for its sheet and in prose."""
        moves = self.kept.order(value.numbers)
        moved = Traced(moves.there(value.numbers), value.how)
        stage = activate(self.kept.shape_of(moved), name, word, form)
        return self.kept.add(stage, [moved], after=moves.back)

    def between(self, _: str, given: dict[str, Any]) -> Traced:
        """Return values between two ends, of which one may be missing."""
        form = clamped(given.get("min"), given.get("max"))
        return self.pointwise(given["self"], "clamp", "clamp", form)

    def called(self, name: str, given: dict[str, Any], turned: bool = False) -> Any:  # noqa: ANN401
        """Return the result of a call that does what a module does, or its transpose."""
        key = "input" if "input" in given else "self"
        if not isinstance(given[key], Traced):
            raise UnsupportedError("its weight is computed from the input")
        numbers = given[key].numbers
        moves: Moves | Rearranged = Moves(0)
        if name in ACTIVATIONS:
            moves = self.kept.order(numbers)
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
            value = self.kept.gathered(value)
        stage = self.read(call.module, self.kept.shape_of(value))
        assert stage is not None

        def after(found: torch.Tensor) -> torch.Tensor:
            result = moves.back(found if call.after is None else call.after(found))
            return result.transpose(-1, -2) if turned else result

        words = call.words or call.name or in_one_line(call.module)
        result = self.kept.add(stage, [value], words, after, call.name)
        return result if call.results == 1 else (result, *[Unknown()] * (call.results - 1))

    def multiplied(self, _: str, given: dict[str, Any]) -> Traced:
        """Return the product of matrices, of each pair in a batch of them."""
        one, other = list(given.values())[:2]
        held = next((each for each in (one, other) if not isinstance(each, Traced)), None)
        if held is not None and held.shape[:-2].numel() == 1:
            return self.multiplied_with(one, other)
        first, second = self.numbers(one), self.numbers(other)
        if min(first.dim(), second.dim()) < 2 or max(len(first), len(second)) != EXAMPLES:
            raise UnsupportedError("it mixes the examples of a batch")
        outer = torch.broadcast_shapes(first.shape[:-2], second.shape[:-2])
        pair = [each.expand(*outer, *each.shape[-2:]) for each in (first, second)]
        views = [Traced(unmixed(each.reshape(EXAMPLES, -1, *each.shape[-2:]))) for each in pair]
        channels, rows = views[0].sides[:2]
        columns = views[1].sides[2]
        stage = MatrixProduct(Shape(channels, rows, columns))
        return self.kept.add(
            stage, views, after=lambda numbers: numbers.reshape(*outer, rows, columns)
        )

    def multiplied_with(self, one: Any, other: Any) -> Traced:  # noqa: ANN401
        """Return the product of matrices with a constant one, which is a linear layer."""
        turned = not isinstance(one, Traced)
        value, held = (other, one) if turned else (one, other)
        held = held.reshape(held.shape[-2:])
        matrix = held if turned or held.dim() < 2 else held.T
        given = Traced(value.numbers.transpose(-1, -2)) if turned else value
        weight = matrix if matrix.dim() == 2 else matrix[None]
        product = self.called("linear", {"input": given, "weight": weight, "bias": None}, turned)
        assert isinstance(product, Traced)
        if matrix.dim() == 2:
            return product
        return Traced(product.numbers.squeeze(-2 if turned else -1))

    def embedded(self, _: str, given: dict[str, Any]) -> Traced:
        """Return the rows of a table that whole numbers choose."""
        table = numbers(tensor_of(given, "weight"))
        chosen: Traced = given["indices"]
        moves = batch_first(chosen.numbers)
        there = moves.there(chosen.numbers)
        value = Traced(there.reshape(EXAMPLES, -1))
        size = table.shape[1]
        stage = Embedding(Shape(size, value.sides[0], 1), table)
        self.limit(value, len(table))

        def after(found: torch.Tensor) -> torch.Tensor:
            rows = found.squeeze(3).transpose(1, 2)
            return moves.back(rows.reshape(EXAMPLES, *there.shape[1:], size))

        words = f"Embedding({len(table)}, {size})"
        return self.kept.add(stage, [value], words, after)

    def limit(self, value: Traced, count: int) -> None:
        """Note that values, where they are the input's, must be less than a number."""
        view = self.kept.view(value)
        sources, places = view.sources.ravel(), view.indices.ravel()
        for source in set(sources.tolist()) - {-1}:
            here = places[sources == source]
            operation = self.kept.found[source - 1] if source else None
            if operation is None:
                held = self.choices[here]
                is_open = (held == 0) | (self.is_whole) & (held == 2)
                self.choices[here] = np.where(is_open, count, np.minimum(held, count))
            elif isinstance(operation.stage, Activate) and operation.stage.stem == "trunc":
                read = operation.reads[0]
                inner = read.sources.ravel()[here], read.indices.ravel()[here]
                self.choices[inner[1][inner[0] == 0]] = count

    def recurrent(self, _: str, given: dict[str, Any]) -> Traced:
        """Return the gates and states of a layer that reads a sequence."""
        values = {key: self.numbers(given[key]) for key in ("x", "hidden", "cell")}
        try:
            for each in values.values():
                unmixed(each)
        except UnsupportedError as error:
            raise UnsupportedError(f"{error}; expected batch_first=True") from None
        is_zero = all(
            not isinstance(given[key], Traced) and not given[key].any()
            for key in ("hidden", "cell")
        )
        reads = [self.kept.in_rows(Traced(values["x"].transpose(1, 2).unsqueeze(3), SEQUENCE))]
        if not is_zero:
            keys = ("hidden", "cell") if given["kind"] == "LSTM" else ("hidden",)
            before = [Traced(values[key][:, :, None, None], STATE) for key in keys]
            reads += map(self.kept.in_rows, before)
        stage = stage_of(given, not is_zero)
        inputs = stage.weights.shape[1]
        words = f"{stage.kind.split()[0]}({inputs}, {stage.units})"
        words += ", backwards" if stage.backwards else ""
        return self.kept.add(
            stage, reads, words, lambda numbers: numbers.squeeze(3).transpose(1, 2)
        )


METHODS: dict[str, Callable[[Computation, str, dict[str, Any]], Any]] = {
    **dict.fromkeys(FUNCTIONS, Computation.function),
    **dict.fromkeys(COMBINED, Computation.combined),
    **dict.fromkeys(CALLS, Computation.called),
    **dict.fromkeys(("matmul", "bmm", "mm", "mv"), Computation.multiplied),
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max"), Computation.between),
    "pow": Computation.power,
    "embedding": Computation.embedded,
    "recurrent": Computation.recurrent,
}
"""What is done for each operator of ATen, and for that of `recurrent.py`."""
