"""Checkpoints: what training has come to, in one file that is replaced whole and checked when it is read."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from harness import files
from harness.errors import DataError, ResultsError, machine_failure

LONGEST = 2**20
"""Bytes of a description; they have a thousandth of it."""

_TITLE = b"harness checkpoint 1\n"


def write(path: Path, described: Mapping[str, Any], content: Mapping[str, Any]) -> None:
    """Write ``content``, of tensors and plain values, in place of what may be at ``path``.

    ``described`` says in JSON's types what was trained; :func:`read` wants the same.

    Raises
    ------
    ResultsError
        Where the file cannot be written; what was there is there still.
    """
    buffer = io.BytesIO()
    torch.save(dict(content), buffer)
    data = buffer.getvalue()
    head = json.dumps(dict(described), sort_keys=True).encode()
    digest = hashlib.sha256(head + b"\n" + data).hexdigest().encode()
    try:
        files.replace(path, _TITLE + digest + b"\n" + head + b"\n" + data)
    except OSError as error:
        raise ResultsError(f"The checkpoint {path} cannot be written: {error.strerror}.") from error


def read(path: Path, described: Mapping[str, Any], kind: str = "supernet") -> dict[str, Any] | None:
    """The content of the checkpoint at ``path``, its tensors on the CPU; ``None`` where there is none.

    Nothing but tensors and plain values is ever made of the file. ``kind`` is what it holds, in a word.

    Raises
    ------
    DataError
        For a file that is damaged or holds something else than ``described``.
    """
    try:
        title, digest, head, data = _lines(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        if machine_failure(error):
            raise
        raise DataError(sentence(path, "cannot be read as a checkpoint")) from error
    if title + b"\n" != _TITLE or hashlib.sha256(head + b"\n" + data).hexdigest().encode() != digest:
        raise DataError(sentence(path, "is damaged: its digest is not that of its content"))
    if head != json.dumps(dict(described), sort_keys=True).encode():
        raise DataError(sentence(path, f"holds another {kind} than its name says"))
    try:
        _require_unpacked(data)
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # torch has many for what it does not read
        if machine_failure(error):
            raise
        raise DataError(sentence(path, "cannot be read as a checkpoint")) from error


def description(path: Path) -> dict[str, Any]:
    """What the checkpoint at ``path`` says was trained, unchecked; empty where it says nothing."""
    try:
        with path.open("rb") as file:
            head = [file.readline(LONGEST) for _ in range(3)][2]
        found = json.loads(head)
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _require_unpacked(data: bytes) -> None:
    """Checkpoints are archives that compress nothing; one that does could unpack to any size."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
        raise ValueError("the archive is compressed")
    if sum(part.file_size for part in parts) > len(data):
        raise ValueError("the archive claims to hold more than it has bytes")


def _lines(data: bytes) -> list[bytes]:
    parts = data.split(b"\n", 3)
    if len(parts) < 4:
        raise ValueError("the file ends early")
    return parts


def sentence(path: Path, what: str) -> str:
    """What is wrong with the checkpoint at ``path``, and what to do about it."""
    return f"{path} {what}; move it away and run again, which trains from the start."
