"""Composes the sheets of an exported network, in the order of their tabs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cnn.export.network.stages import Stage
from cnn.export.sheets.accuracy_sheet import accuracy_sheet, counted
from cnn.export.sheets.activation_sheet import activation_sheets
from cnn.export.sheets.cases_sheet import cases_sheet
from cnn.export.sheets.digit_sheet import digit_sheet
from cnn.export.sheets.export_proof import measured, nearness
from cnn.export.sheets.export_style import is_digit_reader
from cnn.export.sheets.features_sheet import features_sheet
from cnn.export.sheets.kernels_sheet import kernels_sheet
from cnn.export.sheets.layer_sheet import layer_sheet
from cnn.export.sheets.layers_sheet import LAYERS, layers_sheet
from cnn.export.sheets.layout import InputPlaces, Unit
from cnn.export.sheets.network_sheet import NETWORK, PROOF_ROW, network_sheet
from cnn.export.sheets.planes_sheet import planes_sheet
from cnn.export.sheets.samples_sheet import samples_sheet
from cnn.export.sheets.signals_sheet import signals_sheet
from cnn.export.sheets.subject import Subject
from cnn.export.sheets.weights_sheet import weights_sheet
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.shared.workings import Workings
from sheetgen.workbook.sheets.proof.proof import AsBuilt, ProofCanvas, proof_sheet, write_state


@dataclass(frozen=True, eq=False)
class Book:
    """The sheets of a workbook, of which those of the layers are not composed until asked for.

    `places` are the positions of the input's cells.
    """

    subject: Subject
    pictures: tuple[Canvas, ...]
    """The sheets to look at, and the parameters."""
    workings: Workings
    """The cells behind the pictures."""
    places: InputPlaces
    near: Mapping[str, float]
    """How near all programs are to torch, layer by layer."""
    proven: AsBuilt
    """What is proven of all sheets but those of the layers."""

    @cached_property
    def canvases(self) -> tuple[Canvas, ...]:
        """All sheets but `_cnn`, in the order of their tabs."""
        layers = tuple(layer_sheets(self.subject, self.places))
        built = self.proven.and_of(measured(self.subject, self.places, layers, self.near))
        proof = prove((*self.pictures, *layers), built, self.workings, is_new=True)
        return *self.pictures, proof, *layers, self.workings.canvas


def compose(subject: Subject) -> Book:
    """Compose the sheets of an exported network."""
    network, samples, workings = subject.network, subject.samples, Workings()
    first, places = input_sheet(subject)
    *pictures, diagram = live_sheets(subject, places, workings)
    canvases = [first, *([cases_sheet(subject)] if subject.cases else []), *pictures]
    kernels = kernels_sheet(network, subject.sheets)
    canvases += [kernels] if kernels else []
    canvases.append(diagram)
    proven = [*canvases]
    if subject.run is not None:
        canvases.append(accuracy_sheet(subject, subject.run))
        proven.append(counted(network, subject.run.findings.confusion))
    if len(samples):
        is_picture = is_digit_reader(network)
        canvases.append(
            samples_sheet(samples, network.input.output, subject.quantities, pictures=is_picture)
        )
    weights, near = weights_sheet(network, subject.sheets), nearness(subject)
    built = measured(subject, places, [*proven, weights, workings.canvas], near)
    canvases.append(weights)
    return Book(subject, tuple(canvases), workings, places, near, built)


def prove(
    canvases: Sequence[Canvas], built: AsBuilt, workings: Workings, is_new: bool = False
) -> ProofCanvas:
    """Draw `Proof`, and its verdict on `Network`, which is among the other sheets."""
    proof = proof_sheet([*canvases, workings.canvas], built, workings, is_new)
    diagram = next(each for each in canvases if each.name == NETWORK)
    write_state(diagram, PROOF_ROW, proof)
    workings.fit()
    return proof


def live_sheets(subject: Subject, places: InputPlaces, workings: Workings) -> list[Canvas]:
    """Return the sheets that have workings: `Layers` is the first of them.

    Behind it are `Activation` and `Products`, if there are layers that they take apart, and
    `Network`.
    """
    layers = layers_sheet(subject, workings)
    activations = activation_sheets(subject, workings)
    diagram = network_sheet(subject, places, workings)
    return [layers, *activations, diagram]


def input_sheet(subject: Subject) -> tuple[Canvas, InputPlaces]:
    """Return the sheet with the input's cells, and their positions."""
    shape = subject.network.input.output
    if is_digit_reader(subject.network):
        return digit_sheet(subject)
    if shape.flat:
        return features_sheet(subject)
    return signals_sheet(subject) if shape.line else planes_sheet(subject)


def layer_sheets(
    subject: Subject,
    places: InputPlaces,
    kind: type[Stage] = Stage,
    formula: Callable[[Unit], str] | None = None,
) -> Iterator[Canvas]:
    """Yield the sheets of the layers whose first stage is of a kind, as `layer_sheet` does."""
    links = places.sheet, LAYERS, NETWORK
    for sheet in subject.sheets.values():
        if isinstance(sheet.layer.base, kind):
            yield layer_sheet(sheet, places, subject.values, links, formula)
