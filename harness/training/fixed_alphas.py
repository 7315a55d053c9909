"""Only the supernet's weights are trained; every candidate of a decision keeps the same weight.

"Fix-alpha" of Wang et al., "Rethinking Architecture Selection in Differentiable NAS", ICLR 2021, section 5.
"""

from __future__ import annotations

TRAINS = True
INITIAL_DEVIATION = 0.0
architecture_gradient = None
