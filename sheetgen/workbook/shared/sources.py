"""Where a training begins: the cells of `Inputs` and `Data` that the other sheets read."""

from dataclasses import dataclass

from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.sheets.data_sheet import DataSheet, data_sheet
from sheetgen.workbook.sheets.inputs import inputs_sheet


@dataclass(frozen=True)
class Sources:
    """The sheets that hold all that a person may change about the training."""

    plan: Plan
    inputs: Canvas
    updates: str
    """The address of the number of updates that a schedule spans, where there is one."""
    data: DataSheet | None = None

    @classmethod
    def of(cls, plan: Plan) -> "Sources":
        """Draw the sheets."""
        inputs = inputs_sheet(plan)
        data = data_sheet(plan) if plan.has_data_sheet else None
        return cls(plan, inputs.canvas, inputs.updates, data)

    @property
    def canvases(self) -> tuple[Canvas, ...]:
        """The sheets in their order."""
        return (self.inputs, self.data.canvas) if self.data else (self.inputs,)

    def address(self, symbol: str) -> str:
        """Return the absolute address of an initial value, a rate or a hyper-parameter.

        With several samples, inputs and targets have the range of their column.
        """
        if symbol == "updates":
            return self.updates
        if self.data and symbol in self.data.columns:
            return self.data.range(symbol)
        return self.inputs.address(symbol)

    def first(self, symbol: str) -> str:
        """Return the absolute address of a symbol's value at iteration 0."""
        if self.data and symbol in self.data.columns:
            return self.data.cell(symbol, self.plan.template.order[0])
        return self.inputs.address(symbol)
