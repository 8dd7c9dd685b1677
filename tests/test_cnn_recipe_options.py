"""Recipes as options of `cnn train` and as files of TOML."""

import json
import tomllib
from dataclasses import asdict, replace

import pytest
from test_cnn_run import invoke, log, train

torch = pytest.importorskip("torch")

from cnn.log.run_settings import settings_in_words  # noqa: E402
from cnn.models import tiny  # noqa: E402
from cnn.training.config import Config  # noqa: E402
from cnn.training.optimizing import load_optimizer, new_optimizer  # noqa: E402
from cnn.training.recipe_options import (  # noqa: E402
    SETTINGS,
    changed,
    read_recipe,
    recipe_text,
    values_of,
)
from cnn.training.recipes import OWN, RECIPES  # noqa: E402
from cnn.training.start import Options  # noqa: E402
from sheetgen.errors import InputError  # noqa: E402

QUICK = ["--model", "tiny", "--limit", "256", "--hold-out", "200", "--epochs", "2"]
QUICK += ["--threads", "1"]


def flat(recipe):
    tables = [recipe.pop("augmentation"), recipe.pop("distillation")]
    return recipe | tables[0] | tables[1]


def stored(run):
    found = flat(json.loads((run / "config.json").read_text())["recipe"])
    return found | {"teachers": tuple(found["teachers"])}


def test_every_setting_of_a_recipe_is_an_option():
    assert SETTINGS.keys() == flat(asdict(RECIPES["fast"])).keys()
    words = invoke("train", "--help").stdout
    for name in SETTINGS:
        assert f"  --{name.replace('_', '-')} " in words


@pytest.mark.parametrize("name", [*RECIPES, "net.py:Net"])
def test_a_printed_recipe_is_read_as_itself(name, tmp_path):
    (tmp_path / "recipe.toml").write_text(invoke("recipes", name).stdout)
    found = read_recipe(tmp_path / "recipe.toml")
    assert found.keys() == SETTINGS.keys()
    assert changed(OWN, found) == RECIPES.get(name, OWN)


def test_options_go_before_the_file_and_the_file_before_the_models_recipe(mnist, tmp_path):
    file, run = tmp_path / "mine.toml", tmp_path / "run"
    file.write_text("momentum = 0\nnesterov = false\nepochs = 5\n[augmentation]\nrotation = 3\n")
    options = ["--recipe", file, "--optimizer", "adam", "--momentum", "0.8", "--shift", "1"]
    assert train(run, mnist, *QUICK, *options, "--learning-rate", "0.01").exit_code == 0
    changes = {"optimizer": "adam", "momentum": 0.8, "nesterov": False, "epochs": 2}
    changes |= {"learning_rate": 0.01, "rotation": 3, "shift": 1}
    assert stored(run) == values_of(RECIPES["tiny"]) | changes
    first = log(run)
    assert train(run, mnist, "--resume", "--momentum", "0.8").exit_code == 0
    assert log(run) == first
    result = train(run, mnist, "--resume", "--rotation", "4")
    assert result.exit_code == 2
    assert "began with rotation 3.0, not 4.0" in result.stderr


def test_another_optimiser_goes_without_nesterovs_momentum():
    assert RECIPES["fast"].nesterov
    assert not changed(RECIPES["fast"], {"optimizer": "adam"}).nesterov
    assert changed(RECIPES["fast"], {"optimizer": "sgd"}).nesterov


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_the_state_of_adam_is_restored(name):
    recipe = replace(RECIPES["era-v1"], optimizer=name, momentum=0.7)
    model = tiny()
    optimizer = new_optimizer(model, recipe)
    assert type(optimizer).__name__.lower() == name
    assert {group["betas"] for group in optimizer.param_groups} == {(0.7, 0.999)}
    model(torch.rand(2, 1, 28, 28)).sum().backward()
    optimizer.step()
    other = new_optimizer(model, recipe)
    load_optimizer(other, optimizer.state_dict())
    assert len(other.state) == len(optimizer.state)
    with pytest.raises(ValueError, match="other settings"):
        load_optimizer(new_optimizer(model, replace(recipe, momentum=0.6)), optimizer.state_dict())


def test_the_optimizer_in_words():
    recipe = replace(RECIPES["era-v1"], optimizer="adamw", weight_decay=0.01)
    config = Config("tiny", recipe, 0, "mnist", None, 0, "cpu", 1, 1)
    assert ("optimiser", "AdamW, β₁ 0.9, weight decay 0.01") in settings_in_words(config, {})


def test_the_last_epochs_leave_the_images_as_they_are():
    light = RECIPES["fast"].augmentation
    recipe = replace(RECIPES["fast"], epochs=3, augmentation=replace(light, plain_epochs=2))
    assert [bool(recipe.augmentation_of(epoch)) for epoch in (1, 2, 3)] == [True, False, False]
    config = Config("tiny", recipe, 0, "mnist", None, 0, "cpu", 1, 1)
    words = dict(settings_in_words(config, {}))["augmentation"]
    assert words == "rotation ±8°, scale ±8%, shift ±1.5 pixels, none in the last 2 epochs"
    # At a constant rate more epochs may follow.
    constant = replace(recipe, schedule="constant")
    assert all(constant.augmentation_of(epoch) for epoch in (1, 2, 3))
    assert (
        "none" not in dict(settings_in_words(replace(config, recipe=constant), {}))["augmentation"]
    )


def test_a_recipe_of_an_earlier_version_is_one_of_sgd():
    values = asdict(RECIPES["fast"])
    del values["optimizer"], values["augmentation"]["plain_epochs"], values["distillation"]
    assert type(RECIPES["fast"]).from_dict(values) == RECIPES["fast"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--optimizer", "lion"], 'optimizer is "lion"; expected sgd, adam or adamw'),
        (["--schedule", "step"], 'schedule is "step"; expected constant or triangular'),
        (["--optimizer", "adam", "--nesterov"], "nesterov is true but optimizer is adam; expected"),
        (["--momentum", "1"], "momentum is 1.0; expected 0 <= momentum < 1"),
        (["--rotation", "nan"], "rotation is NaN; expected a number"),
        (["--scale", "1.5"], "scale is 1.5; expected 0 <= scale < 1"),
        (["--optim", "adam"], 'there is no option "--optim"; did you mean "--optimizer"?'),
        (["--plain-epochs", "-1"], "plain_epochs is -1; expected at least 0"),
        (["--weight-decay", "much"], "'much' is not a valid float"),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(mnist, tmp_path, options, message):
    refused(train(tmp_path / "run", mnist, "--model", "tiny", *options), message)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("momentun = 0.9", 'found the key momentun; did you mean "momentum"?'),
        (
            "[augmentation]\nrotate = 3",
            'found the key augmentation.rotate; did you mean "rotation"?',
        ),
        (
            "rotation = 3",
            "mine.toml: found the key rotation; it belongs into the table [augmentation]",
        ),
        ("teachers = 3", "found the key teachers; it belongs into the table [distillation]"),
        (
            "[augmentation]\nepochs = 3",
            "found the key augmentation.epochs; it belongs above all tables",
        ),
        ("momentum = 'high'", 'mine.toml: momentum is "high"; expected a number'),
        ("epochs = 2.5", "mine.toml: epochs is 2.5; expected a whole number"),
        ("augmentation = 3", "mine.toml: augmentation is 3; expected a table [augmentation]"),
        ("nesterov = 1", "mine.toml: nesterov is 1; expected true or false"),
        ("epochs", "mine.toml is no TOML: "),
        ("epochs = " + 9999 * "[", "mine.toml is no TOML: "),
        (None, "mine.toml cannot be read: "),
    ],
)
def test_bad_files_are_refused_in_a_sentence(mnist, tmp_path, text, message):
    file = tmp_path / "mine.toml"
    if text is not None:
        file.write_text(text)
    refused(train(tmp_path / "run", mnist, "--model", "tiny", "--recipe", file), message)


def test_the_file_is_not_named_for_what_an_option_says(tmp_path):
    (tmp_path / "mine.toml").write_text("batch_size = 9")
    options = Options(recipe={"momentum": 1.0}, recipe_file=tmp_path / "mine.toml")
    with pytest.raises(InputError, match=r"^momentum is 1\.0; expected 0 <= momentum < 1$"):
        options.changed(OWN, options.changes)


def test_a_folder_is_no_recipe(mnist, tmp_path):
    result = train(tmp_path / "run", mnist, "--model", "tiny", "--recipe", tmp_path)
    refused(result, f"{tmp_path} cannot be read: it is a folder")


def test_there_is_no_recipe_of_a_model_that_does_not_exist():
    refused(invoke("recipes", "bset"), 'there is no model "bset"; did you mean "best"?')


def test_a_printed_recipe_explains_itself():
    text = recipe_text("fast", RECIPES["fast"])
    assert "cnn train --model fast --recipe FILE" in text
    assert 'optimizer = "sgd"           # What makes the steps. One of sgd, adam, adamw.' in text
    values = {"rotation": 8, "scale": 0.08, "shift": 1.5, "plain_epochs": 0}
    assert tomllib.loads(text)["augmentation"] == values


def refused(result, message):
    assert (result.exit_code, result.stdout) == (2, ""), result.stdout
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()[-1:]) == 1
    assert "Traceback" not in result.stderr
