"""LibreOffice at a single start for several tests, which wait until each of them has asked.

And an engine that hands on what another one has computed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock

from sheetgen.spreadsheet.engines import Engine, Values

Test = Callable[[Engine], object]


def errors_of(tests: Mapping[str, Test], engine: Engine) -> dict[str, BaseException]:
    """Run tests that each ask an engine once; return the errors of those that fail.

    They run in turn, each until it asks: the answers come when the last one has asked or ended.
    """
    batch = _Batch(engine, len(tests))
    with ThreadPoolExecutor(len(tests)) as threads:
        runs = {name: threads.submit(batch.run, test) for name, test in tests.items()}
    errors = {name: run.exception() for name, run in runs.items()}
    return {name: error for name, error in errors.items() if error}


class _Batch:
    """What tests ask of an engine, and what it computes from all of it at once."""

    def __init__(self, engine: Engine, tests: int) -> None:
        self.engine, self._missing = engine, tests
        self._turn, self._done = Lock(), Event()
        self._paths: list[Path] = []
        self._found: list[Values] = []

    def run(self, test: Test) -> None:
        """Run a test with an engine that stands for the batch's."""
        with self._turn:
            asking = _Asking(self)
            try:
                test(asking)
            finally:
                if not asking.has_asked:
                    self._count_down()

    def values(self, paths: Sequence[Path]) -> list[Values]:
        """Return the values of these workbooks when all tests have asked; others run meanwhile."""
        mine = slice(len(self._paths), len(self._paths) + len(paths))
        self._paths += paths
        self._count_down()
        self._turn.release()
        try:
            self._done.wait()
        finally:
            self._turn.acquire()
        return self._found[mine]

    def _count_down(self) -> None:
        self._missing -= 1
        if not self._missing:
            try:
                self._found += self.engine.recalculate_all(self._paths)
            finally:
                self._done.set()


class _Asking(Engine):
    """An engine that may be asked once, for any number of workbooks."""

    name = "libreoffice"

    def __init__(self, batch: _Batch) -> None:
        self._batch, self.has_asked = batch, False

    def missing(self) -> str | None:
        return self._batch.engine.missing()

    def version(self) -> str:
        return self._batch.engine.version()

    def recalculate(self, path: Path) -> Values:
        (values,) = self.recalculate_all([path])
        return values

    def recalculate_all(self, paths: Sequence[Path]) -> Iterator[Values]:
        assert not self.has_asked, "ask for all workbooks at once"
        self.has_asked = True
        return iter(self._batch.values(paths))


class Computed(Engine):
    """Hands on what an engine has computed."""

    name = "computed"

    def __init__(self, values: Values) -> None:
        self.values = values

    def missing(self) -> None:
        return None

    def version(self) -> str:
        return "computed 1"

    def recalculate(self, path: Path) -> Values:  # noqa: ARG002
        return self.values

    def recalculate_changed(self, path: Path, cases: object) -> Iterator[Values]:  # noqa: ARG002
        yield self.values
