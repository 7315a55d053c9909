"""NAS-Bench-101's ``ModelMetrics`` messages, read from the protocol buffers wire format.

``ModelMetrics``: 1 repeated EvaluationData, 2 int32 trainable_parameters, 3 double total_time.
``EvaluationData``: 1 double current_epoch, 2 training_time, 3 train, 4 validation, 5 test accuracy,
6 string checkpoint_path. Source: ``google-research/nasbench``, ``nasbench/lib/model_metrics.proto``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_VARINT, _DOUBLE, _BYTES, _FLOAT = 0, 1, 2, 5


class Evaluation(NamedTuple):
    """Accuracies between 0 and 1 after ``epoch`` epochs."""

    epoch: float
    train: float
    valid: float
    test: float


class Metrics(NamedTuple):
    """One training: parameters, and evaluations at the start, half-way and at the end."""

    params: int
    evaluations: tuple[Evaluation, ...]


def parse(data: bytes) -> Metrics:
    """Read one message; raises ``ValueError`` where ``data`` is not one."""
    params, evaluations = 0, []
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            evaluations.append(_evaluation(value))
        elif number == 2 and isinstance(value, int):
            params = value
    return Metrics(params, tuple(evaluations))


def _evaluation(data: bytes) -> Evaluation:
    # A field that is not in the message has the value 0.
    doubles = {number: value for number, value in _fields(data) if isinstance(value, float)}
    return Evaluation(*(doubles.get(number, 0.0) for number in (1, 3, 4, 5)))


def _fields(data: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        if kind == _BYTES:
            length, position = _varint(data, position)
        elif kind in (_DOUBLE, _FLOAT):
            length = 8 if kind == _DOUBLE else 4
        else:
            raise ValueError(f"a field of wire type {kind}")
        piece = data[position : position + length]
        if len(piece) != length:
            raise ValueError("a field is cut off")
        position += length
        yield number, piece if kind == _BYTES else struct.unpack("<d" if kind == _DOUBLE else "<f", piece)[0]


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise ValueError("a number is cut off")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("a number has more than 10 bytes")
