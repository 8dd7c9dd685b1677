"""Lets `python -m cnn`, and `torchrun … -m cnn`, run the console command."""

from cnn.cli import main

main(prog_name="cnn")
