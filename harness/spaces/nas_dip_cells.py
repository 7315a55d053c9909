"""Chen et al.'s NAS-DIP: an up-sampling cell, and which resolutions of an hourglass feed which.

Chen, Gao, Robb and Huang, "NAS-DIP: Learning Deep Image Prior with Neural Architecture Search", ECCV 2020.
One of 321 up-sampling cells stands wherever an hourglass doubles the resolution; 25 bits say which of its
five resolutions feeds which stage of the decoder. Cells are in the order of the authors' code
(``NAS/gen_id.py``), without its numbers 249 to 251, whose channels do not fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import ConfigError, unknown_name
from harness.spaces._diagram import Diagram, Link, Node
from harness.spaces._space import Architecture, Decision, Space, is_index

SCALES = 5
RESIZINGS = ("bilinear", "bicubic", "nearest", "pixel_shuffle", "conv_pixel_shuffle", "transposed_conv")
"""What doubles the resolution: three interpolations, channels laid out as pixels before a convolution or
behind it, a transposed convolution of stride 2."""
CONVOLUTIONS = ("conv", "trans_conv", "split_stack_sum", "sep_conv", "depth_wise_conv")
KERNELS = (1, 3, 5, 7)
ACTIVATIONS = ("none", "relu", "leaky_relu")


@dataclass(frozen=True)
class UpsamplingCell:
    """How the resolution is doubled, and what convolves: ``identity``, of kernel 0, where nothing does."""

    resizing: str
    convolution: str
    kernel: int
    activation: str

    @property
    def name(self) -> str:
        """Its parts, such as ``bilinear+sep_conv_3x3+relu``."""
        side = f"_{self.kernel}x{self.kernel}" if self.kernel else ""
        return f"{self.resizing}+{self.convolution}{side}+{self.activation}"


def _cells() -> Iterator[UpsamplingCell]:
    for resizing in RESIZINGS[:-1]:
        for convolution in CONVOLUTIONS:
            for kernel in KERNELS:
                yield from (UpsamplingCell(resizing, convolution, kernel, each) for each in ACTIVATIONS)
        if "pixel_shuffle" not in resizing:
            yield from (UpsamplingCell(resizing, "identity", 0, each) for each in ACTIVATIONS)
    for kernel in KERNELS:
        yield from (UpsamplingCell(RESIZINGS[-1], "identity", kernel, each) for each in ACTIVATIONS)


CELLS = tuple(_cells())
"""In the authors' order."""


class NasDipCells(Space):
    """321 up-sampling cells times 2^25 patterns; every encoding is a network of its own.

    The bit ``to_t.from_s`` is entry ``[t - 1][s]`` of the authors' matrix: whether what the encoder has where
    the resolution was halved s times, 0 being the noise, feeds the decoder where it was halved t - 1 times.
    """

    name = "nas_dip_cells"
    title = "NAS-DIP's up-sampling cells and cross-scale patterns"
    family = "nas_dip_cells"
    identity_candidates: frozenset[str] = frozenset()
    decisions = (
        Decision("cell", tuple(cell.name for cell in CELLS), kind="cell"),
        *(
            Decision(f"to_{target}.from_{source}", ("0", "1"), kind="bit")
            for target in range(1, SCALES + 1)
            for source in range(SCALES)
        ),
    )
    forms = (
        "a cell's name and five times five bits, like bilinear+conv_3x3+relu|10000|01000|00100|00010|00001, "
        "a sequence of the cell's place and 25 zeros and ones, or a mapping from decisions to candidates"
    )

    def cell(self, arch: Architecture) -> UpsamplingCell:
        """The up-sampling cell of ``arch``."""
        return CELLS[arch[0][0]]

    def feeding_scales(self, arch: Architecture) -> tuple[tuple[int, ...], ...]:
        """By stage of the decoder, from the image inwards, the resolutions that feed it."""
        bits = [pick for (pick,) in arch[1:]]
        rows = (bits[start : start + SCALES] for start in range(0, SCALES**2, SCALES))
        return tuple(tuple(source for source, bit in enumerate(row) if bit) for row in rows)

    def format(self, arch: Architecture) -> str:
        """The cell's name and the pattern's rows, with bars between them."""
        bits = "".join(str(pick) for (pick,) in arch[1:])
        rows = (bits[start : start + SCALES] for start in range(0, SCALES**2, SCALES))
        return "|".join([self.cell(arch).name, *rows])

    def parse_text(self, text: str) -> Architecture:
        """Read :meth:`format`'s string."""
        name, *rows = text.split("|")
        shaped = [len(row) == SCALES and set(row) <= {"0", "1"} for row in rows]
        if len(shaped) != SCALES or not all(shaped):
            raise ConfigError(f"An architecture of {self.name} is {self.forms}; received {text[:200]!r}.")
        names = self.decisions[0].candidates
        if name not in names:
            raise unknown_name(f"cell of {self.name}", name, names)
        return ((names.index(name),), *((int(bit),) for row in rows for bit in row))

    def parse_sequence(self, items: Sequence[Any]) -> Architecture | None:
        """Read the cell's place and the bits as numbers."""
        return tuple((int(item),) for item in items) if all(map(is_index, items)) else None

    def canonical(self, arch: Architecture) -> str:
        """:meth:`format`'s string."""
        return self.format(arch)

    def diagrams(self, arch: Architecture) -> tuple[Diagram, ...]:
        """The hourglass: the encoder down, the decoder up, and what feeds the decoder besides."""
        nodes = [Node("noise"), *(Node(f"E{level}", "", "encoder") for level in range(1, SCALES + 1))]
        nodes += [Node(f"D{level}", "", "decoder") for level in range(SCALES, 0, -1)]
        cell = self.cell(arch).name
        links = [Link(place, place + 1, cell if place >= SCALES else "") for place in range(2 * SCALES)]
        for target, sources in enumerate(self.feeding_scales(arch), start=1):
            links += [Link(source, 2 * SCALES + 1 - target) for source in sources]
        nodes.append(Node("image"))
        links.append(Link(2 * SCALES, 2 * SCALES + 1))
        return (Diagram("", tuple(nodes), tuple(links)),)


SPACE = NasDipCells()
