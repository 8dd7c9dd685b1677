"""Lets `python -m sheetgen` run the console command."""

from sheetgen.cli import main

main(prog_name="sheetgen")
