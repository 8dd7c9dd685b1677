"""The networks of export_zoo.py, as people write them, each with the shape of its input.

They are those of the publications that their docstrings name, most of them smaller; the weights are
random. Tests use some of the parts.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import Tensor, nn


class MnistExample(nn.Module):
    """https://github.com/pytorch/examples/blob/main/mnist/main.py, as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(self.dropout1(x), 1)
        x = self.dropout2(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)


class Quickstart(nn.Module):
    """https://docs.pytorch.org/tutorials/beginner/basics/quickstart_tutorial.html, as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(28 * 28, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_relu_stack(self.flatten(x))


class LeNet5(nn.Module):
    """LeCun et al., "Gradient-based learning applied to document recognition" (1998)."""

    def __init__(
        self,
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        pool: Callable[[Tensor, int], Tensor] = F.avg_pool2d,
        padding: int = 2,
    ) -> None:
        super().__init__()
        self.activation, self.pool = activation, pool
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=padding), nn.Conv2d(6, 16, 5)
        side = ((28 + 2 * padding - 4) // 2 - 4) // 2
        self.fc1, self.fc2 = nn.Linear(16 * side**2, 120), nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.activation(self.conv1(x)), 2)
        x = self.pool(self.activation(self.conv2(x)), 2).view(-1, self.fc1.in_features)
        return self.fc3(self.activation(self.fc2(self.activation(self.fc1(x)))))


class Block(nn.Module):
    """He et al., "Deep residual learning for image recognition" (2016), figure 2."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(after), nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.shortcut = nn.Sequential()
        if stride > 1 or before != after:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)


class SmallResNet(nn.Module):
    """Two stages of two residual blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), nn.BatchNorm2d(8), nn.ReLU())
        self.layer1 = nn.Sequential(Block(8, 8, 1), Block(8, 8, 1))
        self.layer2 = nn.Sequential(Block(8, 16, 2), Block(16, 16, 1))
        self.fc = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer2(self.layer1(self.stem(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Inverted(nn.Module):
    """Howard et al., "Searching for MobileNetV3" (2019), figure 4: depthwise, with a gate."""

    def __init__(self, channels: int, wide: int) -> None:
        super().__init__()
        self.expand = nn.Sequential(nn.Conv2d(channels, wide, 1), nn.BatchNorm2d(wide), nn.ReLU6())
        self.depthwise = nn.Conv2d(wide, wide, 3, padding=1, groups=wide)
        self.squeeze, self.excite = nn.Linear(wide, 4), nn.Linear(4, wide)
        self.project = nn.Conv2d(wide, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.hardswish(self.depthwise(self.expand(x)))
        gate = F.hardsigmoid(self.excite(F.relu(self.squeeze(y.mean((2, 3))))))
        return x + self.project(y * gate[:, :, None, None])


class DenseBlock(nn.Module):
    """Huang et al., "Densely connected convolutional networks" (2017), figure 1."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(4 + 3 * at, 3, 3, padding=1) for at in range(4))
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.cat([x, F.relu(layer(x))], 1)
        return self.head(x.mean((2, 3)))


class UNet(nn.Module):
    """Ronneberger et al., "U-Net" (2015), with two levels."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 4, 2, 2)
        self.merge, self.out = nn.Conv2d(8, 4, 3, padding=1), nn.Conv2d(4, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        first = F.relu(self.down1(x))
        second = F.relu(self.down2(F.max_pool2d(first, 2)))
        joined = torch.cat([first, self.up(second)], 1)
        return torch.sigmoid(self.out(F.relu(self.merge(joined))))


class Signal(nn.Module):
    """Two signals of 64 values, in one-dimensional convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv1d(2, 8, 7, padding=3), nn.Conv1d(8, 8, 5, padding=4, dilation=2)
        self.norm, self.head = nn.BatchNorm1d(8), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool1d(F.silu(self.norm(self.a(x))), 4)
        return self.head(F.gelu(self.b(x)).mean(2))


class Tabular(nn.Module):
    """Eight features with their scaling, and a result in its own unit."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.randn(8))
        self.register_buffer("deviation", torch.rand(8) + 0.5)
        self.net = nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16), nn.SELU(), nn.Linear(16, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.net((x - self.mean) / self.deviation) * 12.5 + 40.0


class Autoencoder(nn.Module):
    """Pictures of 12 × 12 by way of eight numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(144, 32), nn.ReLU(), nn.Linear(32, 8))
        self.decoder = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 144), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x.flatten(1))).view(-1, 1, 12, 12)


class Transformer(nn.Module):
    """Vaswani et al., "Attention is all you need" (2017): one layer over eight places."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 8)
        self.places = nn.Parameter(torch.randn(8, 8))
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(self.embed(x) + self.places).mean(1))


class Words(nn.Module):
    """Ten words of a vocabulary of 20, read by an LSTM, with dropout, as in a hundred tutorials."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 6)
        self.lstm = nn.LSTM(6, 8, num_layers=2, batch_first=True, dropout=0.2)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.lstm(self.embedding(x))
        return self.head(states[:, -1])


class Series(nn.Module):
    """A series of 24 values, read both ways by a GRU, and the next value."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(1, 6, batch_first=True, bidirectional=True)
        self.head = nn.Linear(12, 1)

    def forward(self, x: Tensor) -> Tensor:
        before = torch.zeros(2, x.size(0), 6)
        states, _ = self.gru(x.unsqueeze(2), before)
        return self.head(torch.tanh(states.mean(1)))


class Characters(nn.Module):
    """Attention of each place to those before it, as in nanoGPT, written out by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(16, 8), nn.Embedding(8, 8)
        self.norm, self.attention = nn.LayerNorm(8), nn.Linear(8, 24, bias=False)
        self.project, self.head = nn.Linear(8, 8), nn.Linear(8, 16)
        self.register_buffer("seen", torch.tril(torch.ones(8, 8)))

    def forward(self, x: Tensor) -> Tensor:
        count, steps = x.shape
        x = self.tokens(x) + self.places(torch.arange(steps))
        parts = self.attention(self.norm(x)).split(8, dim=2)
        q, k, v = (each.view(count, steps, 2, 4).transpose(1, 2) for each in parts)
        scores = (q @ k.transpose(-2, -1)) * (1.0 / 2.0)
        scores = scores.masked_fill(self.seen[:steps, :steps] == 0, float("-inf"))
        y = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).contiguous().view(count, steps, 8)
        return self.head(x + self.project(y))[:, -1]


def vgg() -> nn.Module:
    """Return a small network after Simonyan and Zisserman, "Very deep convolutional …" (2015)."""
    layers: list[nn.Module] = []
    before = 3
    for channels in (8, 8, 16, 16):
        layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        before = channels
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 10))


ZOO: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "MNIST example of PyTorch": (MnistExample, (1, 28, 28)),
    "quickstart of PyTorch": (Quickstart, (1, 28, 28)),
    "LeNet-5, tanh": (LeNet5, (1, 28, 28)),
    "LeNet-5, ReLU and max-pool": (lambda: LeNet5(F.relu, F.max_pool2d), (1, 28, 28)),
    "LeNet-5 without padding": (lambda: LeNet5(F.relu, F.max_pool2d, 0), (1, 28, 28)),
    "ResNet, two stages": (SmallResNet, (3, 16, 16)),
    "MobileNet block": (
        lambda: nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), Inverted(6, 18), Inverted(6, 18)),
        (3, 16, 16),
    ),
    "dense block": (DenseBlock, (4, 12, 12)),
    "U-net, two levels": (UNet, (1, 16, 16)),
    "VGG, four stages": (vgg, (3, 32, 32)),
    "signals": (Signal, (2, 64)),
    "tabular, scaled": (Tabular, (8,)),
    "autoencoder": (Autoencoder, (1, 12, 12)),
    "transformer layer": (Transformer, (8, 3)),
    "words, embedding and LSTM": (Words, (10,)),
    "series, GRU both ways": (Series, (24,)),
    "characters, causal attention": (Characters, (8,)),
}


def made(make: Callable[[], nn.Module], seed: int = 1) -> nn.Module:
    """Return a network with random weights and running statistics, in evaluation mode."""
    torch.manual_seed(seed)
    model = make()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
    return model.eval()
