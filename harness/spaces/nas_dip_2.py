"""NAS-DIP's encoder-decoders of 2 units, genomes of 44 bits."""

from harness.spaces._nas_dip import NasDip

__all__ = ["SPACE"]

SPACE = NasDip(2)
