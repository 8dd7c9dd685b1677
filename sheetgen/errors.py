"""The two ways in which a command can end badly, and the exit code of each."""


class InputError(Exception):
    """What the person gave cannot be used; the message is one sentence that says why (exit 2)."""

    exit_code = 2


class RunError(Exception):
    """The input was fine but the work failed, such as on a full disk (exit code 1)."""

    exit_code = 1
