"""The devices to train on: a CPU, NVIDIA's GPUs (cuda) and Apple's (mps)."""

import torch

from cnn.training.processes import Processes
from sheetgen.errors import InputError


def device_of(name: str, processes: Processes) -> torch.device:
    """Return this process's device. Raises `InputError` if there is none of that name here."""
    try:
        device = torch.device(name)
        if device.type == "cpu" and device.index:
            raise RuntimeError("PyTorch takes any number for the one CPU")
        if device.type == "cuda" and device.index is None:
            device = torch.device("cuda", processes.local_rank)
        if device.type not in ("cpu", "cuda", "mps"):
            raise InputError(f'the device "{name}" is not supported; choose {_devices()}')
        if device.type == "mps" and processes.count > 1:
            raise InputError(f"{processes.count} processes cannot share the device mps; expected 1")
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f'there is no device "{name}" here; choose {_devices()}') from error
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device


def _devices() -> str:
    """Return in words which devices there are."""
    if torch.backends.mps.is_available():
        return "auto, cpu or mps"
    count = torch.cuda.device_count()
    return "auto, cpu or cuda, such as cuda:0" if count else "auto or cpu"


def longest_float(device: torch.device) -> torch.dtype:
    """Return the longest floating-point numbers of a device.

    Apple's GPUs have none of 64 bits; those of 32 hold every count below 2^24.
    """
    return torch.float32 if device.type == "mps" else torch.float64


def random_state(device: torch.device) -> dict[str, torch.Tensor]:
    """Return the states of torch's own generators that a training on a device uses."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def set_random_state(states: dict[str, torch.Tensor], device: torch.device) -> None:
    """Restore what `random_state` returned."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)
    if device.type == "mps":
        torch.mps.set_rng_state(states["mps"])
