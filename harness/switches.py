"""Numbers that multiply maps and are told later, once the network has been written down."""

from __future__ import annotations

from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function_unary


def switched(maps: Tensor, switch: Tensor) -> Tensor:
    """``maps * switch`` for a ``switch`` of shape ``()``.

    Modes and tensors that overrule torch's functions are asked as for any of these: who writes a network down
    keeps the tensor in place of its number.
    """
    if has_torch_function_unary(maps):
        return handle_torch_function(switched, (maps,), maps, switch)
    return maps * switch
