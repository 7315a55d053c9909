"""NAS-DIP's encoder-decoders of 3 units with the length of training: 78 and 4 bits."""

from harness.spaces._nas_dip import NasDip

__all__ = ["SPACE"]

SPACE = NasDip(3, lengths=True)
