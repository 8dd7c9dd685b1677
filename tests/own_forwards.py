"""Networks with a forward of their own, as people write them, each with the shape of its input."""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import Tensor, nn
from zoo_networks import Block, made


class Calls(nn.Module):
    """A network whose forward is a function of what it is given, and of modules."""

    def __init__(self, function: Callable[..., object], *parts: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *self.parts)  # type: ignore[return-value]


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 3, 3, padding=1)
        self.layer1 = nn.Sequential(Block(3, 3, 1), Block(3, 4, 2))
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer1(self.stem(x))
        return self.fc(x.mean((2, 3)))


class Dense(nn.Module):
    """Concatenation, parts of the channels, padding, upsampling, and a gate for each channel."""

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(2, 3, 3, padding=1)
        self.c2 = nn.Conv2d(5, 3, 3, padding=1, padding_mode="circular")
        self.dropout = nn.Dropout(0.5)
        self.c3 = nn.Conv2d(4, 4, 3, groups=2)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([x, F.silu(self.c1(x))], 1)
        first, second = x[:, :2], self.c2(x).chunk(3, 1)[2]
        x = torch.cat([first, second, second], 1)
        x = F.interpolate(F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), 2), scale_factor=2)
        x = F.relu6(self.c3(self.dropout(x)))
        return (x * torch.sigmoid(x.mean((2, 3), keepdim=True))).amax((2, 3))


class Signal(nn.Module):
    """Lines: convolutions and pools of one axis, and a linear layer along it."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv1d(2, 3, 5, padding=2)
        self.bn = nn.BatchNorm1d(3)
        self.b = nn.Conv1d(3, 2, 3, stride=2, dilation=2)
        self.linear = nn.Linear(2, 3)
        self.register_buffer("k", torch.rand(2, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool1d(F.hardswish(self.bn(self.a(x))), 2, ceil_mode=True)
        x = self.linear(F.mish(self.b(x) * self.k + self.k))
        return (1 - x * 2).transpose(1, 2).flatten(1)


class Decoder(nn.Module):
    """Maps that grow, as in an autoencoder or a U-net."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(2, 4, (3, 2), (2, 3), (1, 0), (1, 0), groups=2)
        self.slopes = nn.PReLU(4)
        self.smooth = nn.Upsample(scale_factor=2, mode="bilinear")
        self.out = nn.Conv2d(4, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.smooth(self.slopes(self.up(x)))
        x = F.interpolate(x, (5, 4), mode="bilinear", align_corners=True)
        return torch.sigmoid(self.out(x))


class Norms(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.group = nn.GroupNorm(2, 4)
        self.layer = nn.LayerNorm([4, 3, 3])
        self.instance = nn.InstanceNorm2d(4, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.instance(torch.selu(self.layer(self.group(x))))
        return F.log_softmax(F.max_pool2d(x, 2, ceil_mode=True).flatten(1), dim=1)


class Attention(nn.Module):
    """Vaswani et al., "Attention is all you need" (2017), for a sequence of three."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.TransformerEncoderLayer(4, 2, 3, batch_first=True, activation="gelu")
        self.places = nn.Parameter(torch.rand(3, 4))
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(x + self.places)[:, 0])


class Table(nn.Module):
    """Features with their scaling; two branches; functions of numbers; two results stacked."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(4, 3)
        self.layers = nn.ModuleList([nn.Linear(6, 2), nn.Linear(2, 2)])
        self.register_buffer("mean", torch.tensor([1.0, 2.0, 3.0, 4.0]))
        self.register_buffer("deviation", torch.tensor([0.5, 2.0, 3.0, 4.0]))

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean) / self.deviation
        y = torch.cat([torch.relu(self.a(x)), -x[:, 1:].abs()], -1)
        for layer in self.layers:
            y = F.softplus(layer(y))
        return torch.stack([y.exp(), 1 / (y**2 + 1), y.clamp(0.1, 0.4)], 1)


NETWORKS: dict[type[nn.Module], tuple[int, ...]] = {
    Table: (4,),
    Residual: (1, 6, 6),
    Dense: (2, 6, 6),
    Signal: (2, 13),
    Decoder: (2, 2, 2),
    Norms: (4, 3, 3),
    Attention: (3, 4),
}


def trained(kind: type[nn.Module]) -> nn.Module:
    """Return a network with random weights and running statistics."""
    return made(kind, seed=5)
