"""The scorer, searcher or shrinker of a run, and what its module states of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from harness import registry, tasks
from harness.errors import ConfigError
from harness.runs.config import RunConfig, Training
from harness.scorers import ANY
from harness.spaces import Space


@dataclass(frozen=True)
class Method:
    """An item of a method's group: ``module`` is what carries its ``name`` there."""

    group: str
    name: str
    module: ModuleType

    @property
    def evidence(self) -> str:
        """The kind of evidence that it reads; raises :class:`ConfigError` where it does not say so."""
        if not hasattr(self.module, "EVIDENCE"):
            raise ConfigError(
                f"{self.group}={self.name} does not say what it reads; its module must state EVIDENCE, a "
                "kind of harness.evidence."
            )
        return self.module.EVIDENCE

    @property
    def asks(self) -> Mapping[str, Any]:
        """What it asks of its evidence, such as the ``training`` of a supernet."""
        return getattr(self.module, "ASKS", {})

    @property
    def training(self) -> str:
        """How the supernet is trained that it reads, where a config does not say so."""
        return self.asks.get("training", "none")

    def on(self, name: str, training: Training | None) -> str:
        """``name`` with the training of its supernet, where that is not its own."""
        if training is None or training.name == self.training:
            return name
        return f"{name}-on_{training.name}"


def method_of(config: RunConfig) -> Method | None:
    """The method of a run; ``None`` for a task whose methods are proxies, which read networks alone."""
    group = tasks.load(config.task["name"]).group
    name = getattr(config, group).get("name")
    return None if name is None else Method(group, name, registry.load(f"harness.{group}s", name, group))


def require_kinds(method: Method, space: Space) -> None:
    """Raise :class:`ConfigError` where ``space`` has decisions of a kind that ``method`` cannot decide.

    So it is where ``method`` grows architectures and ``space`` does not say how, and where it names the
    ``FAMILIES`` of networks that it is defined for and ``space`` has others.
    """
    kinds = getattr(method.module, "KINDS", ANY)
    if getattr(method.module, "GROWS", False) and not space.stages:
        raise ConfigError(
            f"{method.group}={method.name} grows architectures stage by stage, and {space.name} does not say "
            f"how its own grow: take another {method.group}, or a space such as nb201, nbmacro or nb101."
        )
    families = getattr(method.module, "FAMILIES", None)
    if families is not None and space.family not in families:
        raise ConfigError(
            f"{method.group}={method.name} is defined for networks of {', '.join(sorted(families))} alone, "
            f"and {space.name} has those of the family {space.family}; take another {method.group}, or "
            "another space."
        )
    present = list(dict.fromkeys(decision.kind for decision in space.decisions))
    if kinds is not ANY and not set(present) <= set(kinds):
        raise ConfigError(
            f"{method.group}={method.name} makes decisions of the kinds {', '.join(sorted(kinds))} alone, "
            f"and {space.name} has some of the kinds {', '.join(present)}; take another {method.group}, or "
            "another space."
        )
