"""What `export_workbook` takes, and what it refuses in one sentence that says what to do."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from cnn.export import export_workbook, verify_workbook
from sheetgen.errors import InputError
from sheetgen.spreadsheet.reader import read_cells, sheet_names

SHAPE = (1, 5, 5)


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(18, 2)).eval()


def hooked(model: nn.Sequential) -> None:
    model[0].register_forward_hook(lambda *given: given[-1] * 2)


def hooked_before(model: nn.Sequential) -> None:
    model.register_forward_pre_hook(lambda *given: (given[1][0] * 2,))


def legacy(apply: Callable[[nn.Module], object], model: nn.Sequential) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        apply(model[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda model: prune.l1_unstructured(model[0], "weight", 0.5),
            ("the module 0: Conv2d", "prune.remove(module"),
        ),
        (
            lambda model: legacy(nn.utils.weight_norm, model),
            ("the module 0: Conv2d", "call torch.nn.utils.remove_weight_norm(module) first"),
        ),
        (
            lambda model: model.insert(0, nn.LazyConv2d(1, 1)),
            ("the module 0: LazyConv2d", "run the network once first"),
        ),
    ],
    ids=["pruned", "weight norm", "lazy"],
)
def test_a_module_that_does_something_else_than_its_class_is_refused(
    change: Callable[[nn.Sequential], object], words: tuple[str, ...], tmp_path: Path
) -> None:
    model = small()
    change(model)
    with pytest.raises(InputError) as found:
        export_workbook(model, SHAPE, tmp_path / "network.xlsx")
    assert all(text in str(found.value) for text in words)
    assert "\n" not in str(found.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        hooked,
        hooked_before,
        lambda model: legacy(nn.utils.spectral_norm, model),
        lambda model: parametrizations.weight_norm(model[0]),
    ],
    ids=["hook", "hook before", "spectral norm", "parametrised"],
)
def test_what_is_done_around_a_module_is_followed(
    change: Callable[[nn.Sequential], object], tmp_path: Path
) -> None:
    model = small().eval()
    change(model)
    export_workbook(model, SHAPE, tmp_path / "network.xlsx")
    (result,) = verify_workbook(tmp_path / "network.xlsx", model, inputs=1)
    assert result.wrongs() == []


def test_a_pruned_network_is_exported_once_that_is_made_permanent(tmp_path: Path) -> None:
    model = small()
    prune.l1_unstructured(model[0], "weight", 0.5)
    prune.remove(model[0], "weight")
    export_workbook(model, SHAPE, tmp_path / "network.xlsx")
    (result,) = verify_workbook(tmp_path / "network.xlsx", model, inputs=1)
    assert result.wrongs() == []


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(small())


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (None, "model: found None; expected a fitted estimator of scikit-learn or a torch"),
        ("network.pt", "model: found 'network.pt'; expected"),
        (scripted, "TorchScript"),
        (lambda: small().to("meta"), "on the device meta"),
        (lambda: nn.Sequential(nn.Conv2d(1, 2, 3, dtype=torch.complex64)), "complex numbers"),
        (lambda: nn.ModuleList([nn.ReLU(), nn.ReLU()]), "the module ModuleList(…) is not"),
        (lambda: torch.compile(small(), backend="eager"), "it was compiled"),
    ],
    ids=["none", "text", "scripted", "meta", "complex", "list", "compiled"],
)
def test_what_is_no_sequential_is_refused_in_one_line(
    model: object, words: str, tmp_path: Path
) -> None:
    made = model() if callable(model) else model
    with pytest.raises(InputError) as found:
        export_workbook(made, SHAPE, tmp_path / "network.xlsx")  # type: ignore[arg-type]
    assert words in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("shape", [28, None, "abc", {1, 5}, (True, 5, 5), (1, np.True_, 5)])
def test_a_shape_of_another_kind_is_refused(shape: object, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^input_shape: found .*; expected"):
        export_workbook(small(), shape, tmp_path / "network.xlsx")  # type: ignore[arg-type]


def test_a_shape_that_does_not_fit_is_not_called_unsupported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the module 0: .* does not fit activations of 3 × 5 × 5"):
        export_workbook(small(), (3, 5, 5), tmp_path / "network.xlsx")


def test_a_shape_may_consist_of_numpys_numbers(tmp_path: Path) -> None:
    shape = tuple(np.array(SHAPE))
    assert export_workbook(small(), shape, tmp_path / "network.xlsx").formulas > 0


@pytest.mark.parametrize("path", [None, 5, b"network.xlsx", "a\0b.xlsx"])
def test_a_path_that_is_none_is_refused(path: object) -> None:
    with pytest.raises(InputError, match=r"^path: found .*; expected the name of a file"):
        export_workbook(small(), SHAPE, path)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make",
    [
        lambda values: values.requires_grad_(),
        lambda values: [each.requires_grad_() for each in values],
        lambda values: values.bfloat16().double().to_sparse(),
    ],
    ids=["gradients", "list", "sparse"],
)
def test_tensors_of_any_kind_are_samples(
    make: Callable[[torch.Tensor], object], tmp_path: Path
) -> None:
    values = torch.arange(50.0).reshape(2, *SHAPE)
    export_workbook(small(), SHAPE, tmp_path / "network.xlsx", make(values))
    cells = read_cells(tmp_path / "network.xlsx", ["Samples"])["Samples"]
    assert [cells[4, 3 + at].value for at in range(25)] == list(range(25, 50))


@pytest.mark.parametrize("samples", [np.ones((2, *SHAPE)) * 1j, torch.empty(1, 5, device="meta")])
def test_samples_that_are_no_real_numbers_are_refused(samples: object, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no array of numbers; expected real ones"):
        export_workbook(small(), SHAPE, tmp_path / "network.xlsx", samples)


@pytest.mark.parametrize(
    "samples", [None, [], np.zeros((0, *SHAPE))], ids=["none", "list", "array"]
)
def test_no_samples_are_no_sheet(samples: object, tmp_path: Path) -> None:
    path = tmp_path / "network.xlsx"
    assert export_workbook(small(), SHAPE, path, samples).places.choice is None
    assert "Samples" not in sheet_names(path)


@pytest.mark.slow
def test_an_input_may_have_more_numbers_than_a_sheet_of_samples_would_hold(
    tmp_path: Path,
) -> None:
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1))
    shape = 1, 150, 120
    assert export_workbook(model, shape, tmp_path / "network.xlsx").formulas > 18_000
    with pytest.raises(InputError, match="the sheet Samples would have 18,003 columns"):
        export_workbook(model, shape, tmp_path / "samples.xlsx", np.zeros((1, *shape)))
