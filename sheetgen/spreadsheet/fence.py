"""Runs a program that can open no files but the system's and those of one folder, and no network.

    python fence.py FOLDER PROGRAM ARGUMENT...

This needs Landlock, which Linux has since 5.13 (networks since 6.7); without it, the program just
runs. It is a script of its own, for only a process that has no threads may restrict itself before
it turns into the program. https://docs.kernel.org/userspace-api/landlock.html has the numbers.
"""

import ctypes
import os
import struct
import sys
from contextlib import suppress
from pathlib import Path

SYSTEM = (
    *("/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/nix", "/opt", "/proc", "/sbin"),
    *("/sys", "/usr", "/var/cache", "/var/lib/libreoffice"),
)
"""The folders in which a program finds itself, its libraries and its fonts."""

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same for every processor
_VERSION = 1
_BENEATH = 1
_WRITE_FILE, _READ_FILE = 1 << 1, 1 << 2
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_NETWORK = 4  # the version of Landlock that knows networks
_NO_NEW_PRIVILEGES = 38


def version() -> int:
    """Return the version of Landlock that this system has, or 0."""
    if sys.platform != "linux":
        return 0
    kernel = ctypes.CDLL(None)
    return max(0, int(kernel.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)))


def fence(folder: Path, program: Path) -> bool:
    """Restrict this process and all that it starts; return whether the system can do that."""
    available = version()
    if sys.platform != "linux" or not available:
        return False
    kernel = ctypes.CDLL(None)
    network = _CONNECT_TCP | _BIND_TCP if available >= _NETWORK else 0
    handled = struct.pack("=QQ", _READ_FILE | _WRITE_FILE, network)
    size = len(handled) if network else len(handled) // 2
    rules = kernel.syscall(_CREATE, handled, ctypes.c_size_t(size), 0)
    if rules < 0:
        return False
    allowed = [(place, _READ_FILE) for place in (*map(Path, SYSTEM), program.resolve().parents[1])]
    allowed += [(folder, _READ_FILE | _WRITE_FILE), (Path("/dev"), _READ_FILE | _WRITE_FILE)]
    for place, access in allowed:
        with suppress(OSError):  # such as a folder that this system does not have
            descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
            beneath = struct.pack("=Qi", access, descriptor)
            kernel.syscall(_ADD, rules, _BENEATH, beneath, 0)
            os.close(descriptor)
    if kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    return bool(kernel.syscall(_RESTRICT, rules, 0) == 0)


if __name__ == "__main__":
    fence(Path(sys.argv[1]), Path(sys.argv[2]))
    os.execv(sys.argv[2], sys.argv[2:])
