"""Mistakes in the formulas of all other columns, and in several at once."""

from planting import Change, Planted, Spot, cells, change, formulas

# The forward pass


@formulas("swapped-weights swapped-inputs")
def weights_of_a_hidden_sum_exchanged(p: Spot) -> Change:
    return exchanged(p, p.h)


@formulas("swapped-weights swapped-activations")
def weights_of_an_output_sum_exchanged(p: Spot) -> Change:
    return exchanged(p, p.o)


def exchanged(p: Spot, unit: str) -> Change:
    (one, x), (two, y) = p.rng.sample(p.network.incoming(unit), 2)
    old = p.spelling.weighted(p.network, unit)
    new = old.replace(f"{{{one}}}*{{{x}}}", f"{{{two}}}*{{{x}:+0}}")
    new = new.replace(f"{{{two}}}*{{{y}}}", f"{{{one}}}*{{{y}}}").replace(":+0", "")
    return unit, old, new


@formulas("wrong-weight-index")
def weight_of_another_unit(p: Spot) -> Change:
    weight, _ = p.rng.choice(p.network.incoming(p.unit))
    own = [weight for weight, _ in p.network.incoming(p.unit)]
    others = [w for w in p.network.weights(p.network.units) if w not in own]
    return p.unit, f"{{{weight}}}", f"{{{p.rng.choice(others)}}}"


@formulas("wrong-input-index")
def input_of_another_product(p: Spot) -> Change:
    return p.h, f"{{{p.input}}}", f"{{{p.other(p.input)}}}"


@formulas("pre-activation-for-activation")
def output_sum_of_hidden_sums(p: Spot) -> Change:
    return p.o, f"{{{p.source}}}", f"{{{p.source[2:]}}}"


@formulas("difference-for-sum sign")
def products_subtracted(p: Spot) -> Change:
    return p.unit, "}+{", "}-{"


@formulas("sum-for-product")
def weight_plus_input(p: Spot) -> Change:
    weight, source = p.rng.choice(p.network.incoming(p.unit))
    return p.unit, f"{{{weight}}}*{{{source}}}", f"({{{weight}}}+{{{source}}})"


@formulas("forgotten-term")
def product_forgotten(p: Spot) -> Change:
    weight, source = p.network.incoming(p.unit)[-1]
    return p.unit, f"+{{{weight}}}*{{{source}}}", ""


@formulas("forgotten-weight-factor")
def weight_forgotten_in_a_sum(p: Spot) -> Change:
    weight, source = p.rng.choice(p.network.incoming(p.unit))
    return p.unit, f"{{{weight}}}*{{{source}}}", f"{{{source}}}"


@formulas("sign")
def sigmoid_without_minus(p: Spot) -> Change:
    return f"a_{p.unit}", p.spelling.activation(p.unit), f"1/(1+EXP({{{p.unit}}}))"


@formulas("wrong-pre-activation-index")
def sigmoid_of_another_hidden_unit(p: Spot) -> Change:
    return p.a_h, f"{{{p.h}}}", f"{{{p.other(p.h)}}}"


@formulas("activation-for-pre-activation")
def sigmoid_of_another_activation(p: Spot) -> Change:
    return p.a_h, f"{{{p.h}}}", f"{{{p.other(p.a_h)}}}"


@formulas("wrong-activation-function")
def hyperbolic_tangent_in_one_unit(p: Spot) -> Change:
    return p.a_h, p.spelling.activation(p.h), f"TANH({{{p.h}}})"


@formulas("missing-activation")
def activation_left_out(p: Spot) -> Change:
    return f"a_{p.unit}", p.spelling.activation(p.unit), f"{{{p.unit}}}"


@formulas("missing-exponential")
def exponential_left_out(p: Spot) -> Change:
    return f"a_{p.unit}", p.spelling.activation(p.unit), f"1/(1+(-{{{p.unit}}}))"


@cells("forgotten-bias", biases=True)
def bias_forgotten(p: Spot) -> list[Planted]:
    change(p.table, p.unit, f"+{{{p.network.bias(p.unit)[0]}}}", "", range(p.table.rows))
    return [(p.unit, 0)]


@cells("wrong-bias-index", biases=True)
def bias_of_another_unit(p: Spot) -> list[Planted]:
    (own,) = p.network.bias(p.unit)
    other = p.rng.choice([name for name in p.network.parameters if name[0] == "b" and name != own])
    change(p.table, p.unit, f"{{{own}}}", f"{{{other}}}", range(p.table.rows))
    return [(p.unit, 0)]


# Errors


@formulas("missing-half", outputs=2)
def error_without_half(p: Spot) -> Change:
    t = f"t{p.number}"
    return f"E{p.number}", p.spelling.squared(t, p.a_o), f"({{{t}}}-{{{p.a_o}}})^2"


@formulas("missing-square")
def error_without_square(p: Spot) -> Change:
    t = f"t{p.number}"
    return f"E{p.number}", p.spelling.squared(t, p.a_o), f"0.5*({{{t}}}-{{{p.a_o}}})"


@formulas("sign sum-for-difference")
def target_plus_activation(p: Spot) -> Change:
    t = f"t{p.number}"
    return f"E{p.number}", p.spelling.squared(t, p.a_o), f"0.5*({{{t}}}+{{{p.a_o}}})^2"


@formulas("target-swapped", outputs=2)
def error_against_another_target(p: Spot) -> Change:
    return f"E{p.number}", f"{{t{p.number}}}", f"{{{p.other(f't{p.number}')}}}"


@formulas("pre-activation-for-activation")
def error_of_the_sum(p: Spot) -> Change:
    return f"E{p.number}", f"{{{p.a_o}}}", f"{{{p.o}}}"


@formulas("missing-parenthesis")
def squared_activation_only(p: Spot) -> Change:
    t = f"t{p.number}"
    return f"E{p.number}", p.spelling.squared(t, p.a_o), f"0.5*{{{t}}}-{{{p.a_o}}}^2"


@formulas("forgotten-term", outputs=2)
def total_without_the_last_error(p: Spot) -> Change:
    return "E_total", f"+{{{p.network.names('E')[-1]}}}", ""


@formulas("product-for-sum", outputs=2)
def errors_multiplied(_: Spot) -> Change:
    return "E_total", "{E1}+{E2}", "{E1}*{E2}"


@formulas("difference-for-sum sign", outputs=2)
def errors_subtracted(_: Spot) -> Change:
    return "E_total", "{E1}+{E2}", "{E1}-{E2}"


@formulas("wrong-error-index", outputs=2)
def one_error_twice(_: Spot) -> Change:
    return "E_total", "{E1}+{E2}", "{E1}+{E1}"


# Updates


def updated(p: Spot, formula: str) -> Change:
    new = formula.replace("{w", f"{{{p.parameter}").replace("{g", f"{{{p.gradient}")
    return p.parameter, p.spelling.updated(p.parameter), new


@formulas("sign")
def update_uphill(p: Spot) -> Change:
    return updated(p, "{w:-1}+{rate}*{g:-1}")


@formulas("wrong-gradient")
def update_by_another_gradient(p: Spot) -> Change:
    others = [name for name in p.network.parameters if name != p.parameter]
    return p.parameter, f"{{{p.gradient}:-1}}", f"{{∂E/∂{p.rng.choice(others)}:-1}}"


@formulas("missing-learning-rate")
def update_without_learning_rate(p: Spot) -> Change:
    return updated(p, "{w:-1}-{g:-1}")


@formulas("forgotten-gradient")
def update_without_gradient(p: Spot) -> Change:
    return updated(p, "{w:-1}-{rate}")


@formulas("quotient-for-product")
def update_divided(p: Spot) -> Change:
    return updated(p, "{w:-1}-{g:-1}/{rate}")


@formulas("wrong-previous-weight")
def update_from_another_weight(p: Spot) -> Change:
    others = [name for name in p.network.parameters if name[0] == p.parameter[0]]
    others.remove(p.parameter)
    return p.parameter, f"{{{p.parameter}:-1}}", f"{{{p.rng.choice(others)}:-1}}"


@formulas("weight-not-updated")
def weight_copied_down(p: Spot) -> Change:
    return updated(p, "{w:-1}")


@formulas("wrong-row", first=2)
def update_from_two_rows_above(p: Spot) -> Change:
    return updated(p, "{w:-2}-{rate}*{g:-2}")


@formulas("wrong-row wrong-gradient", first=2)
def gradient_from_two_rows_above(p: Spot) -> Change:
    return updated(p, "{w:-1}-{rate}*{g:-2}")


@formulas("wrong-learning-rate hard-coded-number")
def update_with_another_rate(p: Spot) -> Change:
    return updated(p, f"{{w:-1}}-{p.table.rate * 1.5!r}*{{g:-1}}")


@formulas("weights-updated-in-sequence")
def update_with_new_weights_of_the_next_layer(p: Spot) -> Change:
    shifted = p.spelling.product(p.spelling.factors(p.network, p.inner)).replace("}", ":-1}")
    for output in p.network.names("o"):
        weight = p.network.incoming(output)[int(p.h[1:]) - 1][0]
        shifted = shifted.replace(f"{{{weight}:-1}}", f"{{{weight}}}")
    old = p.spelling.updated(p.inner)
    return p.inner, old, f"{{{p.inner}:-1}}-{{rate}}*({shifted})"


# The same mistake in several columns


@cells("wrong-activation-index")
def hidden_slopes_as_in_the_model_sheet(p: Spot) -> list[Planted]:
    old, new = p.spelling.derivative(p.a_h), p.spelling.derivative(p.other(p.a_h))
    gradients = [f"∂E/∂{weight}" for weight, _ in p.network.incoming(p.h)]
    for gradient in gradients:
        change(p.table, gradient, old, new, range(p.table.rows))
    return [(gradient, 0) for gradient in gradients]


@cells("target-swapped", outputs=2)
def two_targets_exchanged_in_the_errors(p: Spot) -> list[Planted]:
    change(p.table, "E1", "{t1}", "{t2}", range(p.table.rows))
    change(p.table, "E2", "{t2}", "{t1}", range(p.table.rows))
    return [("E1", 0), ("E2", 0)]


@cells("sign", rate="labelled")
def all_updates_uphill(p: Spot) -> list[Planted]:
    for name in p.network.parameters:
        uphill = f"{{{name}:-1}}+{{rate}}*{{∂E/∂{name}:-1}}"
        change(p.table, name, p.spelling.updated(name), uphill, range(1, p.table.rows))
    return [(name, 1) for name in p.network.parameters]


@cells("missing-learning-rate", rate="labelled")
def no_update_has_a_learning_rate(p: Spot) -> list[Planted]:
    for name in p.network.parameters:
        without = f"{{{name}:-1}}-{{∂E/∂{name}:-1}}"
        change(p.table, name, p.spelling.updated(name), without, range(1, p.table.rows))
    return [(name, 1) for name in p.network.parameters]


@cells("learning-rate-not-anchored", rate="labelled")
def learning_rate_slides_in_every_column(p: Spot) -> list[Planted]:
    for name in p.network.parameters:
        for row in range(1, p.table.rows):
            change(p.table, name, "{rate}", f"{{rate>{row - 1},0}}", [row])
    return [(name, 2) for name in p.network.parameters]


@cells("weights-updated-in-sequence")
def all_hidden_gradients_with_new_weights(p: Spot) -> list[Planted]:
    outer = p.network.weights(p.network.names("o"))
    hidden = [f"∂E/∂{weight}" for weight in p.network.weights(p.network.names("h"))]
    for gradient in hidden:
        for weight in outer:
            contents = p.table.contents[gradient]
            p.table.contents[gradient] = [
                str(content).replace(f"{{{weight}}}", f"{{{weight}:+1}}") for content in contents
            ]
    return [(gradient, 0) for gradient in hidden]
