"""Reads files of torch and of safetensors, and says in plain words what is wrong with one.

What the libraries say of a damaged or foreign file is about their insides, in many lines, and
advises to load it unsafely. The errors here are `ValueError`s with the end of a sentence, such as
"it is truncated".
"""

import io
import pickle
import zipfile
from collections.abc import Mapping

import safetensors.torch
import torch

ZIP, PICKLE = b"PK", b"\x80"
"""The first bytes of an archive, which torch's files are, and of a pickle, which they were."""


def read_state(content: bytes) -> object:
    """Return what `torch.save` wrote, with all tensors on the CPU; nothing in it is executed.

    Raises ValueError for anything else.
    """
    _require_archive(content)
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    # A foreign file can make torch raise anything.
    except Exception as error:
        raise ValueError(_why_no_state(content, error)) from error


def _require_archive(content: bytes) -> None:
    """Raise ValueError unless this is a whole archive.

    torch.load does not verify the checksums of its file, which is one.
    """
    if not content:
        raise ValueError("it is empty")
    if not content.startswith(ZIP):
        is_pickle = content.startswith(PICKLE)
        found = "a pickle of something else" if is_pickle else "not a file of torch"
        raise ValueError(f"it is {found}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            damaged = archive.testzip()
    except zipfile.BadZipFile as error:
        raise ValueError("it is truncated, or its archive is damaged") from error
    except Exception as error:
        raise ValueError("its archive is damaged") from error
    if damaged:
        raise ValueError(f"the checksum of {damaged} is wrong")


def _why_no_state(content: bytes, error: Exception) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name.rpartition("/")[2] for name in archive.namelist()]
    if "constants.pkl" in names:
        return "it is TorchScript; expected a state"
    if "data.pkl" not in names:
        return "it is an archive of something else"
    if isinstance(error, pickle.UnpicklingError) and "eights" in str(error):
        return "it holds other Python objects than numbers, texts and tensors"
    return "it is not what torch.save writes"


def read_tensors(content: bytes) -> dict[str, torch.Tensor]:
    """Return the tensors of a file of safetensors by their names. Raises ValueError if it is none.

    See https://github.com/huggingface/safetensors#format: the length of the header, 8 bytes; the
    header, in JSON; the numbers.
    """
    if not content:
        raise ValueError("it is empty")
    try:
        return safetensors.torch.load(content)
    except Exception as error:
        length = int.from_bytes(content[:8], "little")
        if content[8:9] != b"{":
            found = "a file of torch.save" if content.startswith((ZIP, PICKLE)) else "another file"
            raise ValueError(f"it is {found}; expected one of safetensors") from error
        if len(content) < 8 + length:
            raise ValueError("it is truncated") from error
        is_other = "not fully covered" in str(error)
        found = (
            "it is longer or shorter than its header says" if is_other else "its header is damaged"
        )
        raise ValueError(found) from error


def misfit(found: Mapping[str, object], wanted: Mapping[str, torch.Tensor]) -> str:
    """Return in words why tensors are not those of a network, whose own are wanted; "" if they are.

    The tensors of a network are those of its `state_dict`.
    """
    missing = [name for name in wanted if name not in found]
    present = {name: found[name] for name in wanted if name in found}
    for name, value in present.items():
        if not isinstance(value, torch.Tensor):
            return f"{name} is no tensor"
    is_other = len(found) > len(present) or any(
        _kind(each) != _kind(wanted[name]) for name, each in present.items()
    )
    if is_other or len(missing) == len(wanted):
        return "they are those of another network"
    return f"{len(missing)} of {len(wanted)} are missing, such as {missing[0]}" if missing else ""


def _kind(tensor: object) -> tuple[torch.Size, bool]:
    assert isinstance(tensor, torch.Tensor)
    return tensor.shape, tensor.is_complex() or tensor.layout is not torch.strided
