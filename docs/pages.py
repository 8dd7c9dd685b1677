"""Makes the pages of the site that come from elsewhere: commands from click, README as its home.

`python docs/pages.py` writes docs/commands.md and docs/gallery.md anew. As a hook of mkdocs (see
mkdocs.yml) it adds README, CONTRIBUTING and CHANGELOG, and takes links to files that the site does
not have, such as a program in examples, for what they are: names.
"""

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnn.cli import main as cnn
from sheetgen.cli import main as sheetgen

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = {"commands.md": "commands_page", "gallery.md": "gallery_page"}
"""Page → the function that returns it."""
ADDED = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""File of the repository → page of the site."""
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
"""A picture's mark, the text, the target and the place in it."""


def commands_page() -> str:
    """Return the page of all commands: a table, then the help of each."""
    programs = {"sheetgen": sheetgen, "cnn": cnn}
    lines = [
        "# Commands",
        "",
        "The exit code is 0, or 1 where a check failed or a run broke off, 2 where the input or the"
        " usage was wrong (no workbook is written then), 130 after Ctrl-C. Results go to standard"
        " output, messages to standard error.",
        "",
        "| command | what it does |",
        "|---|---|",
    ]
    for program, group in programs.items():
        for name, command in sorted(group.commands.items()):
            line = command.get_short_help_str(limit=1000)
            lines.append(f"| [`{program} {name}`](#{program}-{name}) | {line} |")
    for program, group in programs.items():
        for name, command in sorted(group.commands.items()):
            lines += ["", f"## {program} {name}", "", "```", _help(program, name, command), "```"]
    return "\n".join(lines) + "\n"


def _help(program: str, name: str, command: click.Command) -> str:
    parent = click.Context(cnn if program == "cnn" else sheetgen, info_name=program)
    settings = {"show_default": True, "max_content_width": 80, "terminal_width": 80}
    context = click.Context(command, parent=parent, info_name=name, **settings)
    return command.get_help(context).strip()


def gallery_page() -> str:
    """Return the page of all examples: what each does, its picture, its code."""
    lines = [
        "# Gallery",
        "",
        "Short programs, each with a sheet of the workbook that it writes. They are in the folder"
        " `examples` of the repository; `python examples/first_workbook.py` writes to"
        " `output/examples`.",
    ]
    for path in sorted((ROOT / "examples").glob("*.py")):
        code = path.read_text("utf-8")
        text = str(ast.get_docstring(ast.parse(code))).split("\n\n")[0].replace("\n", " ")
        title = path.stem.replace("_", " ").capitalize()
        picture = f"![{text.rstrip('.')}](pictures/example-{path.stem}.png)"
        code = code.partition("\n\nif __name__")[0].partition('"""\n\n')[2].strip()
        lines += ["", f"## {title}", "", text, "", picture, "", "```python", code, "```"]
    return "\n".join(lines) + "\n"


def links(text: str) -> Iterator[re.Match[str]]:
    """Yield the links to files and pages that a document has outside of its blocks of code."""
    code = [block.span() for block in re.finditer(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)]
    for match in LINK.finditer(text):
        if not any(start <= match.start() < end for start, end in code):
            yield match


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Add the pages that lie outside of docs (a hook of mkdocs)."""
    from mkdocs.structure.files import File  # noqa: PLC0415, only there with the extra docs

    for name, page in ADDED.items():
        text = (ROOT / name).read_text("utf-8")
        files.append(File.generated(config, page, content=_moved(text)))
    return files


def on_page_markdown(markdown: str, page: "Page", files: "Files", **_: object) -> str:
    """Leave only the text of links to files that are not on the site (a hook of mkdocs)."""
    folder = posixpath.dirname(page.file.src_uri)
    for match in reversed(list(links(markdown))):
        found = files.get_file_from_path(posixpath.normpath(posixpath.join(folder, match[3])))
        if "://" in match[3] or (found and found.inclusion.is_included()):
            continue
        markdown = markdown[: match.start()] + match[2] + markdown[match.end() :]
    return markdown


def _moved(text: str) -> str:
    """Return a document of the repository's root with the links that it has as a page."""
    for match in reversed(list(links(text))):
        target = ADDED.get(match[3], match[3].removeprefix("docs/"))
        text = text[: match.start(3)] + target + text[match.end(3) :]
    return text


if __name__ == "__main__":
    for name, function in WRITTEN.items():
        (ROOT / "docs" / name).write_text(globals()[function](), "utf-8")
