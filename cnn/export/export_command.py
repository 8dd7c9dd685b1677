"""The commands `cnn export` and `cnn verify`.

torch is imported inside the commands, and D301 is off for the help texts: cnn/cli.py says why.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnn.torch_loading import require_torch
from sheetgen.console import progress
from sheetgen.console.commands import COUNT, ENGINES, PATH, verify_written
from sheetgen.console.terminal import say, shown

if TYPE_CHECKING:
    from cnn.export.given_network import Source
    from cnn.export.verification.verify_export import Result
    from sheetgen.spreadsheet.engines import Engine

DATA_DIR = click.option(
    "--data-dir",
    type=PATH,
    metavar="DIR",
    help="The folder with the data (MNIST/raw, or train) in it, if it is no longer that of the "
    "training.",
)
WEIGHTS = click.option(
    "--weights",
    type=click.Choice(["last", "best"]),
    default="last",
    metavar="last|best",
    help="The weights after the last epoch, or after the best one of a run with --keep best.",
)
SAVED = click.option(
    "--weights",
    metavar="last|best|FILE",
    help="Of a run: the weights after the last epoch, or after the best one of a run with --keep "
    "best. Of your own network: the file with its state_dict, of torch.save or safetensors.",
)
NETWORK = "RUN|MODEL.onnx|MODEL.keras|FILE.py:NET"
MOST = 2
"""Wrong cells of each kind that are named."""


@click.command()
@click.argument("run", type=PATH, metavar=NETWORK)
@click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    metavar="FILE",
    help="The workbook to write.",
)
@click.option(
    "--fold-batchnorm",
    is_flag=True,
    help="Make BatchNorm part of the weights where it directly follows a convolution.",
)
@DATA_DIR
@SAVED
@click.option(
    "--input-shape",
    metavar="SIDES",
    help="The shape of one input, such as 1,28,28, where the network does not say it.",
)
@click.option(
    "--rows",
    type=COUNT,
    default=0,
    metavar="N",
    help="Add the sheet Cases, with N inputs to paste data into, a row of formulas each.",
)
@click.option("--no-verify", is_flag=True, help="Do not recalculate the finished workbook.")
@click.option("--force", is_flag=True, help="Overwrite a file that was edited or made otherwise.")
def export(
    run: Path,
    output: Path,
    fold_batchnorm: bool,
    data_dir: Path | None,
    weights: str | None,
    input_shape: str | None,
    rows: int,
    no_verify: bool,
    force: bool,
) -> None:
    """Write a trained network as a workbook and verify it.

    In the workbook every activation is a live formula. The network is that of a run of `cnn
    train`, of a file of ONNX or Keras, or your own, a class or function of a Python file.

    \b
    Examples:
      cnn export output/runs/fast -o output/fast.xlsx
      cnn export model.onnx -o model.xlsx
      cnn export net.py:Net --weights state.pt --input-shape 1,28,28 -o net.xlsx
    """  # noqa: D301
    require_torch()
    from cnn.export.forecast import size_of  # noqa: PLC0415
    from cnn.export.given_network import Source, read_shape  # noqa: PLC0415
    from sheetgen.spreadsheet.engines import EMBEDDED  # noqa: PLC0415

    source = Source(run, weights, data_dir, read_shape(input_shape), rows)
    with progress.shown():
        exported = source.export(
            output,
            fold_batchnorm=fold_batchnorm,
            force=force,
            announce=lambda foretold: say(foretold, err=True),
        )
    saved = exported.saved
    if saved.reason:
        say(f"{output} is left as it was: {saved.reason}.", err=True)
    if exported.network.unfolded:
        say(
            "BatchNorm stays shown as scale and shift where it does not directly follow a "
            f"convolution: {', '.join(exported.network.unfolded)}",
            err=True,
        )
    size = size_of(saved.path.stat().st_size)
    say(f"wrote {shown(saved.path)}: {exported.formulas:,} formulas, {size}")
    if no_verify:
        return

    def verified() -> "Result":
        with progress.shown():
            return source.verify(saved.path, [EMBEDDED], 1, 0)[0]

    result = verify_written(saved.path, verified, _print)
    say(
        f"verified {result.activations:,} activations with {result.engine}: "
        f"largest difference to torch {result.largest_difference:.1e}"
    )
    _print_notes(source)


@click.command()
@click.argument("file", type=PATH)
@click.argument("run", type=PATH, metavar=NETWORK)
@click.option(
    "--engine",
    "name",
    metavar="NAME",
    default="auto",
    help=f"The engine: auto (ironcalc, and libreoffice if it is installed), {ENGINES}.",
)
@click.option(
    "--inputs",
    type=click.IntRange(min=1),
    default=3,
    metavar="N",
    help="The number of inputs to try; the last one is noise, typed cell by cell.",
)
@click.option("--seed", type=COUNT, default=0, metavar="N", help="The seed of the choice.")
@SAVED
def verify(file: Path, run: Path, name: str, inputs: int, seed: int, weights: str | None) -> None:
    """Recalculate an exported network and compare it with torch.

    FILE was exported from the network. The inputs, and the layer that Layers shows, are chosen
    through the file's own input cells. Every formula must be the one that the export writes, and
    its value must agree with what torch computes in double precision, to 1e-9. What a file of
    ONNX computes is compared with onnxruntime too, of Keras with its own predict. The exit code is
    1 if a formula is wrong.

    \b
    Examples:
      cnn verify output/fast.xlsx output/runs/fast
      cnn verify model.xlsx model.onnx
    """  # noqa: D301
    require_torch()
    from cnn.export.given_network import Source  # noqa: PLC0415

    source = Source(run, weights)
    with progress.shown():
        results = source.verify(file, _engines(name), inputs, seed)
    for result in results:
        _print(result)
    _print_notes(source)
    if different := results[0].not_verified:
        say(
            f"not verified, as {results[0].written_by} laid them out differently: "
            f"{', '.join(different)}; `cnn export` brings them up to date",
            err=True,
        )
    if not all(result.passed for result in results):
        raise click.exceptions.Exit(1)


def _print_notes(source: "Source") -> None:
    for note in dict.fromkeys(source.notes):
        say(note)


def _engines(name: str) -> Sequence["Engine"]:
    from sheetgen.spreadsheet import engines  # noqa: PLC0415

    if name != "auto":
        return [engines.usable(name)]
    libreoffice = engines.engine("libreoffice")
    return [engines.EMBEDDED] + ([] if libreoffice.missing() else [libreoffice])


def _print(result: "Result") -> None:
    verdict = "PASS" if result.passed else "FAIL"
    taken = "" if result.expected is None else f", taken for {result.name(result.predicted)}"
    if result.predicted != result.expected:
        taken += f" (by torch for {result.name(result.expected)})"
    say(
        f"{verdict}  {result.engine:<20}  {result.shown:<20}  {result.activations:,} "
        f"activations, largest difference {result.largest_difference:.1e}{taken}"
    )
    for sentence in result.wrongs(MOST):
        say(f"      {sentence}")
    if left := len(result.wrongs()) - len(result.wrongs(MOST)):
        say(f"      and {left:,} more")
