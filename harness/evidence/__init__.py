"""Evidence: what a method reads, how it gets it, and what a record says of it. The folder is the registry.

An item is a kind of evidence, a module with

* ``TRAINABLE``: whether the supernet that it is measured on may be a trained one;
* ``READS_TRUTH = True``, where it is of no use without figures;
* ``FIGURES_ALONE = True``, where no network is built for it;
* where it takes them, ``LIMITS = True`` (a searcher that reads it keeps ``tools.limits``) and
  ``TAKES_AGGREGATIONS = True``;
* ``of(context, method, options) -> [Evidence, ...]``: one for every record that the method is to have.

A method (a scorer, searcher or shrinker) names its kind as ``EVIDENCE``. Loading these modules loads neither
torch nor pandas, so that a config can be checked in an instant.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from harness import groups, registry
from harness.errors import ConfigError
from harness.evidence._bounded import Bounded
from harness.evidence._evidence import Evidence, Facts, best
from harness.evidence._limits import require_limits
from harness.evidence._method import Method, method_of, require_kinds
from harness.evidence._training import training_of

if TYPE_CHECKING:
    from harness.runs.context import Context  # loads pandas

__all__ = [
    "Bounded",
    "Evidence",
    "Facts",
    "Method",
    "best",
    "load",
    "method_of",
    "names",
    "of",
    "require_kinds",
    "require_limits",
    "training_of",
]


def names() -> tuple[str, ...]:
    """Names of all kinds of evidence."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The kind of evidence called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "evidence")


def of(context: Context) -> list[Evidence]:
    """What the run's method reads, one for every record; nothing is measured yet.

    Raises
    ------
    ConfigError
        For what the method would only meet later: a space without supernets, an input without images to learn
        from, a masking that is not for trained supernets, scores that were not published.
    """
    method = method_of(context.config)
    if method is None:
        raise ConfigError(f"task={context.config.task['name']} has no method that reads evidence.")
    options = groups.settings(method.group, getattr(context.config, method.group))
    kind = "published" if context.config.source == "published" else method.evidence
    return load(kind).of(context, method, options)
