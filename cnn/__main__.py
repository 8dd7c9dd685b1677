"""Starts the console command, also as `python -m cnn` or `torchrun … -m cnn`."""

from sheetgen.console.beginning import begin


def main() -> None:
    """Run the command; what it needs is imported only once Ctrl-C is looked after."""
    begin()
    from cnn.cli import main as command  # noqa: PLC0415

    command(prog_name="cnn")


if __name__ == "__main__":
    main()
