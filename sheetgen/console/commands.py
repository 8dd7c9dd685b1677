"""Options, output, exit codes and the answer to a mistyped name, for all console commands."""

import errno
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from sheetgen.console.interruption import INTERRUPTED, Terminated, interruptible
from sheetgen.console.terminal import printable, say
from sheetgen.errors import InputError, RunError, nearest

PATH = click.Path(path_type=Path)
COUNT = click.IntRange(min=0)
MOST_JOBS = 64
EMBEDDED = "ironcalc"
ENGINES = f"{EMBEDDED}, formualizer, libreoffice, gnumeric or hyperformula"


def processors() -> int:
    """Return how many processors this process may use, at most MOST_JOBS."""
    if sys.platform == "linux":
        return min(len(os.sched_getaffinity(0)), MOST_JOBS)
    return min(os.cpu_count() or 1, MOST_JOBS)


jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, MOST_JOBS),
    default=processors,
    metavar="N",
    show_default="one for each processor",
    help="How many files to work on at once.",
)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence on an unknown `name`, such as `did you mean "epoch"?`.

    Letter case is ignored in the comparison. If no known name is near, all are listed.
    """
    known = list(known)
    near = nearest(name, known)
    return f'did you mean "{near}"?' if near else f"choose from {', '.join(known)}"


@contextmanager
def _helpful_usage() -> Iterator[None]:
    """Turn the errors of click on the command line into ones that are safe on a terminal.

    An option that does not exist is answered with the one that is meant.
    """
    try:
        yield
    except click.NoSuchOption as error:
        options = error.ctx.command.get_params(error.ctx) if error.ctx else []
        known = [name for each in options for name in each.opts if name.startswith("--")]
        near = nearest(error.option_name, known)
        advice = f'; did you mean "{near}"?' if near else ""
        name = printable(error.option_name)
        raise click.UsageError(f'there is no option "{name}"{advice}', error.ctx) from None
    except click.exceptions.NoArgsIsHelpError:
        raise  # its text is the help, which takes many lines
    except click.UsageError as error:
        raise click.UsageError(printable(error.format_message()), error.ctx) from None


class CommandGroup(click.Group):
    """A click group whose commands end in one line instead of a traceback.

    The line is `Error: …`, on stderr. Exit codes: 2 for `InputError` and for wrong usage, 1 for
    `RunError`, 130 for Ctrl-C, 143 for SIGTERM. When a reader closes the pipe early (`… | head`),
    click ends quietly with exit code 1.
    """

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command named on the command line.

        Raises `click.exceptions.Exit` with the exit code, once the line is printed.
        """
        try:
            with interruptible(), _helpful_usage():
                return super().invoke(ctx)
        except (InputError, RunError) as error:
            say(f"Error: {' '.join(str(error).splitlines())}", err=True)
            raise click.exceptions.Exit(error.exit_code) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            # Such as standard output on a full disk; commands turn the errors of files into ours.
            say(f"Error: {error.strerror or error}", err=True)
            raise click.exceptions.Exit(RunError.exit_code) from error
        except KeyboardInterrupt:
            # The line break closes the `^C` that a terminal echoes.
            click.echo("\nInterrupted.", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        except Terminated:
            say("Terminated.", err=True)
            raise

    def make_context(self, *args: Any, **options: Any) -> click.Context:  # noqa: ANN401
        """Read the options of the group itself, as click does."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            # Not every encoding of a terminal, or of a pipe on Windows, has ∂ or a student's name.
            sys.stdout.reconfigure(errors="backslashreplace")
        with _helpful_usage():
            return super().make_context(*args, **options)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that `args` begins with.

        Raises `click.UsageError`, naming the nearest command, if there is no such command; click
        itself names one only from 8.4 on.
        """
        name = args[0]
        if not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            ctx.fail(f'there is no command "{name}"; {suggestion(name, self.list_commands(ctx))}')
        return super().resolve_command(ctx, args)


class HasPassed(Protocol):
    """The result of a verification."""

    @property
    def passed(self) -> bool:
        """Whether everything agrees."""


R = TypeVar("R", bound=HasPassed)


def verify_written(path: Path, verify: Callable[[], R], show: Callable[[R], None]) -> R:
    """Return the result of verifying a workbook that was just written.

    Raises `RunError` if that fails, or if the result, which is then shown, is not a pass.
    """
    try:
        result = verify()
    except RunError as error:
        raise RunError(f"{path} is written, but could not be verified: {error}") from error
    if not result.passed:
        show(result)
        raise RunError(f"{path} is written, but does not verify")
    return result
