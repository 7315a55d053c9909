"""Networks and supernets: torch modules for one architecture, or for all of a space at once.

One public module per family of spaces (``space.family``); the folder is the registry. A family has

* sizes by name, in :mod:`harness.families`, and ``INIT``, ``SUPERNET_INIT``: names of :data:`INITS`;
* ``network(space, arch, size, classes)`` and ``supernet(space, size, classes, image_channels)``, with weights
  that are not drawn yet, of parts such as :func:`conv_bn_relu`, :class:`LayerChoices` and :func:`classifier`;
  :mod:`harness.families` says why a family lacks the latter;
* ``parameter_count(space, arch, size, classes)`` and ``flop_count(space, arch, size, classes, image_size)``;
* where layers can have several branches, ``candidate_costs(space, size, image_size)``: by decision the
  parameters of each candidate, and the multiply-accumulates;
* where its networks also restore images, ``restorer(space, arch, size, inputs)``,
  ``classical_restorer(size, inputs)`` and ``smallest_image(space, size)``;
* where convolutions may be binary, ``binarised_parts(network)``: what holds these; where operations of a
  supernet may read a part of the channels, ``partial_supernet(space, size, classes, sampling)``;
* where networks are trained larger than the largest of these, ``trained_size(image_size)``.
"""

from __future__ import annotations

from harness.networks._angles import ABSENT, VectorProducts, vector_products
from harness.networks._blocks import Conv2d, Linear, Network, classifier, conv_bn_relu
from harness.networks._build import (
    build,
    build_restorer,
    build_supernet,
    build_te_nas_supernet,
    candidate_costs,
    flop_count,
    has_supernet,
    parameter_count,
    released_counting,
    released_masking,
    require_restorer,
    require_supernet,
    size_of,
    table_flops,
    trained_cost,
)
from harness.networks._counting import count_flops, count_parameters, count_parameters_in
from harness.networks._ensemble import (
    Ensemble,
    build_ensemble,
    channels_of_flops,
    require_ensembles,
    shared_decisions,
)
from harness.networks._gates import Gate
from harness.networks._masking import MASKINGS, Left, mix, require_weightable
from harness.networks._modes import in_mode
from harness.networks._parts import (
    first_parameter,
    named_buffers_of,
    named_parameters_of,
    named_parts_of,
    parameters_in,
    parts_of,
)
from harness.networks._supernet import Choices, LayerChoices, Supernet, Switched
from harness.networks._variants import CONVOLUTIONS, require_convolutions, require_sampling
from harness.networks._weights import INITS

__all__ = [
    "ABSENT",
    "CONVOLUTIONS",
    "INITS",
    "MASKINGS",
    "Choices",
    "Conv2d",
    "Ensemble",
    "Gate",
    "LayerChoices",
    "Left",
    "Linear",
    "Network",
    "Supernet",
    "Switched",
    "VectorProducts",
    "build",
    "build_ensemble",
    "build_restorer",
    "build_supernet",
    "build_te_nas_supernet",
    "candidate_costs",
    "channels_of_flops",
    "classifier",
    "conv_bn_relu",
    "count_flops",
    "count_parameters",
    "count_parameters_in",
    "first_parameter",
    "flop_count",
    "has_supernet",
    "in_mode",
    "mix",
    "named_buffers_of",
    "named_parameters_of",
    "named_parts_of",
    "parameter_count",
    "parameters_in",
    "parts_of",
    "released_counting",
    "released_masking",
    "require_convolutions",
    "require_ensembles",
    "require_restorer",
    "require_sampling",
    "require_supernet",
    "require_weightable",
    "shared_decisions",
    "size_of",
    "table_flops",
    "trained_cost",
    "vector_products",
]
