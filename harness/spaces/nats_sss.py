"""NATS-Bench's size space: five widths of one fixed network, each of eight.

Dong, Liu, Musial and Gabrys, "NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and
Size", IEEE TPAMI 2021.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harness.errors import ConfigError
from harness.spaces._space import Architecture, Decision, Space, is_index

WIDTHS = (8, 16, 24, 32, 40, 48, 56, 64)
LAYERS = 5
_TEXT = re.compile(r"\d{1,2}(?::\d{1,2}){4}", re.ASCII)


class NatsSizes(Space):
    """32,768 architectures, all of them distinct networks."""

    name = "nats_sss"
    title = "NATS-Bench size space"
    family = "nats_sss"
    decisions = tuple(
        Decision(f"width_{layer}", tuple(map(str, WIDTHS)), kind="width") for layer in range(LAYERS)
    )
    identity_candidates: frozenset[str] = frozenset()
    forms = (
        "the authors' string such as 8:16:64:32:8, five widths as numbers, a mapping from width_0 to "
        "width_4, or five tuples of one index each"
    )

    def listing(self) -> tuple[Architecture, ...]:
        """Every architecture, in the order of the authors' indices."""
        return tuple(self.encodings())

    def widths(self, arch: Architecture) -> tuple[int, ...]:
        """Channels of the five layers."""
        return tuple(WIDTHS[pick] for (pick,) in arch)

    def format(self, arch: Architecture) -> str:
        """``8:16:64:32:8``, the authors' string."""
        return ":".join(map(str, self.widths(arch)))

    def parse_text(self, text: str) -> Architecture:
        """Read the authors' string."""
        arch = self._of_widths([int(part) for part in text.split(":")]) if _TEXT.fullmatch(text) else None
        if arch is None or self.format(arch) != text:
            raise ConfigError(
                f"A nats_sss architecture is written like 8:16:64:32:8, five widths of "
                f"{', '.join(map(str, WIDTHS))}; received {text!r}."
            )
        return arch

    def parse_sequence(self, items: Sequence[Any]) -> Architecture | None:
        """Read five widths as numbers."""
        return self._of_widths(items) if len(items) == LAYERS and all(map(is_index, items)) else None

    def _of_widths(self, widths: Sequence[Any]) -> Architecture | None:
        known = all(width in WIDTHS for width in widths)
        return tuple((WIDTHS.index(int(width)),) for width in widths) if known else None

    def canonical(self, arch: Architecture) -> str:
        """The string: no two of them are the same network."""
        return self.format(arch)


SPACE = NatsSizes()
