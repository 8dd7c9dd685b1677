"""README and the pages of docs: links lead somewhere, and what they name is there."""

import contextlib
import re
import runpy
import shlex
import tomllib
from collections.abc import Iterator
from itertools import dropwhile, takewhile

import click
import pytest
from reader import BLOCK, PROGRAMS, ROOT, blocks, commands

from sheetgen.template import read_data, read_layers, read_training

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]
PAGES = runpy.run_path(str(ROOT / "docs" / "pages.py"))
NETWORKS = (ROOT / "docs" / "networks.md").read_text("utf-8")
EXAMPLE = re.compile(r"^ +((?:torchrun|sheetgen|cnn) .*)$", re.MULTILINE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
ACTIONS = ("NAME", "all", "documents")


def spoken(text: str) -> Iterator[str]:
    """Yield the commands of a document: in blocks, in help texts, and in sentences."""
    for block in blocks(text):
        if block.language == "sh":
            yield from commands(block.text)
        elif block.text.startswith("Usage: "):
            yield from commands("\n".join(EXAMPLE.findall(block.text)))
    for line in re.findall(r"`(\w+ [^`\n]+)`", BLOCK.sub("", text)):
        if line.partition(" ")[0] in (*PROGRAMS, "python", "pytest", "pip"):
            yield from commands(line)


def anchors(document):
    titles = re.findall(r"^#+ (.*)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_a_title_in_it(document):
    for link in PAGES["links"](document.read_text("utf-8")):
        target, place = link[3], link[4]
        if "://" in target:
            continue
        path = document.parent / target
        assert path.exists(), f"{document.name}: {link[0]}"
        if place:
            assert place[1:] in anchors(path), f"{document.name}: {link[0]}"


def test_every_picture_is_on_a_page():
    shown = "".join(document.read_text("utf-8") for document in DOCUMENTS)
    assert [path.name for path in ROOT.glob("docs/pictures/*") if path.name not in shown] == []


@pytest.mark.parametrize("name", PAGES["WRITTEN"])
def test_a_page_that_is_made_from_the_code_is_new(name):
    page = (ROOT / "docs" / name).read_text("utf-8")
    assert PAGES[PAGES["WRITTEN"][name]]() == page, "python docs/pages.py"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_has_options_that_it_takes_and_files_that_are_there(document):
    """Those of blocks are run by test_following_docs, too."""
    for line in spoken(document.read_text("utf-8")):
        program, *words = dropwhile(lambda word: "=" in word, shlex.split(line))
        if program == "torchrun":
            program, *words = words[words.index("-m") + 1 :]
        if program in PROGRAMS and words[0] != "--help":
            command = PROGRAMS[program].commands.get(words[0])
            assert command, f"there is no {program} {words[0]}"
            # What a sentence is about may lack its argument.
            with contextlib.suppress(click.MissingParameter, click.BadOptionUsage):
                command.make_context(words[0], list(takewhile(lambda word: word != ">", words[1:])))
        named = [word for word in words if word.endswith(".py")]
        if words[:2] == ["-m", "benchmarks"]:
            named += [f"benchmarks/{name}.py" for name in words[2:3] if name not in ACTIONS]
        if program in ("python", "pytest"):
            assert [name for name in named if not (ROOT / name).exists()] == [], line
        if program == "pip":
            extras = re.findall(r"\[(.*?)\]", line)
            assert set(",".join(extras).split(",")) <= {"", *EXTRAS}, line


def test_the_page_on_networks_has_every_key_of_a_template():
    known = {
        *("inputs", "loss"),
        *read_data.KEYS,
        *(key for keys in read_layers.KEYS.values() for key in keys),
        *read_training.KEYS,
        *read_training.HYPERPARAMETERS,
        *read_training.SCHEDULE_PARAMETERS,
    }
    named = set()
    for row in re.findall(r"^\| (`.*?`) \|", NETWORKS.partition("## Every key")[2], re.MULTILINE):
        named |= set(re.findall(r"`(\w+)`", row))
    assert named == known


def test_every_help_text_has_examples_that_are_on_a_page_which_is_followed():
    texts = [document.read_text("utf-8") for document in DOCUMENTS]
    shell = "".join(each.text for text in texts for each in blocks(text) if each.language == "sh")
    run = {*commands(shell)}
    for program, group in PROGRAMS.items():
        for name, command in group.commands.items():
            found = EXAMPLE.findall(command.help)
            assert f"Example{'s' * (len(found) > 1)}:\n" in command.help, f"{program} {name}"
            assert [line for each in found for line in commands(each) if line not in run] == []
            assert [line for line in found if f"{program} {name}" not in line] == []
