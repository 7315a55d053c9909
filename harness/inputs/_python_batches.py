"""CIFAR-10's Python batches: pickles, read without running any code they may hold."""

from __future__ import annotations

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import DataError

PIXELS = 32
VALUES = 3 * PIXELS * PIXELS


class _ArrayUnpickler(pickle.Unpickler):
    """Builds NumPy arrays and plain containers; refuses every other name, so that no code can run."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module.replace("numpy.core.", "numpy._core."), name]
        except KeyError:
            reason = f"it asks for {module}.{name}, which no CIFAR-10 batch needs"
            raise pickle.UnpicklingError(reason) from None


def _encode(text: str, encoding: str) -> bytes:
    """``_codecs.encode`` for the one encoding that pickled bytes name, without its decompressing codecs."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for the encoding {encoding!r}")
    return text.encode("latin1")


# The array constructors' own home is private to NumPy, so they are taken from an array's recipe.
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy._core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy._core.numeric", "_frombuffer"): np.empty(0).__reduce_ex__(5)[0],
    ("_codecs", "encode"): _encode,
}


def read_python_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Data (n, 3072) uint8 and targets (n,) of one pickled batch.

    Raises
    ------
    DataError
        For anything but a dictionary with these two, and for pickles that name other classes or functions.
    """
    try:
        pickled = path.read_bytes()
        _require_fitting_places(pickled)
        content = _ArrayUnpickler(io.BytesIO(pickled), encoding="bytes").load()
        named = {key.decode() if isinstance(key, bytes) else key: value for key, value in content.items()}
        data, targets = (_array(named[name], len(pickled)) for name in ("data", "labels"))
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise DataError(f"{path} is not a CIFAR-10 Python batch: {error or type(error).__name__}.") from error
    if data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != VALUES or targets.shape != data.shape[:1]:
        raise DataError(
            f"{path} is not a CIFAR-10 Python batch: data must be (n, {VALUES}) uint8 with n labels; "
            f"received {data.shape} {data.dtype} with labels {targets.shape}."
        )
    return data, checked_targets(targets, path)


def _require_fitting_places(pickled: bytes) -> None:
    """Refuse places of a memo beyond the file's length: for each, gigabytes would be laid out."""
    for opcode, place, _ in pickletools.genops(pickled):
        if "PUT" in opcode.name and isinstance(place, int) and place > len(pickled):
            raise pickle.UnpicklingError(f"it asks for a memo of {place:,} entries")


def _array(values: Any, most: int) -> np.ndarray:
    """``values``, an array or a list of integers, of no more bytes than the file has room for."""
    if isinstance(values, list) and all(type(value) is int for value in values):
        return np.array(values, dtype=np.int64)
    if not isinstance(values, np.ndarray):
        raise TypeError(f"expected an array or a list of integers, received a {type(values).__name__}")
    if values.nbytes > most:
        raise ValueError(f"an array of {values.nbytes:,} bytes in a file of {most:,}")
    return values


def checked_targets(targets: np.ndarray, path: Path) -> np.ndarray:
    """``targets`` if all are whole numbers in 0..9; raises :class:`DataError` naming ``path`` otherwise."""
    if targets.dtype.kind not in "iu" or targets.min(initial=0) < 0 or targets.max(initial=0) > 9:
        raise DataError(f"{path} holds labels outside CIFAR-10's 0 to 9.")
    return targets
