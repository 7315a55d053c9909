"""NAS-DIP's encoder-decoders of 3 units, genomes of 78 bits."""

from harness.spaces._nas_dip import NasDip

__all__ = ["SPACE"]

SPACE = NasDip(3)
