"""What makes training faster changes nothing but the time."""

import ctypes
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")

from test_cnn_training import config, noise  # noqa: E402

from cnn.training.processes import Interruption, Processes  # noqa: E402
from cnn.training.recipes import Recipe  # noqa: E402
from cnn.training.speed import faster, keep_freed_memory, thread_count  # noqa: E402
from cnn.training.train import Training  # noqa: E402
from cnn.training.training_progress import Report  # noqa: E402

RECIPE = Recipe(1, 0.01, 16)


@pytest.mark.parametrize(
    ("all_threads", "one_thread", "chosen"),
    [
        pytest.param(1.0, 1.5, 4, id="an idle machine"),
        pytest.param(1.0, 0.9, 4, id="no clear difference"),
        pytest.param(2.0, 1.0, 1, id="another process takes a core"),
    ],
)
def test_one_thread_is_taken_where_it_is_clearly_faster(all_threads, one_thread, chosen):
    assert faster({4: all_threads, 1: one_thread}) == chosen


@pytest.mark.parametrize(
    "settings", [{"threads": 1}, {"threads": 7, "processes": 2}, {"threads": 7, "device": "cuda"}]
)
def test_threads_that_are_settled_are_not_tried_out(settings, monkeypatch):
    monkeypatch.setattr("cnn.training.speed._seconds", None)
    assert thread_count(config(RECIPE, **settings)) == settings["threads"]


def test_trying_threads_out_leaves_the_random_numbers_alone():
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    try:
        assert thread_count(config(RECIPE, threads=2)) in (1, 2)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.rand(3), expected)


def test_keeping_memory_changes_no_weight():
    def weights():
        training = Training(config(RECIPE), Processes(), noise())
        with Interruption() as interruption:
            training.epoch(Report(), interruption)
        return training.model.state_dict()

    before = weights()
    keep_freed_memory()
    after = weights()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.slow
def test_freed_memory_stays_with_the_process():
    """A block of 24 MiB comes from the heap, and the heap is as large when the block is freed."""
    if not hasattr(ctypes.CDLL(None), "mallinfo2"):
        pytest.skip("only glibc from 2.33 on counts its heap in mallinfo2")
    code = """
import ctypes
from cnn.training.speed import keep_freed_memory

class Mallinfo2(ctypes.Structure):
    _fields_ = [("arena", ctypes.c_size_t), ("others", ctypes.c_size_t * 9)]

glibc = ctypes.CDLL(None)
glibc.mallinfo2.restype = Mallinfo2
glibc.malloc.restype, glibc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
keep_freed_memory()
before = glibc.mallinfo2().arena
block = glibc.malloc(24 << 20)
during = glibc.mallinfo2().arena
glibc.free(block)
print(before, during, glibc.mallinfo2().arena)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    before, during, after = (int(size) for size in result.stdout.split())
    assert during - before > 20 << 20  # a part may have been free before
    assert after == during
