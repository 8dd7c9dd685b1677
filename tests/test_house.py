"""The plan of the house: which room may import which. `python tests/test_house.py` measures it.

A room is a file or a folder directly inside `sheetgen/` or `cnn/`.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the ground up: a room may import those below its own line, never one beside or above it.
LAYERS = (
    "sheetgen.errors sheetgen.first_use sheetgen.version",
    "sheetgen.console",
    "sheetgen.files sheetgen.processes",
    "sheetgen.network sheetgen.spreadsheet",
    "sheetgen.template sheetgen.formulas",
    "sheetgen.workbook",
    "sheetgen.verification cnn.model_names",
    "sheetgen.exercises sheetgen.check cnn.torch_loading cnn.own_model",
    "sheetgen.cli cnn.data cnn.models",
    "sheetgen.__main__ cnn.summary cnn.training",
    "cnn.log",
    "cnn.export cnn.train_command",
    "cnn.cli",
    "cnn.__main__",
)
FACES = ("sheetgen", "cnn")
Graph = dict[str, set[str]]


@cache
def imports(root: Path = ROOT) -> Graph:
    """Module → the modules of ours that it imports, also within functions."""
    paths = [path for face in FACES for path in (root / face).rglob("*.py")]
    modules = {_module(path.relative_to(root)): path for path in paths}
    return {
        module: {found for found in _imported(path, set(modules)) if found != module}
        for module, path in modules.items()
        if module not in FACES
    }


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, modules: set[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                full = f"{node.module}.{name.name}"
                yield full if full in modules else node.module


def room(module: str) -> str:
    """The room that a module is in: sheetgen.network.losses is in sheetgen.network."""
    return ".".join(module.split(".")[:2])


def rooms(graph: Graph) -> Graph:
    """Room → the other rooms that it imports."""
    found: Graph = {room(module): set() for module in graph}
    for module, targets in graph.items():
        inside = {room(each) for each in targets if each.split(".")[0] in FACES}
        found[room(module)] |= inside - {room(module)}
    return found


def circles(graph: Graph) -> list[list[str]]:
    """The groups of nodes that can all reach each other (Tarjan, 1972)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for target in graph[node] & graph.keys():
            if target not in order:
                visit(target)
            if target in stack:
                low[node] = min(low[node], low[target])
        if low[node] == order[node]:
            group = stack[stack.index(node) :]
            del stack[-len(group) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in order:
            visit(node)
    return found


def floors(graph: Graph) -> int:
    """The number of floors: a room is one floor above the highest that it imports."""
    inside = {node: targets & graph.keys() for node, targets in graph.items()}

    def height(node: str, seen: frozenset[str] = frozenset()) -> int:
        below = inside[node] - seen
        return 1 + max((height(each, seen | {node}) for each in below), default=0)

    return max(map(height, inside))


def test_no_imports_run_in_a_circle() -> None:
    assert circles(imports()) == []
    assert circles(rooms(imports())) == []


def test_no_two_folders_of_a_room_import_each_other() -> None:
    """The files directly in a room and its folders, such as workbook/shared and workbook/sheets."""

    def part(module: str) -> str:
        return ".".join(module.split(".")[:3])

    graph: Graph = {part(module): set() for module in imports()}
    for module, targets in imports().items():
        graph[part(module)] |= {part(target) for target in targets} - {part(module)}
    assert circles(graph) == []


def test_every_room_has_its_layer() -> None:
    assert sorted(" ".join(LAYERS).split()) == sorted(rooms(imports()))


def test_arrows_run_down_only() -> None:
    layer = {name: height for height, names in enumerate(LAYERS) for name in names.split()}
    wrong = [
        f"{module} imports {target}"
        for module, targets in imports().items()
        for target in targets
        if room(target) in layer
        and room(target) != room(module)
        and layer[room(target)] >= layer[room(module)]
    ]
    assert wrong == []


def test_arrows_run_down_inside_check() -> None:
    order = "findings formula reading tables meaning pages mistakes judging audit check_report"
    height = {f"sheetgen.check.{name}": place for place, name in enumerate(order.split())}
    steps = {
        module: ".".join(module.split(".")[:3])
        for module in imports()
        if module.startswith("sheetgen.check.") and module != "sheetgen.check.check_command"
    }
    wrong = [
        f"{module} imports {target}"
        for module, step in steps.items()
        for target in imports()[module] & steps.keys()
        if height[steps[target]] > height[step]
    ]
    assert wrong == []


@pytest.mark.parametrize("forbidden", ["cnn", "torch", "torchvision"])
def test_sheetgen_does_not_import(forbidden: str) -> None:
    wrong = [
        module
        for module, targets in imports().items()
        if module.startswith("sheetgen.")
        and any(target.split(".")[0] == forbidden for target in targets)
    ]
    assert wrong == []


def test_nothing_inside_imports_the_face_of_a_package() -> None:
    assert [name for name, targets in imports().items() if targets & set(FACES)] == []


def test_no_two_files_have_the_same_name() -> None:
    """But for the console commands: each package has its own cli.py and __main__.py."""
    names = [path.stem for face in FACES for path in (ROOT / face).rglob("*.py")]
    assert {name for name in names if names.count(name) > 1} == {"__init__", "__main__", "cli"}


def _measure(root: Path) -> None:
    graph = imports(root)
    plan = rooms(graph)
    files = [path for face in FACES for path in (root / face).rglob("*.py")]
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in files)
    print(f"files {len(files)}  lines {lines:,}")
    print(f"rooms {len(plan)}  floors {floors(plan)}")
    print(f"circles of files {len(circles(graph))}  of rooms {len(circles(plan))}")
    for group in circles(graph):
        print("  " + " <-> ".join(group))


if __name__ == "__main__":
    _measure(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT)
