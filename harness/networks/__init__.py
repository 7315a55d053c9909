"""Networks and supernets: torch modules for one architecture, or for all of a space at once.

One public module per family of spaces (``space.family``); the folder is the registry. A family has

* ``FIDELITIES``: its sizes by name, and ``INIT``, ``SUPERNET_INIT``: names of :data:`INITS`;
  A size may state the ``image_size`` of its images, or the ``largest_image``, where it is not the data set's;
* ``network(space, arch, size, classes)`` and ``supernet(space, size, classes, image_channels)``, with weights
  that are not drawn yet, of parts such as :func:`conv_bn_relu`, :class:`LayerChoices` and :func:`classifier`;
  a family without the latter may say why, ``NO_SUPERNET``;
* ``parameter_count(space, arch, size, classes)`` and ``flop_count(space, arch, size, classes, image_size)``;
* where its networks also restore images, ``restorer(space, arch, size, inputs)``,
  ``classical_restorer(size, inputs)`` and ``smallest_image(space, size)``;
* where convolutions may be binary, ``binarised_parts(network)``: what holds these; where operations of a
  supernet may read a part of the channels, ``partial_supernet(space, size, classes, sampling)``;
* where networks are trained larger than the largest of these, ``trained_size(image_size)``.
"""

from __future__ import annotations

from harness.networks._angles import VectorProducts, vector_products
from harness.networks._blocks import Conv2d, Linear, Network, classifier, conv_bn_relu
from harness.networks._build import (
    build,
    build_restorer,
    build_supernet,
    build_te_nas_supernet,
    fidelities,
    flop_count,
    has_supernet,
    image_size,
    parameter_count,
    released_counting,
    released_masking,
    require_restorer,
    require_supernet,
    size_of,
    table_flops,
    trained_cost,
)
from harness.networks._counting import count_flops, count_parameters
from harness.networks._masking import MASKINGS, Left, mix, require_weightable
from harness.networks._modes import in_mode
from harness.networks._supernet import Choices, LayerChoices, Supernet
from harness.networks._variants import CONVOLUTIONS, require_convolutions, require_sampling
from harness.networks._weights import INITS

__all__ = [
    "CONVOLUTIONS",
    "INITS",
    "MASKINGS",
    "Choices",
    "Conv2d",
    "LayerChoices",
    "Left",
    "Linear",
    "Network",
    "Supernet",
    "VectorProducts",
    "build",
    "build_restorer",
    "build_supernet",
    "build_te_nas_supernet",
    "classifier",
    "conv_bn_relu",
    "count_flops",
    "count_parameters",
    "fidelities",
    "flop_count",
    "has_supernet",
    "image_size",
    "in_mode",
    "mix",
    "parameter_count",
    "released_counting",
    "released_masking",
    "require_convolutions",
    "require_restorer",
    "require_sampling",
    "require_supernet",
    "require_weightable",
    "size_of",
    "table_flops",
    "trained_cost",
    "vector_products",
]
