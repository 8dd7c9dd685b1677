"""Follows pages of the documents as a reader would, in the folder that is the current one.

It saves the files whose text a page shows, runs the commands and programs in their order, and finds
what the page shows of their output in what they print.
"""

import ast
import contextlib
import io
import re
import runpy
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xlsxwriter
from check_helper import HandMade, write
from click.testing import CliRunner
from PIL import Image

from cnn.cli import main as cnn
from sheetgen.cli import main as sheetgen

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = {"sheetgen": sheetgen, "cnn": cnn}
BLOCK = re.compile(r'^```(\w*)(?: title="([^"]+)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)

INSTEAD = (
    (r"cnn train .*", r"\g<0> --epochs 1 --threads 1", "an epoch shows what nineteen do"),
    (r"(cnn train .*--hold-out) 10000(.*)", r"\1 50\2", "the images here are few"),
    (r"cnn export output/.*", r"\g<0> --no-verify", "cnn verify, the next command, does that"),
    (r"cnn verify output/.*", "", "the one of model.onnx, which is smaller, is run"),
    (r"sheetgen build xor .*", r"\g<0> --iterations 4", "129,361 formulas take long"),
    (r"sheetgen build conv-digits .*", "", "217,433 take longer, and test_data_sets verifies them"),
    (r"sheetgen verify .*--engine libreoffice", "", "it is slow, and test_libreoffice has it"),
    (r"torchrun .*", "", "it starts processes, and test_cnn_processes has it"),
    (r"(sheetgen verify .*) --perturb 3", r"\1", "inputs moved once show what thrice does"),
    (r"sheetgen render .* --html .*", r"\g<0> --sheet Inputs", "one sheet shows what twenty do"),
    (r"sheetgen render .* -o .*", "", "LibreOffice is slow, and test_render has it"),
    (r"(pip|pytest|pre-commit|mkdocs|npm|sudo) .*", "", "the tests run in what these set up"),
    (r"python (benchmarks/|-m benchmarks).*", "", "they take minutes"),
)
"""Pattern of a command, what is run in its place (nothing if that is empty), and why."""

FAILING = ("sheetgen check ", "sheetgen grade ")
"""Commands that end with 1, as there are mistakes in the files that they are given."""

DIFFERS = re.compile(r"\d\.\de-\d\d|\b\d+\.\d+\.\d+\b")
"""What may be otherwise than a page shows: differences by rounding, versions of engines."""


class Block(NamedTuple):
    """A fenced block: its language, the file that the reader saves it as, and its text."""

    language: str
    title: str
    text: str


def blocks(text: str) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(text)]


def commands(text: str) -> Iterator[str]:
    """Yield the commands of some lines of shell, those that `&&` joins one by one."""
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        for each in " ".join(shlex.quote(word) for word in words).split(" '&&' "):
            if each:
                yield each.replace("'>'", ">")


@dataclass
class Reader:
    """Somebody who follows pages, and does not repeat the commands that an earlier page had."""

    has_run: list[str] = field(default_factory=list)
    printed: str = ""
    variables: dict[str, object] = field(default_factory=dict)

    def follow(self, page: str) -> None:
        """Do what a page says; fails where something ends in another way than it says."""
        for language, title, text in blocks(page):
            if title:
                save(Path(title), text)
            elif language == "sh":
                for command in commands(text):
                    self.run(command)
            elif language == "python":
                self.execute(text)
            elif not language:
                assert _alike(text) in _alike(self.printed), f"{text}\nis not in\n{self.printed}"

    def run(self, command: str) -> None:
        """Run a command, or what INSTEAD has for it."""
        if command in self.has_run:
            return
        self.has_run.append(command)
        provide(command)
        chosen = command
        for pattern, other, _ in INSTEAD:
            chosen = re.sub(f"^{pattern}$", other, chosen)
        chosen, _, target = chosen.partition(" > ")
        words = [name for word in shlex.split(chosen) for name in _files(word)]
        if words[:1] == ["python"]:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                runpy.run_path(str(ROOT / words[1]), run_name="__main__")
            self.printed += printed.getvalue()
        elif words:
            result = CliRunner().invoke(PROGRAMS[words[0]], words[1:], catch_exceptions=False)
            expected = 1 if command.startswith(FAILING) else 0
            assert result.exit_code == expected, f"{command}\n{result.output}"
            self.printed += result.output
            if target:
                save(Path(target), result.stdout)

    def execute(self, text: str) -> None:
        """Run statements of Python; a value that a comment shows is what the expression is."""
        provide(text)
        lines = text.splitlines()
        for statement in ast.parse(text).body:
            comment = lines[(statement.end_lineno or 0) - 1].partition("  # ")[2]
            if isinstance(statement, ast.Expr) and comment.startswith(("'", "[")):
                code = compile(ast.Expression(statement.value), "page", "eval")
                found = eval(code, self.variables)
                found = found.tolist() if isinstance(found, np.ndarray) else found
                assert found == ast.literal_eval(comment), f"{found!r} is not {comment}"
            else:
                exec(compile(ast.Module([statement], []), "page", "exec"), self.variables)


def _files(word: str) -> list[str]:
    """Return the files that a shell puts in the place of a pattern, or the word."""
    return sorted(map(str, Path().glob(word))) if "*" in word else [word]


def _alike(text: str) -> str:
    return DIFFERS.sub("#", text.replace("\\", "/")).strip()


def save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def provide(text: str) -> None:
    """Make the files that a reader has who gives that command, or that another page shows."""
    for mention, name, make in GIVEN:
        if mention in text and not Path(name).exists():
            make(Path(name))
    for name, content in shown().items():
        if re.search(rf"\b{re.escape(name)}\b", text) and not Path(name).exists():
            save(Path(name), content)


def shown() -> dict[str, str]:
    """Return the files that pages show, with their text."""
    pages = (path.read_text("utf-8") for path in sorted(ROOT.glob("docs/*.md")))
    return {each.title: each.text for page in pages for each in blocks(page) if each.title}


def images(folder: Path) -> None:
    """Write 80 images of noise for training and 60 to test on as the files of MNIST."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for part, count in (("train", 80), ("t10k", 60)):
        sizes = {"images-idx3": (count, 28, 28), "labels-idx1": (count,)}
        for kind, sides in sizes.items():
            head = b"\0\0\x08" + bytes([len(sides)]) + b"".join(n.to_bytes(4) for n in sides)
            content = random.integers(0, 256 if len(sides) > 1 else 10, sides, np.uint8)
            (folder / f"{part}-{kind}-ubyte").write_bytes(head + content.tobytes())


def photos(folder: Path) -> None:
    """Write grey images of ten classes."""
    for number in range(60):
        place = folder / ("train" if number < 40 else "test") / f"class {number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        Image.new("L", (28, 28), number * 4).save(place / f"{number}.png")


def tables(folder: Path) -> None:
    """Write a right table and one in which a gradient is wrong."""
    folder.mkdir()
    write(folder / "ada.xlsx", Table=HandMade())
    wrong = HandMade()
    wrong.formulas["∂E/∂w1"] += "*2"
    write(folder / "grace.xlsx", Table=wrong)


def handed_in(folder: Path) -> None:
    """Hand in the exercises of a class as they are."""
    shutil.copytree("class", folder, ignore=shutil.ignore_patterns("*.json", "*solution*"))


def report(path: Path) -> None:
    """Write a workbook with a chart."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Report")
        sheet.write_column("A1", [1, 2])
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Report!$A$1:$A$2"})
        sheet.insert_chart("C1", chart)


def yolo(path: Path) -> None:
    """Write what a training of another program leaves."""
    save(path, "epoch,train/box_loss,metrics/mAP50(B)\n1,1.5,0.2\n2,1.1,0.4\n")


def onnx(path: Path) -> None:
    """Write a network with a layer."""
    from onnx_models import graph  # noqa: PLC0415 - needs the extra

    constants = {"w": np.full((3, 2), 0.5), "b": np.ones(2)}
    nodes = [("MatMul", "x w > s", {}), ("Add", "s b > y", {})]
    path.write_bytes(graph(nodes, [1, 3], constants=constants).SerializeToString())


def weights(path: Path) -> None:
    """Save what the network of net.py begins with."""
    import torch  # noqa: PLC0415 - needs the extra

    provide("net.py")
    torch.save(runpy.run_path("net.py")["Net"]().state_dict(), path)


Maker = Callable[[Path], None]
GIVEN: tuple[tuple[str, str, Maker], ...] = (
    ("cnn train ", "output/data/MNIST/raw", images),
    ("fashion-mnist", "output/data/FashionMNIST/raw", images),
    ("photos", "photos", photos),
    ("students/", "students", tables),
    ("handed-in/", "handed-in", handed_in),
    ("report.xlsx", "report.xlsx", report),
    ("runs/detect", "runs/detect/train/results.csv", yolo),
    ("model.onnx", "model.onnx", onnx),
    ("state.pt", "state.pt", weights),
)
"""What a command or program has in it, and the file or folder that its reader has then."""
