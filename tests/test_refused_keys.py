"""A key of [network] or [training] that cannot be is refused with what was found and expected."""

import re

import pytest
from conftest import refusal as command_refusal
from test_template import HIDDEN, OUTPUT, read

from sheetgen.errors import InputError
from sheetgen.template import template


def output_of(activation):
    return OUTPUT.replace("identity", activation)


def refusal(**changes):
    """Return key, finding and expectation of the complaint about such a template."""
    with pytest.raises(InputError) as caught:
        read(**changes)
    match = re.fullmatch(r"the template: (\S+): found (.+); expected (.+)", str(caught.value))
    assert match, caught.value
    return match.groups()


@pytest.mark.parametrize(
    ("changes", "key", "found", "expected"),
    [
        pytest.param(
            {"hidden": HIDDEN.replace("tanh", "softmax")},
            "network.layers[0].activation",
            "'softmax'",
            "one that acts on each unit by itself",
            id="softmax on a hidden layer",
        ),
        pytest.param(
            {"loss": "cross-entropy", "output": output_of("sigmoid")},
            "network.layers[1].activation",
            "'sigmoid'",
            "softmax, which cross-entropy needs",
            id="cross-entropy without softmax",
        ),
        pytest.param(
            {"loss": "binary-cross-entropy"},
            "network.layers[1].activation",
            "'identity'",
            "sigmoid, which binary-cross-entropy needs",
            id="binary cross-entropy without sigmoid",
        ),
        pytest.param(
            {"hidden": HIDDEN.replace("tanh", "rleu")},
            "network.layers[0].activation",
            "'rleu' (did you mean relu?)",
            "identity or sigmoid",
            id="unknown activation",
        ),
        pytest.param(
            {"loss": "mean-square-error"},
            "network.loss",
            "'mean-square-error' (did you mean mean-squared-error?)",
            "half-squared-error or",
            id="unknown loss",
        ),
        pytest.param(
            {"hidden": f"{HIDDEN}\nslope = 0.1"},
            "network.layers[0].slope",
            "0.1",
            "no such key, as tanh has none",
            id="slope of tanh",
        ),
        pytest.param(
            {"hidden": f"{HIDDEN}\nweights = [[1], [2], [3]]"},
            "network.layers[0].weights",
            "[[1], [2], [3]]",
            "no such key beside init",
            id="weights and init",
        ),
        pytest.param(
            {"hidden": "units = 3"},
            "network.layers[0].weights",
            "nothing",
            "this key, or init",
            id="neither weights nor init",
        ),
        pytest.param(
            {"hidden": HIDDEN.replace("xavier-uniform", "xavier")},
            "network.layers[0].init.scheme",
            "'xavier' (did you mean xavier-normal?)",
            "xavier-uniform or xavier-normal",
            id="unknown scheme",
        ),
        pytest.param(
            {"hidden": "units = 3\ninit = {}"},
            "network.layers[0].init.scheme",
            "nothing",
            "this key",
            id="no scheme",
        ),
        pytest.param(
            {"hidden": HIDDEN.replace("seed = 1", "seed = -1")},
            "network.layers[0].init.seed",
            "-1",
            "a whole number from 0",
            id="negative seed",
        ),
        pytest.param(
            {"hidden": HIDDEN.replace("seed = 1", "bound = 1")},
            "network.layers[0].init.bound",
            "an unknown key",
            "one of scheme, seed",
            id="bound of a scheme without",
        ),
        pytest.param(
            {"hidden": 'units = 3\ninit = { scheme = "normal", deviation = 0 }'},
            "network.layers[0].init.deviation",
            "0",
            "a number above 0",
            id="deviation 0",
        ),
        pytest.param(
            {"output": f"{OUTPUT}\nbiases = [1, 2, 3]"},
            "network.layers[1].biases",
            "[1, 2, 3]",
            "2 numbers (units)",
            id="too many biases",
        ),
        pytest.param(
            {"output": f"{OUTPUT}\nbiases = [1, nan]"},
            "network.layers[1].biases[1]",
            "nan",
            "a finite number",
            id="bias that is NaN",
        ),
        pytest.param(
            {"output": f"{OUTPUT}\nbiases = true"},
            "network.layers[1].biases",
            "True",
            "2 numbers (units)",
            id="biases to be drawn beside weights",
        ),
        pytest.param(
            {"output": f"{OUTPUT}\ntrain_biases = true"},
            "network.layers[1].train_biases",
            "True",
            "no such key in a layer without biases",
            id="training of biases that are not there",
        ),
        pytest.param(
            {"training": "batch_size = 6"},
            "training.batch_size",
            "6",
            "a whole number from 1 to 5, the samples of the data",
            id="batch larger than the data",
        ),
        pytest.param(
            {"training": 'batch_size = "half"'},
            "training.batch_size",
            "'half'",
            "a whole number from 1 to 5",
            id="batch that is a word",
        ),
        pytest.param(
            {"training": 'reduction = "average"'},
            "training.reduction",
            "'average'",
            "mean or sum",
            id="unknown reduction",
        ),
        pytest.param(
            {"training": "shuffle_seed = 1.5"},
            "training.shuffle_seed",
            "1.5",
            "a whole number from 0",
            id="half a seed",
        ),
        pytest.param(
            {"training": 'optimizer = "adma"'},
            "training.optimizer",
            "'adma' (did you mean adam?)",
            "sgd or momentum",
            id="unknown optimiser",
        ),
        pytest.param(
            {"training": "momentum = 0.9"},
            "training.momentum",
            "0.9",
            "only weight_decay with the optimiser sgd",
            id="momentum of SGD",
        ),
        pytest.param(
            {"training": 'compare = ["sgd", "momentum"]\nbeta1 = 0.9'},
            "training.beta1",
            "0.9",
            "only weight_decay, momentum with the optimiser sgd or momentum",
            id="hyper-parameter that none of the compared has",
        ),
        pytest.param(
            {"training": 'optimizer = "adam"\nbeta1 = 1'},
            "training.beta1",
            "1",
            "a number from 0 to below 1",
            id="hyper-parameter out of range",
        ),
        pytest.param(
            {"training": 'optimizer = "adam"\nepsilon = nan'},
            "training.epsilon",
            "nan",
            "a finite number",
            id="hyper-parameter that is NaN",
        ),
        pytest.param(
            {"training": 'compare = ["sgd", "adagrat"]'},
            "training.compare[1]",
            "'adagrat' (did you mean adagrad?)",
            "sgd or momentum",
            id="unknown compared optimiser",
        ),
        pytest.param(
            {"training": 'compare = ["sgd", "sgd"]'},
            "training.compare[1]",
            "'sgd'",
            "each name once",
            id="optimiser compared with itself",
        ),
        pytest.param(
            {"training": "compare = []"},
            "training.compare",
            "[]",
            "a list of names",
            id="nothing to compare",
        ),
        pytest.param(
            {"training": 'compare = "optimisers"'},
            "training.compare",
            "'optimisers' (did you mean optimizers?)",
            "learning-rates or optimizers",
            id="unknown comparison",
        ),
        pytest.param(
            {"training": 'schedule = "steps"'},
            "training.schedule",
            "'steps' (did you mean step?)",
            "constant or step",
            id="unknown schedule",
        ),
        pytest.param(
            {"training": 'schedule = "step"'},
            "training.step_size",
            "nothing",
            "a whole number of at least 1",
            id="step without its size",
        ),
        pytest.param(
            {"training": "gamma = 0.5"},
            "training.gamma",
            "with the schedule constant",
            "no parameters",
            id="gamma of no schedule",
        ),
        pytest.param(
            {"training": 'schedule = "one-cycle"\nwarmup = 1.5'},
            "training.warmup",
            "1.5",
            "a number above 0 and below 1",
            id="warm-up longer than the training",
        ),
        pytest.param(
            {"training": 'compare = ["sgd", "adam"]', "rates": "[0.1, 0.2]"},
            "training.learning_rates",
            "2 rates",
            "one beside compare, as optimisers are compared at the same learning rate",
            id="several rates for several optimisers",
        ),
        pytest.param(
            {"training": "weight_deacy = 1"},
            "training.weight_deacy",
            "an unknown key (did you mean weight_decay?)",
            "one of",
            id="unknown key of the training",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_key(changes, key, found, expected):
    refused = refusal(**changes)
    assert refused[:2] == (key, found)
    assert refused[2].startswith(expected)


def test_a_number_of_thousands_of_digits_is_no_toml():
    with pytest.raises(InputError, match="the template is not valid TOML"):
        template.parse(f"title = {'1' * 5000}")


def test_a_comparison_of_optimisers_takes_one_rate_from_the_command_line_too(output):
    line = command_refusal(output, "line-fit", "--learning-rates", "0.1,0.2")
    assert line.startswith("Error: learning rates: found 2 rates; expected one beside compare")
