"""The independent formula of every proxy that the zoo holds to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness import proxies
from tests.zoo import _naive, _naive_maps, _naive_relus

FORMULAS: Mapping[str, Callable[[_naive.Subject], float]] = {
    name: formula
    for module in (_naive, _naive_maps, _naive_relus)
    for name, formula in vars(module).items()
    if name in proxies.names() and getattr(formula, "__module__", None) == module.__name__
}
"""By the proxy's name the function of that name."""

NAMES = tuple(sorted(FORMULAS))
