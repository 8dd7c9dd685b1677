"""Worker processes: whatever happens to one item, the others and the parent go on."""

import os
import pickle
import signal
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import SupportsIndex

import pytest
from pausing import start, wait_for
from worker_functions import (
    folder_of,
    limit_of,
    meet,
    misfortune,
    nested,
    process_of,
    tidy_after_first,
    twice,
)

from sheetgen.errors import InputError, RunError
from sheetgen.processes import workers
from sheetgen.processes.worker_process import Task, received, send
from sheetgen.processes.workers import EndedError, Outcome, run_each

if sys.platform == "win32":  # which has no SIGKILL to name
    pytest.skip("Windows sends no signals", allow_module_level=True)

HERE = str(Path(__file__).parent)
PATIENT = 600.0
"""A grace for workers that end when told to: no machine is so busy that they take so long."""


def fate(kind: str, **limits: float) -> Outcome[str]:
    first, outcome, last = run_each(misfortune, ["fine", kind, "fine"], **limits)
    assert first.result() == last.result() == "fine"
    return outcome


def error_of(kind: str, **limits: float) -> str:
    outcome = fate(kind, **limits)
    with pytest.raises(RunError):
        outcome.result()
    return str(outcome.error)


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    outcomes = run_each(twice, range(50), jobs)
    assert [outcome.result() for outcome in outcomes] == [2 * number for number in range(50)]


def test_a_worker_is_started_once_and_reused() -> None:
    processes = {each.result() for _ in range(3) for each in run_each(process_of, range(5))}
    assert len(processes) == 1
    assert os.getpid() not in processes


def test_several_jobs_are_several_processes(tmp_path: Path) -> None:
    found = [each.result() for each in run_each(meet, [(tmp_path, 0), (tmp_path, 1)], jobs=2)]
    assert len(set(found)) == 2


def test_work_is_done_in_the_folder_where_the_caller_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(run_each(twice, [1]))
    monkeypatch.chdir(tmp_path)
    (outcome,) = run_each(folder_of, [None])
    assert outcome.result() == str(tmp_path.resolve())


def test_our_errors_come_back_as_they_are() -> None:
    outcome = fate("input")
    assert type(outcome.error) is InputError
    assert str(outcome.error) == "found x; expected y"
    assert isinstance(fate("unmovable").error, InputError)
    assert error_of("run") == "no space"


def test_a_fault_of_ours_costs_one_item_and_is_named() -> None:
    assert error_of("fault").startswith("an unexpected KeyError in worker_functions.py, line ")
    assert "unexpected" in error_of("unspeakable")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("segfault", "its process ended (signal 11)"),
        ("abort", "its process ended (signal 6)"),
        ("exit", "its process ended (exit code 3)"),
        ("killed", "its process was killed (signal 9), as happens when memory is short"),
    ],
)
def test_the_end_of_a_worker_costs_one_item(kind: str, reason: str) -> None:
    outcome = fate(kind)
    assert isinstance(outcome.error, EndedError)
    assert str(outcome.error) == reason


def test_of_several_jobs_only_those_fail_that_crash() -> None:
    kinds = ["fine", "segfault", "fine", "input", "abort", "fine", "exit", "fine"]
    outcomes = run_each(misfortune, kinds, jobs=3)
    assert [outcome.value for outcome in outcomes] == [
        kind if kind == "fine" else None for kind in kinds
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit memory")
def test_a_hog_costs_one_item() -> None:
    assert error_of("memory", memory=1 << 30) == "its process ran out of memory"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit memory")
@pytest.mark.parametrize(
    ("machine", "jobs", "share"), [(8, 1, 6), (8, 2, 3), (8, 64, 2), (1, 1, 2), (512, 2, 8)]
)
def test_workers_share_the_memory_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, machine: int, jobs: int, share: int
) -> None:
    """A million formulas take 300 MB, and so have room in every share."""
    assert 0 < workers._memory() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    monkeypatch.setattr(workers, "_memory", lambda: machine << 30)
    (outcome,) = run_each(limit_of, [None], jobs)
    assert outcome.result() == share << 30


def test_a_request_that_comes_while_a_worker_works_does_not_end_it() -> None:
    """As the system's signal of a request may, which on a busy machine comes late."""
    worker, task = workers._start(), Task(twice, 9.0, workers.LEAST_MEMORY)
    assert worker.process.stdin and worker.process.stdout
    for number in range(100):
        send(worker.process.stdin, pickle.dumps((None, task, number)))
    replies = [received(worker.process.stdout) or b"" for _ in range(100)]
    worker.close()
    assert [pickle.loads(reply).value for reply in replies] == list(range(0, 200, 2))


@pytest.mark.parametrize("program", [None, ""])
def test_without_a_known_python_no_worker_is_started(
    monkeypatch: pytest.MonkeyPatch, program: str | None
) -> None:
    monkeypatch.setattr(workers, "_idle", defaultdict(list))
    monkeypatch.setattr(sys, "executable", program)
    (outcome,) = run_each(twice, [1])
    assert type(outcome.error) is RunError
    assert str(outcome.error) == (
        "a worker process could not be started: Python's program is unknown"
    )


@pytest.mark.slow
def test_a_hang_costs_one_item() -> None:
    assert error_of("hang", seconds=1) == "its process was stopped after 1 seconds of computing"


def test_what_a_worker_prints_and_reads_disturbs_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert fate("noise").result() == "''"
    assert capfd.readouterr() == ("", "")


def test_there_is_no_worker_within_a_worker() -> None:
    (outcome,) = run_each(nested, [[1, 2, 3]])
    process, processes, doubled = outcome.result()
    assert processes == [process] * 3
    assert doubled == [2, 4, 6]


def test_an_item_that_cannot_be_sent_is_an_error_of_the_caller() -> None:
    with pytest.raises(Exception, match="pickle"):
        list(run_each(twice, [lambda: None]))  # type: ignore[list-item]
    assert [each.result() for each in run_each(twice, [4])] == [8]


def test_an_idle_worker_that_was_killed_is_replaced() -> None:
    (first,) = run_each(process_of, [None])
    os.kill(first.result(), signal.SIGKILL)
    os.waitid(os.P_PID, first.result(), os.WEXITED | os.WNOWAIT)
    (second,) = run_each(process_of, [None])
    assert second.result() != first.result()


def test_a_fork_has_workers_of_its_own() -> None:
    (first,) = run_each(process_of, [None])
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        (found,) = run_each(process_of, [None])
        os.write(writer, str(found.result()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reader, 20)) != first.result()
    os.close(reader)
    os.close(writer)
    assert [each.result() for each in run_each(twice, [4])] == [8]


def test_outcomes_that_nobody_waits_for_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "GRACE", PATIENT)
    mark = tmp_path / "mark"
    list(run_each(twice, [1]))
    worker = workers._idle[os.getpid()][-1]  # which works next
    outcomes = run_each(tidy_after_first, ["", str(mark)])
    next(outcomes)
    wait_for(mark.exists, worker.process)
    assert mark.exists(), "the worker has failed"
    outcomes.close()
    assert not mark.exists()
    assert [each.result() for each in run_each(twice, [4])] == [8]


SCRIPT = f"""
import signal, sys
sys.path.insert(0, {HERE!r})
import worker_functions
from sheetgen.processes import workers
# What hears the polite signal is waited for, however late it ends on a busy machine.
workers.GRACE = workers.GRACE if sys.argv[1] == "sleeping" else {PATIENT}
# What a shell starts in the background, tests included, ignores Ctrl-C from the start.
signal.signal(signal.SIGINT, signal.default_int_handler)
print("started")
list(workers.run_each(getattr(worker_functions, sys.argv[1]), sys.argv[2:]))
"""


def is_running(process: int) -> bool:
    """Tell whether a process of any parent still runs."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("function", ["sleeping", "tidy"])
def test_no_worker_outlives_its_parent(tmp_path: Path, function: str, number: int) -> None:
    mark = tmp_path / "mark"
    process = start([sys.executable, "-c", SCRIPT, function, mark])
    wait_for(lambda: mark.exists() and mark.read_text(), process)
    worker = int(mark.read_text())
    process.send_signal(number)
    printed, errors = process.communicate()
    assert printed == "started\n"  # once: the script was not run again by the worker
    # Only the script itself says that it was interrupted.
    assert errors.count("Traceback") == (number == signal.SIGINT)
    while is_running(worker):
        time.sleep(0.005)
    if number == signal.SIGINT and function == "tidy":
        assert not mark.exists()


class Contended(list[object]):
    """Workers of which another thread always takes the last one first."""

    def pop(self, place: SupportsIndex = -1) -> object:
        self.clear()
        return super().pop(place)


def test_another_thread_may_take_the_last_idle_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = run_each(process_of, [None])
    (idle,) = workers._idle[os.getpid()]
    with monkeypatch.context() as patch:
        patch.setitem(workers._idle, os.getpid(), Contended([idle]))
        (second,) = run_each(process_of, [None])
        (newer,) = workers._idle[os.getpid()]
        assert second.result() != first.result()
    newer.close()


def test_workers_may_be_used_in_threads_that_end() -> None:
    found: list[int] = []
    for _ in range(2):
        with ThreadPoolExecutor(1) as threads:
            found += threads.submit(list, map(Outcome.result, run_each(process_of, "ab"))).result()
    assert len(set(found)) == 1
