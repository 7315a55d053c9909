"""NAS-DIP's encoder-decoders of 5 units, genomes of 170 bits."""

from harness.spaces._nas_dip import NasDip

__all__ = ["SPACE"]

SPACE = NasDip(5)
