"""The two errors that a command can end with, and how names from outside are shown."""

import difflib
from collections.abc import Iterable, Sequence
from itertools import accumulate
from unicodedata import east_asian_width


class InputError(Exception):
    """The user's input cannot be used; the message is one sentence that says why (exit code 2)."""

    exit_code = 2


class UnrepairableError(InputError):
    """A file is too large, encrypted or without sheets: reading past damage would not help."""


class UnmovableError(InputError):
    """Sheets of a workbook cannot be moved into another one as they are."""

    def __init__(self, message: str, sheets: tuple[str, ...]) -> None:
        """Say why, and which sheets."""
        super().__init__(message)
        self.sheets = sheets


class CellNameError(InputError, KeyError):
    """A workbook has no cells, sheet or table of that name."""

    __str__ = Exception.__str__  # a KeyError would show its sentence in quotes


class CellValueError(InputError, ValueError):
    """A cell cannot hold a value, or may not be given one, or has none that is right."""


class RunError(Exception):
    """The input was fine but the work failed, such as on a full disk (exit code 1)."""

    exit_code = 1


USUAL_NAMES = """
learning-rate learning-rates lr lrs l rate rates eta step-size learningrate
optimizer optimiser optim opt
schedule scheduler lr-schedule lr-scheduler sched
weight-decay wd l2 decay
label-smoothing smoothing
ema-decay ema
recipe config hyp hyper-parameters
epochs epoch e n-epochs num-epochs max-epochs nb-epoch
batch-size batch b bs batchsize mini-batch minibatch-size
iterations iteration iter iters n-iter max-iter num-iterations steps updates epochs epoch
output out o outfile out-file output-file outdir out-dir output-dir save save-to save-as to \
    dest file
run run-dir run-path rundir logdir log-dir save-dir checkpoint checkpoint-dir ckpt out o output \
    output-dir out-dir outdir name
workbook book xlsx excel spreadsheet into out o output file
data-dir data d datadir data-path data-folder data-root dataset root mnist path input input-dir
sample samples demo small toy
limit subset n-samples num-samples max-samples train-size samples
hold-out holdout val val-size valid validation validation-size validation-split val-split
model m arch architecture net network
seed s random-seed random-state rng
device gpu cuda cpu accelerator
threads t num-threads n-threads workers num-workers cores jobs j
jobs j n-jobs workers num-workers cores processes threads
resume continue restart restore load from-checkpoint
engine e engines backend program calculator
perturb p perturbations n-perturb moves
inputs i n-inputs num-inputs pictures digits cases samples n
no-verify skip-verify noverify no-check skip-check
force f overwrite yes y clobber replace
fold-batchnorm fold fold-bn fuse fuse-bn fold-batch-norm
json j as-json to-json format
csv c as-csv to-csv csv-file table out o output out-file outfile output-file report save
key k key-file keyfile answers
students student class classlist class-list names roster csv
solution solutions teacher answers with-solution
topic topics about
level difficulty
help h usage
version v
"""
"""The names that mean the same in other programs, without dashes, a line for each meaning."""
_SAME = [line.split() for line in USUAL_NAMES.splitlines()]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a mistyped one, or one of another program, most likely means.

    Case and dashes are ignored.
    """
    folded = {_folded(one): one for one in known}
    wanted = _folded(name)
    alike = (one for names in _SAME if wanted in names for one in names if one in folded)
    near = [*alike, *difflib.get_close_matches(wanted, folded, n=1)]
    return folded[near[0]] if near else None


def _folded(name: str) -> str:
    return name.casefold().lstrip("-").replace("_", "-")


def shortened(found: object) -> str:
    """Return what was found as TOML or Python would write it, at most 60 characters.

    A text is in quotes, which stay as they are inside it.
    """
    text = repr(found)
    return short(text.replace("\\'", "'") if text.startswith("'") else text, 60)


def short(text: str, longest: int) -> str:
    """Return a text at most so many letters wide: of a wider one the beginning and the end.

    Names that are alike often differ at the end.
    """
    if display_width(text) <= longest:
        return text
    end = (longest - 1) // 3
    beginning, ending = _fitting(text, longest - 1 - end), _fitting(text[::-1], end)[::-1]
    return f"{beginning}…{ending}"


def display_width(text: str) -> int:
    """Return how many letters wide a text is: a Chinese character is as wide as two."""
    return len(text) + (0 if text.isascii() else sum(map(_is_wide, text)))


def _is_wide(character: str) -> bool:
    return east_asian_width(character) in "WF"


def _fitting(text: str, longest: int) -> str:
    """Return the beginning of a text that is at most so many letters wide."""
    widths = accumulate(1 + _is_wide(character) for character in text)
    return text[: sum(width <= longest for width in widths)]


def short_names(names: Sequence[str], longest: int) -> list[str]:
    """Return names at most so many letters wide, each shortened so that it differs from others.

    What all that would look alike have in common at the beginning is left out of them.
    """
    shown = [short(name, longest) for name in names]
    for text in dict.fromkeys(shown):
        alike = list(dict.fromkeys(name for name in names if short(name, longest) == text))
        if len(alike) == 1:
            continue
        differ = (len(set(letters)) > 1 for letters in zip(*alike, strict=False))
        first = next((at for at, is_so in enumerate(differ) if is_so), min(map(len, alike)))
        for start in (alike[0].rfind(" ", 0, first) + 1, first):
            others = [short(f"…{name[start:]}", longest) for name in alike]
            if len(set(others)) == len(alike):
                break
        found = dict(zip(alike, others, strict=True))
        shown = [found.get(name, each) for name, each in zip(names, shown, strict=True)]
    return shown
