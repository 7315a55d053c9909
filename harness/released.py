"""Where the code released with Zero-Cost-PT counts ReLU codes although it runs no ReLU there.

Its NASWOT puts a forward hook on every module whose type name holds "ReLU", and counts at the input that the
module is handed. Blocks such as ``ReLUConvBN`` match as well as the ReLU inside them, so their input counts a
second time. :func:`block_input` marks such an input; who counts as released sees it, for all others it is the
identity.
"""

from __future__ import annotations

from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function_unary

COUNTINGS = ("once", "as_released")
"""At which inputs ReLU codes are counted: those of ReLUs, or those of blocks named after a ReLU too."""


def block_input(inputs: Tensor) -> Tensor:
    """``inputs``, which a block is handed whose type name holds "ReLU" in the released code.

    Modes and tensors that overrule torch's functions are asked as for any of these.
    """
    if has_torch_function_unary(inputs):
        return handle_torch_function(block_input, (inputs,), inputs)
    return inputs
