"""NAS-DIP: encoder-decoders for image restoration, as binary genomes.

Ho, Gilbert, Jin and Collomosse, "Neural Architecture Search for Deep Image Prior", Computers & Graphics 2021
(arXiv 2001.04776): N units of an encoder and a decoder stage of 7 bits each and of 4N bits of gated skip
connections, and optionally the length of the training. What each bit means is not printed in what we could
read; it is ours here, after the only implementation found (docs/restoration.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from harness.errors import ConfigError
from harness.spaces._diagram import Diagram, Link, Node
from harness.spaces._space import Architecture, Decision, Space, is_index

KERNELS = tuple(range(1, 16, 2))
"""Sides of a stage's convolutions, by the number that its three bits are."""
CHANNELS = tuple(2**power for power in range(2, 10))
"""Channels of a stage or of a skip connection, likewise."""
LENGTHS = 16
"""Training lengths: a genome with them trains for a sixteenth of the iterations, for two, ..., for all."""

STAGE = ("residual", "kernel_4", "kernel_2", "kernel_1", "channels_4", "channels_2", "channels_1")
SKIP = ("open", "channels_4", "channels_2", "channels_1")
LENGTH = ("length_8", "length_4", "length_2", "length_1")


@dataclass(frozen=True)
class Stage:
    """One stage: whether it has a residual connection; places in :data:`KERNELS` and :data:`CHANNELS`."""

    residual: bool
    kernel: int
    channels: int


@dataclass(frozen=True)
class Genome:
    """What the bits say.

    Attributes
    ----------
    encoders, decoders
        By unit, from the image inwards.
    skips
        ``{(encoder, decoder): place in CHANNELS}`` of the open ones, units counted from 0.
    length
        Share of the training's iterations.
    """

    encoders: tuple[Stage, ...]
    decoders: tuple[Stage, ...]
    skips: dict[tuple[int, int], int]
    length: float


class NasDip(Space):
    """Genomes of ``units`` units, N (14 + 4 N) bits, and with ``lengths`` 4 more for the training's length.

    Every decision is a bit. A skip connection that is closed has no channels: its other bits have no effect.
    """

    family = "nas_dip"
    identity_candidates: frozenset[str] = frozenset()

    def __init__(self, units: int, lengths: bool = False) -> None:
        self.units, self.lengths = units, lengths
        self.name = f"nas_dip_{units}{'_t' if lengths else ''}"
        self.title = f"NAS-DIP, {units} units{' and the length of training' if lengths else ''}"
        self.decisions = tuple(
            Decision(f"{block}.{bit}", ("0", "1"), kind="bit")
            for block, bits in self._blocks()
            for bit in bits
        )
        self.forms = (
            f"a genome of {len(self.decisions)} bits as text, with or without a bar behind every stage and "
            "its skips, a sequence of as many zeros and ones, or a mapping from every bit's name to its value"
        )

    def _blocks(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for unit in range(1, self.units + 1):
            yield f"encoder_{unit}", STAGE
            yield f"decoder_{unit}", STAGE
            gates = (f"to_{decoder}.{bit}" for decoder in range(1, self.units + 1) for bit in SKIP)
            yield f"skips_{unit}", tuple(gates)
        if self.lengths:
            yield "training", LENGTH

    @cached_property
    def crossover_points(self) -> tuple[int, ...]:
        """Behind every stage and behind the skips of every encoder."""
        ends, place = [], 0
        for _, bits in self._blocks():
            place += len(bits)
            ends.append(place)
        return tuple(ends[:-1])

    def read(self, arch: Architecture) -> Genome:
        """What ``arch`` says of stages, skips and training."""
        bits = [pick for (pick,) in arch]
        encoders, decoders, skips = [], [], {}
        for unit in range(self.units):
            start = unit * (14 + 4 * self.units)
            encoders.append(_stage(bits[start : start + 7]))
            decoders.append(_stage(bits[start + 7 : start + 14]))
            for decoder in range(self.units):
                gate, *channels = bits[start + 14 + 4 * decoder : start + 18 + 4 * decoder]
                if gate:
                    skips[unit, decoder] = _number(channels)
        length = (1 + _number(bits[-len(LENGTH) :])) / LENGTHS if self.lengths else 1.0
        return Genome(tuple(encoders), tuple(decoders), skips, length)

    def training_share(self, arch: Architecture) -> float:
        """What the length bits say, k of 16; all of it without them."""
        return self.read(arch).length

    def active(self, arch: Architecture) -> tuple[bool, ...]:
        """All bits but the channels of closed skip connections."""
        found = [True] * len(self.decisions)
        for gate in self._gates:
            found[gate + 1 : gate + len(SKIP)] = [arch[gate] == (1,)] * (len(SKIP) - 1)
        return tuple(found)

    def normalise(self, arch: Architecture) -> Architecture:
        """With 0 for every bit that has no effect."""
        return tuple(picks if active else (0,) for picks, active in zip(arch, self.active(arch), strict=True))

    @cached_property
    def _gates(self) -> tuple[int, ...]:
        return tuple(
            place for place, decision in enumerate(self.decisions) if decision.name.endswith(".open")
        )

    def format(self, arch: Architecture) -> str:
        """The bits, with a bar behind every stage and behind the skips of every encoder."""
        bits = "".join(str(pick) for (pick,) in arch)
        ends = (0, *self.crossover_points, len(bits))
        return "|".join(bits[start:end] for start, end in pairwise(ends))

    def parse_text(self, text: str) -> Architecture:
        """Read the bits, with all bars or with none."""
        bits = text.replace("|", "")
        if len(bits) != len(self.decisions) or not set(bits) <= {"0", "1"}:
            raise ConfigError(
                f"A genome of {self.name} is {len(self.decisions)} bits of 0 and 1, N (14 + 4 N) with N = "
                f"{self.units}{' and 4 for the length of training' if self.lengths else ''}; received "
                f"{len(bits)} characters, {text[:200]!r}."
            )
        arch = tuple((int(bit),) for bit in bits)
        if text not in (bits, self.format(arch)):
            raise ConfigError(
                f"A genome of {self.name} has its bars behind every stage and its skips, like "
                f"{self.format(arch)}, or none; received {text[:200]!r}."
            )
        return arch

    def parse_sequence(self, items: Sequence[Any]) -> Architecture | None:
        """Read the bits as numbers."""
        bits = all(is_index(item) and item in (0, 1) for item in items)
        return tuple((int(item),) for item in items) if bits else None

    def canonical(self, arch: Architecture) -> str:
        """The genome with 0 for every bit that has no effect."""
        return self.format(self.normalise(arch))

    def diagrams(self, arch: Architecture) -> tuple[Diagram, ...]:
        """From the noise down the encoders and up the decoders to the image, with open skips between them.

        Kernels and widths are told as places among the eight that there are, whose sizes hang on the
        fidelity.
        """
        genome, units = self.read(arch), range(self.units)
        nodes = [Node("noise")]
        nodes += [Node(f"E{unit + 1}", _words(genome.encoders[unit]), "encoder") for unit in units]
        nodes += [Node(f"D{unit + 1}", _words(genome.decoders[unit]), "decoder") for unit in reversed(units)]
        nodes.append(Node("image"))
        links = [Link(place, place + 1) for place in range(len(nodes) - 1)]
        links += [
            Link(1 + encoder, 2 * self.units - decoder, f"width {channels + 1}/{len(CHANNELS)}")
            for (encoder, decoder), channels in sorted(genome.skips.items())
        ]
        return (Diagram("", tuple(nodes), tuple(links)),)


def _number(bits: Sequence[int]) -> int:
    """The number that bits are, the first of them the highest."""
    return int("".join(map(str, bits)), 2)


def _stage(bits: Sequence[int]) -> Stage:
    return Stage(bool(bits[0]), _number(bits[1:4]), _number(bits[4:7]))


def _words(stage: Stage) -> str:
    kernel, width = f"kernel {stage.kernel + 1}/{len(KERNELS)}", f"width {stage.channels + 1}/{len(CHANNELS)}"
    return f"{kernel}, {width}{', residual' if stage.residual else ''}"
