"""Running any module on other tensors than its own, and leaving it exactly as it was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from harness.networks import in_mode, named_buffers_of, named_parameters_of, named_parts_of, parts_of
from harness.proxies._outcome import Refused
from harness.proxies._state import keep_state, kept_state
from harness.proxies._surroundings import without_checkpoints


def parameters_of(module: nn.Module) -> dict[str, Tensor]:
    """Fresh leaves on the module's own numbers, so that gradients never reach the module itself.

    On copies of them where the module has parts of a user's own, whose forward pass may change its weights.
    """
    copied = keep_state(parts_of(module))
    own = {name: parameter.detach() for name, parameter in named_parameters_of(module)}
    own = {name: each.clone() if copied or each.is_inference() else each for name, each in own.items()}
    return {name: nn.Parameter(leaf, leaf.is_floating_point()) for name, leaf in own.items()}


def layer_weights(module: nn.Module, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of the convolution and linear layers among ``parameters``, a shared weight once.

    Raises
    ------
    Refused
        Where there is no such layer, or a layer's weight is computed instead of stored.
    """
    names = {id(parameter): name for name, parameter in named_parameters_of(module)}
    weights: dict[str, Tensor] = {}
    for path, layer in named_parts_of(module):
        if isinstance(layer, _ConvNd | nn.Linear):
            name = names.get(id(own_weight(layer)))
            if name is None:
                raise Refused(
                    f"the weight of layer {path!r} is no parameter of the network but computed from others, "
                    "as by weight or spectral norm; fold these into it (remove_parametrizations, "
                    "remove_weight_norm) and hand the network over then"
                )
            weights[name] = parameters[name]
    if not weights:
        raise Refused("the network has no convolution or linear layer; take a proxy that reads no weights")
    return weights


def own_weight(layer: nn.Module) -> Tensor | None:
    """The layer's weight where it is a parameter; to read a computed one would compute, and change, it."""
    return layer._parameters.get("weight")


def run(module: nn.Module, parameters: Mapping[str, Tensor], images: Tensor, training: bool) -> Tensor:
    """Logits of the module's computation on ``parameters`` and on copies of its buffers.

    Batch-norm layers update the copies; the images are copied because a ReLU may work in place. Whatever the
    network keeps in Python is as before afterwards. Checkpointed parts are run as if they were not.

    Raises
    ------
    Refused
        Where the output is not one tensor of shape (samples, classes).
    """
    reference = next(iter(parameters.values()), images)
    replaced = {
        id(own): _as_parameter(parameters[name])
        for name, own in named_parameters_of(module)
        if name in parameters
    }
    for _, buffer in named_buffers_of(module):
        dtype = reference.dtype if buffer.is_floating_point() else buffer.dtype
        replaced[id(buffer)] = buffer.detach().to(dtype, copy=True)
    parts = parts_of(module)
    with (
        kept_state(module, replaced, parts),
        in_mode(module, training),
        without_checkpoints(),
        _holding(parts, replaced),
    ):
        logits = module(images.clone())
    if not isinstance(logits, Tensor) or logits.ndim != 2 or len(logits) != len(images):
        received = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise Refused(
            "a network to be scored returns one tensor of logits, shape (samples, classes); received "
            f"{received} for {len(images)} samples: wrap the network so that it returns the logits only"
        )
    return logits


@contextmanager
def _holding(parts: Sequence[nn.Module], tensors: Mapping[int, Tensor]) -> Iterator[None]:
    """Inside, parts hold these ``tensors`` wherever they hold the parameter or buffer of that ``id``.

    As with ``torch.func.functional_call``, which goes through the names of all of them several times.
    """
    places: list[tuple[dict[str, Any], str, Tensor | None]] = [
        (held, name, own)
        for part in parts
        for held in (part._parameters, part._buffers)
        for name, own in held.items()
        if id(own) in tensors
    ]
    try:
        for held, name, own in places:
            held[name] = tensors[id(own)]
        yield
    finally:
        for held, name, own in places:
            held[name] = own


def _as_parameter(tensor: Tensor) -> Tensor:
    """A parameter, which a network may ask for; itself where it is a leaf that gradients are asked of."""
    return tensor if tensor.requires_grad else nn.Parameter(tensor, requires_grad=False)
