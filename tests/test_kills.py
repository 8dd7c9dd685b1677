"""Commands that are killed at random moments lose nothing, and the next one leaves nothing over."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "benchmarks" / "kills.py"


# test_saving kills a build.
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_commands_lose_nothing_and_leave_nothing_over():
    command = [sys.executable, SCRIPT, "--times", "1", "exercise", "grade"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert [line.split()[1] for line in result.stdout.splitlines()[1:]] == ["1", "1"]
