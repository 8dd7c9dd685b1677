"""A key file that somebody edited by hand: whatever is wrong with it is said in one sentence."""

import copy
import json
import re
from pathlib import Path

import click.testing
import pytest

from sheetgen.cli import main
from sheetgen.errors import InputError
from sheetgen.exercises import grade, make_exercise
from sheetgen.exercises.key import FORMAT, read_key
from sheetgen.template import template

CASES = Path(__file__).parent / "cases" / "grade"

NESTED = 900
"""Lists within each other: what Python's parser bears, and `repr` with some luck."""


def deep(levels):
    found = []
    for _ in range(levels):
        found = [found]
    return found


REPLACEMENTS = {
    "null": None,
    "list": ["h1"],
    "empty list": [],
    "object": {"a": 1},
    "empty object": {},
    "text": "x",
    "empty text": "",
    "number": 0.125,
    "negative": -1,
    "true": True,
    "huge": 10**299,
    "thousands of digits": int("9" * 4000),
    "nan": float("nan"),
    "infinite": float("-inf"),
    "nested": deep(NESTED),
    "nested objects": {"a": {"a": {"a": deep(30)}}},
    "surrogate": "x\ud800",
    "control characters": "\x1b[31m\x00\x0b",
    "no character": "x\uffff",
    "bidirectional": "x\u202ey",
    "lines": "x\ny",
    "long": "x" * 100_000,
}


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """The smallest key of two students, with a data file in its template."""
    path = tmp_path_factory.mktemp("keys") / "class"
    made = make_exercise(
        template.load("line-fit"), path, topic="forward", students=["Ada Lovelace", "Bo"]
    )
    found = json.loads(made.key.path.read_text(encoding="utf-8"))
    del found["blanks"][2:]
    return found


def places(found, path=""):
    """Yield each value's path with the steps that lead to it."""
    yield path, ()
    if isinstance(found, dict | list):
        inside = found.items() if isinstance(found, dict) else enumerate(found)
    else:
        inside = ()
    for step, value in inside:
        name = f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
        yield from ((deeper, (step, *steps)) for deeper, steps in places(value, path + name))


def holder_of(document, steps):
    """A copy of the document, and the object or list in it that holds the last step's value."""
    changed = holder = copy.deepcopy(document)
    for step in steps[:-1]:
        holder = holder[step]
    return changed, holder


def saved(folder, document):
    path = folder / "changed.key.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def refusal(path):
    """What is said of a key, without its file's name; "" if there is nothing to say."""
    try:
        read_key(path)
    except InputError as error:
        assert re.fullmatch(rf"{re.escape(str(path))}: [ -~∂…’“”ηα]+", str(error)), ascii(
            str(error)
        )
        assert len(str(error)) < 1000
        return str(error).removeprefix(f"{path}: ")
    return ""


# What a value may become and still be right, as any text may be a name.
FINE = {
    "written_by": {"text", "empty text"},
    "template.files": {"empty object"},
    "students[0].name": {"text", "empty text"},
    "students[1].name": {"text", "empty text"},
    "students[0].numbers.learning_rate": {"number"},
    "students[1].numbers.learning_rate": {"number"},
}


@pytest.mark.parametrize("kind", REPLACEMENTS)
def test_a_value_of_another_kind_is_refused_with_its_path(document, tmp_path, kind):
    for path, steps in places(document):
        if not steps:
            continue
        changed, holder = holder_of(document, steps)
        holder[steps[-1]] = REPLACEMENTS[kind]
        said = refusal(saved(tmp_path, changed))
        fine = FINE.get(path, {"number", "negative"} if ".numbers." in path else ())
        if kind in fine:
            assert not said, (path, said)
        else:
            assert said.startswith(f"{path}:") or path in said, (path, said)


def test_every_key_is_needed(document, tmp_path):
    for path, steps in places(document):
        if steps and isinstance(steps[-1], str):
            changed, holder = holder_of(document, steps)
            del holder[steps[-1]]
            assert path in refusal(saved(tmp_path, changed)), path


def test_an_unknown_key_is_refused(document, tmp_path):
    for path, steps in places(document):
        changed, holder = holder_of(document, (*steps, "nubmers"))
        if isinstance(holder, dict):
            holder["nubmers"] = "x"
            said = refusal(saved(tmp_path, changed))
            where = f"{path}.nubmers".lstrip(".")
            # Names of data files are free, and nobody reads a file that the template does not name.
            assert said.startswith(f"{where}: found an unknown key") or path == "template.files"


@pytest.mark.parametrize("key", ["\x1b[31m", "x\ud800", "y" * 300, "a\nb"])
def test_a_key_that_cannot_be_shown_is_refused(document, tmp_path, key):
    for path, steps in places(document):
        changed, holder = holder_of(document, (*steps, key))
        if isinstance(holder, dict):
            holder[key] = 1
            said = refusal(saved(tmp_path, changed))
            assert said.startswith(f"{path}: found the key" if path else "found the key"), said


def test_a_key_that_is_there_twice_is_refused(document, tmp_path):
    for path, steps in places(document):
        if steps and isinstance(steps[-1], str):
            changed, holder = holder_of(document, steps)
            holder["the second"] = holder[steps[-1]]
            text = json.dumps(changed).replace('"the second"', json.dumps(steps[-1]))
            file = tmp_path / "changed.key.json"
            file.write_text(text, encoding="utf-8")
            assert refusal(file).startswith(f"{path}: found this key more than once")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda key: key["students"].append(key["students"][0]),
            "students[2].id: found '[0-9a-f]+'; expected another than that of students[0].id",
        ),
        (
            lambda key: key["students"][1].update(file="ADA LOVELACE.xlsx"),
            "students[1].file: found .*; expected another than that of students[0].file",
        ),
        (
            lambda key: key["blanks"].append(key["blanks"][0]),
            "blanks[2].cell: found '[A-Z]+15'; expected each blank once",
        ),
        (
            lambda key: key["blanks"][0].update(symbol="i1"),
            "blanks[0].symbol: found 'i1'.*; expected a symbol of the table that is calculated",
        ),
        (
            lambda key: key["tolerance"].update(relative=0.1),
            "tolerance.relative: found 0.1; expected 1e-05, .*",
        ),
        (
            lambda key: key["students"][0]["numbers"].update(learning_rate=-0.5),
            "students[0].numbers.learning_rate: found -0.5; expected a number above 0",
        ),
        (
            lambda key: key["students"][1].update(id="not hexadecimal"),
            "students[1].id: found 'not hexadecimal'; expected the 12 digits, .*",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(document, tmp_path, change, said):
    changed = copy.deepcopy(document)
    change(changed)
    pattern = said.replace("[", r"\[").replace("\\[0-9a-f]", "[0-9a-f]")
    pattern = pattern.replace("\\[A-Z]", "[A-Z]").replace("].", r"]\.")
    assert re.fullmatch(pattern, refusal(saved(tmp_path, changed)))


def test_a_data_file_is_taken_from_the_key_and_never_from_the_disk(document, tmp_path, monkeypatch):
    """A key of somebody else must not have a file of this machine read."""
    (tmp_path / "own.csv").write_text("x,y\n1,2\n")
    monkeypatch.chdir(tmp_path)
    changed = copy.deepcopy(document)
    changed["template"]["toml"] = re.sub(
        r"\[data\].*?\n\[", '[data]\nfile = "own.csv"\ninput_columns = ["x"]\n'
        'target_columns = ["y"]\n\n[', changed["template"]["toml"], flags=re.DOTALL
    )  # fmt: skip
    said = refusal(saved(tmp_path, changed))
    assert said == (
        "template.toml: data.file: found 'own.csv'; expected a file that came with the template: "
        "there is none"
    )
    changed["template"]["files"] = {"own.csv": "x,y\n1,oops\n"}
    assert "found 'oops' in column y, line 2 of own.csv" in refusal(saved(tmp_path, changed))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"format": "sheetgen exercise key",}', "it is not JSON, .* in line 1, column 3[0-9]"),
        ('{\n"format": "x" "y"}', "it is not JSON, .* in line 2, column 15"),
        ("[]", "wrote: found a list; expected 'sheetgen exercise key'"),
        ("null", "wrote: found None; expected"),
        ('{"format": null}', "wrote: format: found None; expected"),
        ('{"format": [[1]]}', "wrote: format: found a list; expected"),
        ("\n" + "[" * 10_000, "found brackets nested more than 20 deep in line 2"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "nested more than 20 deep in line 1"),
        ('{"format": "sheetgen exercise key", "a": ' + "[" * 10_000, "nested more than 20 deep"),
    ],
)
def test_what_is_no_key_is_refused_with_its_place(tmp_path, text, said):
    path = tmp_path / "changed.key.json"
    path.write_text(text, encoding="utf-8")
    assert re.search(said, refusal(path)), refusal(path)


def test_a_key_that_breaks_off_is_refused(document, tmp_path):
    text = json.dumps(document, indent=1)
    path = tmp_path / "changed.key.json"
    for end in range(0, len(text), 29):
        path.write_text(text[:end], encoding="utf-8")
        assert refusal(path).startswith("it is not a key file: it is not JSON, ")


def test_what_cannot_be_read_is_refused(tmp_path):
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\x00\xff" * 100)
    for path in (binary, tmp_path, tmp_path / "none.json", tmp_path / "a" / "b.json"):
        assert refusal(path)
    with pytest.raises(InputError):
        read_key(Path("nul\0l.json"))


def test_a_class_too_large_is_refused_by_its_number_before_it_is_read(
    document, tmp_path, monkeypatch
):
    path = saved(tmp_path, document | {"students": document["students"][:1] * 100_000})
    monkeypatch.setattr(json, "loads", None)  # reading would take longer than a second
    assert refusal(path).startswith("students: found 100000 students; expected 1 to 1000, as ")


def test_students_without_numbers_are_counted_too(document, tmp_path):
    for one in (1, None, {}):
        said = refusal(saved(tmp_path, document | {"students": [one] * 1001}))
        assert said.startswith("students: found 1001 students; expected 1 to 1000")


def test_a_file_too_large_is_refused_by_its_size(tmp_path):
    path = tmp_path / "changed.key.json"
    with path.open("wb") as file:
        file.truncate(2**40)
    assert "found 1,099,511,627,776 bytes; expected at most" in refusal(path)


def test_numbers_with_which_the_training_diverges_cost_only_that_student(tmp_path):
    made = make_exercise(
        template.load("line-fit"), tmp_path / "class", topic="forward", students=["Ada", "Bo"]
    )
    document = json.loads(made.key.path.read_text(encoding="utf-8"))
    document["students"][0]["numbers"]["w1"] = 1e6
    document["students"][0]["numbers"]["learning_rate"] = 1e6
    path = saved(tmp_path, document)
    ada, bo = grade(path, [each.path for each in made.workbooks])
    assert ada.error.startswith(
        f"{path}: students[0].numbers: found numbers with which the training"
    )
    assert not bo.error and len(bo.marks) == len(made.exercise.blanks)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("k_blanks_symbol_list.json", "blanks[0].symbol: found ['h1']; expected a symbol"),
        ("k_name_surrogate.json", "students[0].name: found U+D800"),
    ],
)
def test_the_command_says_it_in_a_line(name, said):
    arguments = ["grade", "--key", str(CASES / name), str(CASES / "comma.xlsx")]
    result = click.testing.CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {CASES / name}: {said}")


def test_an_old_key_that_nests_too_deep_is_no_key_of_the_same_class(tmp_path):
    """`exercise` reads the key that it is about to replace."""
    key = tmp_path / "book.key.json"
    key.write_text(f'{{"format": "{FORMAT}", "students": ' + "[" * 10_000, encoding="utf-8")
    with pytest.raises(InputError, match="is the key of other workbooks"):
        make_exercise(template.load("era-v1"), tmp_path / "book.xlsx")
