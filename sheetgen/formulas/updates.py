"""The columns that lead from row to row: the sample, the weights, the optimiser's state."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sheetgen.network.parameters import Bias, Parameter
from sheetgen.network.trace import BATCH_ROW, BATCH_SIZE, UPDATE, state_name, sum_name
from sheetgen.network.training import Training

Texts = tuple[str | int, str, str]
"""A column's formula in row 0 (or a number), its formula in later rows, and its explanation."""


@dataclass(frozen=True)
class Rule:
    """Writes those columns' formulas.

    `cell` gives a symbol's cell in the formula's own row or another one, `address` the address of
    an initial value, a hyper-parameter or a column of the data; `base_rate` is the address of the
    table's learning rate.
    """

    training: Training
    cell: Callable[..., str]
    address: Callable[[str], str]
    base_rate: str

    def steps(self) -> Iterator[tuple[str, Texts]]:
        """Yield the columns that count."""
        training = self.training
        above = self.cell("iteration", "{previous}")
        yield "iteration", (0, f"={above}+1", "counts the rows from 0; each row is one sample")
        if training.samples > 1:
            yield from self._places()
        if training.is_batched:
            yield from self._batches()
        if training.is_scheduled:
            rate = training.schedule.formula(
                self.base_rate, self._update(), self.address("updates"), self._parameters()
            )
            yield "learning_rate", everywhere(f"={rate}", training.schedule.rule())

    def _places(self) -> Iterator[tuple[str, Texts]]:
        samples, iteration = self.training.samples, self.cell("iteration")
        text = "one pass over all samples is an epoch"
        yield "epoch", everywhere(f"=INT({iteration}/{samples})+1", text)
        place = f"MOD({iteration},{samples})+1"
        if self.training.order == tuple(range(samples)):
            yield "sample", everywhere(f"={place}", "the sample of this row, in turn")
        else:
            shuffled = f"=INDEX({self.address('order')},{place})"
            yield "sample", everywhere(shuffled, "the sample of this row, in the order on Data")

    def _batches(self) -> Iterator[tuple[str, Texts]]:
        samples, size = self.training.samples, self.training.batch_size
        iteration = self.cell("iteration")
        place = f"MOD({iteration},{samples})"
        batch_row = f"=MOD({place},{size})+1" if size < samples else f"={place}+1"
        yield BATCH_ROW, everywhere(batch_row, "the place in the batch, from 1")
        left = f"={size}"
        if samples % size:
            left = f"=MIN({size},{samples}-{place}+{self.cell(BATCH_ROW)}-1)"
        yield BATCH_SIZE, everywhere(left, "the number of rows that share their weights")
        update = f"=INT({iteration}/{samples})"
        if self.training.batches > 1:
            update += f"*{self.training.batches}+INT({place}/{size})"
        yield UPDATE, everywhere(update, "the number of updates made before")

    def sample(self, symbol: str) -> Texts:
        """Return the column of an input or a target."""
        if self.training.samples == 1:
            return everywhere(f"={self.address(symbol)}", f"{symbol}, from the sheet Inputs")
        formula = f"=INDEX({self.address(symbol)},{self.cell('sample')})"
        return everywhere(formula, f"{symbol} of the row's sample, from the sheet Data")

    def parameter(self, parameter: Parameter) -> Texts:
        """Return the column of a weight or a bias."""
        name, start = parameter.name, f"={self.address(parameter.name)}"
        if isinstance(parameter, Bias) and not parameter.is_trained:
            return start, start, f"{name} is not trained: it keeps its value from Inputs"
        updated = self.updated(parameter)
        decays = "weight_decay" in self.training.hyperparameters
        text = self.training.optimizer.rule(name, parameter.gradient, decays)
        if not self.training.is_batched:
            these = "all" if self.training.optimizer.states else "both"
            return start, f"={updated}", f"{text}, {these} of the iteration before"
        former = self.cell(name, "{previous}")
        formula = f"=IF({self.cell(BATCH_ROW)}=1,{updated},{former})"
        return start, formula, f"after the last row of a batch, {text}"

    def updated(self, parameter: Parameter) -> str:
        """Return the expression of the new weight, from the row above."""
        optimizer = self.training.optimizer
        rate = self.base_rate
        if self.training.is_scheduled:
            rate = self.cell("learning_rate", "{previous}")
        state = {
            state: self.cell(state_name(state, parameter.name), "{previous}")
            for state in optimizer.states
        }
        return optimizer.weight_formula(
            self.cell(parameter.name, "{previous}"),
            self._gradient(parameter, "{previous}"),
            state,
            rate,
            f"({self._update('{previous}')}+1)",
            self._hyperparameters(),
        )

    def memory(self, parameter: Parameter) -> Iterator[tuple[str, Texts]]:
        """Yield the columns of a parameter's sum over the batch and of its optimiser's state."""
        if self.training.is_batched:
            name, gradient = sum_name(parameter.name), self.cell(parameter.gradient)
            above = self.cell(name, "{previous}")
            later = f"=IF({self.cell(BATCH_ROW)}=1,0,{above})+{gradient}"
            yield name, (f"={gradient}", later, f"the sum of {parameter.gradient} in the batch")
        states = self.training.optimizer.states
        names = {state: state_name(state, parameter.name) for state in states}
        first = self._states(parameter, dict.fromkeys(states, "0"))
        former = {state: self.cell(name, "{previous}") for state, name in names.items()}
        later_formulas = self._states(parameter, former)
        for state, name in names.items():
            start = self._at_the_end(first[state], "0")
            rest = self._at_the_end(later_formulas[state], former[state])
            text = f"{self.training.optimizer.name}: {state}, after this row"
            yield name, (f"={start}", f"={rest}", text)

    def _states(self, parameter: Parameter, former: dict[str, str]) -> dict[str, str]:
        return self.training.optimizer.state_formulas(
            self.cell(parameter.name),
            self._gradient(parameter, "{row}"),
            former,
            f"({self._update()}+1)",
            self._hyperparameters(),
        )

    def _at_the_end(self, new: str, former: str) -> str:
        """Return the expression of a state that changes only in the last row of a batch."""
        if not self.training.is_batched:
            return new
        return f"IF({self.cell(BATCH_ROW)}={self.cell(BATCH_SIZE)},{new},{former})"

    def _gradient(self, parameter: Parameter, row: str) -> str:
        """Return the expression of the gradient that an update uses."""
        if not self.training.is_batched:
            return self.cell(parameter.gradient, row)
        total = self.cell(sum_name(parameter.name), row)
        if self.training.reduction == "sum":
            return total
        return f"({total}/{self.cell(BATCH_SIZE, row)})"

    def _update(self, row: str = "{row}") -> str:
        return self.cell(UPDATE if self.training.is_batched else "iteration", row)

    def _hyperparameters(self) -> dict[str, str]:
        name = self.training.optimizer.name
        return {each: self.address(f"{name}.{each}") for each in self.training.hyperparameters}

    def _parameters(self) -> dict[str, str]:
        name = self.training.schedule.name
        return {each: self.address(f"{name}.{each}") for each in self.training.schedule_parameters}


def everywhere(formula: str, text: str) -> Texts:
    """Return the texts of a column whose formula reads its own row only."""
    return formula, formula, text
