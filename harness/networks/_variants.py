"""Variants of networks and supernets: binary convolutions, operations that read a part of the channels."""

from __future__ import annotations

from types import ModuleType
from typing import TypeVar

from torch import nn

from harness.errors import ConfigError, unknown_name
from harness.families import size_of
from harness.networks._binary import binarise
from harness.networks._families import family_of
from harness.spaces import Space

AnyNetwork = TypeVar("AnyNetwork", bound=nn.Module)

CONVOLUTIONS = ("real", "xnor")
"""How a network's convolutions weigh: by real numbers, or where the family says so by binary ones
(:func:`harness.networks._binary.binarised`)."""


def require_convolutions(space: Space, convolutions: str) -> None:
    """Make sure that networks of ``space`` have such convolutions.

    Raises
    ------
    ConfigError, UnknownNameError
        Otherwise, and for a name that is none of :data:`CONVOLUTIONS`.
    """
    if convolutions not in CONVOLUTIONS:
        raise unknown_name("convolutions", convolutions, CONVOLUTIONS)
    if convolutions != "real" and not hasattr(family_of(space), "binarised_parts"):
        raise ConfigError(
            f"Networks of {space.name} do not say which of their convolutions may be binary; received "
            f"convolutions={convolutions}: leave real, or take a space such as nb201 or darts."
        )


def require_sampling(space: Space, fidelity: object, sampling: int) -> None:
    """Make sure that ``space`` has a supernet whose operations read one in ``sampling`` channels.

    Raises
    ------
    ConfigError
        Otherwise.
    """
    if sampling == 1:
        return
    if not hasattr(family_of(space), "partial_supernet"):
        raise ConfigError(
            f"Operations of the supernet of {space.name} read all channels; received "
            f"channel_sampling={sampling}: leave 1, or take a space such as nb201 or darts."
        )
    channels = size_of(space, fidelity).channels  # type: ignore[attr-defined]
    if channels % sampling:
        raise ConfigError(
            f"channel_sampling must divide the {channels} channels that cells of {space.name} have at this "
            f"fidelity; received {sampling}: take a divisor, or another fidelity."
        )


def binarised_where(convolutions: str, module: AnyNetwork, family: ModuleType) -> AnyNetwork:
    """``module`` of ``family``, whose convolutions are binary from now on unless they are to be real."""
    if convolutions != "real":
        binarise(family.binarised_parts(module))
    return module
