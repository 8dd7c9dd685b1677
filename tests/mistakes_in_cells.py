"""Mistakes of single cells, and of dragging."""

from handmade_books import Book
from handmade_tables import Content
from planting import Planted, Spot, cells, change


@cells("learning-rate-not-anchored", rate="labelled")
def learning_rate_slides_down(p: Spot) -> list[Planted]:
    for row in range(1, p.table.rows):
        change(p.table, p.parameter, "{rate}", f"{{rate>{row - 1},0}}", [row])
    return [(p.parameter, 2)]


@cells("learning-rate-not-anchored", rate="unlabelled")
def unlabelled_learning_rate_slides_down(p: Spot) -> list[Planted]:
    for row in range(1, p.table.rows):
        change(p.table, p.parameter, "{rate}", f"{{rate>{row - 1},0}}", [row])
    return [(p.parameter, 2)]


@cells("learning-rate-not-anchored wrong-learning-rate", rate="labelled")
def learning_rate_slides_across(p: Spot) -> list[Planted]:
    later = p.network.parameters[1:3]
    for number, parameter in enumerate(later, start=1):
        rows = range(1, p.table.rows)
        change(p.table, parameter, "{rate}", f"{{rate>0,{number}}}", rows)
    return [(parameter, 1) for parameter in later]


@cells("anchored-reference")
def first_weight_anchored_in_the_update(p: Spot) -> list[Planted]:
    old, new = f"{{{p.parameter}:-1}}", f"{{{p.parameter}$0}}"
    change(p.table, p.parameter, old, new, range(1, p.table.rows))
    return [(p.parameter, 2)]


@cells("anchored-reference")
def first_weight_anchored_in_a_sum(p: Spot) -> list[Planted]:
    weight, _ = p.rng.choice(p.network.incoming(p.unit))
    change(p.table, p.unit, f"{{{weight}}}", f"{{{weight}$0}}", range(p.table.rows))
    return [(p.unit, 1)]


def computed_column(p: Spot) -> str:
    activations = [f"a_{unit}" for unit in p.network.units]
    gradients = [f"∂E/∂{parameter}" for parameter in p.network.parameters]
    names = [*p.network.units, *activations, *p.network.names("E"), "E_total", *gradients]
    return p.rng.choice([*names, *p.network.parameters])


def a_row(p: Spot) -> int:
    return p.rng.randrange(1, p.table.rows - 1)


def put(p: Spot, content: Content) -> list[Planted]:
    symbol, row = computed_column(p), a_row(p)
    p.table.contents[symbol][row] = content
    return [(symbol, row)]


@cells("hard-coded-number")
def number_typed_over_a_formula(p: Spot) -> list[Planted]:
    return put(p, round(p.rng.uniform(1, 2), 3))


@cells("hard-coded-number")
def right_value_pasted_over_a_formula(p: Spot) -> list[Planted]:
    symbol, row = computed_column(p), a_row(p)
    value = Book([p.table]).value((p.table.sheet, *p.table.where(symbol, row)))
    assert isinstance(value, float)
    p.table.contents[symbol][row] = value
    return [(symbol, row)]


@cells("hard-coded-number")
def one_number_in_a_whole_column(p: Spot) -> list[Planted]:
    symbol = p.rng.choice([p.unit, f"a_{p.unit}", f"E{p.number}", "E_total", f"∂E/∂{p.outer}"])
    p.table.contents[symbol] = [1.23456] * p.table.rows
    return [(symbol, 0)]


@cells("hard-coded-number")
def number_in_place_of_a_target(p: Spot) -> list[Planted]:
    t = f"t{p.number}"
    number = repr(p.table.numbers[t])
    row = a_row(p)
    change(p.table, f"E{p.number}", f"{{{t}}}", number, range(row, p.table.rows))
    return [(f"E{p.number}", row)]


@cells("hard-coded-number weight-not-updated")
def weight_typed_in_every_row(p: Spot) -> list[Planted]:
    number = p.table.numbers[p.parameter]
    p.table.contents[p.parameter][1:] = [number] * (p.table.rows - 1)
    return [(p.parameter, 1)]


@cells("input-changes", given="constant")
def input_dragged_as_a_series(p: Spot) -> list[Planted]:
    start = p.table.numbers[p.input]
    p.table.contents[p.input] = [start + row for row in range(p.table.rows)]
    return [(p.input, 1)]


@cells("input-changes", given="constant")
def target_dragged_as_a_series(p: Spot) -> list[Planted]:
    start = p.table.numbers[f"t{p.number}"]
    p.table.contents[f"t{p.number}"] = [start + row for row in range(p.table.rows)]
    return [(f"t{p.number}", 1)]


@cells("input-changes", given="constant")
def target_overwritten_further_down(p: Spot) -> list[Planted]:
    t, row = f"t{p.number}", a_row(p)
    number = p.table.numbers[t] + 0.25
    p.table.contents[t][row:] = [number] * (p.table.rows - row)
    return [(t, row)]


@cells("input-changes", given="anchored")
def input_without_anchor(p: Spot) -> list[Planted]:
    for row in range(p.table.rows):
        p.table.contents[p.input][row] = f"={{given.{p.input}>{row},0}}"
    return [(p.input, 1)]


@cells("text-for-number")
def word_in_a_cell(p: Spot) -> list[Planted]:
    return put(p, p.rng.choice(("n/a", "?", "see above")))


@cells("text-for-number")
def number_as_text(p: Spot) -> list[Planted]:
    return put(p, "0,1234")


@cells("error-value")
def division_by_zero(p: Spot) -> list[Planted]:
    return put(p, "={t1}/0")


@cells("error-value")
def reference_lost(p: Spot) -> list[Planted]:
    return put(p, "=#REF!*2")


@cells("empty-cell")
def cell_left_empty(p: Spot) -> list[Planted]:
    return put(p, None)
