"""Mistakes in the formulas of gradients, for the tests of `sheetgen check`."""

from planting import Change, Spot, formulas

# Slopes and factors of the gradients


@formulas("wrong-activation-index", outputs=2)
def slope_of_another_output(p: Spot) -> Change:
    old, new = p.spelling.derivative(p.a_o), p.spelling.derivative(p.other(p.a_o))
    return f"∂E/∂{p.outer}", old, new


@formulas("wrong-activation-index")
def slope_of_another_hidden_unit(p: Spot) -> Change:
    old, new = p.spelling.derivative(p.a_h), p.spelling.derivative(p.other(p.a_h))
    return f"∂E/∂{p.inner}", old, new


@formulas("wrong-activation-index")
def half_a_slope_of_another_hidden_unit(p: Spot) -> Change:
    old = p.spelling.derivative(p.a_h)
    return f"∂E/∂{p.inner}", old, old.replace(f"1-{{{p.a_h}}}", f"1-{{{p.other(p.a_h)}}}")


@formulas("wrong-activation-index", outputs=2)
def slope_of_another_output_in_a_path(p: Spot) -> Change:
    old, new = p.spelling.derivative(p.a_o), p.spelling.derivative(p.other(p.a_o))
    return f"∂E/∂{p.inner}", old, new


@formulas("wrong-activation-index")
def another_activation_as_factor(p: Spot) -> Change:
    factors = p.spelling.factors(p.network, p.outer)
    new = [*factors[:-1], f"{{{p.other(p.source)}}}"]
    return f"∂E/∂{p.outer}", p.spelling.product(factors), p.spelling.product(new)


@formulas("wrong-activation-index")
def gradient_of_the_next_weight_copied(p: Spot) -> Change:
    (one, _), (two, _) = p.rng.sample(p.network.incoming(p.o), 2)
    old, new = (p.spelling.product(p.spelling.factors(p.network, w)) for w in (one, two))
    return f"∂E/∂{one}", old, new


@formulas("wrong-input-index")
def another_input_as_factor(p: Spot) -> Change:
    factors = p.spelling.factors(p.network, p.inner)
    new = [*factors[:-1], f"{{{p.other(p.input)}}}"]
    return f"∂E/∂{p.inner}", p.spelling.product(factors), p.spelling.product(new)


@formulas("missing-parenthesis")
def slope_without_parentheses(p: Spot) -> Change:
    new = f"{{{p.a_o}}}*1-{{{p.a_o}}}"
    return f"∂E/∂{p.outer}", p.spelling.derivative(p.a_o), new


@formulas("missing-parenthesis")
def hidden_slope_without_parentheses(p: Spot) -> Change:
    new = f"{{{p.a_h}}}*1-{{{p.a_h}}}"
    return f"∂E/∂{p.inner}", p.spelling.derivative(p.a_h), new


@formulas("missing-parenthesis")
def difference_without_parentheses(p: Spot) -> Change:
    old = p.spelling.minus(p.a_o, f"t{p.number}")
    return f"∂E/∂{p.outer}", old, f"{{{p.a_o}}}-{{t{p.number}}}"


@formulas("missing-parenthesis", outputs=2)
def paths_without_parentheses(p: Spot) -> Change:
    old, _ = p.back()
    return f"∂E/∂{p.inner}", old, old[1:-1]


@formulas("missing-parenthesis")
def sigmoid_without_parentheses(p: Spot) -> Change:
    a, old = f"a_{p.unit}", p.spelling.activation(p.unit)
    return a, old, f"1/1+EXP(-{{{p.unit}}})"


@formulas("sign")
def target_minus_activation(p: Spot) -> Change:
    old = p.spelling.minus(p.a_o, f"t{p.number}")
    return f"∂E/∂{p.outer}", old, f"({{t{p.number}}}-{{{p.a_o}}})"


@formulas("sign", outputs=2)
def target_minus_activation_in_a_path(p: Spot) -> Change:
    old = p.spelling.minus(p.a_o, f"t{p.number}")
    return f"∂E/∂{p.inner}", old, f"({{t{p.number}}}-{{{p.a_o}}})"


@formulas("sign difference-for-sum", outputs=2)
def paths_subtracted(p: Spot) -> Change:
    old, paths = p.back()
    first, *rest = [p.spelling.product(path) for path in paths]
    return f"∂E/∂{p.inner}", old, f"({first}-{'-'.join(f'({r})' for r in rest)})"


@formulas("product-for-difference")
def activation_times_target(p: Spot) -> Change:
    old = p.spelling.minus(p.a_o, f"t{p.number}")
    return f"∂E/∂{p.outer}", old, f"({{{p.a_o}}}*{{t{p.number}}})"


@formulas("product-for-difference")
def one_times_activation(p: Spot) -> Change:
    return f"∂E/∂{p.inner}", f"1-{{{p.a_h}}}", f"1*{{{p.a_h}}}"


@formulas("sum-for-difference")
def one_plus_activation(p: Spot) -> Change:
    return f"∂E/∂{p.inner}", f"1-{{{p.a_h}}}", f"1+{{{p.a_h}}}"


def without_factor(p: Spot, parameter: str, number: int) -> Change:
    factors = p.spelling.factors(p.network, parameter)
    kept = [factor for n, factor in enumerate(factors) if n != number]
    return f"∂E/∂{parameter}", p.spelling.product(factors), p.spelling.product(kept)


@formulas("forgotten-input-factor")
def input_forgotten(p: Spot) -> Change:
    return without_factor(p, p.inner, 2)


@formulas("forgotten-activation-factor")
def activation_forgotten(p: Spot) -> Change:
    return without_factor(p, p.outer, 2)


@formulas("forgotten-slope")
def slope_forgotten(p: Spot) -> Change:
    return without_factor(p, p.outer, 1)


@formulas("forgotten-slope")
def hidden_slope_forgotten(p: Spot) -> Change:
    return without_factor(p, p.inner, 1)


@formulas("forgotten-slope")
def half_the_slope_forgotten(p: Spot) -> Change:
    return f"∂E/∂{p.inner}", p.spelling.derivative(p.a_h), f"(1-{{{p.a_h}}})"


@formulas("forgotten-error-factor")
def error_forgotten(p: Spot) -> Change:
    return without_factor(p, p.outer, 0)


@formulas("forgotten-term", outputs=2)
def path_forgotten(p: Spot) -> Change:
    old, paths = p.back()
    paths.pop(p.rng.randrange(len(paths)))
    return f"∂E/∂{p.inner}", old, p.spelling.back(paths)


@formulas("forgotten-weight-factor", outputs=2)
def weight_forgotten_in_a_path(p: Spot) -> Change:
    old, paths = p.back()
    p.rng.choice(paths).pop()
    return f"∂E/∂{p.inner}", old, p.spelling.back(paths)


@formulas("wrong-weight-index", outputs=2)
def another_weight_in_a_path(p: Spot) -> Change:
    outer = [weight for weight, _ in p.network.incoming(p.o)]
    used = outer[int(p.h[1:]) - 1]
    new = p.rng.choice([weight for weight in outer if weight != used])
    return f"∂E/∂{p.inner}", f"{{{used}}}", f"{{{new}}}"


@formulas("swapped-weights", outputs=2)
def weights_of_two_paths_exchanged(p: Spot) -> Change:
    old, paths = p.back()
    one, two = p.rng.sample(paths, 2)
    one[-1], two[-1] = two[-1], one[-1]
    return f"∂E/∂{p.inner}", old, p.spelling.back(paths)


@formulas("pre-activation-for-activation")
def slope_at_the_sum_instead(p: Spot) -> Change:
    old, new = p.spelling.derivative(p.a_o), p.spelling.derivative(p.o)
    return f"∂E/∂{p.outer}", old, new


@formulas("pre-activation-for-activation")
def hidden_sum_as_factor(p: Spot) -> Change:
    factors = p.spelling.factors(p.network, p.outer)
    new = [*factors[:-1], f"{{{p.source[2:]}}}"]
    return f"∂E/∂{p.outer}", p.spelling.product(factors), p.spelling.product(new)


@formulas("target-swapped", outputs=2)
def target_of_another_output_in_a_gradient(p: Spot) -> Change:
    return f"∂E/∂{p.outer}", f"{{t{p.number}}}", f"{{{p.other(f't{p.number}')}}}"


@formulas("wrong-constant")
def gradient_doubled(p: Spot) -> Change:
    factors = p.spelling.product(p.spelling.factors(p.network, p.outer))
    return f"∂E/∂{p.outer}", factors, f"2*{factors}"


@formulas("weights-updated-in-sequence")
def gradient_with_the_next_rows_weights(p: Spot) -> Change:
    old, new = p.back()[0], p.back()[0]
    for output in p.network.names("o"):
        weight = p.network.incoming(output)[int(p.h[1:]) - 1][0]
        new = new.replace(f"{{{weight}}}", f"{{{weight}:+1}}")
    return f"∂E/∂{p.inner}", old, new


@formulas("wrong-row", first=1)
def gradient_of_the_row_above(p: Spot) -> Change:
    old = p.spelling.product(p.spelling.factors(p.network, p.outer))
    return f"∂E/∂{p.outer}", old, old.replace("}", ":-1}")
