"""The processes of one training, as PyTorch's launcher `torchrun` starts them, and their Ctrl-C.

Without the launcher there is one process, and `Processes` only calls what it is given.
"""

import gc
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Self, TypeVar

import torch
from torch import distributed

from sheetgen.errors import InputError, RunError

T = TypeVar("T")

GRACE = 10.0
"""Seconds for the main process to print its error before the launcher ends all processes."""


@dataclass(frozen=True)
class Processes:
    """The position of this process among those that train together."""

    rank: int = 0
    local_rank: int = 0
    """Among the processes of this machine."""
    count: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process writes the files and prints."""
        return self.rank == 0

    def together(self, work: Callable[[], T]) -> T:
        """Do the work in every process and return its result.

        If it fails in any, all raise the first `InputError` or `RunError`, so that none waits for
        a process that has ended.
        """
        result, error = _attempt(work)
        return _result(result, self.gather(error))

    def from_main(self, work: Callable[[], T]) -> T:
        """Do the work in the main process only; return its result, or raise its error, in all."""
        outcomes = [_attempt(work) if self.is_main else (None, None)]
        if self.count > 1:
            distributed.broadcast_object_list(outcomes, src=0)
        result, error = outcomes[0]
        return _result(result, [error])

    @contextmanager
    def holding(self, resource: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
        """Hold a resource in the main process within the block; its error is raised in all."""
        with ExitStack() as stack:

            def enter() -> None:
                """Begin to hold the resource."""
                stack.enter_context(resource())

            self.from_main(enter)
            yield

    def first_on_each_machine(self, work: Callable[[], T]) -> T:
        """Do the work in every process, on each machine in one of them before the others.

        For work that leaves something on disk for the others, such as a download.
        """
        early = self.together(lambda: work() if self.local_rank == 0 else None)
        late = self.together(lambda: work() if self.local_rank != 0 else None)
        result = early if self.local_rank == 0 else late
        assert result is not None
        return result

    def gather(self, value: T) -> list[T]:
        """Return the values of all processes, in their order."""
        values: list[Any] = [value]
        if self.count > 1:
            values = [None] * self.count
            distributed.all_gather_object(values, value)
        return values

    def add_up(self, numbers: torch.Tensor) -> torch.Tensor:
        """Replace the numbers by their sums over all processes, and return them."""
        if self.count > 1:
            distributed.all_reduce(numbers)
        return numbers


def _attempt(work: Callable[[], T]) -> tuple[tuple[T] | None, Exception | None]:
    """Return the work's result, wrapped, or its error."""
    try:
        return (work(),), None
    except (InputError, RunError) as error:
        return None, error


def _result(result: tuple[T] | None, errors: list[Exception | None]) -> T:
    """Return a result that `_attempt` has wrapped. Raises the first error, if there is one."""
    for error in errors:
        if error:
            raise error
    assert result is not None
    return result[0]


@contextmanager
def launched() -> Iterator[Processes]:
    """Join the processes that the launcher started; leave them at the end.

    An `InputError` or `RunError` ends all but the main process silently, with its exit code.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    # A process that waits for another one in torch's code would not notice an exception.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Without a backend named, torch takes gloo for tensors on the CPU and nccl for a GPU's.
    distributed.init_process_group()
    processes = Processes(distributed.get_rank(), int(os.environ.get("LOCAL_RANK", "0")), count)
    try:
        yield processes
    except (InputError, RunError) as error:
        if processes.is_main:
            raise
        # The launcher ends all processes when the first one fails; let the main one print first.
        time.sleep(GRACE)
        raise SystemExit(error.exit_code) from error
    finally:
        # Networks not yet collected hold the group. Its threads, if alive when the process ends,
        # abort it ("terminate called without an active exception").
        gc.collect()
        distributed.destroy_process_group()


class Interruption:
    """While active, delays Ctrl-C until `check` instead of raising `KeyboardInterrupt` anywhere.

    A second Ctrl-C has its usual effect. Only the main thread gets signals: in any other thread
    this does nothing.
    """

    def __init__(self) -> None:
        self._requested = False
        self._active = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Self:
        if self._active:
            self._previous = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        if self._active:
            signal.signal(signal.SIGINT, self._previous)

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if Ctrl-C was pressed."""
        if self._requested:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._requested = True
        signal.signal(signal.SIGINT, self._previous)
