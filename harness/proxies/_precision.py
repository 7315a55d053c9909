"""With which proxies, where and how numbers of fewer bits may be computed with."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from harness.errors import ConfigError, unknown_name
from harness.graphs import PRECISIONS

USUAL = ("default", "float32")
GPUS = ("float16", "tf32")


def require_precision(
    precision: str, path: str, proxies: Mapping[str, ModuleType], device: str | None = None
) -> None:
    """Make sure that these ``proxies``, by name, can be computed with ``precision``.

    ``device`` is ``cpu`` or ``cuda``, None where it is not known yet. ``bfloat16`` is allowed on every
    device: a CPU without it computes in float32 (:func:`harness.graphs.lacking`).

    Raises
    ------
    UnknownNameError
        For a precision that is not in :data:`harness.graphs.PRECISIONS`.
    ConfigError
        For one that is not float32 with a proxy that reads more than the signs of ReLUs' inputs, or on
        another path than ``fast``, whose counts are float32's; for ``float16`` and ``tf32`` on a CPU.
    """
    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, PRECISIONS)
    if precision in USUAL:
        return
    for name, proxy in proxies.items():
        if not getattr(proxy, "COUNTS_RELUS", False):
            raise ConfigError(
                f"precision={precision} is for proxies that read signs alone, such as nwot and nwot_eval; "
                f"received {name}: leave precision=default, or take one of these."
            )
    if path != "fast":
        raise ConfigError(
            f"precision={precision} goes with path=fast alone, since other paths count what float32 gives; "
            f"received path={path}: take path=fast, or leave precision=default."
        )
    if precision in GPUS and device == "cpu":
        raise ConfigError(
            f"precision={precision} is for a GPU, and this run is on the CPU; take precision=bfloat16, or "
            "leave precision=default."
        )
