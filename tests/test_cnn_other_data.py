"""Data other than MNIST: files of the format IDX, and folders of images."""

import json
import shutil
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.cells import cell_len
from test_cnn_data import digits_of, offline, write_idx  # noqa: F401 - one is a fixture
from test_cnn_run import empty_workbook, invoke, train

torch = pytest.importorskip("torch")

from exported_network import SIDE, SOURCE, small_network  # noqa: E402

from cnn.data.data_sources import load_data, measured  # noqa: E402
from cnn.data.idx_files import FASHION_MNIST, KMNIST  # noqa: E402
from cnn.data.image_folder import FOLDER, ImageFolder  # noqa: E402
from cnn.data.images import MNIST_FORMAT, Images  # noqa: E402
from cnn.export import verify_workbook  # noqa: E402
from cnn.export.export import write  # noqa: E402
from cnn.export.samples import images_at  # noqa: E402
from cnn.log.record import read_record  # noqa: E402
from cnn.log.tested_run import described  # noqa: E402
from cnn.training.evaluation import confusion_lines, evaluate_run  # noqa: E402
from sheetgen.errors import InputError  # noqa: E402
from sheetgen.spreadsheet.reader import read_cells  # noqa: E402

BIRDS = ("a grey wagtail", "cat", "dog")
NET = """
from torch import nn

def Net():
    layers = nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 9 * 13, 3)
    return nn.Sequential(*layers)
"""


@pytest.fixture(scope="session")
def digits(mnist):
    return digits_of(mnist)


def write_photos(folder, digits):
    """Write 20×28 pixels of some digits in three colours, as a folder of three classes."""
    for place, (pixels, label) in enumerate(zip(*digits, strict=True)):
        if label < 3:
            part = folder / ("train" if place < 300 else "val") / BIRDS[label]
            part.mkdir(parents=True, exist_ok=True)
            colours = np.stack([pixels, 255 - pixels, pixels // 2], axis=2)[4:24]
            Image.fromarray(colours).save(part / f"{place}.png")


@pytest.fixture(scope="module")
def clothes(digits, tmp_path_factory):
    """A folder with the run "run" on what stands for Fashion-MNIST, in "data"."""
    folder = tmp_path_factory.mktemp("clothes")
    write_idx(folder / "data" / "FashionMNIST" / "raw", digits)
    options = ["--model", "tiny", "--data", "fashion-mnist", "--epochs", "1", "--threads", "1"]
    result = train(folder / "run", folder / "data", *options, "--hold-out", "40", "--limit", "200")
    assert (result.exit_code, result.stderr) == (0, "")
    return folder


@pytest.fixture(scope="module")
def photos(digits, tmp_path_factory):
    """A folder with the run "run" of a network of one's own on the images of "photos"."""
    folder = tmp_path_factory.mktemp("photos")
    write_photos(folder / "photos", digits)
    (folder / "net.py").write_text(NET)
    empty_workbook(folder / "log.xlsx")
    options = ["--run", folder / "run", "--workbook", folder / "log.xlsx", "--threads", "1"]
    options += ["--epochs", "3", "--batch-size", "16", "--rotation", "5", "--target", "0.5"]
    options += ["--hold-out", "30", "--keep", "best"]
    result = invoke(
        "train", "--model", f"{folder}/net.py:Net", "--data", folder / "photos", *options
    )
    assert (result.exit_code, result.stderr) == (0, "")
    return folder


def config(run):
    return json.loads((run / "config.json").read_text())


def test_a_run_on_fashion_mnist_knows_its_classes_and_its_normalisation(clothes, digits, mnist):
    images = config(clothes / "run")["image_format"]
    assert (images["title"], images["shape"]) == ("Fashion-MNIST", [1, 28, 28])
    assert images["classes"][-1] == "Ankle boot"
    trained_on = digits[0][:200] / 255
    assert images["mean"] == pytest.approx(trained_on.mean(), rel=1e-3)
    assert images["deviation"] == pytest.approx(trained_on.std(), rel=1e-3)
    log = described(read_record(clothes / "run", None))
    assert log.title == "CNN tiny: training on Fashion-MNIST (the first 200 images)"
    assert "validated on 40 images held out of the training set" in log.details
    assert (log.confusion.classes[0], log.confusion.noun) == ("T-shirt/top", "class")
    assert log.target is None and log.examples[0].label in FASHION_MNIST.format.classes
    lines = invoke("evaluate", clothes / "run").stdout.splitlines()
    assert lines[1] == "class, and what it was taken for:"
    assert lines[-1].startswith("10 Ankle boot  ") and len(lines) == 13
    result = train(clothes / "run", mnist, "--resume", "--data", clothes / "data")
    assert result.exit_code == 2
    assert f"--data fashion-mnist --data-dir {clothes / 'data'}" in result.stderr
    result = train(clothes / "run", mnist, "--resume", "--data", "mnist")
    assert result.exit_code == 2
    assert "began with data fashion-mnist, not mnist" in result.stderr


def test_a_run_resumes_on_its_own_data_only(clothes, digits, tmp_path):
    assert train(clothes / "run", clothes / "data", "--resume").exit_code == 0
    write_idx(tmp_path / "FashionMNIST" / "raw", (digits[0], digits[1][::-1]))
    result = train(clothes / "run", tmp_path, "--resume")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "was trained on other data" in result.stderr
    result = train(clothes / "run", tmp_path / "none", "--resume")
    assert "Fashion-MNIST is not in " in result.stderr and "the run found it in " in result.stderr


def test_a_run_on_a_folder_of_images(photos):
    images = config(photos / "run")["image_format"]
    assert (images["title"], images["shape"]) == ("photos", [3, 20, 28])
    assert tuple(images["classes"]) == BIRDS
    record = read_record(photos / "run", None)
    log = described(record)
    assert log.confusion.classes == BIRDS
    assert (log.target.metric, log.target.value) == ("validation accuracy", 0.5)
    words = "photos, a folder of images of 3×20×28, 3 classes"
    assert ("data", f"{words}, validated on 30 held out of the training images") in log.settings
    # The picture is the file's own, not its negative.
    shown = np.asarray(Image.open(BytesIO(record.images.png(0))))
    files = (photos / "photos" / "train" / record.images.name(0)).iterdir()
    assert any(np.array_equal(shown, np.asarray(Image.open(path))) for path in files)
    assert invoke("evaluate", photos / "run").stdout.splitlines()[2].split() == ["1", "2", "3"]
    result = invoke("summary", f"{photos}/net.py:Net", "--data", photos / "photos")
    assert "[-1, 4, 9, 13]" in result.stdout


@pytest.mark.slow
def test_a_network_for_a_folder_of_images_is_exported_with_its_classes(photos, tmp_path):
    path = tmp_path / "photos.xlsx"
    result = invoke("export", photos / "run", "-o", path, "--weights", "best", "--no-verify")
    (forecast,) = result.stderr.splitlines()
    assert result.exit_code == 0 and "formulas, about" in forecast
    result = invoke("verify", path, photos / "run", "--weights", "best", "--engine", "ironcalc")
    assert result.exit_code == 0, result.stdout
    assert all(
        any(f"taken for {name}" in line for name in BIRDS)
        for line in result.stdout.split("\n")[:-1]
    )
    record = read_record(photos / "run", None, "best")
    values = read_cells(path, ["Inputs", "Accuracy"])
    first = BIRDS[int(evaluate_run(photos / "run", None, "best")[1].predictions[0])]
    assert first in [cell.value for cell in values["Inputs"].values()]
    names = [values["Accuracy"][10, column].value for column in (2, 3, 4)]
    assert names == ["a grey …ail", "cat", "dog"]
    result = invoke("verify", path, photos / "run", "--engine", "ironcalc", "--inputs", 1)
    assert result.exit_code == (0 if record.epoch == len(record.log) else 1)


def test_a_drawing_of_another_thing_than_a_digit_is_a_picture(tmp_path):
    """The sheet says the class by its name, and so does verify; no other classes fit the file."""
    classes = tuple(f'{name} "{number}"' for number, name in enumerate(10 * ["Coat"]))
    source = replace(SOURCE, classes=classes)
    model = small_network().eval()
    images = Images(
        torch.arange(192, dtype=torch.uint8).view(3, 1, SIDE, SIDE),
        torch.tensor([3, 1, 4]),
        replace(MNIST_FORMAT, classes=classes),
    )
    path = tmp_path / "book.xlsx"
    write(model, source, path, images_at(images, [0, 1, 2]), title="Clothes")
    results = verify_workbook(path, model, inputs=2, source=source)
    assert [result.wrong for result in results] == ["", ""]
    assert results[0].name(results[0].predicted) in classes
    cells = read_cells(path, ["Picture"])["Picture"].values()
    texts = [cell.value for cell in cells]
    assert "Draw a picture and watch it being recognised" in texts
    assert {*classes, f"This is {classes[3]} (test image 0). Type 0 to see your own drawing."} <= {
        *texts
    }
    with pytest.raises(InputError, match="normalised pixels of the classes Coat"):
        verify_workbook(path, model, source=SOURCE)


def test_a_folder_that_has_moved_is_named_by_the_option(photos, tmp_path):
    run = Path(shutil.copytree(photos / "run", tmp_path / "run"))
    moved = Path(shutil.copytree(photos / "photos", tmp_path / "moved"))
    (run / "config.json").write_text(json.dumps(config(run) | {"data_folder": "/gone"}))
    result = invoke("evaluate", run)
    assert result.exit_code == 2
    assert "photos is no longer in /gone, where the run found it; name the folder" in result.stderr
    assert invoke("evaluate", run, "--data-dir", moved).exit_code == 0
    (moved / "train" / "dog").rename(moved / "train" / "wolf")
    (moved / "val" / "dog").rename(moved / "val" / "wolf")
    result = invoke("evaluate", run, "--data-dir", moved)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the data has other classes than those of the run: found the class wolf" in result.stderr


def test_the_confusion_matrix_is_aligned_with_letters_of_double_width():
    images = replace(MNIST_FORMAT, classes=("猫", "小さい犬", "b"))
    lines = list(confusion_lines(images, [[1, 0, 20], [3, 4, 5], [6, 7, 8]]))
    assert {cell_len(line) for line in lines[1:]} == {len("2 小さい犬") + 4 + 3 * 6}
    assert [line.split()[0] for line in lines[1:]] == ["1", "1", "2", "3"]


def test_the_images_of_a_folder_are_those_of_its_files(photos):
    data = load_data(FOLDER, photos / "photos")
    counts = data.train.labels.bincount().tolist()
    found = [len(list((photos / "photos" / "train" / name).iterdir())) for name in BIRDS]
    assert counts == found
    # The classes are mixed, so that held out images are a fair sample.
    assert len(set(data.hold_out(20).test.labels.tolist())) == 3
    pixels = measured(data).train.format.normalize(data.train.pixels)
    assert float(pixels.mean()) == pytest.approx(0, abs=2e-3)
    assert float(pixels.std()) == pytest.approx(1, abs=2e-3)


def test_grey_files_are_grey_images(digits, tmp_path):
    for part in ("train", "test"):
        for name, picture in (("a", digits[0][0]), ("b", digits[0][1])):
            (tmp_path / part / name).mkdir(parents=True)
            Image.fromarray(picture).save(tmp_path / part / name / "1.png")
    data = load_data(FOLDER, tmp_path)
    assert data.train.format.shape == (1, 28, 28)
    assert np.array_equal(data.test.pixels[0, 0].numpy(), digits[0][0])
    result = invoke("train", "--data", tmp_path, "--run", tmp_path / "run")
    assert "fast takes images of 1×28×28 and tells 10 classes apart" in result.stderr


def nothing(folder):
    shutil.rmtree(folder / "train")


def no_test(folder):
    shutil.rmtree(folder / "val")


def no_classes(folder):
    for path in (folder / "train").iterdir():
        shutil.rmtree(path)


def one_class(folder):
    for part in ("train", "val"):
        for name in BIRDS[1:]:
            shutil.rmtree(folder / part / name)


def empty_class(folder):
    (folder / "train" / "eel").mkdir()


def other_classes(folder):
    (folder / "val" / "dog").rename(folder / "val" / "wolf")


def other_size(folder):
    Image.new("RGB", (7, 5)).save(folder / "val" / "dog" / "small.png")


def no_image(folder):
    (folder / "train" / "cat" / "a.png").write_text("no image")


def truncated(folder):
    path = sorted((folder / "train" / "cat").iterdir())[0]
    path.write_bytes(path.read_bytes()[:-60])


def deep(folder):
    Image.fromarray(np.zeros((20, 28), np.uint16)).save(folder / "train" / "cat" / "a.png")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (nothing, "has no folder train; expected train and test (or val), each with a folder"),
        (no_test, "has no folder test; expected train and test (or val)"),
        (no_classes, "train has no folders; expected train and test"),
        (one_class, "train has 1 class, a grey wagtail; expected 2 or more"),
        (empty_class, "train/eel has no images; expected some of that class"),
        (other_classes, "val has no class dog, which is in "),
        (other_size, "small.png has 7×5 pixels, but "),
        (no_image, "cat/a.png cannot be read as an image: it is none"),
        (truncated, ".png cannot be read as an image: "),
        (deep, "cat/a.png has pixels of more than 8 bits; expected grey or RGB"),
    ],
)
def test_folders_that_do_not_fit_are_refused_in_a_sentence(photos, tmp_path, change, message):
    folder = Path(shutil.copytree(photos / "photos", tmp_path / "photos"))
    change(folder)
    with pytest.raises(InputError) as error:
        ImageFolder.of(folder).load()
    assert message in str(error.value) and str(folder) in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--data", "fashion"],
            'found no folder "fashion", and no data of that name; did you mean',
        ),
        (["--data", "mnist", "--sample"], "--sample and --data exclude each other"),
        (["--data", ".", "--data-dir", "x"], "says where the data is; leave --data-dir out"),
        (["--target", "1.5"], "1.5 is not in the range"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message, tmp_path):
    result = invoke("train", "--run", tmp_path / "run", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("source", [FASHION_MNIST, KMNIST], ids=lambda source: source.name)
def test_data_that_cannot_be_downloaded_is_said_in_a_sentence(source, tmp_path, monkeypatch):
    from cnn.torch_loading import import_mnist  # noqa: PLC0415

    monkeypatch.setattr(
        getattr(import_mnist(), source.torchvision), "mirrors", ["http://127.0.0.1:9/"]
    )
    options = ["--data", source.name, "--data-dir", tmp_path, "--run", tmp_path / "run"]
    result = invoke("train", *options, "--threads", "1")
    assert (result.exit_code, result.stdout, list(tmp_path.iterdir())) == (2, "", [])
    assert result.stderr.count("\n") == 1
    title = source.format.title
    assert f"{title} is not in {tmp_path}/{source.torchvision}/raw and could not" in result.stderr
    assert source.page in result.stderr and "--sample" not in result.stderr
