"""What a forward may not do: refused in one line that names the place and says what to do."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from own_forwards import Calls
from torch import Tensor, nn

from cnn.export.network.read_network import read_network
from cnn.export.network.stages import Input, Shape
from sheetgen.errors import InputError


class Counting(nn.Module):
    """A buffer that counts the calls."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x * self.calls


class Remembering(nn.Module):
    """A number of Python that counts the calls."""

    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x * self.calls


class Two(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


KEPT = nn.BatchNorm1d(4, track_running_stats=False)
REFUSED = {
    # What torch.export would follow without a word, and be wrong for other inputs.
    "batch": (Calls(lambda x: x * 2 if len(x) > 1 else x), "something else for 1 example than for"),
    "memory": (Remembering(), "gives other numbers each time, also in evaluation mode; expected a"),
    "buffer": (Counting(), "changes its buffer calls, so that its result depends on what was"),
    "chance": (Calls(lambda x: x + torch.rand(4)), "calls rand: it takes numbers at random"),
    "dropout": (Calls(lambda x: F.dropout(x, 0.5)), "dropout: it drops values at random, also"),
    "statistics": (KEPT, "(track_running_stats=False)"),
    "of the batch": (Calls(lambda x: F.batch_norm(x, None, None, training=True)), "expected runn"),
    # What torch.export refuses.
    "branch": (Calls(lambda x: x if x.sum() > 0 else -x), "it branches on numbers that are"),
    "python": (Calls(lambda x: x * x[0, 0].item()), "makes a number of Python of a computed one"),
    "several inputs": (Two(), "Two(): Two.forward() missing 1 required positional argument: 'y'"),
    "misfit": (
        nn.Sequential(nn.Identity(), Calls(lambda x, m: m(x), nn.Linear(5, 2))),
        "torch cannot compute the module 1.parts.0: Linear(in_features=5, out_features=2",
    ),
    # What no formula can be written for.
    "rounding": (Calls(lambda x: x // 2), "calls div: it rounds"),
    "order": (Calls(lambda x: x.sort(1)[0]), "calls sort: it gives the places of values"),
    "places": (Calls(lambda x: x.max(1)[1]), "calls argmax: it gives the places of values"),
    "chosen places": (Calls(lambda x: x.gather(1, x.abs().long())), "by numbers that are computed"),
    "weights": (Calls(lambda x: F.linear(x, x[:1])), "its weight is computed from the input"),
    "infinite": (Calls(lambda x: x + float("inf")), "it takes in a number that is not finite"),
    "complex": (Calls(lambda x: torch.fft.fft(x).real), "calls _fft_r2c: no formula is"),
    "examples": (Calls(lambda x: x - x.mean(0)), "calls mean: it mixes the examples of a batch"),
    "time first": (Calls(lambda x, m: m(x[:, None])[0], nn.LSTM(4, 2)), "expected batch_first"),
    "projections": (nn.Sequential(Calls(lambda x, m: m(x[:, None])[0], nn.LSTM(4, 3, proj_size=2))),
        "the module 0.parts.0: LSTM calls lstm: it has projections; expected proj_size=0"),
    "several results": (Calls(lambda x: (x, x)), "returns a tuple; expected one tensor"),
    "no result": (Calls(lambda _: torch.ones(2, 4)), "numbers that its input does not change"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_forward_without_formulas_is_refused_in_one_line(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    model, reason = REFUSED[name]
    with pytest.raises(InputError) as refused:
        read_network(model, Input(Shape.of((4,))))
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)
    assert capfd.readouterr() == ("", "")  # nor does torch print what it could not follow
