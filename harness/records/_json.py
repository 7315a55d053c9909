"""Strict JSON: no NaN, no NumPy types, one way to write each value."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.errors import ResultsError

SIGNATURE = "sha256"


def plain(value: Any, where: str = "a record") -> Any:
    """``value`` in JSON's own types: NumPy scalars unwrapped, tuples as lists.

    A number that is not finite is undefined and becomes ``None``.

    Raises
    ------
    ResultsError
        For a type that JSON does not have; ``where`` says whose value it is.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item, where) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, where) for item in value]
    raise ResultsError(
        f"{where[0].upper()}{where[1:]} holds numbers, words, truth values, None, and lists and mappings of "
        f"these; received {value!r} of type {type(value).__name__}."
    )


def canonical(value: Any) -> str:
    """One line, keys sorted: equal values give equal text, so that its hash can name them."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def readable(value: Any) -> bytes:
    """Indented, keys in the order given, a newline at the end; what UTF-8 does not have is escaped."""
    text = json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace")


def parsed(data: bytes) -> dict[str, Any]:
    """The object that ``data`` holds; raises :class:`ValueError` for all that is none, however it is not."""
    try:
        content = json.loads(data.decode())
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(content, dict):
        raise ValueError("it is no JSON object")
    return content


def signed(content: Mapping[str, Any]) -> dict[str, Any]:
    """``content`` with the SHA-256 of all of it behind it, which tells that none of it was changed."""
    own = {name: value for name, value in content.items() if name != SIGNATURE}
    return {**own, SIGNATURE: hashlib.sha256(canonical(own).encode()).hexdigest()}
