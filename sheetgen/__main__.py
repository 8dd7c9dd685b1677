"""Starts the console command, also as `python -m sheetgen`."""

from sheetgen.console.beginning import begin


def main() -> None:
    """Run the command; what it needs is imported only once Ctrl-C is looked after."""
    begin()
    from sheetgen.cli import main as command  # noqa: PLC0415

    command(prog_name="sheetgen")


if __name__ == "__main__":
    main()
