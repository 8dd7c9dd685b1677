"""Runs functions in worker processes, so that a crash, a hang or a hog costs no more than its item.

Workers are started once and reused. `multiprocessing` is not used, for the processes that it
starts run the user's script again.
"""

import atexit
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, TypeVar, cast

from sheetgen.errors import RunError
from sheetgen.processes.worker_process import (
    PATIENCE,
    EndedError,
    Outcome,
    Task,
    UnexpectedError,
    attempt,
    is_worker,
    received,
    send,
)

__all__ = ["SECONDS", "EndedError", "Outcome", "UnexpectedError", "run_each"]

Item = TypeVar("Item")
Result = TypeVar("Result")

SECONDS = 600.0
"""Processor time that an item may take by default: a million formulas take a fiftieth of it."""
LEAST_MEMORY, MOST_MEMORY = 2 << 30, 8 << 30
"""Bytes that a worker may allocate on a small and on a large machine: a million formulas take some
300 MB, whatever the machine is."""
_LAST = 1 << 16  # bytes of its messages that are read; a trace of Rust has some 10,000
GRACE = 1.0
"""Seconds in which a worker that is stopped may remove its temporary files."""

# The arguments are the import path of this process, without which some modules are not found.
_START = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from sheetgen.processes.worker_process import serve; serve({})"
)


def run_each(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    jobs: int = 1,
    seconds: float = SECONDS,
    memory: int | None = None,
) -> Iterator[Outcome[Result]]:
    """Yield the outcome of `function(item)` for each item, in the order of the items.

    The function must be at the top level of a module that can be imported; it runs in up to `jobs`
    processes, in the current folder. `seconds` of processor time and `memory` in bytes (by default
    a share of the machine's) limit each item, where the system can do that, as Linux can. The error
    of an outcome is the InputError or RunError that the function raised, an EndedError if its
    process did not survive, or another RunError. Inside a worker the function is called directly.
    """
    if is_worker():
        yield from (attempt(function, item) for item in items)
        return
    crew = _Crew(Task(function, seconds, memory or _share_of_memory(jobs)), jobs)
    pending: deque[Future[Outcome[Result]]] = deque()
    # So many results may wait for their turn, or be worked on: one ahead for one worker.
    ahead = 1 if jobs == 1 else 4 * jobs
    try:
        for item in items:
            pending.append(crew.submit(item))
            if len(pending) > ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        crew.stop()


def _share_of_memory(jobs: int) -> int:
    """Return the bytes that each of some workers may allocate; a quarter is for all else."""
    return min(max(LEAST_MEMORY, _memory() * 3 // 4 // jobs), MOST_MEMORY)


def _memory() -> int:
    """Return the memory of this machine or container in bytes; MOST_MEMORY if it does not tell."""
    found = [MOST_MEMORY * 4 // 3]
    if sys.platform != "win32":
        with suppress(OSError, ValueError):
            found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # of cgroups 2 and 1
        with suppress(OSError, ValueError):  # a container without a limit has "max"
            found.append(int(Path("/sys/fs/cgroup", name).read_text()))
    return min(found)


@dataclass(frozen=True)
class _Worker:
    """A worker process, seen from the process that started it."""

    process: "subprocess.Popen[bytes]"
    messages: IO[bytes]
    """What it prints: that must not reach the terminal, but may say why it ended."""
    held: ExitStack
    """What is open as long as the process: the messages, and the other end of its lifeline."""

    def work(self, task: Task, item: object) -> Outcome[Any]:
        """Return the outcome of one item, an EndedError if the process ended."""
        requests, replies = self.process.stdin, self.process.stdout
        assert requests is not None and replies is not None
        request = pickle.dumps((_folder(), task, item), pickle.HIGHEST_PROTOCOL)
        self.messages.seek(0)
        self.messages.truncate()  # what it said of items before this one
        with suppress(OSError):  # it has ended, as the missing reply says
            send(requests, request)
        reply = received(replies)
        if reply is None:
            return Outcome(None, EndedError(self._reason(task)))
        return cast("Outcome[Any]", pickle.loads(reply))

    def _reason(self, task: Task) -> str:
        code = self.process.wait()
        length = self.messages.seek(0, os.SEEK_END)
        self.messages.seek(max(0, length - _LAST))
        said = self.messages.read().decode(errors="replace").strip()
        if "memory allocation of" in said or "bad_alloc" in said:
            return "ran out of memory"
        if sys.platform != "win32":
            if code == -signal.SIGXCPU:
                return f"was stopped after {task.seconds:,g} seconds of computing"
            if code == -signal.SIGALRM:
                return f"was stopped after {task.seconds * PATIENCE:,g} seconds"
            if code == -signal.SIGKILL:
                return "was killed (signal 9), as happens when memory is short"
        if code < 0:
            return f"ended (signal {-code})"
        return f"ended (exit code {code}){f': {said.splitlines()[-1]}' if said else ''}"

    def close(self) -> None:
        """Let the process end, which waits for a request or has ended."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.process.wait()
        self.held.close()


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - a text is quick to send
    except OSError:  # it has been removed
        return None


_idle: defaultdict[int, list[_Worker]] = defaultdict(list)
"""The workers without work, by the process that started them: a fork cannot use its parent's."""
_crews: list["_Crew"] = []


@atexit.register
def _end_all() -> None:
    for crew in list(_crews):
        crew.stop()
    while worker := _idle_worker():
        worker.close()


def _start() -> _Worker:
    """Start a worker; raises RunError if that is impossible."""
    if not sys.executable:  # as where a program embeds Python
        raise RunError("a worker process could not be started: Python's program is unknown")
    held, inherited = ExitStack(), list[int]()
    try:
        messages = held.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        if sys.platform == "linux":
            lifeline, writing = os.pipe()
            held.callback(os.close, writing)
            inherited.append(lifeline)
        start = _START.format(inherited[0] if inherited else None)
        process = subprocess.Popen(
            [sys.executable, "-c", start, *map(str, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=messages,
            pass_fds=inherited,
            # Ctrl-C in the terminal is for this process, which then stops the worker.
            start_new_session=True,
        )
    except OSError as error:
        held.close()
        reason = error.strerror or error
        raise RunError(f"a worker process could not be started: {reason}") from error
    finally:
        for each in inherited:
            os.close(each)
    return _Worker(process, messages, held)


class _Crew:
    """The workers of one call of `run_each`, each with a thread that waits for its replies."""

    def __init__(self, task: Task, jobs: int) -> None:
        self._task, self._jobs, self._process = task, jobs, os.getpid()
        self._queue = SimpleQueue[tuple[Future[Any], object] | None]()
        self._threads: list[threading.Thread] = []
        self._lock, self._busy, self._stopped = threading.Lock(), list[_Worker](), False
        _crews.append(self)

    def submit(self, item: object) -> Future[Any]:
        """Return what will hold the outcome of an item."""
        future = Future[Any]()
        self._queue.put((future, item))
        if len(self._threads) < self._jobs:
            # A daemon, for at the end of the program nobody waits for a worker that hangs.
            self._threads.append(threading.Thread(target=self._work_off, daemon=True))
            self._threads[-1].start()
        return future

    def stop(self) -> None:
        """Stop the workers that still work, whose outcomes nobody wants any more."""
        if self not in _crews or self._process != os.getpid():
            return
        with self._lock:
            self._stopped, busy = True, list(self._busy)
        for worker in busy:
            worker.process.terminate()
        for worker in busy:
            try:
                worker.process.wait(GRACE)
            except subprocess.TimeoutExpired:  # it is inside an engine, which hears no signals
                worker.process.kill()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        _crews.remove(self)

    def _work_off(self) -> None:
        while (job := self._queue.get()) is not None:
            future, item = job
            try:
                future.set_result(self._outcome(item))
            except Exception as error:  # such as an item that cannot be pickled
                future.set_exception(error)

    def _outcome(self, item: object) -> Outcome[Any]:
        try:
            worker = self._hired()
        except RunError as error:
            return Outcome(None, error)
        is_sound = False
        try:
            outcome = worker.work(self._task, item)
            is_sound = not isinstance(outcome.error, EndedError)
        finally:
            with self._lock:
                self._busy.remove(worker)
            if is_sound:
                _idle[os.getpid()].append(worker)
            else:
                worker.process.kill()
                worker.close()
        return outcome

    def _hired(self) -> _Worker:
        with self._lock:
            if self._stopped:
                raise RunError("interrupted")
            worker = _idle_worker() or _start()
            self._busy.append(worker)
            return worker


def _idle_worker() -> _Worker | None:
    """Return a worker without work that still runs, or None."""
    with suppress(IndexError):  # the crew of another thread may have taken the last one
        while True:
            worker = _idle[os.getpid()].pop()
            if worker.process.poll() is None:
                return worker
            worker.close()
    return None
