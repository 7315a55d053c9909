"""Read pickles that hold nothing but data, without running anything they name.

An interpreter of the pickle opcodes (protocols 2 to 5) that containers, texts, numbers,
``OrderedDict`` and NumPy's numeric scalars need. Any other opcode or name is refused, and names
are looked up in a table of this module, so that no code of the file's choosing can run. The
standard library's unpickler would also have to be trusted with crafted sizes: a five-byte
opcode makes it reserve gigabytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from harness.errors import DataError

_MARK = object()
_FORMATS = {"f8": "d", "f4": "f", "i8": "q", "i4": "i"}


class _Dtype:
    """Stands in for ``numpy.dtype``: the code of a number type and its byte order."""

    def __init__(self, code: Any, *_flags: Any) -> None:
        if not isinstance(code, str) or code not in _FORMATS:
            raise ValueError(f"a number of type {_short(code)} is not allowed")
        self.format = _FORMATS[code]
        self.order = "<"

    def build(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", ">"):
            raise ValueError("a damaged number type")
        self.order = state[1]

    @classmethod
    def scalar(cls, dtype: Any, data: Any) -> float | int:
        if not isinstance(dtype, cls) or not isinstance(data, bytes):
            raise ValueError("a damaged number")
        return struct.unpack(dtype.order + dtype.format, data)[0]


def _encode(text: Any, encoding: Any) -> bytes:
    """Stands in for ``_codecs.encode``, by which protocol 2 writes bytes."""
    if not isinstance(text, str) or encoding != "latin1":
        raise ValueError("damaged bytes")
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): lambda: {},
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "scalar"): _Dtype.scalar,
    ("numpy._core.multiarray", "scalar"): _Dtype.scalar,
    ("_codecs", "encode"): _encode,
    ("builtins", "set"): lambda items=(): {_key(item) for item in items},
    ("__builtin__", "set"): lambda items=(): {_key(item) for item in items},
}


def loads(data: bytes, where: str) -> Any:
    """The object that ``data`` pickles.

    Raises
    ------
    DataError
        Where ``data`` is truncated, is no pickle, or names something other than data.
    """
    machine = _Machine(data)
    try:
        return machine.run()
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, struct.error) as error:
        raise DataError(
            f"{where} is not a pickle of plain figures ({str(error)[:200] or 'damaged'}); nothing in it was "
            "run: fetch it again from the benchmark's authors."
        ) from error


class _Machine:
    """A stack, a memo, and the bytes still to be read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def take(self, count: int) -> bytes:
        start, self.position = self.position, self.position + count
        if self.position > len(self.data):
            raise ValueError("truncated")
        return self.data[start : self.position]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def line(self) -> str:
        end = self.data.index(b"\n", self.position)
        return self.take(end + 1 - self.position)[:-1].decode("ascii")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if self.stack[-1] is _MARK:
            raise ValueError("a mark in place of a value")
        return self.stack.pop()

    def pop_to_mark(self) -> list[Any]:
        items = []
        while self.stack[-1] is not _MARK:
            items.append(self.stack.pop())
        self.stack.pop()
        return items[::-1]

    def run(self) -> Any:
        while (opcode := self.data[self.position]) != _STOP:
            self.position += 1
            if (action := _ACTIONS[opcode]) is None:
                raise ValueError(f"opcode {opcode:#04x} is not allowed")
            action(self)
        return self.pop()

    def pop_items(self, count: int) -> tuple[Any, ...]:
        if len(self.stack) < count:
            raise ValueError("values are missing")
        items = tuple(self.stack[-count:])
        if _MARK in items:
            raise ValueError("a mark in place of a value")
        del self.stack[-count:]
        return items

    def put(self, key: int) -> None:
        if self.stack[-1] is _MARK:
            raise ValueError("a mark in place of a value")
        self.memo[key] = self.stack[-1]

    def extend(self, items: list[Any], kind: type) -> None:
        filled = self.stack[-1]
        if type(filled) is not kind:
            raise ValueError(f"expected a {kind.__name__} to fill")
        if isinstance(filled, list):
            filled.extend(items)
        elif isinstance(filled, set):
            filled.update(_key(item) for item in items)

    def set_items(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not dict or len(items) % 2:
            raise ValueError("expected a dictionary to fill")
        for key, value in zip(items[::2], items[1::2], strict=True):
            self.stack[-1][_key(key)] = value

    def push_global(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str) or (module, name) not in _ALLOWED:
            raise ValueError(f"it names {_short(module)}.{_short(name)}, which is not data")
        self.push(_Named(_ALLOWED[module, name]))

    def call(self) -> None:
        named, arguments = self.pop_items(2)
        if not isinstance(named, _Named) or type(arguments) is not tuple:
            raise ValueError("a call of something that cannot be called")
        self.push(named.function(*arguments))

    def build(self) -> None:
        state = self.pop()
        if not isinstance(self.stack[-1], _Dtype):
            raise ValueError("a state for something that has none")
        self.stack[-1].build(state)


class _Named:
    """A function of this module that the pickle has named; wrapped, so that only a call can use it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function


def _key(value: Any) -> Any:
    """``value`` where it is a plain key: hashing deeper nests could exhaust the stack."""
    parts = value if type(value) is tuple else (value,)
    if not all(part is None or isinstance(part, (str, int, float)) for part in parts):
        raise ValueError("a key that is neither text, number, nor a tuple of these")
    return value


def _short(value: Any) -> str:
    """``value`` for a message; never the representation of a nest, which could exhaust the stack."""
    return value[:40] if isinstance(value, str) else f"a {type(value).__name__}"


def _signed(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)


_OPCODES: dict[bytes, Callable[[_Machine], Any]] = {
    b"\x80": lambda m: m.take(1),  # PROTO
    b"\x95": lambda m: m.take(8),  # FRAME
    b"(": lambda m: m.push(_MARK),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"J": lambda m: m.push(_signed(m.take(4))),
    b"K": lambda m: m.push(m.number(1)),
    b"M": lambda m: m.push(m.number(2)),
    b"\x8a": lambda m: m.push(_signed(m.take(m.number(1)))),  # LONG1
    b"G": lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    b"\x8c": lambda m: m.push(m.take(m.number(1)).decode()),  # SHORT_BINUNICODE
    b"X": lambda m: m.push(m.take(m.number(4)).decode()),
    b"C": lambda m: m.push(m.take(m.number(1))),
    b"B": lambda m: m.push(m.take(m.number(4))),
    b"}": lambda m: m.push({}),
    b"]": lambda m: m.push([]),
    b")": lambda m: m.push(()),
    b"\x8f": lambda m: m.push(set()),  # EMPTY_SET
    b"t": lambda m: m.push(tuple(m.pop_to_mark())),
    b"\x85": lambda m: m.push(m.pop_items(1)),  # TUPLE1
    b"\x86": lambda m: m.push(m.pop_items(2)),
    b"\x87": lambda m: m.push(m.pop_items(3)),
    b"a": lambda m: m.extend([m.pop()], list),
    b"e": lambda m: m.extend(m.pop_to_mark(), list),
    b"\x90": lambda m: m.extend(m.pop_to_mark(), set),  # ADDITEMS
    b"s": lambda m: m.set_items(list(m.pop_items(2))),
    b"u": lambda m: m.set_items(m.pop_to_mark()),
    b"\x94": lambda m: m.put(len(m.memo)),  # MEMOIZE
    b"q": lambda m: m.put(m.number(1)),
    b"r": lambda m: m.put(m.number(4)),
    b"h": lambda m: m.push(m.memo[m.number(1)]),
    b"j": lambda m: m.push(m.memo[m.number(4)]),
    b"c": lambda m: m.push_global(m.line(), m.line()),
    b"\x93": lambda m: m.push_global(*m.pop_items(2)),  # STACK_GLOBAL
    b"R": lambda m: m.call(),
    b"b": lambda m: m.build(),
}

_STOP = ord(".")
_ACTIONS = [_OPCODES.get(bytes([opcode])) for opcode in range(256)]
