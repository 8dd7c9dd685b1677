"""Makes training faster on a CPU without changing its results.

The measurements are those of `benchmarks/train_speed.py` on two cores.
"""

import ctypes
import time
from collections.abc import Mapping

import torch

from cnn.data.images import Images
from cnn.training.config import Config
from cnn.training.processes import Interruption, Processes
from cnn.training.train import Training
from cnn.training.training_progress import Report

# Parameters of glibc's mallopt(3), from its malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_MMAP_THRESHOLD = 32 << 20

CLEARLY = 1.25
"""How many times as fast one thread must be to be preferred."""

LARGEST_BATCH = 256
"""The most images in a step that is only timed."""


def keep_freed_memory() -> None:
    """Make glibc keep the memory of freed tensors for the next ones; does nothing elsewhere.

    By default it returns large blocks to the system and gets them again in every step, as pages
    that the system must clear first: thousands of page faults a step, some 7 % of its time.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc
        return
    mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
    mallopt(_TRIM_THRESHOLD, 1 << 30)


def thread_count(config: Config) -> int:
    """Return the number of threads that a training should use: `config.threads`, or one.

    Threads wait for each other some hundred times a step. If another process uses one of their
    cores, all of them wait for that one, and a single thread is up to twice as fast. So this
    times a few steps with each, on blank images; the random state stays as it was.
    """
    if config.threads == 1 or config.device != "cpu" or config.processes > 1:
        return config.threads
    state = torch.get_rng_state()
    try:
        return faster({count: _seconds(config, count) for count in (config.threads, 1)})
    finally:
        torch.set_rng_state(state)


def faster(seconds: Mapping[int, float]) -> int:
    """Return the larger of two thread counts, unless the smaller one is clearly faster.

    So the choice, and with it the last bits of the weights, is always the same on an idle machine.
    """
    many, few = sorted(seconds, reverse=True)
    return few if seconds[few] * CLEARLY < seconds[many] else many


def _seconds(config: Config, threads: int, steps: int = 5) -> float:
    """Return the time of the fastest step, which other processes disturb least."""
    torch.set_num_threads(threads)
    size = min(config.recipe.batch_size, LARGEST_BATCH)
    pixels = torch.zeros(size, *config.image_format.shape, dtype=torch.uint8)
    batch = Images(pixels, torch.zeros(size, dtype=torch.int64), config.image_format)
    training = Training(config, Processes(), batch)
    taken = []
    with Interruption() as interruption:
        for _ in range(2 + steps):
            start = time.perf_counter()
            training.epoch(Report(), interruption)
            taken.append(time.perf_counter() - start)
    return min(taken[2:])
