"""A check that ends its process for some files, as a crash in a library does."""

import os
import signal

from sheetgen.check.audit import check_workbook


def check_or_die(path):
    """Check a workbook, unless its name says that this kills the process."""
    if "dies" in path.name:
        os.kill(os.getpid(), signal.SIGSEGV)
    return check_workbook(path)
