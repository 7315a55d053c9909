"""Build networks and supernets of any space, and count their parameters without building them."""

from __future__ import annotations

from typing import Any

from torch import nn

from harness import families
from harness.errors import ConfigError, unknown_name
from harness.families import size_of as _size
from harness.networks._families import family_of as _family
from harness.networks._masking import MASKINGS
from harness.networks._sizes import resized
from harness.networks._supernet import Supernet
from harness.networks._variants import binarised_where, require_convolutions, require_sampling
from harness.networks._weights import draw
from harness.seeding import derive
from harness.spaces import Architecture, Space


def build(
    space: Space,
    arch: Architecture,
    fidelity: object = "benchmark",
    seed: int = 0,
    classes: int = 10,
    init: str | None = None,
    convolutions: str = "real",
) -> nn.Module:
    """The network of ``arch`` with fresh weights, on the CPU and in training mode.

    The weights are a function of the seed, the network's isomorphism class (``space.canonical``)
    and the sizes alone; the layers of one class may stand in another order in another encoding.

    Parameters
    ----------
    space, arch
        A search space and one of its encodings.
    fidelity
        ``benchmark`` is the network the benchmark trained; others are narrower and shallower. Or a size of
        :func:`size_of`.
    seed
        Any integer.
    classes
        Width of the logits, at least 1.
    init
        A name of :data:`harness.networks.INITS`; default: what the benchmark's authors used.
    convolutions
        A name of :data:`harness.networks.CONVOLUTIONS`; the initial weights are the same.

    Returns
    -------
    nn.Module
        Takes images ``(B, 3, H, W)`` with H and W of at least 16, returns logits ``(B, classes)``.

    Raises
    ------
    ConfigError
        For an ``arch`` that is not one of the space, or ``classes`` below 1; errors of
        :func:`require_convolutions`.
    UnknownNameError
        For an unknown ``fidelity`` or ``init``.
    """
    family = _family(space)
    space.validate(arch)
    require_convolutions(space, convolutions)
    module = family.network(space, arch, _size(space, fidelity), _at_least_one(classes))
    draw(module, init or family.INIT, derive(seed, "weights", space.canonical(arch)))
    return binarised_where(convolutions, module, family)


def build_supernet(
    space: Space,
    fidelity: str = "benchmark",
    seed: int = 0,
    classes: int = 10,
    init: str | None = None,
    image_channels: int = 3,
    convolutions: str = "real",
    sampling: int = 1,
) -> Supernet:
    """The supernet of ``space`` with fresh weights, on the CPU and in training mode.

    Parameters and errors are those of :func:`build`, :func:`require_supernet` and :func:`require_sampling`;
    ``benchmark`` is the size that Zero-Cost-PT searched. It takes images ``(B, image_channels, H, W)``, of
    three channels where one in ``sampling`` channels goes through an edge's operations.
    """
    family = _family(space)
    size = _size(space, fidelity)
    require_supernet(space)
    require_convolutions(space, convolutions)
    require_sampling(space, size, sampling)
    if sampling == 1:
        module = family.supernet(space, size, _at_least_one(classes), image_channels)
    else:
        module = family.partial_supernet(space, size, _at_least_one(classes), sampling)
    draw(module, init or family.SUPERNET_INIT, derive(seed, "weights", "supernet"))
    return binarised_where(convolutions, module, family)


def require_supernet(space: Space, te_nas: bool = False) -> None:
    """Make sure that ``space`` has a supernet, or those on which TE-NAS measures.

    Raises
    ------
    ConfigError
        Otherwise.
    """
    if not te_nas:
        return families.require_supernet(space)
    lacking = [function for function, _ in TE_NAS.values() if not hasattr(_family(space), function)]
    if lacking:
        raise families.lacking(space, lacking)


def has_supernet(space: Space, te_nas: bool = False) -> bool:
    """Whether ``space`` has a supernet, or those on which TE-NAS measures."""
    try:
        require_supernet(space, te_nas)
    except ConfigError:
        return False
    return True


TE_NAS = {
    "ntk": ("ntk_supernet", "kaiming_fan_out"),
    "linear_regions": ("regions_supernet", "kaiming_fan_in"),
}
"""By proxy the family's function that makes TE-NAS's supernet for it, and how its weights are drawn."""


def build_te_nas_supernet(space: Space, proxy: str, seed: int = 0, classes: int = 10) -> Supernet:
    """The small supernet on which TE-NAS measures ``proxy``, with fresh weights.

    Chen, Gong and Wang, "Neural Architecture Search on ImageNet in Four GPU Hours: A Theoretically Inspired
    Perspective", ICLR 2021. In nb201 the sizes are those of the authors' code (``prune_tenas.py`` in
    VITA-Group/TENAS), in other families ours, modelled on them.

    Parameters
    ----------
    space, seed, classes
        As for :func:`build`.
    proxy
        ``ntk``: takes images ``(B, 3, H, W)``, weights drawn by ``kaiming_fan_out``; ``linear_regions``:
        takes images ``(B, 1, H, W)``, weights by ``kaiming_fan_in``.

    Raises
    ------
    UnknownNameError
        For another ``proxy``.
    ConfigError
        For a family of spaces without such supernets.
    """
    if proxy not in TE_NAS:
        raise unknown_name("proxy of TE-NAS", proxy, TE_NAS)
    function, init = TE_NAS[proxy]
    make = getattr(_family(space), function, None)
    if make is None:
        raise ConfigError(
            f"TE-NAS measures supernets of its own sizes, and the family {space.family} has no {function}; "
            "add it to the family's module or use another method."
        )
    return draw(make(space, _at_least_one(classes)), init, derive(seed, "weights", "te_nas", proxy))


def build_restorer(
    space: Space, arch: Architecture | None, fidelity: object, seed: int, inputs: int
) -> nn.Module:
    """The network that restores an image from noise, with fresh weights, on the CPU and in training mode.

    Parameters
    ----------
    space, fidelity, seed
        As for :func:`build`.
    arch
        One of the space's encodings; ``None`` is the classical deep image prior's network beside them.
    inputs
        Channels of the noise.

    Returns
    -------
    nn.Module
        Takes noise ``(1, inputs, H, W)``, returns an image ``(1, 3, H, W)`` in [0, 1].

    Raises
    ------
    ConfigError
        As :func:`require_restorer`, and for an ``arch`` that is not one of the space.
    """
    require_restorer(space)
    family, size = _family(space), _size(space, fidelity)
    if arch is None:
        module = family.classical_restorer(size, inputs)
        return draw(module, family.INIT, derive(seed, "weights", "classical restorer"))
    space.validate(arch)
    module = family.restorer(space, arch, size, inputs)
    return draw(module, family.INIT, derive(seed, "weights", space.canonical(arch)))


def require_restorer(space: Space, fidelity: object = "benchmark", image_size: int | None = None) -> None:
    """Make sure that networks of ``space`` restore images, and where a side is named such small ones.

    Raises
    ------
    ConfigError
        Otherwise.
    """
    if not hasattr(_family(space), "restorer"):
        raise ConfigError(
            f"truth=restore fits networks that make an image of noise, and those of {space.name} classify "
            "images; take a space of such networks, like nas_dip_3, or truth=train."
        )
    smallest = _family(space).smallest_image(space, _size(space, fidelity))
    if image_size is not None and image_size < smallest:
        raise ConfigError(
            f"Networks of {space.name} of this fidelity, or the classical one beside them, halve an image so "
            f"often that it needs {smallest} pixels a side; received truth.image_size={image_size}."
        )


def parameter_count(space: Space, arch: Architecture, fidelity: str = "benchmark", classes: int = 10) -> int:
    """Parameters of ``build(space, arch, fidelity, classes=classes)``, by formula, without building it.

    Raises
    ------
    UnknownNameError
        For an unknown ``fidelity``.
    """
    return _family(space).parameter_count(space, arch, _size(space, fidelity), classes)


def size_of(
    space: Space, fidelity: object, channels: int | None = None, cells: int | None = None
) -> tuple[object, dict[str, Any]]:
    """:func:`harness.networks._sizes.resized` of the size ``fidelity``, or called so; for :func:`build`."""
    return resized(space, _size(space, fidelity), channels, cells)


def flop_count(
    space: Space, arch: Architecture, fidelity: str = "benchmark", classes: int = 10, image_size: int = 32
) -> int:
    """What :func:`count_flops` counts in ``build(space, arch, fidelity, classes=classes)``, by formula.

    ``image_size``, in pixels, is a multiple of 4.

    Raises
    ------
    UnknownNameError
        For an unknown ``fidelity``.
    """
    return _family(space).flop_count(space, arch, _size(space, fidelity), classes, image_size)


def trained_cost(
    space: Space, arch: Architecture, classes: int = 10, image_size: int = 32
) -> tuple[int, int]:
    """Parameters and multiply-accumulates of the network that ``arch`` is trained as, by formula.

    Networks of a family whose module has ``trained_size(image_size)`` are of that size, those of the others
    of fidelity ``benchmark``.
    """
    family, size = _family(space), _trained_size(space, image_size)
    return (
        family.parameter_count(space, arch, size, classes),
        family.flop_count(space, arch, size, classes, image_size),
    )


def candidate_costs(space: Space, image_size: int = 32) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """By decision what each candidate adds to :func:`trained_cost`: parameters, and multiply-accumulates.

    Raises
    ------
    ConfigError
        For a family of networks that does not say so, since candidates do not add up or nobody needed it.
    """
    family = _family(space)
    if not hasattr(family, "candidate_costs"):
        raise ConfigError(
            f"What a candidate costs is known in the spaces nb201 and nbmacro, and not in {space.name}; take "
            "one of these, or another method."
        )
    return family.candidate_costs(space, _trained_size(space, image_size), image_size)


def _trained_size(space: Space, image_size: int) -> Any:
    family = _family(space)
    if hasattr(family, "trained_size"):
        return family.trained_size(image_size)
    return _size(space, "benchmark")


def table_flops(space: Space, arch: Architecture) -> int:
    """What the benchmark's table says of the network's FLOPs, recomputed with its own convention.

    Raises
    ------
    ConfigError
        For a benchmark that lists no FLOPs.
    """
    return _family(space).table_flops(space, arch)


def released_masking(space: Space) -> str:
    """The name of :data:`harness.networks.MASKINGS` by which Zero-Cost-PT's released code searches ``space``.

    Raises
    ------
    ConfigError
        For a family of spaces that the authors released no code for.
    """
    return _released(space, "RELEASED_MASKING", f"masking; name one of {', '.join(MASKINGS)}")


def released_counting(space: Space) -> str:
    """The name of :data:`harness.released.COUNTINGS` by which the released code counts ReLUs in ``space``.

    Raises
    ------
    ConfigError
        For a family of spaces that the authors released no code for.
    """
    return _released(space, "RELEASED_COUNTING", "counting of ReLUs; use variant=paper")


def _released(space: Space, constant: str, wanted: str) -> str:
    found = getattr(_family(space), constant, None)
    if found is None:
        raise ConfigError(
            f"The authors of Zero-Cost-PT released no code for spaces of the family {space.family}, so there "
            f"is no released {wanted}."
        )
    return found


def _at_least_one(classes: int) -> int:
    if classes < 1:
        raise ConfigError(f"A network needs at least 1 class; received {classes}.")
    return classes
