"""The mistakes that people make: their stable identifiers in `--json` and `--csv`, and their words.

The modules beside this one turn a right formula into the wrong ones of each kind.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sheetgen.check.formula.expressions import Expression, Leaf, replace
from sheetgen.check.formula.parsing import Reference

KINDS: dict[str, str] = {
    "wrong-activation-index": "the activation of another unit",
    "swapped-activations": "two activations changed places",
    "pre-activation-for-activation": "h instead of a_h, or o instead of a_o",
    "activation-for-pre-activation": "a_h instead of h, or a_o instead of o",
    "wrong-pre-activation-index": "the pre-activation of another unit",
    "wrong-weight-index": "another weight",
    "swapped-weights": "two weights changed places",
    "wrong-bias-index": "the bias of another unit",
    "wrong-input-index": "another input",
    "swapped-inputs": "two inputs changed places",
    "target-swapped": "the target of another output",
    "wrong-error-index": "the error of another output",
    "wrong-symbol": "a quantity of another kind",
    "formula-of-another-column": "the formula of another column",
    "missing-parenthesis": "a pair of parentheses that is missing, superfluous or misplaced",
    "sign": "a wrong sign",
    "product-for-difference": "a product instead of a difference",
    "sum-for-difference": "a sum instead of a difference",
    "product-for-sum": "a product instead of a sum",
    "difference-for-sum": "a difference instead of a sum",
    "sum-for-product": "a sum instead of a product",
    "difference-for-product": "a difference instead of a product",
    "quotient-for-product": "a quotient instead of a product",
    "product-for-quotient": "a product instead of a quotient",
    "forgotten-input-factor": "the factor i is missing",
    "forgotten-activation-factor": "the factor a_h is missing",
    "forgotten-weight-factor": "a weight is missing",
    "forgotten-slope": "the slope of the activation is missing, or a factor of it",
    "forgotten-error-factor": "the factor (a - t) is missing",
    "forgotten-term": "a term of a sum is missing",
    "forgotten-bias": "the bias is missing",
    "extra-factor": "a factor too many",
    "extra-term": "a term too many",
    "missing-half": "the factor 1/2 is missing",
    "missing-square": "the square is missing",
    "wrong-constant": "a wrong constant",
    "missing-activation": "the activation function is missing",
    "wrong-activation-function": "an activation function unlike that of the other units",
    "missing-exponential": "the exponential is missing",
    "missing-reciprocal": "the division 1/(…) is missing",
    "missing-division": "a division is missing",
    "learning-rate-not-anchored": "the reference to the learning rate slides",
    "missing-learning-rate": "the learning rate is missing",
    "wrong-learning-rate": "a learning rate other than the table's",
    "forgotten-gradient": "the gradient is missing in the update",
    "forgotten-previous-weight": "the update does not start from the weight before",
    "wrong-gradient": "the gradient of another weight",
    "wrong-previous-weight": "the update starts from another weight",
    "anchored-reference": "a reference is fixed with $ where it should move with the rows",
    "wrong-row": "the right column, but another row",
    "weights-updated-in-sequence": "a weight that was already updated in the same step",
    "weight-not-updated": "the weight stays as it is",
    "updated-like-a-weight": "updated like a weight instead of computed",
    "hard-coded-number": "a number instead of a formula or a reference",
    "inputs-differ-between-sheets": "inputs, targets or initial weights unlike the other sheets'",
    "input-changes": "an input or target that changes from row to row",
    "error-value": "an error value such as #DIV/0!",
    "text-for-number": "a text instead of a number",
    "empty-cell": "a cell within the table is empty",
    "unknown-mistake": "wrong in another way",
}

REMARKS: dict[str, str] = {
    "pasted-values": "numbers were pasted where a live table has formulas",
    "hard-coded-learning-rate": "the formulas hold the learning rate as a number",
    "hard-coded-inputs": "the formulas hold inputs or targets as numbers",
    "learning-rate-inferred": "the learning rate was inferred from the updates",
    "learning-rate-label": "the sheet names another learning rate than the formulas use",
    "loss": "the error is another than 1/2 (t - a)²",
    "activation": "the activation is another than the sigmoid",
    "optimizer": "the updates are those of another optimiser than gradient descent",
    "duplicate-header": "two columns have the same header",
    "wrong-header": "a header names another part than its column plays",
    "several-samples": "inputs and targets differ from row to row",
    "untrained-biases": "the biases are not trained",
    "recalculated": "the file held no results; they were computed",
    "gap": "the table continues below rows without numbers",
    "one-row": "the table has one row, and so no updates",
    "rows-not-read": "rows of numbers below the table that do not continue it",
    "identified": "columns that were recognised by their formulas, not by their headers",
    "text-numbers": "numbers that are stored as text",
    "negated-gradients": "the columns of the gradients hold -∂E/∂w, which the updates add",
    "unknown-header": "columns of numbers whose headers name no known quantity",
    "unchecked": "something could not be checked",
    "inputs-differ-between-groups": "groups of sheets start from different numbers",
}


class Mutation(NamedTuple):
    """A wrong formula: the kind of mistake, what it is in words, and the formula."""

    kind: str
    words: str
    expression: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Choice(Expression):
    """A place in a formula with one of several expressions: `which` has that of each formula."""

    options: tuple[Expression, ...]
    which: NDArray[np.intp]


def choice(options: Iterable[Expression]) -> Choice:
    """Return a place with another expression in each formula."""
    every = tuple(options)
    return Choice(every, np.arange(len(every)))


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Wrong formulas, counted from 0, that are one but for what they have at its choices.

    `name` returns the kind and the words
    of the formula of an index. A fixed reference $A$n in the expression means the leaf n.
    """

    expression: Expression
    count: int
    name: Callable[[int], tuple[str, str]]
    leaves: tuple[Leaf, ...] = ()

    def mutation(self, index: int) -> Mutation:
        """Return one of the wrong formulas."""

        def chosen(part: Expression) -> Expression | None:
            """Return what a choice, or a numbered leaf, is in this formula; None for all else."""
            if isinstance(part, Choice):
                return part.options[int(part.which[index])]
            return self.leaves[part.row] if isinstance(part, Reference) else None

        return Mutation(*self.name(index), replace(self.expression, chosen))


Candidate = Mutation | Alternatives


def each(candidates: Iterable[Candidate]) -> Iterator[Mutation]:
    """Yield every single wrong formula."""
    for one in candidates:
        if isinstance(one, Mutation):
            yield one
        else:
            yield from map(one.mutation, range(one.count))


def plain(kind: str, expression: Expression) -> Mutation:
    """Return a wrong formula that needs no other words than those of its kind."""
    return Mutation(kind, KINDS[kind], expression)
