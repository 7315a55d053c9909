"""Families of networks: the sizes they come in, and which have no supernet. Without torch.

What can be known of a run's networks before they are built. One module per family of spaces
(``space.family``) states

* ``FIDELITIES``: its sizes by name; a size may state the ``image_size`` of its images, or the
  ``largest_image``, where it is not the data set's;
* ``NO_SUPERNET``, why there is none, where its networks in :mod:`harness.networks` have no ``supernet``.

A family of another package states both in its module of :mod:`harness.networks`.
"""

from __future__ import annotations

from collections.abc import Collection
from types import ModuleType

from harness import registry
from harness.errors import ConfigError, unknown_name
from harness.spaces import Space

__all__ = ["fidelities", "image_size", "lacking", "require_supernet", "size_of"]


def fidelities(space: Space) -> tuple[str, ...]:
    """The sizes that networks and supernets of ``space`` come in, ``benchmark`` first."""
    return tuple(_family(space).FIDELITIES)


def size_of(space: Space, fidelity: object) -> object:
    """The size called ``fidelity``; one that is a size already is given back.

    Raises
    ------
    UnknownNameError
        For an unknown ``fidelity``.
    """
    if not isinstance(fidelity, str):
        return fidelity
    sizes = _family(space).FIDELITIES
    if fidelity not in sizes:
        raise unknown_name(f"fidelity of {space.family}", fidelity, sizes)
    return sizes[fidelity]


def image_size(space: Space, fidelity: str, natural: int) -> int:
    """The side of the images that networks of a ``fidelity`` read, in pixels.

    ``natural``, the data set's, unless the family states another one for this size (``image_size``), or the
    largest that it reads (``largest_image``).

    Raises
    ------
    UnknownNameError
        For an unknown ``fidelity``.
    """
    size = size_of(space, fidelity)
    stated, largest = (getattr(size, name, None) for name in ("image_size", "largest_image"))
    return stated or min(natural, largest or natural)


def require_supernet(space: Space) -> None:
    """Make sure that ``space`` has a supernet.

    Raises
    ------
    ConfigError
        Otherwise.
    """
    family = _family(space)
    own = registry.is_own(__name__, space.family)
    if hasattr(family, "NO_SUPERNET") or not (own or hasattr(family, "supernet")):
        raise lacking(space, ["supernet"])


def lacking(space: Space, functions: Collection[str]) -> ConfigError:
    """The error for a method that reads supernets which networks of ``space`` lack."""
    why = getattr(_family(space), "NO_SUPERNET", "")
    return ConfigError(
        f"The method reads a supernet, and the networks of {space.name}, of the family {space.family}, "
        f"have no {' and no '.join(functions)}{f' ({why})' if why else ''}; take a method that reads none, "
        "or another space."
    )


def _family(space: Space) -> ModuleType:
    package = __name__ if registry.is_own(__name__, space.family) else "harness.networks"
    return registry.load(package, space.family, "network family")
