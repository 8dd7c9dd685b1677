"""Two weights, chosen from a list of all, and what formulas need to know about the choice."""

from dataclasses import dataclass
from functools import cached_property

from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.spreadsheet.style import LABEL, NOTE, WHOLE, header, number
from sheetgen.workbook.plan import Plan
from sheetgen.workbook.shared.moment import Moment
from sheetgen.workbook.shared.snapshot import Snapshot
from sheetgen.workbook.sheets.error_surface.error_passes import ACROSS, BASE, DOWN

SAME = "choose two different ones"
COLUMN = "column"
FLAG = number("helper", WHOLE)


@dataclass(frozen=True)
class WeightChoice:
    """The chosen weights, across and upwards. Where both are the same, the one across counts."""

    plan: Plan
    moment: Moment
    snapshot: Snapshot
    chosen: tuple[str, str]
    """The addresses of the two drop-downs."""
    names: str
    """The range of all trained weights' names."""
    columns: str
    """The range of their columns in the training tables, the first of which has the iterations."""
    row: int
    column: int

    @classmethod
    def ask(
        cls,
        canvas: Canvas,
        plan: Plan,
        moment: Moment,
        at: tuple[int, int],
        list_at: tuple[int, int],
    ) -> "WeightChoice":
        """Write the drop-downs into a cell and the one below, the list of weights from `list_at`.

        The list takes six columns.
        """
        names = [each.name for each in plan.network.parameters]
        others = [bias.name for bias in plan.network.biases if not bias.is_trained]
        snapshot = Snapshot.draw(canvas, plan.network, moment, list_at, (*names, *others))
        row, column = list_at
        names_at, columns_at = (
            range_address(row + 1, column + offset, row + len(names), column + offset)
            for offset in (0, 5)
        )
        chosen = cell_address(*at), cell_address(at[0] + 1, at[1])
        choice = cls(plan, moment, snapshot, chosen, names_at, columns_at, row, column)
        for offset, (key, title) in enumerate(
            (("error_across", "weight across"), ("error_down", "weight upwards"))
        ):
            canvas.write(at[0] + offset, at[1] - 1, title, LABEL)
            value = str(getattr(plan.controls, key))
            canvas.choose(at[0] + offset, at[1], key, value, names, source=choice.names)
        formula = f'=IF({chosen[0]}={chosen[1]},"{SAME}","")'
        same = plan.controls.error_across == plan.controls.error_down
        canvas.calculate(at[0] + 1, at[1] + 1, formula, SAME if same else "", NOTE)
        choice._flags(canvas)
        return choice

    def _flags(self, canvas: Canvas) -> None:
        """Write for each weight its value unless it is chosen, and whether it is x or y."""
        table = self.moment.tables[0]
        for offset, title in enumerate((BASE, ACROSS, DOWN, COLUMN), start=2):
            canvas.write(self.row, self.column + offset, title, header("helper"))
        for row, each in enumerate(self.plan.network.parameters, start=self.row + 1):
            name, value, _, across, down = (
                cell_address(row, self.column + offset) for offset in range(5)
            )
            start, is_across, is_down = self.parts(each.name)
            first = table.header("iteration")
            place = table.places[each.name] - table.places["iteration"] + 1
            cells = (
                (f"=IF({across}+{down}>0,0,{value})", start, number("weight")),
                (f"=IF({name}={self.chosen[0]},1,0)", is_across, FLAG),
                (f"=IF(AND({name}={self.chosen[1]},{across}=0),1,0)", is_down, FLAG),
                (f"=COLUMN({table.header(each.name)})-COLUMN({first})+1", place, FLAG),
            )
            for offset, (formula, result, style) in enumerate(cells, start=2):
                canvas.calculate(row, self.column + offset, formula, result, style)

    def parts(self, name: str) -> tuple[float, int, int]:
        """Return the base of a weight, and 1 or 0 for whether it is across and upwards."""
        controls, value = self.plan.controls, self.snapshot.values[name]
        if name not in self._rows:
            return value, 0, 0
        is_across = name == controls.error_across
        is_down = name == controls.error_down and not is_across
        return 0.0 if is_across or is_down else value, int(is_across), int(is_down)

    def addresses(self, name: str) -> dict[str, str]:
        """Return where the base of a weight stands, and if it is trained, ACROSS and DOWN."""
        if name not in self._rows:
            return {BASE: self.snapshot.addresses[name]}
        kinds = enumerate((BASE, ACROSS, DOWN), start=2)
        row = self._rows[name]
        return {kind: cell_address(row, self.column + offset) for offset, kind in kinds}

    @cached_property
    def _rows(self) -> dict[str, int]:
        names = (each.name for each in self.plan.network.parameters)
        return {name: row for row, name in enumerate(names, start=self.row + 1)}
