"""README and the pages of docs: links lead somewhere, and what they name is there."""

import re
import runpy
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from cnn.cli import main as cnn
from sheetgen.cli import main as sheetgen
from sheetgen.template import read_data, read_layers, read_training
from sheetgen.template.template import parse

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]
PAGES = runpy.run_path(str(ROOT / "docs" / "pages.py"))
NETWORKS = (ROOT / "docs" / "networks.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """Return each command of a block of shell in a document, without what a comment says."""
    found = []
    for document in DOCUMENTS:
        for block in blocks(document.read_text("utf-8"), "sh"):
            for line in block.splitlines():
                for part in re.split(r"\s*&&\s*|\s+#\s.*", line):
                    if part.startswith(("sheetgen ", "cnn ")):
                        found.append((document.name, part))
    return found


def anchors(document: Path) -> set[str]:
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


@pytest.mark.parametrize(("document", "line"), commands())
def test_a_command_in_a_document_has_the_options_that_it_takes(document, line):
    program, name, *words = shlex.split(line)
    command = {"sheetgen": sheetgen, "cnn": cnn}[program].commands.get(name)
    assert command, f"{document}: there is no {program} {name}"
    try:
        command.make_context(name, words, resilient_parsing=False)
    except click.UsageError as error:
        pytest.fail(f"{document}: {line}: {error.format_message()}")


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


def test_the_template_on_that_page_is_one():
    (text,) = blocks(NETWORKS, "toml")
    template = parse(text)
    assert tomllib.loads(text)["title"] == template.title
    assert template.learning_rates == (0.1, 0.5)
