"""Starts the console command, also as `python -m sheetgen`."""

import gc

from sheetgen.console.interruption import end_at_once

RARELY = 20_000
"""Objects, made and not freed, after which Python looks for cycles among them: a workbook has as
many cells, and of what a command makes hardly anything is garbage. Python's own number is 700."""


def main() -> None:
    """Run the command; what it needs is imported only once Ctrl-C is looked after."""
    end_at_once()
    gc.set_threshold(RARELY, *gc.get_threshold()[1:])
    from sheetgen.cli import main as command  # noqa: PLC0415

    command(prog_name="sheetgen")


if __name__ == "__main__":
    main()
