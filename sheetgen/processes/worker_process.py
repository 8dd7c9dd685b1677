"""The inside of a worker process of `workers`: it answers requests until it is alone.

A request is a pickle of (folder, task, item), the reply one of an `Outcome`; the length of each
comes before it. This module imports little, for every worker waits for its imports.
"""

import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import IO, Any, Generic, NoReturn, TypeVar, cast

from sheetgen.errors import InputError, RunError

Item = TypeVar("Item")
Result = TypeVar("Result")

PATIENCE = 24
"""How many times its processor time an item may take, for other programs may be running."""

_LENGTH = struct.Struct("<Q")


class EndedError(RunError):
    """The process that worked on an item did not survive it; `reason` says why as a predicate."""

    def __init__(self, reason: str) -> None:
        """Take a reason such as "ended (signal 11)"."""
        super().__init__(f"its process {reason}")
        self.reason = reason

    @property
    def has_crashed(self) -> bool:
        """Whether a signal ended it that stands for a crash: neither a limit nor a kill."""
        return self.reason.startswith("ended (signal")

    def __reduce__(self) -> tuple[type["EndedError"], tuple[str]]:
        """Pickle the reason, of which the message is made."""
        return type(self), (self.reason,)


class UnexpectedError(RunError):
    """A fault of ours, whatever the item was."""


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What a function returned for an item, or why it did not."""

    value: Result | None
    error: InputError | RunError | None = None

    def result(self) -> Result:
        """Return what the function returned, or raise the error."""
        if self.error is not None:
            raise self.error
        return cast(Result, self.value)


@dataclass(frozen=True)
class Task:
    """A function with the limits for each of its items: processor seconds, and bytes."""

    function: Callable[[Any], Any]
    seconds: float
    memory: int


_serving = False


def is_worker() -> bool:
    """Tell whether this process is a worker."""
    return _serving


def attempt(function: Callable[[Item], Result], item: Item) -> Outcome[Result]:
    """Return the outcome of calling a function: its result, or its error as one of ours."""
    try:
        return Outcome(function(item))
    except (InputError, RunError) as error:
        return Outcome(None, error)
    except MemoryError:
        return Outcome(None, EndedError("ran out of memory"))
    except Exception as error:  # a fault of ours must not cost the other items
        return Outcome(None, _unexpected(error))


def _unexpected(error: Exception) -> UnexpectedError:
    trace, place = error.__traceback__, ""
    while trace is not None:
        name = os.path.basename(trace.tb_frame.f_code.co_filename)  # noqa: PTH119
        place, trace = f" in {name}, line {trace.tb_lineno}", trace.tb_next
    return UnexpectedError(f"an unexpected {type(error).__name__}{place}: {error}")


def send(pipe: IO[bytes], data: bytes) -> None:
    """Send bytes that `received` returns at the other end."""
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def received(pipe: IO[bytes]) -> bytes | None:
    """Return what was sent, or None if the other side has ended."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = pipe.read(length)
    return data if len(data) == length else None


def serve(lifeline: int | None) -> None:
    """Answer requests until there are no more.

    `lifeline` is the reading end of a pipe that the process that started this one holds open.
    """
    global _serving  # noqa: PLW0603 - it is a property of the process
    _serving = True
    if lifeline is not None:
        _hang_on(lifeline)
    # Whatever prints or reads in this process must not disturb the pipes.
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    signal.signal(signal.SIGTERM, _leave)
    # If memory gets short, the system should end this process rather than another.
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("500")
    while (request := received(requests)) is not None:
        try:
            send(replies, _reply(request))
        except BrokenPipeError:
            os._exit(1)


def _leave(number: int, frame: object) -> NoReturn:  # noqa: ARG001
    """End in the orderly way, so that temporary files are removed."""
    raise SystemExit(128 + number)


def _reply(request: bytes) -> bytes:
    """Return the pickled outcome of a request."""
    outcome: Outcome[Any]
    try:
        folder, task, item = pickle.loads(request)
        if folder is not None:
            os.chdir(folder)
        _limit(task)
        outcome = attempt(task.function, item)
    except Exception as error:  # such as a module that cannot be imported here
        outcome = Outcome(None, _unexpected(error))
    finally:
        if sys.platform != "win32":
            signal.alarm(0)
    try:
        data = pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
        if outcome.error is not None:
            pickle.loads(data)  # which an error with arguments of its own may not survive
    except Exception as error:
        kind = InputError if isinstance(outcome.error, InputError) else RunError
        data = pickle.dumps(Outcome(None, kind(str(outcome.error or _unexpected(error)))))
    return data


@cache
def _own_limits(kind: int) -> tuple[int, int]:
    """Return the soft and hard limit that this process was started with."""
    if sys.platform == "win32":
        raise NotImplementedError
    import resource  # noqa: PLC0415 - not on Windows

    return resource.getrlimit(kind)


def _limit(task: Task) -> None:
    """Limit the processor time and the memory of this process for the next item."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    wanted = {
        resource.RLIMIT_CPU: int(used + task.seconds) + 1,
        resource.RLIMIT_DATA: task.memory,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in wanted.items():
        soft, hard = _own_limits(kind)
        limits = [limit, *(own for own in (soft, hard) if own != resource.RLIM_INFINITY)]
        with suppress(OSError, ValueError):  # macOS refuses some
            resource.setrlimit(kind, (min(limits), hard))
    signal.alarm(int(task.seconds * PATIENCE) + 1)


def _hang_on(lifeline: int) -> None:
    """Let the system kill this process as soon as the one that started it ends.

    An engine would hear nothing of it before it is done. The signal comes when the other end of
    the pipe closes, or when something is written to it, which nobody does. The pipe of the requests
    would not do: on a busy machine the signal of a request may come long after the request.
    """
    if sys.platform != "linux":
        return
    import fcntl  # noqa: PLC0415 - not on Windows
    import select  # noqa: PLC0415

    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([lifeline], [], [], 0)[0]:
        os._exit(1)  # it had ended before
