"""Runs a command that pauses at a given call, so that a signal reaches it there, however late."""

import subprocess
import sys
import time

import pytest

SCRIPT = """
import pkgutil, signal, sys
from pathlib import Path

package, owner, name, number, mark = sys.argv[1:6]
main = pkgutil.resolve_name(f"{package}.cli:main")
holder = pkgutil.resolve_name(owner)
original, calls = getattr(holder, name), iter(range(1, int(number)))

def paused(*args, **options):
    if next(calls, None) is None:
        setattr(holder, name, original)
        Path(mark).touch()
        sys.stdin.readline()
    return original(*args, **options)

setattr(holder, name, paused)
# What a shell starts in the background, tests included, ignores Ctrl-C from the start, and what
# `nohup` starts ignores the end of its terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.argv[1:] = sys.argv[6:]
main(prog_name=package)
"""


def start_paused(call, mark, package, *options, **settings):
    """Start `package`'s command and return its process when it waits, before the call, for a line.

    `call` is (owner, name, number): ("os", "replace", 2) waits in the second os.replace. `mark` is
    a path at which the process puts an empty file then.
    """
    if sys.platform == "win32":
        pytest.skip("Windows sends no signals")
    process = start([sys.executable, "-c", SCRIPT, package, *call, mark, *options], **settings)
    wait_for(mark.exists, process)
    return process


def start(command, **settings):
    """Start a program with pipes for what it reads and prints."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen([str(part) for part in command], text=True, **pipes, **settings)


def wait_for(condition, process):
    """Wait until the condition holds or the process has ended."""
    while not condition() and process.poll() is None:
        time.sleep(0.005)
