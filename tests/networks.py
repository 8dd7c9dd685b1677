"""Random templates, as TOML that a user could write: any layers, losses, batches, optimisers."""

from dataclasses import dataclass
from math import prod

from hypothesis import strategies as st

from sheetgen.network.activations import ACTIVATIONS

HIDDEN = [name for name, each in ACTIVATIONS.items() if not each.acts_on_layer]
OPTIMIZERS = {
    "sgd": ["weight_decay"],
    "momentum": ["momentum", "weight_decay"],
    "nesterov": ["momentum", "weight_decay"],
    "adagrad": ["epsilon", "weight_decay"],
    "rmsprop": ["alpha", "epsilon", "weight_decay"],
    "adam": ["beta1", "beta2", "epsilon", "weight_decay"],
    "adamw": ["beta1", "beta2", "epsilon", "weight_decay"],
}
SETTINGS = {
    "momentum": [0.0, 0.5, 0.9],
    "alpha": [0.5, 0.9],
    "beta1": [0.0, 0.8],
    "beta2": [0.5, 0.99],
    "epsilon": [1e-3, 1e-6],
    "weight_decay": [0.01, 0.1],
}
TEST_FRACTION = 0.34
LOOKING = [
    ["convolution"],
    ["convolution", "max-pool"],
    ["convolution", "average-pool"],
    ["average-pool", "convolution"],
    ["convolution", "max-pool", "convolution"],
    ["convolution", "convolution"],
]
SCHEDULES = {
    "constant": "",
    "step": "step_size = 3\ngamma = 0.5\n",
    "exponential": "gamma = 0.9\n",
    "cosine": "",
    "one-cycle": "warmup = 0.4\n",
}


def numbers(least: float, most: float) -> st.SearchStrategy[float]:
    """Numbers with at most three decimals, so that a template is pleasant to read."""
    return st.integers(round(least * 1000), round(most * 1000)).map(lambda n: n / 1000)


@dataclass(frozen=True)
class Drawing:
    """Draws the parts of a template one by one."""

    draw: st.DrawFn

    def matrix(self, rows: int, columns: int, least: float, most: float) -> list[list[float]]:
        row = st.lists(numbers(least, most), min_size=columns, max_size=columns)
        return self.draw(st.lists(row, min_size=rows, max_size=rows))

    def layer(self, units: int, fan_in: int, activation: str) -> str:
        lines = ["", "[[network.layers]]", f"units = {units}", f'activation = "{activation}"']
        if ACTIVATIONS[activation].parameter is not None and self.draw(st.booleans()):
            lines.append(f"slope = {self.draw(st.sampled_from([0.2, 0.5]))}")
        lines.append(f"weights = {self.matrix(units, fan_in, -1, 1)}")
        biases = self.draw(st.sampled_from(["none", "trained", "fixed"]))
        if biases != "none":
            lines.append(f"biases = {self.matrix(1, units, -1, 1)[0]}")
        if biases == "fixed":
            lines.append("train_biases = false")
        return "\n".join(lines)

    def looking(self, planes: list[int]) -> tuple[str, int]:
        """One or two convolutions and perhaps pools, and how many values they put out."""
        lines = []
        for kind in self.draw(st.sampled_from(LOOKING)):
            channels, rows, columns = planes
            window = [self.draw(st.integers(1, min(3, side))) for side in (rows, columns)]
            stride = [self.draw(st.integers(1, 2)) for _ in window]
            lines += ["[[network.layers]]", f'type = "{kind}"', f"kernel = {window}"]
            lines.append(f"stride = {stride}")
            padding, maps = [0, 0], channels
            if kind == "convolution":
                padding = [self.draw(st.integers(0, side - 1)) for side in window]
                maps = self.draw(st.integers(1, 3))
                lines += [f"padding = {padding}", f"channels = {maps}"]
                lines += self.kernels(maps, channels, window)
            sides = zip((rows, columns), padding, window, stride, strict=True)
            planes = [maps]
            planes += [(side + 2 * edge - seen) // step + 1 for side, edge, seen, step in sides]
        return "\n".join(lines), prod(planes)

    def kernels(self, maps: int, channels: int, window: list[int]) -> list[str]:
        rows, columns = window
        weights = [
            [self.matrix(rows, columns, -1, 1) for _ in range(channels)] for _ in range(maps)
        ]
        lines = [f"weights = {weights}", f'activation = "{self.draw(st.sampled_from(HIDDEN))}"']
        biases = self.draw(st.sampled_from(["none", "trained", "fixed"]))
        if biases != "none":
            lines.append(f"biases = {self.matrix(1, maps, -1, 1)[0]}")
        if biases == "fixed":
            lines.append("train_biases = false")
        return lines

    def targets(self, samples: int, outputs: int, loss: str) -> list[list[float]]:
        if loss == "cross-entropy":
            classes = self.draw(
                st.lists(st.integers(0, outputs - 1), min_size=samples, max_size=samples)
            )
            return [[float(at == chosen) for at in range(outputs)] for chosen in classes]
        if loss == "binary-cross-entropy":
            return [
                [float(value > 0) for value in row] for row in self.matrix(samples, outputs, -1, 1)
            ]
        return self.matrix(samples, outputs, -1, 1)

    def training(self, samples: int) -> str:
        lines = ["", "[training]", f"learning_rates = [{self.draw(numbers(0.01, 0.4))}]"]
        lines.append(f"iterations = {self.draw(st.integers(5, 20))}")
        size = self.draw(st.sampled_from([1, "full", *range(2, samples + 1)]))
        lines.append(f"batch_size = {size!r}".replace("'", '"'))
        if self.draw(st.booleans()):
            lines.append('reduction = "sum"')
        if self.draw(st.booleans()):
            lines.append(f"shuffle_seed = {self.draw(st.integers(0, 9))}")
        optimizer = self.draw(st.sampled_from(list(OPTIMIZERS)))
        lines.append(f'optimizer = "{optimizer}"')
        for name in OPTIMIZERS[optimizer]:
            if self.draw(st.booleans()):
                lines.append(f"{name} = {self.draw(st.sampled_from(SETTINGS[name]))}")
        schedule = self.draw(st.sampled_from(list(SCHEDULES)))
        lines.append(f'schedule = "{schedule}"\n{SCHEDULES[schedule]}')
        return "\n".join(lines)


@st.composite
def templates(draw: st.DrawFn, of_pictures: bool = False) -> str:
    """A template of one to four layers with one to six units each, ready to build.

    A network of pictures begins with one or two convolutions and perhaps pools.
    """
    drawing = Drawing(draw)
    widths = draw(st.lists(st.integers(1, 6), min_size=2, max_size=2 if of_pictures else 5))
    inputs, looking = widths[0], ""
    if of_pictures:
        planes = [draw(st.integers(1, 3)), *(draw(st.integers(3, 5)) for _ in "rc")]
        inputs, (looking, widths[0]) = prod(planes), drawing.looking(planes)
    loss, last = draw(
        st.sampled_from(
            [
                *(("half-squared-error", each) for each in [*HIDDEN, "softmax"]),
                *(("mean-squared-error", each) for each in [*HIDDEN, "softmax"]),
                *[("binary-cross-entropy", "sigmoid")] * 5,
                *[("cross-entropy", "softmax")] * 5,
            ]
        )
    )
    hidden = draw(
        st.lists(st.sampled_from(HIDDEN), min_size=len(widths) - 2, max_size=len(widths) - 2)
    )
    samples = draw(st.integers(1, 5))
    parts = [
        "[network]",
        f"inputs = {planes if of_pictures else inputs}",
        f'loss = "{loss}"',
        looking,
    ]
    for fan_in, units, activation in zip(widths, widths[1:], [*hidden, last], strict=False):
        parts.append(drawing.layer(units, fan_in, activation))
    parts += ["", "[data]", f"inputs = {drawing.matrix(samples, inputs, -2, 2)}"]
    parts.append(f"targets = {drawing.targets(samples, widths[-1], loss)}")
    if samples > 1 and draw(st.integers(0, 3)) == 0:
        parts.append("standardize = true")
    tested = round(TEST_FRACTION * samples)
    if tested and draw(st.booleans()):
        parts.append(f"test_fraction = {TEST_FRACTION}")
        samples -= tested
    return "\n".join(parts) + "\n" + drawing.training(samples)
