"""The `cnn` console command.

torch is imported inside the commands: it is an optional dependency, and `--help` should
neither need it nor wait for it. D301 is off for the help texts: click marks the lines that it
shall not rewrap with a backspace character, which a raw string cannot hold.
"""

import importlib

import click

from sheetgen.commands import CommandGroup
from sheetgen.errors import InputError


def _require_torch() -> None:
    """Raise `InputError`, saying how to install PyTorch, if it is not there."""
    try:
        importlib.import_module("torch")
    except ModuleNotFoundError as error:
        # A torch that is there but lacks a package of its own is another fault.
        if error.name != "torch":
            raise
        raise InputError("cnn needs PyTorch: pip install 'sheetgen[cnn]'") from error


@click.group(cls=CommandGroup)
def main() -> None:
    """Small convolutional networks for 28×28 images of digits.

    \b
    Example:
      cnn summary era-v2
    """  # noqa: D301


@main.command()
def models() -> None:
    """List the built-in networks with their parameter counts.

    \b
    Example:
      cnn models
    """  # noqa: D301
    _require_torch()
    from cnn.models import DESCRIPTIONS, MODELS, parameter_count  # noqa: PLC0415

    for name, build in MODELS.items():
        count = parameter_count(build())
        click.echo(f"{name}  {count:>8,} parameters  {DESCRIPTIONS[name]}")


@main.command()
@click.argument("model")
def summary(model: str) -> None:
    """Print the layer table of MODEL, one of those that `cnn models` lists.

    Each layer's type, output shape (-1 stands for the batch), parameters and receptive field
    in input pixels.

    \b
    Example:
      cnn summary era-v2
    """  # noqa: D301
    _require_torch()
    from cnn.models import build_model  # noqa: PLC0415
    from cnn.summary import summarize  # noqa: PLC0415

    click.echo(str(summarize(build_model(model))))
