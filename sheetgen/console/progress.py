"""Shows on a terminal how far a command is.

A command opens `shown`; whatever it calls reports its steps by `step` and `counted`, which do
nothing outside of it. So no function takes a progress bar as a parameter, and a script that calls
the same functions sees nothing.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

T = TypeVar("T")
_bar: ContextVar["Progress | None"] = ContextVar("bar", default=None)


@contextmanager
def shown() -> Iterator[None]:
    """Show the steps that are reported inside on standard error, if that is a terminal.

    Nothing of it remains at the end. Within another `shown` it changes nothing.
    """
    # Not what rich takes for a terminal: it believes FORCE_COLOR even where a file is written.
    if _bar.get() is not None or not sys.stderr.isatty():
        yield
        return
    bar = new_bar(*_columns())
    token = _bar.set(bar)
    try:
        with bar:
            yield
    finally:
        _bar.reset(token)


@contextmanager
def step(words: str, total: float | None = None) -> Iterator[Callable[[float], None]]:
    """Report a step, such as "composing", and yield a function that says how much more is done.

    Without a `total` the bar only moves. A step within another one is not shown.
    """
    bar = _bar.get()
    if bar is None or bar.tasks:
        yield lambda _: None
        return
    task = bar.add_task(words, total=total)
    bar.refresh()  # or a short step would never be seen
    try:
        yield lambda more: bar.advance(task, more)
    finally:
        bar.remove_task(task)


def counted(items: Iterable[T], words: str, total: float | None = None) -> Iterator[T]:
    """Yield the items, and report each as done when the next one is asked for.

    The total is their number unless given; it may be unknown.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with step(words, total) as advance:
        for item in items:
            yield item
            advance(1)


@contextmanager
def paused() -> Iterator[None]:
    """Take the bar off the terminal, so that lines can be printed in its place."""
    bar = _bar.get()
    if bar is None or not bar.live.is_started:
        yield
        return
    bar.stop()
    try:
        yield
    finally:
        bar.start()


def new_bar(*columns: "ProgressColumn") -> "Progress":
    """Return a bar on standard error that leaves nothing behind, with these columns of rich."""
    # Imported for a terminal only: most of what is imported with this module shows nothing.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    return Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=4,
    )


def _columns() -> "tuple[ProgressColumn, ...]":
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn("{task.completed:,.0f} of {task.total:,.0f}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
    )
