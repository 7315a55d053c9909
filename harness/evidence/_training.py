"""Whether and how a run's supernet is trained, read off its config."""

from __future__ import annotations

from typing import Any

from harness import registry
from harness.errors import ConfigError, unknown_name
from harness.evidence._method import method_of
from harness.groups import GROUPS
from harness.options import settings_of
from harness.runs.config import RunConfig, Training


def training_of(config: RunConfig) -> Training | None:
    """How the supernet of the run's method is trained, ``None`` where it keeps its initial weights.

    ``default`` is what the method asks for: no training where it asks for none.

    Raises
    ------
    ConfigError, UnknownNameError
        For an unknown ``training``, a setting that is no positive integer, and ``none`` where the method
        reads a trained supernet.
    """
    asked = config.training.get("name")
    allowed = registry.names("harness.training")
    if asked not in ("default", *allowed):
        raise unknown_name("training", asked, ("default", *allowed))
    method = method_of(config)
    if method is None or not registry.load("harness.evidence", method.evidence, "evidence").TRAINABLE:
        return None
    if method.training != "none" and asked == "none":
        raise ConfigError(
            f"{method.group}={method.name} reads a trained supernet and received training=none; leave "
            f"training=default, which is {method.training} there, or name one of "
            f"{', '.join(sorted({*allowed} - {'none'}))}."
        )
    name = method.training if asked == "default" else asked
    return None if name == "none" else Training(name, **_lengths(config))


def _lengths(config: RunConfig) -> dict[str, Any]:
    options = GROUPS["training"].options
    variants = {name: options[name].default for name in ("convolutions", "channel_sampling")}
    lengths = settings_of("training", {**variants, **config.training}, options)
    return lengths | {"images": None if lengths["images"] == "all" else lengths["images"]}
